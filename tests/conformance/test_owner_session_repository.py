"""What every repository of owner sessions must do."""

from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve

from orcheo_core.domain.actor import Actor
from orcheo_core.domain.login import EndedLogins
from orcheo_core.domain.owner_session import OwnerSession
from orcheo_core.errors import ConcurrentChange
from orcheo_core.ports.unit_of_work import Store
from tests import samples
from tests.conformance.keeping import keep

START = samples.moment(0)
INSTANT = timedelta(microseconds=1)


def opened(number: int, at: int) -> OwnerSession:
    """Owner session ``number``, in a browser since then."""
    then = samples.moment(at)
    return samples.owner_session(number).opened(samples.digest(number + 100), then, address="::1", user_agent="B")


async def ids(store: Store, of: Actor | EndedLogins = samples.OWNER, limit: int = 9) -> list[str]:
    """The ids of an owner's open sessions, or of those that began with some logins."""
    return [each.id for each in await store.begin().owner_sessions.opened(of, START, limit=limit)]


async def test_an_owner_session_is_found_by_its_public_id(store: Store) -> None:
    """And by nothing else."""
    await keep(store, samples.owner_session(1), samples.owner_session(2))
    found = await store.begin().owner_sessions.find("os2")
    assert found == samples.owner_session(2)
    assert found.digest.value == samples.digest(2).value
    assert await store.begin().owner_sessions.find("OS2") is None


async def test_a_public_id_is_used_once(store: Store) -> None:
    """A second ticket never takes the place of the first."""
    await keep(store, samples.owner_session(1))
    with pytest.raises(ConcurrentChange):
        await keep(store, samples.owner_session(1, token_id="st2"))
    assert await store.begin().owner_sessions.find("os1") == samples.owner_session(1)


async def test_a_ticket_is_opened_once(store: Store) -> None:
    """Of two browsers with the same address one gets in; the digest is another one from then on."""
    await keep(store, samples.owner_session(1))
    first, second = store.begin(), store.begin()
    first.owner_sessions.open(opened(1, 5))
    second.owner_sessions.open(opened(1, 6))
    await first.commit()
    with pytest.raises(ConcurrentChange):
        await second.commit()
    found = await store.begin().owner_sessions.find("os1")
    assert found == opened(1, 5)
    assert found.digest.value == samples.digest(101).value


async def test_what_is_not_there_cannot_be_opened(store: Store) -> None:
    """Housekeeping has removed it in between."""
    change = store.begin()
    change.owner_sessions.open(opened(1, 5))
    with pytest.raises(ConcurrentChange):
        await change.commit()
    assert await store.begin().owner_sessions.find("os1") is None


async def test_the_open_ones_of_an_owner(store: Store) -> None:
    """Newest first; neither tickets nor ended nor older ones, nor those of others."""
    bobs = evolve(opened(5, 50), owner=Actor("bob"))
    ended = evolve(opened(6, 60), ended_at=samples.moment(61))
    await keep(store, opened(1, 30), opened(2, 40), opened(3, 30), samples.owner_session(4), bobs, ended, opened(7, 0))
    assert await ids(store) == ["os2", "os3", "os1"]
    assert await ids(store, limit=2) == ["os2", "os3"]
    assert await ids(store, Actor("bob")) == ["os5"]


async def test_those_of_logins_that_a_provider_has_ended(store: Store) -> None:
    """Of one session there, or all of a person; those that began by a ticket are never among them."""
    known: dict[str, Any] = {"rule": "r", "issuer": "https://a.example", "sub": "ada", "sid": "s1"}
    changes: list[dict[str, Any]] = [
        known,
        {**known, "sid": "s2"},
        {**known, "sub": "bob"},
        {**known, "issuer": "https://b.example"},
        {},
    ]
    await keep(store, *[evolve(opened(number, number), **change) for number, change in enumerate(changes, 1)])
    issuer = known["issuer"]
    assert await ids(store, EndedLogins(issuer=issuer, sub="ada")) == ["os2", "os1"]
    assert await ids(store, EndedLogins(issuer=issuer, session="s1")) == ["os3", "os1"]
    assert await ids(store, EndedLogins(issuer=issuer, sub="bob", session="s2")) == ["os2"]
    assert await ids(store, EndedLogins(issuer=issuer, sub="eve")) == []


async def test_use_and_end_show_at_once(store: Store) -> None:
    """Also to a reader who has read it before; the first end stays, and unknown ones are ignored."""
    await keep(store, opened(1, 5), opened(2, 5))
    assert await store.begin().owner_sessions.find("os1")
    change = store.begin()
    for public_id in ("os1", "os9"):
        change.owner_sessions.used(public_id, samples.moment(7))
        change.owner_sessions.end(public_id, samples.moment(8))
        change.owner_sessions.end(public_id, samples.moment(9))
    await change.commit()
    expected = evolve(opened(1, 5), seen_at=samples.moment(7), ended_at=samples.moment(8))
    assert await store.begin().owner_sessions.find("os1") == expected
    assert await store.begin().owner_sessions.find("os2") == opened(2, 5)
    assert await store.begin().owner_sessions.find("os9") is None


@pytest.mark.parametrize(("tickets_only", "left"), [(True, ["os1", "os3", "os4"]), (False, ["os3", "os4"])])
async def test_old_ones_are_removed(store: Store, tickets_only: bool, left: list[str]) -> None:
    """By the moment of their ticket: all of them, or those that are tickets still."""
    at = samples.moment(10)
    old = [evolve(opened(1, 5), issued_at=at - INSTANT), samples.owner_session(2, issued_at=at - INSTANT)]
    new = [evolve(opened(3, 5), issued_at=at), samples.owner_session(4, issued_at=at)]
    await keep(store, *old, *new)
    assert await store.begin().owner_sessions.find("os1")
    change = store.begin()
    change.owner_sessions.remove_older(at, tickets_only=tickets_only)
    await change.commit()
    found = [await store.begin().owner_sessions.find(f"os{number}") for number in range(1, 5)]
    assert [each.id for each in found if each] == left
