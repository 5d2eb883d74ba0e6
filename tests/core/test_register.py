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
from tests.core.harness import ADA, CoreHarness
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
    """By server, workflow, thread and chat session; the first reason stays. Findings: whatever runs can be stopped."""
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
    """A turn whose row was being written when the server was asked to stop. Findings: nothing begins under an end."""
    register = Register(FakeBackground())
    register.close()
    assert stops(register, WorkKind.TURN, HERE) == [SHUT_DOWN]


async def _action(harness: CoreHarness, gate: Ends) -> tuple[Place, Awaitable[object]]:
    visit = await harness.visit()
    turn = await harness.answered(visit)
    harness.runners.script = (gate.wait, [ContextKept("late")])
    place = Place(workflow_id=visit.workflow.id, thread_id=turn.thread_id)
    return place, harness.core.acting.act_now(visit, turn.thread_id, ActionInput(type="go"))


async def _upload(harness: CoreHarness, gate: Ends) -> tuple[Place, Awaitable[object]]:
    visit = await harness.visit()
    found = await harness.core.attaching.announce(visit, name="a.txt", size=3, mime_type="text/plain")
    return Place(workflow_id=visit.workflow.id), harness.core.attaching.receive(found.id, gate.chunks(), visit.leave)


async def _check(harness: CoreHarness, gate: Ends) -> tuple[Place, Awaitable[object]]:
    workflow = (await harness.visit()).workflow
    harness.runners.script = (gate.wait, [TextDelta("Hello")])
    probing = harness.core.owner_services.probing
    return Place(workflow_id=workflow.id), harness.core.registering.check(ADA, "echo", probing)


async def _import(harness: CoreHarness, gate: Ends) -> tuple[Place, Awaitable[object]]:
    harness.runners.before_check = gate.wait
    return EVERYWHERE, harness.add("other")


async def _export(harness: CoreHarness, gate: Ends) -> tuple[Place, Awaitable[object]]:
    visit = await harness.visit()
    turn = await harness.answered(visit)
    harness.store.before_commit.append(gate.wait)
    place = Place(workflow_id=visit.workflow.id, thread_id=turn.thread_id)
    return place, harness.core.transcripts.export(ADA, turn.thread_id)


WORKS: dict[WorkKind, Callable[[CoreHarness, Ends], Awaitable[tuple[Place, Awaitable[object]]]]] = {
    WorkKind.ACTION: _action,
    WorkKind.UPLOAD: _upload,
    WorkKind.CHECK: _check,
    WorkKind.IMPORT: _import,
    WorkKind.EXPORT: _export,
}


@pytest.mark.parametrize("kind", WORKS)
async def test_whatever_someone_waits_for_is_told_that_the_server_stops(harness: CoreHarness, kind: WorkKind) -> None:
    """At once, with an error that says so; then nothing of the kind begins."""
    gate = Ends()
    place, work = await WORKS[kind](harness, gate)
    task = asyncio.ensure_future(work)
    await gate.reached.wait()
    assert [each.kind for each in harness.core.register.running(place)] == [kind]
    harness.core.register.close()
    with pytest.raises(ServerStopping):
        await task
    assert harness.core.register.running() == []
    _, late = await WORKS[kind](harness, gate) if kind is WorkKind.IMPORT else (None, None)
    if late is not None:
        with pytest.raises(ServerStopping):
            await late


ENDS: dict[str, tuple[Callable[[CoreHarness], Awaitable[object]], type[OrcheoError]]] = {
    "end of sessions": (
        lambda harness: harness.core.publishing.unpublish(ADA, "echo", end_sessions=True),
        ChatSessionEnded,
    ),
    "archive": (lambda harness: harness.core.publishing.archive(ADA, "echo"), ChatSessionEnded),
    "removal": (lambda harness: harness.core.registering.remove(ADA, "echo"), ChatSessionEnded),
}


@pytest.mark.parametrize("kind", [WorkKind.ACTION, WorkKind.UPLOAD])
@pytest.mark.parametrize("name", ENDS)
async def test_what_a_visitor_waits_for_ends_with_the_chat(harness: CoreHarness, kind: WorkKind, name: str) -> None:
    """It does not go on until it has done something that is then thrown away.

    Findings: whatever runs can be stopped.
    """
    end, error = ENDS[name]
    gate = Ends()
    _, work = await WORKS[kind](harness, gate)
    task = asyncio.ensure_future(work)
    await gate.reached.wait()
    await end(harness)
    with pytest.raises(error):
        await task


async def test_a_check_ends_with_its_workflow_and_not_with_its_chats(harness: CoreHarness) -> None:
    """It is the owner's."""
    gate = Ends()
    _, work = await _check(harness, gate)
    task = asyncio.ensure_future(work)
    await gate.reached.wait()
    await harness.core.publishing.unpublish(ADA, "echo", end_sessions=True)
    assert [each.kind for each in harness.core.register.running()] == [WorkKind.CHECK]
    await harness.core.registering.remove(ADA, "echo")
    with pytest.raises(WorkflowNotFound):
        await task


async def test_an_action_of_a_deleted_thread_is_stopped(harness: CoreHarness) -> None:
    """Its visitor deletes the thread in another tab. Findings: whatever runs can be stopped."""
    gate = Ends()
    place, work = await _action(harness, gate)
    task = asyncio.ensure_future(work)
    await gate.reached.wait()
    assert place.thread_id is not None
    thread = await harness.store.begin().threads.find(place.thread_id)
    assert thread is not None
    await harness.core.remover.remove(thread)
    with pytest.raises(ThreadNotFound):
        await task


async def test_a_stop_of_the_answer_leaves_an_action_alone(harness: CoreHarness) -> None:
    """The visitor stops what is being written, not what was clicked."""
    visit = await harness.visit()
    turn = await harness.answered(visit)
    step: Batch = partial(harness.core.chatting.cancel, visit, turn.thread_id)
    harness.runners.script = (step, [ContextKept("kept")])
    await harness.core.acting.act_now(visit, turn.thread_id, ActionInput(type="go"))
    assert [each.content for each in await harness.items(turn.thread_id) if isinstance(each, HiddenItem)] == ["kept"]


async def test_an_owner_reads_how_much_of_a_workflow_runs(harness: CoreHarness) -> None:
    """By kind, of this workflow only."""
    visit, other = await harness.visit(), await harness.visit("other")
    for each in (visit, visit, other):
        await harness.ask(each)
    assert harness.core.registering.running(visit.workflow) == {"turn": 2}
    await harness.background.run_all()
    assert harness.core.registering.running(visit.workflow) == {}


async def test_a_caller_that_goes_away_is_no_stop(harness: CoreHarness) -> None:
    """Its work is cancelled as any other, and is out of the register."""
    gate = Ends()
    _, work = await _action(harness, gate)
    task = asyncio.ensure_future(work)
    await gate.reached.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert harness.core.register.running() == []


async def test_a_work_that_stops_itself_ends_with_the_reason(harness: CoreHarness) -> None:
    """An action may end all chats, its own too; who asked for it can go on afterwards."""
    visit = await harness.visit()
    turn = await harness.answered(visit)
    harness.runners.script = (lambda: harness.core.register.stop(ENDED, EVERYWHERE), [ContextKept("x")])
    with pytest.raises(ChatSessionEnded):
        await harness.core.acting.act_now(visit, turn.thread_id, ActionInput(type="go"))
    await asyncio.sleep(0)
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0
