"""What a check finds out about visitors who should not hear of one another."""

from collections.abc import Callable

import pytest

from orcheo_core.domain.run import (
    CutShort,
    FaultNoted,
    ImageShown,
    NoticeGiven,
    ProgressNote,
    RunEvent,
    RunRequest,
    TextDelta,
    WidgetShown,
)
from orcheo_core.domain.subject import Subject
from orcheo_core.domain.workflow import RunnerSpec
from orcheo_core.errors import FieldError, InvalidInput, WorkflowCheckFailed
from orcheo_core.ports.runner import RunFailed
from orcheo_core.services.owners.probing import Probe
from tests.core.harness import ADA, CoreHarness
from tests.fakes.runner import Batch


async def check(harness: CoreHarness) -> Probe:
    services = harness.core.owner_services
    _, probe = await services.registering.check(ADA, "echo", services.probing)
    return probe


def asked(harness: CoreHarness) -> list[str]:
    return [run.request.text for run in harness.runners.runs]


async def test_the_first_answer_may_take_as_long_as_a_visitors(harness: CoreHarness) -> None:
    """As a model may have to be loaded first; what is asked after a quick answer has to be quick too."""
    await harness.add()
    harness.runners.answer = lambda _request: [TextDelta("Hi")]
    await check(harness)
    first, *others = (run.request for run in harness.runners.runs)
    assert (first.time_limit, first.silence_limit) == (None, 120)
    assert {each.time_limit for each in others} == {12.0}
    await harness.core.owner_services.registering.edit(ADA, "echo", {"time_limit": 300})
    await check(harness)
    assert harness.runners.runs[len(others) + 1].request.silence_limit == 300


async def test_visitors_who_share_a_memory_are_found(harness: CoreHarness) -> None:
    """A random word that one of them said comes back to another."""
    await harness.add()
    harness.runners.answer = lambda _request: [TextDelta("You said: " + " ".join(asked(harness)))]
    with pytest.raises(WorkflowCheckFailed, match="What one visitor said came back to another") as caught:
        await check(harness)
    assert "def answer(text, history)" in caught.value.hint


@pytest.mark.parametrize(
    "said",
    [
        lambda words: [TextDelta(words.upper())],
        lambda words: [TextDelta("Hi"), WidgetShown(widget={"type": "Text", "value": words})],
        lambda words: [NoticeGiven(message=words)],
        lambda words: [ProgressNote(text=words), TextDelta("Hi")],
    ],
)
async def test_what_visitors_share_is_found_wherever_it_is_shown(
    harness: CoreHarness, said: Callable[[str], Batch]
) -> None:
    """In other letters, in a widget, a notice, a note of progress."""
    await harness.add()
    harness.runners.answer = lambda _request: said(" ".join(asked(harness)))
    with pytest.raises(WorkflowCheckFailed, match="What one visitor said came back to another"):
        await check(harness)


@pytest.mark.parametrize(
    "event", [WidgetShown(widget={"type": "Card", "children": []}), ImageShown(url="https://x.example/a.png")]
)
async def test_a_workflow_may_answer_without_text(harness: CoreHarness, event: RunEvent) -> None:
    """Visitors see a widget or an image; nothing but progress is no answer."""
    await harness.add()
    harness.runners.answer = lambda _request: [event]
    assert (await check(harness)).answer == "(no text, but something to see)"
    harness.runners.answer = lambda _request: [ProgressNote(text="Looking"), TextDelta(" ")]
    with pytest.raises(WorkflowCheckFailed, match="without any text"):
        await check(harness)


@pytest.mark.parametrize(
    ("outcome", "names_the_log"),
    [
        (ValueError("busy"), True),
        (RunFailed("endpoint_unavailable", "The endpoint answered with status 500."), False),
        ([TextDelta(" ")], False),
    ],
)
async def test_the_hint_names_the_log_where_it_says_more(
    harness: CoreHarness, outcome: Exception | Batch, names_the_log: bool
) -> None:
    """And that a module is imported once: who corrects it and checks again would see the same error."""
    await harness.add()
    harness.runners.answer = lambda _request: outcome
    with pytest.raises(WorkflowCheckFailed) as caught:
        await check(harness)
    assert ("log has the traceback" in caught.value.hint) is names_the_log
    assert "start the server again" in caught.value.hint


async def test_what_is_elsewhere_is_not_imported_again(harness: CoreHarness) -> None:
    """The code behind an address is no module of this server."""
    spec = RunnerSpec(kind="python", target="https://models.example.org/v1")
    await harness.core.registering.add(ADA, handle="echo", name=None, description="", runner=spec)
    harness.runners.answer = lambda _request: [TextDelta(" ")]
    with pytest.raises(WorkflowCheckFailed) as caught:
        await check(harness)
    assert caught.value.hint == WorkflowCheckFailed.hint


async def test_a_workflow_that_fails_for_one_of_two_visitors_is_found(harness: CoreHarness) -> None:
    """With the reason of the one that failed."""
    await harness.add()
    harness.runners.answer = lambda _request: (
        ValueError("busy") if len(harness.runners.runs) == 4 else [TextDelta("Hi")]
    )
    with pytest.raises(WorkflowCheckFailed, match=r"not two at the same time\. .* failed to answer 'Hello'.*busy"):
        await check(harness)


