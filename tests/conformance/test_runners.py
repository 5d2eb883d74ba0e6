"""What every kind of runner must do; a new kind adds its own workflows and one entry to ``KINDS``."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import suppress
from pkgutil import resolve_name
from typing import Any
from uuid import uuid4

import pytest

from orcheo_adapters.runners.registry import KINDS, RunnerRegistry
from orcheo_core.domain.items import Citation
from orcheo_core.domain.run import ProgressNote, RunEvent, SourceCited, TextDelta
from orcheo_core.domain.sources import Source
from orcheo_core.domain.workflow import RunnerSpec
from orcheo_core.errors import InvalidInput
from orcheo_core.ports.runner import NothingSaid, RunTimedOut
from tests.conformance import runner_workflows
from tests.conformance.long_text import LONG_PIECE, LONG_PIECES
from tests.conformance.runner_kinds import Subjected, collect, everything, said, text_of, that

pytestmark = pytest.mark.usefixtures("closed_runners")


@pytest.fixture(autouse=True)
def _released() -> Iterator[None]:
    runner_workflows.RELEASE.clear()
    runner_workflows.CLEANED.clear()
    yield
    runner_workflows.RELEASE.set()


@that("answers")
async def test_streams_the_answer(workflow: Subjected) -> None:
    """Text arrives whole and in order, and no event is empty."""
    events = await everything(workflow.run("Grüße 👋🏽 \u202eعربي"))
    assert text_of(events) == "You said: Grüße 👋🏽 \u202eعربي"
    assert TextDelta("") not in events


@that("says events")
async def test_keeps_the_order_of_events(workflow: Subjected) -> None:
    """Progress notes, text and sources come as they were said."""
    assert await everything(workflow.run()) == [
        ProgressNote(text="looking", icon="search"),
        TextDelta("found"),
        SourceCited(Citation(source=Source(title="Tutorial", filename="docs/tutorial.md"))),
        TextDelta(" it"),
    ]


@that("hangs after a")
async def test_stop_ends_a_workflow_that_waits(workflow: Subjected) -> None:
    """The reader gets what was said, then the end, without being cancelled itself."""
    run = workflow.run()
    events = []
    async for event in said(run):
        events.append(event)
        asyncio.get_running_loop().call_soon(run.stop)
    assert events == [TextDelta("a")]


@that("hangs silently")
async def test_stop_ends_a_workflow_that_has_said_nothing(workflow: Subjected) -> None:
    """Stop works before the first event as well."""
    run = workflow.run()
    reader = asyncio.create_task(everything(run))
    await asyncio.sleep(0)
    run.stop()
    run.stop()
    assert await reader == []


@that("works for ever")
async def test_stop_ends_a_workflow_that_works(workflow: Subjected) -> None:
    """Nothing is passed on after stop, and the workflow gets to clean up."""
    text = uuid4().hex
    run = workflow.run(text)
    count = 0
    async for _event in said(run):
        assert count < 1_000, "nothing comes after stop"
        count += 1
        if count >= 1_000:
            run.stop()
    assert count >= 1_000
    assert await workflow.cleaned(text)


@that("answers")
async def test_stop_before_the_start_means_no_run(workflow: Subjected) -> None:
    """A run that was stopped before its events are asked for says nothing."""
    run = workflow.run()
    run.stop()
    assert await everything(run) == []


@that("works for ever")
async def test_reader_that_leaves_ends_the_workflow(workflow: Subjected) -> None:
    """A reader that is cancelled leaves no workflow behind."""
    reader = asyncio.create_task(everything(workflow.run()))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    reader.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reader
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == {asyncio.current_task()}


@that("works for ever")
async def test_reader_may_stop_reading_early(workflow: Subjected) -> None:
    """Closing the events closes the workflow."""
    text = uuid4().hex
    events = said(workflow.run(text))
    assert await anext(events) == TextDelta("x")
    await events.aclose()
    assert await workflow.cleaned(text)


@that("fails")
async def test_failure_before_text_is_raised(workflow: Subjected) -> None:
    """What the workflow raises reaches the reader as it is."""
    with pytest.raises(workflow.kind.failure, match="hi"):
        await everything(workflow.run())


@that("fails after a")
async def test_failure_after_text_keeps_the_text(workflow: Subjected) -> None:
    """What was said before is passed on before the error."""
    events: list[RunEvent] = []
    with pytest.raises(workflow.kind.failure, match="hi"):
        await collect(workflow.run(), events)
    assert events == [TextDelta("a")]


@that("hangs silently")
async def test_a_request_may_give_less_time(workflow: Subjected) -> None:
    """The shorter of the two limits holds."""
    with pytest.raises(RunTimedOut, match=r"after 0\.01 s"):
        await everything(workflow.run(time_limit=30.0, less=0.01))
    with pytest.raises(RunTimedOut, match=r"after 0\.01 s"):
        await everything(workflow.run(time_limit=0.01, less=30.0))


@that("answers")
async def test_check_takes_what_works(workflow: Subjected) -> None:
    """A workflow that can run can be registered."""
    await workflow.runner().check(workflow.spec)


@that("answers")
async def test_check_refuses_unknown_settings(workflow: Subjected) -> None:
    """By their paths, with the names that are known."""
    with pytest.raises(InvalidInput) as caught:
        await workflow.runner().check(workflow.with_settings(tone="calm", colour="red").spec)
    assert [each.path for each in caught.value.fields] == ["settings.colour", "settings.tone"]


def moments(workflow: Subjected) -> Iterator[float]:
    """The moment of the kind, then longer ones: on a machine under load the first words may take more time."""
    moment = workflow.kind.moment
    while moment <= 60.0:
        yield moment
        moment *= 2


@that("hangs silently")
async def test_time_out_before_text(workflow: Subjected) -> None:
    """A workflow that says nothing in time is ended."""
    with pytest.raises(RunTimedOut):
        await everything(workflow.run(time_limit=0.01))


@that("hangs after a")
async def test_time_out_after_text_keeps_the_text(workflow: Subjected) -> None:
    """What was said in time is passed on."""
    events: list[RunEvent] = []
    for moment in moments(workflow):
        with pytest.raises(RunTimedOut):
            await collect(workflow.run(time_limit=moment), events)
        if events:
            break
    assert events == [TextDelta("a")]


@that("works for ever")
async def test_time_out_ends_a_workflow_that_works(workflow: Subjected) -> None:
    """Talking without end is no way around the limit, as long as the event loop gets its turns."""
    text, events = uuid4().hex, list[RunEvent]()
    for moment in moments(workflow):
        with pytest.raises(RunTimedOut):
            await collect(workflow.run(text, time_limit=moment), events)
        if events:
            break
    assert await workflow.cleaned(text)


@that("hangs after a")
async def test_time_counts_from_the_last_sign_of_life(workflow: Subjected) -> None:
    """Long before the answer's own time is up, a workflow that fell silent is ended."""
    events: list[RunEvent] = []
    for moment in moments(workflow):
        with pytest.raises(RunTimedOut, match=r"said nothing for"):
            await collect(workflow.run(time_limit=30.0, silence=moment), events)
        if events:
            break
    assert events == [TextDelta("a")]


