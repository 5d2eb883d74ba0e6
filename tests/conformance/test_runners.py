"""What every kind of runner must do; a new kind adds its own workflows and one entry to ``KINDS``."""

import asyncio
from collections.abc import Iterator, Mapping

import pytest
from attrs import frozen

from orcheo_adapters.runners.registry import RunnerRegistry
from orcheo_core.domain.items import Citation, Source
from orcheo_core.domain.run import ProgressNote, RunContext, RunEvent, RunRequest, SourceCited, TextDelta
from orcheo_core.domain.subject import Subject
from orcheo_core.domain.workflow import RunnerSpec
from orcheo_core.errors import InvalidInput
from orcheo_core.ports.runner import Run, RunTimedOut
from tests.conformance import runner_workflows

CONTEXT = RunContext(workflow_id="wf_1", thread_id="thr_1", turn_id="trn_1", subject=Subject("anon:vis_1"))


@frozen(kw_only=True)
class Kind:
    """One kind of runner, and the targets that show each behaviour."""

    name: str
    targets: Mapping[str, tuple[str, ...]]


def _python(*names: str) -> tuple[str, ...]:
    return tuple(f"tests.conformance.runner_workflows:{name}" for name in names)


KINDS = [
    Kind(
        name="python",
        targets={
            "answers": _python(
                "returns",
                "returns_async",
                "streams",
                "streams_async",
                "streams_indirectly",
                "streams_async_indirectly",
                "returns_stream",
                "instance",
                "instance.method",
            ),
            "says events": _python("says_events", "says_events_async"),
            "hangs after a": _python("hangs", "hangs_async", "hangs_stubbornly"),
            "hangs silently": _python("hangs_silently", "hangs_silently_async"),
            "works for ever": _python("works_for_ever", "works_for_ever_async"),
            "fails": _python("fails", "fails_async"),
            "fails after a": _python("fails_late", "fails_late_async"),
            "is empty": _python("is_empty", "is_empty_async", "streams_nothing", "streams_nothing_async"),
            "is long": _python("is_long", "is_long_async", "is_long_at_once"),
        },
    ),
]


@frozen
class Subjected:
    """A workflow under test."""

    spec: RunnerSpec

    def run(self, text: str = "hi", *, time_limit: float = 30.0) -> Run:
        runner = RunnerRegistry(time_limit=time_limit).get(self.spec.kind)
        return runner.run(RunRequest(spec=self.spec, text=text, context=CONTEXT))


def that(behaviour: str) -> pytest.MarkDecorator:
    """Run the test with each workflow of each kind that behaves like this."""
    workflows = [
        pytest.param(Subjected(RunnerSpec(kind=kind.name, target=target)), id=target.rpartition(":")[2])
        for kind in KINDS
        for target in kind.targets[behaviour]
    ]
    return pytest.mark.parametrize("workflow", workflows)


def python(name: str) -> Subjected:
    return Subjected(RunnerSpec(kind="python", target=f"tests.conformance.runner_workflows:{name}"))


async def everything(run: Run) -> list[RunEvent]:
    return [event async for batch in run.batches() for event in batch]


async def collect(run: Run, events: list[RunEvent]) -> None:
    """Like :func:`everything`, for runs that end with an error."""
    async for event in run.events():
        events.append(event)
        await asyncio.sleep(0)


def text_of(events: list[RunEvent]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))


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
    async for event in run.events():
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
    run = workflow.run()
    count = 0
    async for _ in run.events():
        count += 1
        if count == 1_000:
            run.stop()
    assert count == 1_000
    assert await asyncio.to_thread(runner_workflows.CLEANED.wait, 5)


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
    events = workflow.run().events()
    assert await anext(events) == TextDelta("x")
    await events.aclose()  # type: ignore[attr-defined]  # the port promises an iterator, ours are generators
    assert await asyncio.to_thread(runner_workflows.CLEANED.wait, 5)


@that("fails")
async def test_failure_before_text_is_raised(workflow: Subjected) -> None:
    """What the workflow raises reaches the reader as it is."""
    with pytest.raises(LookupError, match="hi"):
        await everything(workflow.run())


@that("fails after a")
async def test_failure_after_text_keeps_the_text(workflow: Subjected) -> None:
    """What was said before is passed on before the error."""
    events: list[RunEvent] = []
    with pytest.raises(LookupError, match="hi"):
        await collect(workflow.run(), events)
    assert events == [TextDelta("a")]


@that("hangs silently")
async def test_time_out_before_text(workflow: Subjected) -> None:
    """A workflow that says nothing in time is ended."""
    with pytest.raises(RunTimedOut):
        await everything(workflow.run(time_limit=0.01))


@that("hangs after a")
async def test_time_out_after_text_keeps_the_text(workflow: Subjected) -> None:
    """What was said in time is passed on."""
    events: list[RunEvent] = []
    with pytest.raises(RunTimedOut):
        await collect(workflow.run(time_limit=0.05), events)
    assert events == [TextDelta("a")]


