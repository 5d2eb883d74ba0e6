"""What runs can be found, counted and stopped, and nothing begins after the end."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial

import pytest

from orcheo_core.domain.component_items import HiddenItem
from orcheo_core.domain.run import ContextKept, TextDelta
from orcheo_core.errors import ChatSessionEnded, OrcheoError, ServerStopping, ThreadNotFound, WorkflowNotFound
from orcheo_core.services.visitors.acting import ActionInput
from orcheo_core.turns.register import (
    CANCELLED,
    ENDED,
    EVERYWHERE,
    SHUT_DOWN,
    VISITORS_WORK,
    Place,
    Register,
    Stop,
    WorkKind,
)
from tests.core.hall import ADA, Hall
from tests.fakes.background import FakeBackground
from tests.fakes.runner import Batch

HERE = Place(workflow_id="wf_1", thread_id="thr_1", chat_session_id="cs_1")


class Ends:
    """A gate that no one opens, and whether someone waits before it."""

    def __init__(self) -> None:
        self.reached = asyncio.Event()

    async def wait(self) -> None:
        self.reached.set()
        await asyncio.Event().wait()

    async def chunks(self) -> AsyncIterator[bytes]:
        yield b"ab"
        await self.wait()


def stops(register: Register, kind: WorkKind, place: Place) -> list[Stop]:
    """Why a new work is stopped, filled in as it happens."""
    reasons: list[Stop] = []
    register.begin(kind, place, reasons.append)
    return reasons


@pytest.mark.parametrize(
    "asked",
    [EVERYWHERE, Place(workflow_id="wf_1"), Place(thread_id="thr_1"), Place(chat_session_id="cs_1"), HERE],
)
def test_a_work_is_found_and_stopped_by_all_that_it_belongs_to(asked: Place) -> None:
    """By server, workflow, thread and chat session; the first reason stays."""
    register = Register(FakeBackground())
    reasons = stops(register, WorkKind.TURN, HERE)
    assert [work.kind for work in register.running(asked)] == [WorkKind.TURN]
    register.stop(ENDED, asked)
    register.stop(CANCELLED, asked)
    assert reasons == [ENDED]


@pytest.mark.parametrize(
    "asked",
    [
        Place(workflow_id="wf_2"),
        Place(thread_id="thr_2"),
        Place(chat_session_id="cs_2"),
        Place(workflow_id="wf_1", thread_id="thr_2"),
    ],
)
def test_what_runs_elsewhere_goes_on(asked: Place) -> None:
    """Another thread's work, say."""
    register = Register(FakeBackground())
    reasons = stops(register, WorkKind.TURN, HERE)
    register.stop(ENDED, asked)
    assert (register.running(asked), reasons) == ([], [])


def test_only_the_kinds_that_are_asked_for_are_stopped() -> None:
    """The owner's export is no work of visitors."""
    register = Register(FakeBackground())
    action, export = stops(register, WorkKind.ACTION, HERE), stops(register, WorkKind.EXPORT, HERE)
    register.stop(ENDED, Place(workflow_id="wf_1"), VISITORS_WORK)
    assert (action, export) == ([ENDED], [])


def test_what_slips_in_after_the_end_is_stopped_at_once() -> None:
    """A turn whose row was being written when the server was asked to stop."""
    register = Register(FakeBackground())
    register.close()
    assert stops(register, WorkKind.TURN, HERE) == [SHUT_DOWN]


async def _action(hall: Hall, gate: Ends) -> tuple[Place, Awaitable[object]]:
    visit = await hall.visit()
    turn = await hall.answered(visit)
    hall.runners.script = (gate.wait, [ContextKept("late")])
    place = Place(workflow_id=visit.workflow.id, thread_id=turn.thread_id)
    return place, hall.core.acting.act_now(visit, turn.thread_id, ActionInput(type="go"))


async def _upload(hall: Hall, gate: Ends) -> tuple[Place, Awaitable[object]]:
    visit = await hall.visit()
    found = await hall.core.attaching.announce(visit, name="a.txt", size=3, mime_type="text/plain")
    return Place(workflow_id=visit.workflow.id), hall.core.attaching.receive(found.id, gate.chunks())


async def _check(hall: Hall, gate: Ends) -> tuple[Place, Awaitable[object]]:
    workflow = (await hall.visit()).workflow
    hall.runners.script = (gate.wait, [TextDelta("Hello")])
    probing = hall.core.owner_services.probing
    return Place(workflow_id=workflow.id), hall.core.registering.check(ADA, "echo", probing)


async def _import(hall: Hall, gate: Ends) -> tuple[Place, Awaitable[object]]:
    hall.runners.before_check = gate.wait
    return EVERYWHERE, hall.add("other")


async def _export(hall: Hall, gate: Ends) -> tuple[Place, Awaitable[object]]:
    visit = await hall.visit()
    turn = await hall.answered(visit)
    hall.store.before_commit.append(gate.wait)
    place = Place(workflow_id=visit.workflow.id, thread_id=turn.thread_id)
    return place, hall.core.transcripts.whole(ADA, turn.thread_id)


