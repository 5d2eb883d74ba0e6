"""What every repository of publish tokens and of service tokens must do."""

from datetime import timedelta
from typing import Any

import pytest

from orcheo_core.domain.actor import Actor, Scope
from orcheo_core.domain.pages import Page
from orcheo_core.domain.publish_token import TokenEnd
from orcheo_core.domain.service_token import ServiceToken
from orcheo_core.errors import ConcurrentChange
from orcheo_core.ports.unit_of_work import Store
from tests import samples
from tests.conformance.keeping import keep

NOW = samples.moment(100)
INSTANT = timedelta(microseconds=1)


async def live(store: Store, number: int = 1) -> list[str]:
    """The public ids of the publish tokens that let visitors into a workflow now."""
    return sorted(each.public_id for each in await store.begin().publish_tokens.live(f"wf_{number}", NOW))


async def test_a_publish_token_is_found_by_its_public_id(store: Store) -> None:
    """With the digest that its holder is compared to."""
    await keep(store, samples.workflow(), samples.publish_token(1), samples.publish_token(2))
    found = await store.begin().publish_tokens.find("pt2")
    assert found == samples.publish_token(2)
    assert found.digest.value == samples.digest(2).value


async def test_an_unknown_publish_token_is_not_found(store: Store) -> None:
    """A stranger's guess."""
    await keep(store, samples.workflow(), samples.publish_token(1))
    assert await store.begin().publish_tokens.find("PT1") is None


async def test_a_former_publish_token_keeps_its_end(store: Store) -> None:
    """Its holder is told what happened to it and when."""
    former = samples.publish_token(1).ended(TokenEnd.ROTATED, at=samples.moment(50))
    await keep(store, samples.workflow(), samples.publish_token(1))
    await keep(store, former, samples.publish_token(2))
    assert await store.begin().publish_tokens.find("pt1") == former
    assert await live(store) == ["pt2"]


async def test_two_are_live_in_a_grace_period(store: Store) -> None:
    """The old one still opens chat sessions, the new one does already."""
    outgoing = samples.publish_token(1).ended(TokenEnd.ROTATED, at=NOW, grace=timedelta(seconds=30))
    await keep(store, samples.workflow(), outgoing, samples.publish_token(2))
    assert await live(store) == ["pt1", "pt2"]


async def test_the_latest_publish_token_of_a_workflow(store: Store) -> None:
    """By the moment of its issue, live or not; none where none was issued."""
    await keep(
        store, samples.workflow(1), samples.workflow(2), samples.publish_token(2), samples.publish_token(9, of=2)
    )
    await keep(store, samples.publish_token(3, ends_at=NOW, end=TokenEnd.REVOKED), samples.publish_token(1))
    latest = await store.begin().publish_tokens.latest("wf_1")
    assert latest is not None
    assert latest.public_id == "pt3"
    assert await store.begin().publish_tokens.latest("wf_3") is None


@pytest.mark.parametrize(("ends_at", "expected"), [(NOW - INSTANT, []), (NOW, []), (NOW + INSTANT, ["pt1"])])
async def test_the_end_is_exact_to_the_microsecond(store: Store, ends_at: object, expected: list[str]) -> None:
    """A publish token is over from the moment of its end on."""
    await keep(store, samples.workflow(), samples.publish_token(1, ends_at=ends_at, end=TokenEnd.REVOKED))
    assert await live(store) == expected


async def test_live_ones_are_of_that_workflow(store: Store) -> None:
    """Others' publish tokens are none of its business."""
    await keep(
        store, samples.workflow(1), samples.workflow(2), samples.publish_token(1), samples.publish_token(2, of=2)
    )
    assert [await live(store, number) for number in (1, 2, 3)] == [["pt1"], ["pt2"], []]


async def test_a_publish_token_needs_its_workflow(store: Store) -> None:
    """The workflow was removed while its token was being rotated."""
    with pytest.raises(ConcurrentChange):
        await keep(store, samples.publish_token(1))
    assert await store.begin().publish_tokens.find("pt1") is None


async def test_a_service_token_is_found_by_its_public_id(store: Store) -> None:
    """With owner and scopes."""
    token = samples.service_token(1, owner=Actor("bob"), scopes=frozenset(Scope))
    await keep(store, token, samples.service_token(2))
    assert await store.begin().service_tokens.find("st1") == token
    assert await store.begin().service_tokens.find("st9") is None


async def test_a_service_token_may_have_no_scope(store: Store) -> None:
    """It may do nothing, and is still one."""
    await keep(store, samples.service_token(scopes=frozenset()))
    assert await store.begin().service_tokens.find("st1") == samples.service_token(scopes=frozenset())


async def test_a_service_token_can_be_replaced(store: Store) -> None:
    """The same public id means the same token."""
    await keep(store, samples.service_token())
    fewer = samples.service_token(scopes=frozenset({Scope.WORKFLOWS_READ}))
    await keep(store, fewer)
    assert await store.begin().service_tokens.find("st1") == fewer


