"""Identity providers as operators register them: one by environment variables, or any number in JSON.

``ORCHEO_OIDC_PROVIDERS`` is the path of a JSON file, or JSON itself: a list of objects with ``name``, ``issuer``,
``client_id``, and optionally ``title``, one of ``client_secret_file`` (a path) and ``client_secret_env`` (the name of
an environment variable), ``prompt``, ``max_age``, ``client_auth``, ``audiences`` and ``more_scopes``. Neither
holds a client secret itself.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson
from attrs import frozen

from orcheo_adapters.auth.dev_login import DEV_LOGIN_NAME
from orcheo_adapters.auth.oidc.registration import ProviderRegistration
from orcheo_core.errors import FieldError, InvalidInput

PROVIDERS = "ORCHEO_OIDC_PROVIDERS"
ISSUER, CLIENT_ID = "ORCHEO_OIDC_ISSUER", "ORCHEO_OIDC_CLIENT_ID"
CLIENT_SECRET, CLIENT_SECRET_FILE = "ORCHEO_OIDC_CLIENT_SECRET", "ORCHEO_OIDC_CLIENT_SECRET_FILE"
TITLE = "ORCHEO_OIDC_TITLE"

PROMPT, MAX_AGE = "ORCHEO_OIDC_PROMPT", "ORCHEO_OIDC_MAX_AGE"
CLIENT_AUTH, AUDIENCES = "ORCHEO_OIDC_CLIENT_AUTH", "ORCHEO_OIDC_AUDIENCES"
MORE_SCOPES = "ORCHEO_OIDC_MORE_SCOPES"

_FIELDS = ("name", "issuer", "client_id", "prompt", "max_age", "client_auth", "audiences", "more_scopes")
_SINGLE_NAME = "main"
_HINT = "See docs/how-to/ask-visitors-to-sign-in.md."


@frozen(kw_only=True)
class _Entry:
    name: str
    issuer: str
    client_id: str
    title: str = ""
    client_secret_file: str = ""
    client_secret_env: str = ""
    prompt: str = ""
    max_age: int | None = None
    client_auth: str = "auto"
    audiences: tuple[str, ...] = ()
    more_scopes: tuple[str, ...] = ()


def identity_providers(environment: Mapping[str, str]) -> tuple[ProviderRegistration, ...]:
    """All that are registered; raises :class:`InvalidInput`, which names the setting and the field."""
    found = (*_single(environment), *_listed(environment))
    names = [each.name for each in found]
    if len(set(names)) != len(names):
        raise _wrong(PROVIDERS, "must give each identity provider a different name")
    return found


def _single(environment: Mapping[str, str]) -> tuple[ProviderRegistration, ...]:
    if not environment.get(ISSUER):
        return ()
    entry = _Entry(
        name=_SINGLE_NAME,
        issuer=environment[ISSUER],
        client_id=environment.get(CLIENT_ID, ""),
        title=environment.get(TITLE, ""),
        client_secret_file=environment.get(CLIENT_SECRET_FILE, ""),
        client_secret_env=CLIENT_SECRET if environment.get(CLIENT_SECRET) else "",
        prompt=environment.get(PROMPT, "").strip(),
        max_age=_max_age(environment.get(MAX_AGE, "").strip()),
        client_auth=environment.get(CLIENT_AUTH, "").strip() or "auto",
        audiences=tuple(each.strip() for each in environment.get(AUDIENCES, "").split(",") if each.strip()),
        more_scopes=tuple(environment.get(MORE_SCOPES, "").split()),
    )
    paths = {
        "issuer": ISSUER,
        "client_id": CLIENT_ID,
        "client_secret_file": CLIENT_SECRET_FILE,
        "prompt": PROMPT,
        "max_age": MAX_AGE,
        "client_auth": CLIENT_AUTH,
        "audiences": AUDIENCES,
        "more_scopes": MORE_SCOPES,
    }
    return (_registration(entry, environment, paths),)


def _max_age(text: str) -> int | None:
    if text and not (text.isascii() and text.isdecimal()):
        raise _wrong(MAX_AGE, "must be a whole number of seconds")
    return int(text) if text else None


def _listed(environment: Mapping[str, str]) -> tuple[ProviderRegistration, ...]:
    text = environment.get(PROVIDERS, "").strip()
    if not text:
        return ()
    from orcheo_adapters.wire.strict import StrictDecoder

    decoder = StrictDecoder(forbid_extra_keys=True)
    documents = {f"{PROVIDERS}[{index}]": each for index, each in enumerate(load_list(text, PROVIDERS, _HINT))}
    entries = {path: decoder.decode(each, _Entry, path=path) for path, each in documents.items()}
    return tuple(_read_entry(each, path, environment) for path, each in entries.items())


def load_list(text: str, setting: str, hint: str) -> list[object]:
    """The list in a JSON text, or in the JSON file at a path; raises :class:`InvalidInput`, which names the setting."""
    try:
        document = orjson.loads(text if text.startswith("[") else Path(text).expanduser().read_bytes())
    except OSError as error:
        message = f"the file {text} cannot be read: {error.strerror}"
        raise InvalidInput(FieldError(setting, message), hint=hint) from None
    except ValueError as error:
        message = f"must be JSON, or the path of a JSON file: {error}"
        raise InvalidInput(FieldError(setting, message), hint=hint) from None
    if not isinstance(document, list):
        raise InvalidInput(FieldError(setting, "must be a list of objects"), hint=hint)
    return document


def _read_entry(entry: _Entry, path: str, environment: Mapping[str, str]) -> ProviderRegistration:
    names = (*_FIELDS, "client_secret_file", "client_secret_env")
    return _registration(entry, environment, {name: f"{path}.{name}" for name in names})


def _registration(entry: _Entry, environment: Mapping[str, str], paths: Mapping[str, str]) -> ProviderRegistration:
    secret = _secret(entry, environment, paths)
    if entry.name == DEV_LOGIN_NAME:
        raise _wrong(paths["name"], f"must not be {DEV_LOGIN_NAME!r}, which is the trial sign-in")
    found = {name: getattr(entry, name) for name in _FIELDS}
    for name, value in found.items():
        _check(name, value, paths)
    title = entry.title or (urlsplit(entry.issuer).hostname if entry.name == _SINGLE_NAME else "") or entry.name
    return ProviderRegistration(**found, title=title, client_secret=secret)


def _check(name: str, value: object, paths: Mapping[str, str]) -> None:
    sound: dict[str, Any] = {"name": "x", "title": "x", "issuer": "https://x.example", "client_id": "x"}
    try:
        ProviderRegistration(**{**sound, name: value})
    except ValueError as error:
        raise _wrong(paths[name], str(error)) from None


def _secret(entry: _Entry, environment: Mapping[str, str], paths: Mapping[str, str]) -> str | None:
    if entry.client_secret_file and entry.client_secret_env:
        raise _wrong(paths["client_secret_file"], "cannot be combined with a client secret in the environment")
    if entry.client_secret_env:
        secret = environment.get(entry.client_secret_env, "").strip()
        where = paths.get("client_secret_env", CLIENT_SECRET)
    elif entry.client_secret_file:
        secret, where = _read_secret(entry.client_secret_file, paths["client_secret_file"]), paths["client_secret_file"]
    else:
        return None
    if not secret:
        raise _wrong(where, "names a place that holds no client secret")
    return secret


def _read_secret(path: str, where: str) -> str:
    try:
        return Path(path).expanduser().read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise _wrong(where, f"the file {path} cannot be read") from None


def _wrong(path: str, message: str) -> InvalidInput:
    return InvalidInput(FieldError(path, message), hint=_HINT)
