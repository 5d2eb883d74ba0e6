"""The server's own secrets in the data folder."""

import itertools
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from orcheo_adapters.auth.grants import GrantKey
from orcheo_adapters.auth.secrets_file import (
    SECRETS_FILE,
    SecretsLost,
    SecretsUnreadable,
    ServerSecrets,
    fitting_secrets,
    load_secrets,
    save_grant_keys,
)
from orcheo_adapters.memory.store import MemoryStore
from orcheo_core.domain.actor import Actor
from orcheo_core.domain.opaque_token import PepperRing, TokenDigest
from orcheo_core.domain.service_token import ServiceToken

KEY = "A" * 43


def counted() -> Callable[[int], bytes]:
    """Chance that is different each time, and the same in each test."""
    numbers = itertools.count(1)
    return lambda count: next(numbers).to_bytes(count)


def document() -> dict[str, Any]:
    return {
        "version": 1,
        "peppers": [{"id": "p1", "key": KEY}],
        "grant_keys": [{"id": "g1", "key": KEY}],
        "cookie_keys": [KEY],
    }


def write(folder: Path, content: object) -> None:
    data = content if isinstance(content, bytes) else json.dumps(content).encode()
    (folder / SECRETS_FILE).write_bytes(data)


def test_made_once_and_read_ever_after(tmp_path: Path) -> None:
    """The second start finds the secrets of the first, in a file for no one else."""
    first = load_secrets(tmp_path, counted())
    assert load_secrets(tmp_path, counted()) == first
    assert (tmp_path / SECRETS_FILE).stat().st_mode & 0o777 == 0o600
    assert len({first.peppers.peppers[0].key, first.grant_keys[0].key, first.cookie_keys[0]}) == 3


def test_several_keys_keep_their_order(tmp_path: Path) -> None:
    """New keys are put in front by hand."""
    more = document()
    more["peppers"].insert(0, {"id": "p2", "key": "B" * 42 + "A"})
    write(tmp_path, more)
    assert [each.id for each in load_secrets(tmp_path, counted()).peppers.peppers] == ["p2", "p1"]


def test_grant_keys_are_put_in_place_of_the_former_ones(tmp_path: Path) -> None:
    """With the moment at which a retired one dies; all else stays."""
    before = load_secrets(tmp_path, counted())
    until = datetime(2026, 11, 24, 1, 2, 3, 4, tzinfo=UTC)
    keys = (GrantKey(kid="new", key=b"n" * 32), evolve(before.grant_keys[0], until=until))
    save_grant_keys(tmp_path, keys)
    assert load_secrets(tmp_path, counted()) == evolve(before, grant_keys=keys)


@pytest.mark.parametrize("until", [5, "soon", "2026-11-24", "2026-11-24T01:02:03", "9999-99-99T99:99:99+00:00"])
def test_an_end_must_be_a_moment(tmp_path: Path, until: object) -> None:
    """Or the file is damaged."""
    wrong = document()
    wrong["grant_keys"][0]["until"] = until
    write(tmp_path, wrong)
    with pytest.raises(SecretsUnreadable):
        load_secrets(tmp_path, counted())


def test_repr_shows_no_key(tmp_path: Path) -> None:
    """Neither the whole nor a part tells a key."""
    secrets = ServerSecrets.generate(lambda count: b"K" * count)
    shown = repr(secrets) + repr(secrets.peppers) + repr(secrets.grant_keys)
    assert "KKK" not in shown