async def test_a_service_token_keeps_what_limits_it(store: Store) -> None:
    """Label, expiry and end."""
    token = samples.service_token(label="CI", expires_at=NOW, ended_at=NOW - INSTANT)
    await keep(store, token)
    assert await store.begin().service_tokens.find("st1") == token


async def test_the_end_of_a_service_token_shows_at_once(store: Store) -> None:
    """Also to a reader who has read it before."""
    await keep(store, samples.service_token())
    assert (await store.begin().service_tokens.find("st1")) == samples.service_token()
    change = store.begin()
    change.service_tokens.end(samples.service_token(), NOW, is_final=True)
    await change.commit()
    assert await store.begin().service_tokens.find("st1") == samples.service_token(ended_at=NOW, is_final=True)


@pytest.mark.parametrize("believed", [samples.service_token(), samples.service_token(9)])
async def test_an_end_needs_the_present_state(store: Store, believed: ServiceToken) -> None:
    """Another request ended it in between, or it was never there."""
    await keep(store, samples.service_token(ended_at=NOW))
    change = store.begin()
    change.service_tokens.end(believed, NOW + INSTANT, is_final=False)
    with pytest.raises(ConcurrentChange):
        await change.commit()
    assert await store.begin().service_tokens.find("st1") == samples.service_token(ended_at=NOW)


async def test_service_tokens_by_owner_and_of_all(store: Store) -> None:
    """Newest first, whatever their public ids; those of one moment by public id."""
    bobs = samples.service_token(2, owner=Actor("bob"), issued_at=samples.moment(9))
    first, last = samples.service_token(7, issued_at=samples.moment(1)), samples.service_token(4)
    await keep(store, first, last, bobs, samples.service_token(5, issued_at=last.issued_at))
    tokens = store.begin().service_tokens
    assert await tokens.page("bob", limit=20, after=None) == Page(entries=(bobs,), has_more=False)
    found = await tokens.page(None, limit=4, after=None)
    assert ([each.id for each in found.entries], found.has_more) == (["st2", "st5", "st4", "st7"], False)
    assert (await tokens.page(None, limit=3, after=None)).has_more
    for count in range(4):
        rest = await tokens.page(None, limit=1, after=found.entries[count])
        assert (rest.entries, rest.has_more) == (found.entries[count + 1 : count + 2], count < 2)
    assert await tokens.page(samples.OWNER.name, limit=1, after=last) == Page(entries=(first,), has_more=False)


@pytest.mark.parametrize("over", [{"expires_at": NOW}, {"ended_at": NOW}])
async def test_former_service_tokens_let_nobody_in(store: Store, over: dict[str, Any]) -> None:
    """So they are no credentials of the server."""
    await keep(store, samples.service_token(1), samples.service_token(2, **over))
    tokens = store.begin().service_tokens
    assert not await tokens.any_besides("st1", NOW)
    assert await tokens.any_besides("st1", NOW - INSTANT)


async def test_the_last_use_of_a_service_token_is_kept(store: Store) -> None:
    """Of that one alone, whatever else changes about it; an unknown one is ignored."""
    await keep(store, samples.service_token(1), samples.service_token(2))
    change = store.begin()
    change.service_tokens.used("st1", NOW)
    change.service_tokens.used("st9", NOW)
    await change.commit()
    change.service_tokens.end(samples.service_token(1), NOW + INSTANT, is_final=False)
    await change.commit()
    kept = store.begin().service_tokens
    assert await kept.find("st1") == samples.service_token(1, last_used_at=NOW, ended_at=NOW + INSTANT)
    assert await kept.find("st2") == samples.service_token(2)
    assert await kept.find("st9") is None


async def test_ends_that_have_come_are_final(store: Store) -> None:
    """Whatever a clock says afterwards; an end that is still to come is not."""
    over, to_come = NOW, NOW + INSTANT
    await keep(store, samples.workflow(), samples.publish_token(3))
    for number, at in ((1, over), (2, to_come)):
        await keep(store, samples.publish_token(number, ends_at=at, end=TokenEnd.ROTATED))
        await keep(store, samples.service_token(number, ended_at=at))
    change = store.begin()
    change.publish_tokens.make_ends_final(NOW)
    change.service_tokens.make_ends_final(NOW)
    await change.commit()
    reader, before = store.begin(), NOW - timedelta(hours=1)
    assert sorted(each.public_id for each in await reader.publish_tokens.live("wf_1", before)) == ["pt2", "pt3"]
    assert await reader.publish_tokens.find("pt3") == samples.publish_token(3)
    first, second = await reader.service_tokens.find("st1"), await reader.service_tokens.find("st2")
    assert first is not None
    assert second is not None
    assert (first.is_live(before), second.is_live(before)) == (False, True)
    assert await reader.service_tokens.any_besides("st2", before) is False
