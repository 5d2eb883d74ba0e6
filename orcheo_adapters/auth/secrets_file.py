"""The server's own secrets: one file in the data folder, apart from the database.

A JSON object ``{"version": 1, "peppers": [{"id", "key"}], "grant_keys": [{"id", "key"}], "cookie_keys": [key]}``
with keys of 32 bytes or more as unpadded base64url, each list newest first. Grant keys are rotated by ``orcheo keys
rotate``; a retired one has ``until`` as well, the moment (ISO 8601) at which it dies.
"""

import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Set
from datetime import datetime
from pathlib import Path
from typing import Any

from attrs import evolve, field, frozen

from orcheo_adapters.auth.grants import GrantKey
from orcheo_adapters.system.data_folder import write_private
from orcheo_adapters.system.logs import get_logger
from orcheo_core.domain.opaque_token import Pepper, PepperRing, RandomBytes
from orcheo_core.domain.pages import PAGE_LIMIT
from orcheo_core.errors import OrcheoError
from orcheo_core.ports.unit_of_work import Store

SECRETS_FILE = "secrets.json"
_VERSION = 1
_LOG = get_logger("secrets")
_KEY_BYTES = 32
_ID_BYTES = 6
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?\+00:00")


class SecretsUnreadable(OrcheoError):
    """The secrets file is there but not as this server wrote it; a new one would void all tokens, so none is made."""

    code = "secrets_unreadable"
    summary = "The server's secrets file cannot be read."
    hint = (
        "Restore it from a backup. If there is none, move it away and start once with `orcheo serve --new-secrets`; "
        "all publish and service tokens then stop working."
    )


class SecretsLost(OrcheoError):
    """The database was written with other secrets; with these no token, cookie or chat grant of it works."""

    code = "secrets_lost"
    summary = "The secrets of this database are lost."
    hint = (
        "Restore secrets.json from the backup that the database is of (docs/how-to/back-up-and-restore.md). If there "
        "is none, start once with `orcheo serve --new-secrets`: all publish and service tokens then have to be issued "
        "again, everyone has to sign in again, and visitors without a login no longer see their threads."
    )


def _no_empty_ring(_secrets: object, attribute: Any, keys: tuple[object, ...]) -> None:
    if not keys:
        message = f"{attribute.name} needs at least one key"
        raise ValueError(message)


@frozen(kw_only=True)
class ServerSecrets:
    """Peppers, grant keys and cookie keys, each newest first; no ``repr`` shows a key."""

    peppers: PepperRing = field(repr=False)
    grant_keys: tuple[GrantKey, ...] = field(repr=False, validator=_no_empty_ring)
    cookie_keys: tuple[bytes, ...] = field(repr=False, validator=_no_empty_ring)

    @classmethod
    def generate(cls, random_bytes: RandomBytes) -> "ServerSecrets":
        """One new key of each kind."""
        return cls(
            peppers=PepperRing((Pepper(id=random_bytes(_ID_BYTES).hex(), key=random_bytes(_KEY_BYTES)),)),
            grant_keys=(GrantKey(kid=random_bytes(_ID_BYTES).hex(), key=random_bytes(_KEY_BYTES)),),
            cookie_keys=(random_bytes(_KEY_BYTES),),
        )


def load_secrets(data_folder: Path, random_bytes: RandomBytes) -> ServerSecrets:
    """The secrets of this data folder, made on first use.

    Raises :class:`SecretsUnreadable` when the file is damaged, and :class:`OSError` when it cannot be written.
    """
    path = data_folder / SECRETS_FILE
    try:
        return _parse(path.read_bytes())
    except FileNotFoundError:
        return _create(path, random_bytes)
    except (OSError, ValueError, RecursionError) as error:
        message = f"{path} cannot be read: {_reason(error)}."
        raise SecretsUnreadable(message) from None  # what a parser says may quote a key


async def fitting_secrets(
    data_folder: Path, store: Store, random_bytes: RandomBytes, *, may_be_new: bool = False
) -> ServerSecrets:
    """The same, where they are those of the tokens in ``store``, or it has none yet.

    Raises :class:`SecretsLost` as well, before new ones are made; with ``may_be_new`` the log says so instead.
    """
    path = data_folder / SECRETS_FILE
    tokens = (await store.begin().service_tokens.page(None, limit=PAGE_LIMIT, after=None)).entries
    if tokens and not path.exists() and not may_be_new:
        raise SecretsLost(f"{path} is missing, and without it no token of the database works.")
    secrets = load_secrets(data_folder, random_bytes)
    known = {each.id for each in secrets.peppers.peppers}
    if tokens and not any(each.digest.pepper_id in known for each in tokens):
        fault = f"No token of the database was made with {path}."
        if not may_be_new:
            raise SecretsLost(fault)
        _LOG.warning("%s All have to be issued again.", fault)
    return secrets


