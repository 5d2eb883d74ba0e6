"""An owner's stop holds at once, also where it cannot be stored, and is stored as soon as it can be."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

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
from tests.core.hall import ADA, Hall

EVE = Subject.anonymous("vis_eve")
STOPS: dict[str, Callable[[Hall], Awaitable[Any]]] = {
    "unpublish": lambda hall: hall.core.publishing.unpublish(ADA, "echo"),
    "end of sessions": lambda hall: hall.core.publishing.unpublish(ADA, "echo", end_sessions=True),
    "archive": lambda hall: hall.core.publishing.archive(ADA, "echo"),
    "removal": lambda hall: hall.core.registering.remove(ADA, "echo"),
}


async def acts(hall: Hall) -> list[Act]:
    """What the audit says."""
    return [each.act for each in (await hall.store.begin().audit.page(PageQuery())).entries]


async def close_in_memory(hall: Hall, name: str = "unpublish") -> None:
    """An owner's stop on a disk that takes nothing."""
    hall.store.error = StorageUnavailable("The disk is broken.")
    with pytest.raises(ClosedUntilRestart, match=r"echo is closed and its chats are ended\. The disk is broken\."):
        await STOPS[name](hall)


@pytest.mark.parametrize("name", STOPS)
async def test_a_stop_that_cannot_be_stored_holds_in_memory_at_once(hall: Hall, name: str) -> None:
    """No visitor comes in by any way or goes further, what runs ends, and the owner reads how it stands."""
    token = await hall.publish()
    grant = (await hall.core.admitting.by_link("echo", EVE)).text
    visit = await hall.core.admitting.visit_by_grant(grant)
    turn = await hall.ask(visit, [TextDelta("never told")])
    await close_in_memory(hall, name)
    hall.store.error = None
    admitting = hall.core.admitting
    refused: list[tuple[Awaitable[Any], type[Exception]]] = [
        (admitting.public_workflow("echo"), ChatUnavailable),
        (admitting.by_link("echo", EVE), ChatUnavailable),
        (admitting.by_publish_token("echo", token), PublishTokenInvalid),
        (admitting.visit_by_publish_token(token), ChatUnavailable),
        (admitting.visit_by_grant(grant), ChatSessionEnded),
        (admitting.renew("echo", grant), ChatSessionEnded),
    ]
    for attempt, error in refused:
        with pytest.raises(error):
            await attempt
    await hall.background.run_all()
    assert (await hall.latest(turn.thread_id)).status is TurnStatus.CANCELLED


async def test_what_holds_in_memory_is_stored_as_soon_as_it_can_be(hall: Hall) -> None:
    """From then on it holds after a restart too, and the owner can publish again."""
    await hall.publish()
    grant = (await hall.core.admitting.by_link("echo", EVE)).text
    await close_in_memory(hall)
    await hall.core.closing.settle()
    hall.store.error = None
    stored = await hall.store.begin().workflows.find("echo")
    assert stored is not None
    assert stored.is_public
    await hall.core.closing.settle()
    stored = await hall.store.begin().workflows.find("echo")
    assert stored is not None
    assert not stored.is_public
    assert (await acts(hall))[-1] is Act.UNPUBLISHED
    with pytest.raises(ChatSessionEnded):
        await hall.core.admitting.visit_by_grant(grant)
    await hall.core.publishing.publish(ADA, "echo")
    await hall.core.admitting.by_link("echo", EVE)


async def test_an_end_of_the_chats_of_a_private_workflow_is_stored_later_too(hall: Hall) -> None:
    """It was closed before; its owner's own chat ends."""
    await hall.add()
    grant = (await hall.core.admitting.by_owner(ADA, "echo")).text
    await close_in_memory(hall, "end of sessions")
    hall.store.error = None
    await hall.core.closing.settle()
    assert (await acts(hall))[-1] is Act.SESSIONS_ENDED
    with pytest.raises(ChatSessionEnded):
        await hall.core.admitting.visit_by_grant(grant)


async def test_what_holds_in_memory_outlasts_a_conflict(hall: Hall) -> None:
    """Another change of the workflow comes between; the next time it is stored."""
    await hall.publish()
    await close_in_memory(hall)
    hall.store.error = ConcurrentChange()
    await hall.core.closing.settle()
    hall.store.error = None
    await hall.core.closing.settle()
    assert (await acts(hall))[-1] is Act.UNPUBLISHED


async def test_nothing_is_held_of_a_workflow_that_is_gone(hall: Hall) -> None:
    """It was removed after all."""
    await hall.publish()
    await close_in_memory(hall)
    hall.store.error = None
    await hall.core.registering.remove(ADA, "echo")
    await hall.core.closing.settle()
    await hall.publish()
    await hall.core.admitting.by_link("echo", EVE)


async def test_a_removal_closes_the_chat_before_the_memory_of_the_workflow_is_asked(hall: Hall) -> None:
    """A graph's memory that hangs or fails keeps no visitor in."""
    await hall.publish()
    visit = await hall.core.admitting.visit_by_grant((await hall.core.admitting.by_link("echo", EVE)).text)
    turn = await hall.answered(visit)
    hall.runners.unforgettable[turn.thread_id] = OSError("no memory")
    with pytest.raises(StorageUnavailable):
        await hall.core.registering.remove(ADA, "echo")
    with pytest.raises(ChatUnavailable):
        await hall.core.admitting.by_link("echo", EVE)
    with pytest.raises(ChatSessionEnded):
        await hall.ask(visit)
