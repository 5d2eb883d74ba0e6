"""An owner's stop holds at once, also where it cannot be stored, and is stored as soon as it can be."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from orcheo_core.domain.actor import Scope
from orcheo_core.domain.audit import Act
from orcheo_core.domain.pages import PageQuery
from orcheo_core.domain.run import TextDelta
from orcheo_core.domain.subject import Subject
from orcheo_core.domain.turn import TurnStatus
from orcheo_core.errors import (
    ChatSessionEnded,
    ChatUnavailable,
    ClosedUntilRestart,
    ConcurrentChange,
    PublishTokenInvalid,
    StorageUnavailable,
)
from orcheo_core.turns.register import WorkKind
from tests.core.harness import ADA, CoreHarness
from tests.core.test_owner_sessions import sign_in

EVE = Subject.anonymous("vis_eve")
STOPS: dict[str, Callable[[CoreHarness], Awaitable[Any]]] = {
    "unpublish": lambda harness: harness.core.publishing.unpublish(ADA, "echo"),
    "end of sessions": lambda harness: harness.core.publishing.unpublish(ADA, "echo", end_sessions=True),
    "archive": lambda harness: harness.core.publishing.archive(ADA, "echo"),
    "removal": lambda harness: harness.core.registering.remove(ADA, "echo"),
}


async def acts(harness: CoreHarness) -> list[Act]:
    """What the audit says."""
    return [each.act for each in (await harness.store.begin().audit.page(PageQuery())).entries]


async def close_in_memory(harness: CoreHarness, name: str = "unpublish") -> None:
    """An owner's stop on a disk that takes nothing."""
    harness.store.error = StorageUnavailable("The disk is broken.")
    with pytest.raises(ClosedUntilRestart, match=r"echo is closed and its chats are ended\. The disk is broken\."):
        await STOPS[name](harness)


@pytest.mark.parametrize("name", STOPS)
async def test_a_stop_that_cannot_be_stored_holds_in_memory_at_once(harness: CoreHarness, name: str) -> None:
    """No visitor comes in by any way or goes further, what runs ends, and the owner reads how it stands.

    Findings: an emergency act always works.
    """
    token = await harness.publish()
    grant = (await harness.core.admitting.by_link("echo", EVE)).text
    visit = await harness.core.admitting.visit_by_grant(grant)
    turn = await harness.ask(visit, [TextDelta("never told")])
    await close_in_memory(harness, name)
    harness.store.error = None
    admitting = harness.core.admitting
    refused: list[tuple[Awaitable[Any], type[Exception]]] = [
        (admitting.public_workflow("echo"), ChatUnavailable),
        (admitting.by_link("echo", EVE), ChatUnavailable),
        (admitting.by_publish_token("echo", token), PublishTokenInvalid),
        (admitting.visit_by_publish_token(token), ChatUnavailable),
        (admitting.program(token), ChatUnavailable),
        (admitting.visit_by_grant(grant), ChatSessionEnded),
        (admitting.renew("echo", grant), ChatSessionEnded),
    ]
    for attempt, error in refused:
        with pytest.raises(error):
            await attempt
    await harness.background.run_all()
    assert (await harness.latest(turn.thread_id)).status is TurnStatus.CANCELLED


async def test_what_holds_in_memory_is_stored_as_soon_as_it_can_be(harness: CoreHarness) -> None:
    """From then on it holds after a restart too, and the owner can publish again."""
    await harness.publish()
    grant = (await harness.core.admitting.by_link("echo", EVE)).text
    await close_in_memory(harness)
    await harness.core.closing.settle()
    harness.store.error = None
    stored = await harness.store.begin().workflows.find("echo")
    assert stored is not None
    assert stored.is_public
    assert (await harness.core.publishing.standing(stored)).obstacle is ClosedUntilRestart
    await harness.core.closing.settle()
    stored = await harness.store.begin().workflows.find("echo")
    assert stored is not None
    assert not stored.is_public
    assert (await acts(harness))[-1] is Act.UNPUBLISHED
    with pytest.raises(ChatSessionEnded):
        await harness.core.admitting.visit_by_grant(grant)
    await harness.core.publishing.publish(ADA, "echo")
    await harness.core.admitting.by_link("echo", EVE)


async def test_an_end_of_the_chats_of_a_private_workflow_is_stored_later_too(harness: CoreHarness) -> None:
    """It was closed before; its owner's own chat ends."""
    await harness.add()
    grant = (await harness.core.admitting.by_owner(ADA, "echo")).text
    await close_in_memory(harness, "end of sessions")
    harness.store.error = None
    await harness.core.closing.settle()
    assert (await acts(harness))[-1] is Act.SESSIONS_ENDED
    with pytest.raises(ChatSessionEnded):
        await harness.core.admitting.visit_by_grant(grant)