def save_grant_keys(data_folder: Path, keys: tuple[GrantKey, ...]) -> None:
    """Put these in place of the grant keys of this data folder; raises :class:`OSError`."""
    path = data_folder / SECRETS_FILE
    write_private(path, _render(evolve(_parse(path.read_bytes()), grant_keys=keys)))


def _create(path: Path, random_bytes: RandomBytes) -> ServerSecrets:
    secrets = ServerSecrets.generate(random_bytes)
    write_private(path, _render(secrets))
    return secrets


def _reason(error: Exception) -> str:
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    return str(error) if isinstance(error, _Damaged) else "it is not a JSON object of the expected form"


class _Damaged(ValueError):
    """Says what is wrong, in words that quote nothing of the file."""


def _render(secrets: ServerSecrets) -> str:
    document = {
        "version": _VERSION,
        "peppers": [{"id": each.id, "key": _encode(each.key)} for each in secrets.peppers.peppers],
        "grant_keys": [_grant_key_document(each) for each in secrets.grant_keys],
        "cookie_keys": [_encode(key) for key in secrets.cookie_keys],
    }
    return json.dumps(document, indent=2) + "\n"


def _grant_key_document(key: GrantKey) -> dict[str, str]:
    until = {"until": key.until.isoformat()} if key.until else {}
    return {"id": key.kid, "key": _encode(key.key), **until}


def _grant_key(entry: dict[str, Any]) -> GrantKey:
    until = entry.get("until")
    if until is not None and not (isinstance(until, str) and _MOMENT.fullmatch(until)):
        message = "'until' in grant_keys is not a time with an offset"
        raise _Damaged(message)
    key = _decode(entry["key"], "grant_keys")
    return GrantKey(kid=entry["id"], key=key, until=datetime.fromisoformat(until) if until else None)


def _parse(data: bytes) -> ServerSecrets:
    document = _object(json.loads(data), "the file", {"version", "peppers", "grant_keys", "cookie_keys"})
    if type(document["version"]) is not int or document["version"] != _VERSION:
        message = f"its version is not {_VERSION}, so it was written by another release of Orcheo"
        raise _Damaged(message)
    return ServerSecrets(
        peppers=PepperRing(tuple(map(_pepper, _named(document, "peppers")))),
        grant_keys=tuple(map(_grant_key, _named(document, "grant_keys", {"until"}))),
        cookie_keys=tuple(_decode(key, "cookie_keys") for key in _list(document, "cookie_keys")),
    )


def _pepper(entry: dict[str, Any]) -> Pepper:
    return Pepper(id=entry["id"], key=_decode(entry["key"], "peppers"))


def _named(document: dict[str, Any], name: str, optional: Set[str] = frozenset()) -> list[dict[str, Any]]:
    entries = [_object(each, name, {"id", "key"}, optional) for each in _list(document, name)]
    ids = {each["id"] for each in entries if isinstance(each["id"], str) and each["id"]}
    if len(ids) != len(entries):
        message = f"each entry of {name} needs a different id"
        raise _Damaged(message)
    return entries


def _object(value: Any, where: str, keys: set[str], optional: Set[str] = frozenset()) -> dict[str, Any]:
    if not isinstance(value, dict) or value.keys() - optional != keys:
        message = f"{where} should hold objects with exactly {', '.join(sorted(keys))}"
        raise _Damaged(message)
    return value


def _list(document: dict[str, Any], name: str) -> list[Any]:
    entries = document[name]
    if not isinstance(entries, list) or not entries:
        message = f"{name} is not a list of at least one key"
        raise _Damaged(message)
    return entries


def _encode(key: bytes) -> str:
    return urlsafe_b64encode(key).rstrip(b"=").decode("ascii")


def _decode(text: Any, where: str) -> bytes:
    key = urlsafe_b64decode(text + "=" * (-len(text) % 4)) if isinstance(text, str) and text.isascii() else b""
    if len(key) < _KEY_BYTES or _encode(key) != text:
        message = f"a key in {where} is not {_KEY_BYTES} bytes or more in base64url"
        raise _Damaged(message)
    return key