WORKS: dict[WorkKind, Callable[[Hall, Ends], Awaitable[tuple[Place, Awaitable[object]]]]] = {
    WorkKind.ACTION: _action,
    WorkKind.UPLOAD: _upload,
    WorkKind.CHECK: _check,
    WorkKind.IMPORT: _import,
    WorkKind.EXPORT: _export,
}


@pytest.mark.parametrize("kind", WORKS)
async def test_whatever_someone_waits_for_is_told_that_the_server_stops(hall: Hall, kind: WorkKind) -> None:
    """At once, with an error that says so; then nothing of the kind begins."""
    gate = Ends()
    place, work = await WORKS[kind](hall, gate)
    task = asyncio.ensure_future(work)
    await gate.reached.wait()
    assert [each.kind for each in hall.core.register.running(place)] == [kind]
    hall.core.register.close()
    with pytest.raises(ServerStopping):
        await task
    assert hall.core.register.running() == []
    _, late = await WORKS[kind](hall, gate) if kind is WorkKind.IMPORT else (None, None)
    if late is not None:
        with pytest.raises(ServerStopping):
            await late


ENDS: dict[str, tuple[Callable[[Hall], Awaitable[object]], type[OrcheoError]]] = {
    "end of sessions": (
        lambda hall: hall.core.publishing.unpublish(ADA, "echo", end_sessions=True),
        ChatSessionEnded,
    ),
    "archive": (lambda hall: hall.core.publishing.archive(ADA, "echo"), ChatSessionEnded),
    "removal": (lambda hall: hall.core.registering.remove(ADA, "echo"), ChatSessionEnded),
}


@pytest.mark.parametrize("kind", [WorkKind.ACTION, WorkKind.UPLOAD])
@pytest.mark.parametrize("name", ENDS)
async def test_what_a_visitor_waits_for_ends_with_the_chat(hall: Hall, kind: WorkKind, name: str) -> None:
    """It does not go on until it has done something that is then thrown away."""
    end, error = ENDS[name]
    gate = Ends()
    _, work = await WORKS[kind](hall, gate)
    task = asyncio.ensure_future(work)
    await gate.reached.wait()
    await end(hall)
    with pytest.raises(error):
        await task


async def test_a_check_ends_with_its_workflow_and_not_with_its_chats(hall: Hall) -> None:
    """It is the owner's."""
    gate = Ends()
    _, work = await _check(hall, gate)
    task = asyncio.ensure_future(work)
    await gate.reached.wait()
    await hall.core.publishing.unpublish(ADA, "echo", end_sessions=True)
    assert [each.kind for each in hall.core.register.running()] == [WorkKind.CHECK]
    await hall.core.registering.remove(ADA, "echo")
    with pytest.raises(WorkflowNotFound):
        await task


async def test_an_action_of_a_deleted_thread_is_stopped(hall: Hall) -> None:
    """Its visitor deletes the thread in another tab."""
    gate = Ends()
    place, work = await _action(hall, gate)
    task = asyncio.ensure_future(work)
    await gate.reached.wait()
    assert place.thread_id is not None
    thread = await hall.store.begin().threads.find(place.thread_id)
    assert thread is not None
    await hall.core.remover.remove(thread)
    with pytest.raises(ThreadNotFound):
        await task


async def test_a_stop_of_the_answer_leaves_an_action_alone(hall: Hall) -> None:
    """The visitor stops what is being written, not what was clicked."""
    visit = await hall.visit()
    turn = await hall.answered(visit)
    step: Batch = partial(hall.core.chatting.cancel, visit, turn.thread_id)
    hall.runners.script = (step, [ContextKept("kept")])
    await hall.core.acting.act_now(visit, turn.thread_id, ActionInput(type="go"))
    assert [each.content for each in await hall.items(turn.thread_id) if isinstance(each, HiddenItem)] == ["kept"]


async def test_an_owner_reads_how_much_of_a_workflow_runs(hall: Hall) -> None:
    """By kind, of this workflow only."""
    visit, other = await hall.visit(), await hall.visit("other")
    for each in (visit, visit, other):
        await hall.ask(each)
    assert hall.core.registering.running(visit.workflow) == {"turn": 2}
    await hall.background.run_all()
    assert hall.core.registering.running(visit.workflow) == {}


async def test_a_caller_that_goes_away_is_no_stop(hall: Hall) -> None:
    """Its work is cancelled as any other, and is out of the register."""
    gate = Ends()
    _, work = await _action(hall, gate)
    task = asyncio.ensure_future(work)
    await gate.reached.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert hall.core.register.running() == []


async def test_a_work_that_stops_itself_ends_with_the_reason(hall: Hall) -> None:
    """An action may end all chats, its own too; who asked for it can go on afterwards."""
    visit = await hall.visit()
    turn = await hall.answered(visit)
    hall.runners.script = (lambda: hall.core.register.stop(ENDED, EVERYWHERE), [ContextKept("x")])
    with pytest.raises(ChatSessionEnded):
        await hall.core.acting.act_now(visit, turn.thread_id, ActionInput(type="go"))
    await asyncio.sleep(0)
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0