async def test_what_holds_in_memory_outlasts_a_conflict(harness: CoreHarness) -> None:
    """Another change of the workflow comes between; the next time it is stored."""
    await harness.publish()
    await close_in_memory(harness)
    harness.store.error = ConcurrentChange()
    await harness.core.closing.settle()
    harness.store.error = None
    await harness.core.closing.settle()
    assert (await acts(harness))[-1] is Act.UNPUBLISHED


async def test_nothing_is_held_of_a_workflow_that_is_gone(harness: CoreHarness) -> None:
    """It was removed after all."""
    await harness.publish()
    await close_in_memory(harness)
    harness.store.error = None
    await harness.core.registering.remove(ADA, "echo")
    await harness.core.closing.settle()
    await harness.publish()
    await harness.core.admitting.by_link("echo", EVE)


async def test_a_removal_closes_the_chat_before_the_memory_of_the_workflow_is_asked(harness: CoreHarness) -> None:
    """A graph's memory that hangs or fails keeps no visitor in."""
    await harness.publish()
    visit = await harness.core.admitting.visit_by_grant((await harness.core.admitting.by_link("echo", EVE)).text)
    turn = await harness.answered(visit)
    harness.runners.unforgettable[turn.thread_id] = OSError("no memory")
    with pytest.raises(StorageUnavailable):
        await harness.core.registering.remove(ADA, "echo")
    with pytest.raises(ChatUnavailable):
        await harness.core.admitting.by_link("echo", EVE)
    with pytest.raises(ChatSessionEnded):
        await harness.ask(visit)


async def test_what_is_done_beside_turns_ends_with_its_chat(harness: CoreHarness) -> None:
    """Findings: whatever runs is found and stopped. So is a dictation, which begins under no chat that has ended."""
    await harness.publish()
    acting, register = harness.core.acting, harness.core.register
    visit = await harness.core.admitting.visit_by_grant((await harness.core.admitting.by_link("echo", EVE)).text)
    seen: list[WorkKind] = []

    async def dictate() -> None:
        async with acting.beside_turns(visit):
            seen.extend(each.kind for each in register.running())
            await STOPS["end of sessions"](harness)
            await asyncio.Event().wait()

    for _ in range(2):
        with pytest.raises(ChatSessionEnded):
            await dictate()
    assert seen == [WorkKind.ACTION]
    assert register.running() == []


async def _service_token(harness: CoreHarness) -> str:
    scopes = frozenset({Scope.WORKFLOWS_READ})
    made = await harness.core.owner_access.create(ADA, owner=ADA.actor, scopes=scopes, label="mine", lifetime=None)
    return made.record.public_id


async def _session(harness: CoreHarness) -> str:
    return (await sign_in(harness)).signed_in.session.public_id


Emergency = tuple[Callable[[CoreHarness], Awaitable[str]], Callable[[CoreHarness, str], Awaitable[object]]]


async def _nothing(_harness: CoreHarness) -> str:
    return ""


EMERGENCIES: dict[str, Emergency] = {
    "unpublish": (_nothing, lambda harness, _: STOPS["unpublish"](harness)),
    "end of sessions": (_nothing, lambda harness, _: STOPS["end of sessions"](harness)),
    "archive": (_nothing, lambda harness, _: STOPS["archive"](harness)),
    "removal": (_nothing, lambda harness, _: STOPS["removal"](harness)),
    "rotated publish token": (_nothing, lambda harness, _: harness.core.publishing.rotate(ADA, "echo")),
    "login rule": (_nothing, lambda harness, _: harness.core.publishing.set_login(ADA, "echo", require_login=True)),
    "revoked service token": (_service_token, lambda harness, name: harness.core.owner_access.revoke(ADA, name)),
    "rotated service token": (_service_token, lambda harness, name: harness.core.owner_access.rotate(ADA, name)),
    "ended owner session": (_session, lambda harness, name: harness.core.owner_sessions.end(ADA, name)),
    "rotated grant key": (_nothing, lambda harness, _: harness.core.owner_services.key_rotation.rotate(ADA)),
}
"""What an owner does when something has gone wrong: what it needs, and the act."""


@pytest.mark.parametrize("name", EMERGENCIES)
async def test_an_emergency_act_lands_on_a_full_disk(harness: CoreHarness, name: str) -> None:
    """Findings: an emergency act always works. Space is kept back for it, and the audit has it."""
    prepare, act = EMERGENCIES[name]
    await harness.publish()
    given = await prepare(harness)
    before = len(await acts(harness))
    harness.store.error, harness.store.has_reserve = StorageUnavailable("full"), True
    await act(harness, given)
    assert len(await acts(harness)) > before