DAMAGED: dict[str, object] = {
    "empty": b"",
    "cut off": b'{"version": 1, "peppers"',
    "no UTF-8": b"\xff\xfe\xfa",
    "deep": b"[" * 100_000,
    "a list": [],
    "another version": document() | {"version": 2},
    "version true": document() | {"version": True},
    "unknown key": document() | {"more": 1},
    "missing key": {"version": 1},
    "no peppers": document() | {"peppers": []},
    "peppers no list": document() | {"peppers": KEY},
    "no grant keys": document() | {"grant_keys": []},
    "no cookie keys": document() | {"cookie_keys": []},
    "entry no object": document() | {"peppers": [KEY]},
    "entry without id": document() | {"peppers": [{"key": KEY}]},
    "id no string": document() | {"peppers": [{"id": 1, "key": KEY}]},
    "id twice": document() | {"grant_keys": [{"id": "g", "key": KEY}] * 2},
    "kid malformed": document() | {"grant_keys": [{"id": "g g", "key": KEY}]},
    "short key": document() | {"cookie_keys": [KEY[:-1]]},
    "key no string": document() | {"cookie_keys": [7]},
    "key no base64": document() | {"cookie_keys": ["!" * 43]},
    "key in odd letters": document() | {"cookie_keys": ["é" * 43]},
    "key with loose bits": document() | {"cookie_keys": [KEY[:-1] + "B"]},
}


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED.keys())
def test_damaged_file_is_named_and_kept(tmp_path: Path, content: object) -> None:
    """The error names the file and what to do, quotes nothing of it, and leaves it as it is."""
    write(tmp_path, content)
    before = (tmp_path / SECRETS_FILE).read_bytes()
    with pytest.raises(SecretsUnreadable) as caught:
        load_secrets(tmp_path, counted())
    assert str(tmp_path / SECRETS_FILE) in caught.value.detail
    assert "backup" in caught.value.hint
    assert "AAAA" not in caught.value.detail
    assert (tmp_path / SECRETS_FILE).read_bytes() == before


async def store_with_tokens_of(*pepper_ids: str) -> MemoryStore:
    """A store with one service token for each of these peppers."""
    store = MemoryStore()
    for number, pepper_id in enumerate(pepper_ids):
        change = store.begin()
        change.service_tokens.save(
            ServiceToken(
                public_id=f"st{number}",
                digest=TokenDigest(pepper_id=pepper_id, value="0" * 64),
                owner=Actor("ada"),
                scopes=frozenset(),
                issued_at=datetime(2026, 11, 24, tzinfo=UTC),
            )
        )
        await change.commit()
    return store


async def test_secrets_are_made_for_a_store_without_tokens(tmp_path: Path) -> None:
    """Also after a start that was cut off between the database and the secrets."""
    store = await store_with_tokens_of()
    assert await fitting_secrets(tmp_path, store, counted()) == load_secrets(tmp_path, counted())


async def test_lost_secrets_are_not_made_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """All tokens of the store would be worth nothing; who says so gets new ones, and a line in the log."""
    store = await store_with_tokens_of("p1")
    with pytest.raises(SecretsLost, match=r"secrets\.json is missing") as caught:
        await fitting_secrets(tmp_path, store, counted())
    assert not (tmp_path / SECRETS_FILE).exists()
    assert "--new-secrets" in caught.value.hint
    made = await fitting_secrets(tmp_path, store, counted(), may_be_new=True)
    assert made == load_secrets(tmp_path, counted())
    assert "have to be issued again" in caplog.text


async def test_secrets_of_another_database_are_refused(tmp_path: Path) -> None:
    """Of another server, or of a backup of before ``--new-secrets``; those of one token are the right ones."""
    write(tmp_path, document())
    with pytest.raises(SecretsLost, match="No token of the database was made with"):
        await fitting_secrets(tmp_path, await store_with_tokens_of("p2"), counted())
    found = await fitting_secrets(tmp_path, await store_with_tokens_of("p2", "p1", "p3"), counted())
    assert [each.id for each in found.peppers.peppers] == ["p1"]


def test_unreadable_file_is_named(tmp_path: Path) -> None:
    """A folder in its place is no reason to make new secrets."""
    (tmp_path / SECRETS_FILE).mkdir()
    with pytest.raises(SecretsUnreadable, match="directory"):
        load_secrets(tmp_path, counted())


def test_secrets_need_each_kind() -> None:
    """No server starts without keys."""
    whole = ServerSecrets.generate(counted())
    with pytest.raises(ValueError, match="cookie_keys"):
        ServerSecrets(peppers=whole.peppers, grant_keys=whole.grant_keys, cookie_keys=())
    with pytest.raises(ValueError, match="pepper"):
        PepperRing(())