@that("works for ever")
async def test_signs_of_life_lengthen_an_answer_up_to_the_operators_bound(workflow: Subjected) -> None:
    """What keeps talking is not silent, and ends at the bound of the whole answer."""
    ended = ""
    for moment in moments(workflow):
        with pytest.raises(RunTimedOut) as caught:
            await collect(workflow.run(uuid4().hex, time_limit=moment, silence=moment / 2), [])
        if "not complete after" in (ended := str(caught.value)):
            break
    assert "not complete after" in ended


@that("is empty")
async def test_empty_answer_has_no_events(workflow: Subjected) -> None:
    """It may be a failure that says so."""
    events: list[RunEvent] = []
    with suppress(NothingSaid):
        await collect(workflow.run(), events)
    assert events == []


@that("is long")
async def test_very_long_answer_is_whole(workflow: Subjected) -> None:
    """A megabyte of text arrives to the last character."""
    text = text_of(await everything(workflow.run()))
    assert text == LONG_PIECE * LONG_PIECES
    assert len(text) == 1_000_000


# --- the registry --------------------------------------------------------------------------------------------------


def test_registry_refuses_an_unknown_kind() -> None:
    """Both questions about a kind that is not there have the same answer."""
    registry = RunnerRegistry()
    for ask in (registry.get, lambda kind: registry.executes_code(RunnerSpec(kind=kind, target="x"))):
        with pytest.raises(
            InvalidInput, match="must be one of ag-ui, agent, chatkit, http, langgraph, openai, python"
        ) as caught:
            ask("perl")
        assert caught.value.fields[0].path == "runner"


def test_registry_knows_who_executes_code() -> None:
    """Registering code needs the scope for code; a runner is made once."""
    registry = RunnerRegistry()
    code = [kind for kind in KINDS if registry.executes_code(RunnerSpec(kind=kind, target="m:n"))]
    assert code == ["ag-ui", "agent", "chatkit", "langgraph", "python"]
    assert not registry.executes_code(RunnerSpec(kind="ag-ui", target="https://agent.example.org/"))
    assert registry.get("python") is registry.get("python")


async def test_registry_closes_the_runners_that_it_made() -> None:
    """Each once; one that is asked for later is a new one."""
    registry = RunnerRegistry()
    first = registry.get("python")
    await registry.close()
    await registry.close()
    assert registry.get("python") is not first


async def test_what_a_runner_needs_is_imported_in_a_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Some adapters take long to import, and other chats would wait; a runner is made once however it is asked for."""
    threads = []

    def resolve(name: str) -> Any:
        threads.append(threading.current_thread())
        return resolve_name(name)

    monkeypatch.setattr("orcheo_adapters.runners.registry.resolve_name", resolve)
    registry = RunnerRegistry()
    first = await registry.ready("openai")
    assert threads[0] is not threading.main_thread()
    assert await registry.ready("openai") is registry.get("openai") is first
    assert len(threads) == 2  # it is made from what is there by then
    with pytest.raises(InvalidInput):
        await registry.ready("perl")