async def test_an_empty_answer_to_one_of_two_visitors_is_found(harness: CoreHarness) -> None:
    """As an error would be."""
    await harness.add()
    harness.runners.answer = lambda _request: [TextDelta("" if len(harness.runners.runs) == 3 else "Hi")]
    with pytest.raises(WorkflowCheckFailed, match="not two at the same time"):
        await check(harness)


async def test_each_probe_turn_is_a_visitor_of_its_own(harness: CoreHarness) -> None:
    """In a thread of its own; the first one is the owner, whose answer is shown."""
    await harness.add()
    assert (await check(harness)).answer == "Hello"
    contexts = [run.request.context for run in harness.runners.runs]
    assert len({context.thread_id for context in contexts}) == len({context.subject for context in contexts}) == 4
    assert contexts[0].subject == Subject.owner(ADA.actor)


async def test_a_slow_workflow_is_asked_once(harness: CoreHarness) -> None:
    """The check has to end before its client gives up."""
    await harness.add()
    harness.runners.script = (lambda: harness.clock.advance(seconds=9), [TextDelta("Hello")])
    assert (await check(harness)).seconds == 9
    assert asked(harness) == ["Hello"]


async def test_a_service_elsewhere_is_asked_once(harness: CoreHarness) -> None:
    """Only code of this server shares objects in it."""
    await harness.add(runner="http")
    await check(harness)
    assert asked(harness) == ["Hello"]


async def test_the_report_says_how_a_workflow_answers(harness: CoreHarness) -> None:
    """When the first text came, in how many pieces, and whether it remembers what was said before."""
    await harness.add()
    harness.runners.advice = "Take the messages."
    harness.runners.script = (
        lambda: harness.clock.advance(seconds=2),
        [TextDelta("Hel"), TextDelta("lo")],
        lambda: harness.clock.advance(seconds=1),
    )
    probe = await check(harness)
    assert (probe.seconds, probe.first_seconds, probe.pieces, probe.remembers) == (3, 2, 2, False)
    assert probe.advice == harness.runners.advice
    assert probe.manner.startswith("first text after 2.0 s, in 2 pieces, did not repeat a word")
    harness.runners.answer = lambda request: [
        TextDelta(" ".join([*(past.text for past in request.context.history), "Hi"]))
    ]
    remembered = await check(harness)
    assert remembered.remembers
    assert remembered.advice is None
    assert "repeated a word that was said before, two visitors at once stayed apart" in remembered.manner


async def test_a_workflow_that_fails_at_the_next_message_is_found(harness: CoreHarness) -> None:
    """Such as one that hands the history on in a form that its framework does not take."""
    await harness.add()

    def answer(request: RunRequest) -> list[RunEvent]:
        if request.context.history:
            raise AttributeError("'dict' object has no attribute 'conversation_id'")
        return [TextDelta("Hello")]

    harness.runners.answer = answer
    with pytest.raises(
        WorkflowCheckFailed, match=r"the first message of a thread, but not the next one.*conversation_id"
    ):
        await check(harness)


@pytest.mark.parametrize("goes_on", [False, True])
async def test_the_report_says_whether_a_workflow_stops(harness: CoreHarness, *, goes_on: bool) -> None:
    """One that answers in pieces is stopped at its first word; a thread of it may work on."""
    await harness.add()
    harness.runners.script = ([TextDelta("Hel")], [TextDelta("lo")])
    harness.runners.goes_on = goes_on
    probe = await check(harness)
    assert probe.stops is not goes_on
    assert ("kept working after a stop" if goes_on else "stopped when told to") in probe.manner
    assert [run.stopped for run in harness.runners.runs].count(True) == 1


async def test_a_failure_at_the_stop_fails_nothing(harness: CoreHarness) -> None:
    """It was not asked for an answer."""
    await harness.add()
    said = [TextDelta("Hel"), TextDelta("lo")]
    harness.runners.answer = lambda _request: ValueError("torn") if len(harness.runners.runs) == 5 else said
    assert (await check(harness)).stops is None


async def test_the_report_says_what_could_not_be_read(harness: CoreHarness) -> None:
    """Beside an answer that is there."""
    await harness.add()
    faults = [FaultNoted(code="c", reason="The state is too large.")] * 9
    harness.runners.answer = lambda _request: [TextDelta("Hi"), *faults, CutShort(code="c", reason="It was cut.")]
    probe = await check(harness)
    assert probe.unread == ("The state is too large.",) * 3
    assert probe.manner.endswith("; The state is too large.")


async def test_a_service_elsewhere_is_not_asked_for_a_word(harness: CoreHarness) -> None:
    """The report leaves out what was not tried."""
    await harness.add(runner="http")
    assert (await check(harness)).manner == "first text after 0.0 s, in one piece"


async def test_a_target_that_cannot_be_used_is_told_in_a_sentence(harness: CoreHarness) -> None:
    """What a factory made is known when it is called; the class of an error says nothing to owners."""
    await harness.add()
    wrong = InvalidInput(FieldError("target", "'a:b' returned None in place of a graph"), hint="Return one.")
    harness.runners.script = (wrong,)
    with pytest.raises(WorkflowCheckFailed) as caught:
        await check(harness)
    assert caught.value.detail == (
        "The workflow failed to answer 'Hello': The workflow cannot run: 'a:b' returned None in place of a graph. "
        "Return one."
    )