@that("works for ever")
async def test_time_out_ends_a_workflow_that_works(workflow: Subjected) -> None:
    """Talking without end is no way around the limit, as long as the event loop gets its turns."""
    with pytest.raises(RunTimedOut):
        await collect(workflow.run(time_limit=0.01), [])
    assert await asyncio.to_thread(runner_workflows.CLEANED.wait, 5)


@that("is empty")
async def test_empty_answer_has_no_events(workflow: Subjected) -> None:
    """No answer is no error."""
    assert await everything(workflow.run()) == []


@that("is long")
async def test_very_long_answer_is_whole(workflow: Subjected) -> None:
    """A megabyte of text arrives to the last character."""
    text = text_of(await everything(workflow.run()))
    assert text == runner_workflows.LONG_PIECE * runner_workflows.LONG_PIECES
    assert len(text) == 1_000_000


# --- python only ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["knows_context", "knows_context_by_name", "knows_second"])
async def test_python_context_is_passed_to_who_takes_it(name: str) -> None:
    """A parameter ``context``, or a second one without default, gets the context."""
    workflow = python(name)
    RunnerRegistry().get("python").check(workflow.spec)
    assert text_of(await everything(workflow.run())) == "hi in thr_1"


async def test_python_other_defaults_are_left_alone() -> None:
    """An optional parameter of another name is not the context's place."""
    assert text_of(await everything(python("knows_no_context").run())) == "hi is calm"


@pytest.mark.parametrize(("name", "kind"), [("says_bytes", "bytes"), ("says_number", "int")])
async def test_python_other_types_are_refused(name: str, kind: str) -> None:
    """What is neither text nor a run event is a mistake of the workflow, named as such."""
    with pytest.raises(TypeError, match=f"not with {kind}"):
        await everything(python(name).run())


@pytest.mark.parametrize("name", ["exits", "exits_async", "stops_iteration", "cancels_itself"])
async def test_python_workflow_cannot_end_the_server(name: str) -> None:
    """``sys.exit()`` and its like end the run only."""
    with pytest.raises(RuntimeError, match="workflow"):
        await everything(python(name).run())


async def test_python_text_can_always_be_encoded() -> None:
    """Surrogate pairs are joined, lone ones replaced."""
    assert text_of(await everything(python("says_surrogates").run())) == "😀 \ufffd"


async def test_python_workflow_keeps_a_few_pieces_ahead_only() -> None:
    """A reader that pauses pauses the workflow."""
    events = python("works_for_ever").run().events()
    for _ in range(5_000):
        assert await anext(events) == TextDelta("x")
    await events.aclose()  # type: ignore[attr-defined]  # the port promises an iterator, ours are generators


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("", "form package.module:callable"),
        ("examples.echo", "form package.module:callable"),
        ("examples.echo:answer()", "form package.module:callable"),
        ("../examples/echo:answer", "form package.module:callable"),
        (".echo:answer", "form package.module:callable"),
        ("examples.nothing:answer", "no module 'examples.nothing'"),
        ("nowhere.at.all:answer", "no module 'nowhere.at.all'"),
        ("examples.echo:reply", "has no 'reply'"),
        ("examples.echo:answer.more", "has no 'answer.more'"),
        ("tests.conformance.runner_workflows:NO_CALLABLE", "cannot be called"),
        ("tests.conformance.runner_workflows:takes_nothing", "must take"),
        ("tests.conformance.runner_workflows:takes_much", "must take"),
        ("tests.conformance.runner_breaks:answer", "failed with RuntimeError: no settings"),
    ],
)
async def test_python_check_names_what_is_wrong(target: str, message: str) -> None:
    """A target that cannot work is refused when it is registered, and fails the run when it breaks later."""
    workflow = Subjected(RunnerSpec(kind="python", target=target))
    with pytest.raises(InvalidInput, match=message) as caught:
        RunnerRegistry().get("python").check(workflow.spec)
    assert [each.path for each in caught.value.fields] == ["runner.target"]
    with pytest.raises(InvalidInput, match=message):
        await everything(workflow.run())


# --- the registry --------------------------------------------------------------------------------------------------


def test_registry_refuses_an_unknown_kind() -> None:
    """Both questions about a kind that is not there have the same answer."""
    registry = RunnerRegistry()
    for ask in (registry.get, registry.executes_code):
        with pytest.raises(InvalidInput, match="must be one of: python") as caught:
            ask("perl")
        assert caught.value.fields[0].path == "runner.kind"


def test_registry_knows_who_executes_code() -> None:
    """Registering Python needs the scope for code; a runner is made once."""
    registry = RunnerRegistry()
    assert registry.executes_code("python")
    assert registry.get("python") is registry.get("python")
