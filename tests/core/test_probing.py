"""What a check finds out about visitors who should not hear of one another."""

import pytest

from orcheo_core.domain.run import TextDelta
from orcheo_core.domain.subject import Subject
from orcheo_core.errors import WorkflowCheckFailed
from orcheo_core.services.owners.probing import Probe
from tests.core.hall import ADA, Hall


async def check(hall: Hall) -> Probe:
    services = hall.core.owner_services
    _, probe = await services.registering.check(ADA, "echo", services.probing)
    return probe


def asked(hall: Hall) -> list[str]:
    return [run.request.text for run in hall.runners.runs]


async def test_visitors_who_share_a_memory_are_found(hall: Hall) -> None:
    """A random word that one of them said comes back to another."""
    await hall.add()
    hall.runners.answer = lambda _request: [TextDelta("You said: " + " ".join(asked(hall)))]
    with pytest.raises(WorkflowCheckFailed, match="What one visitor said came back to another") as caught:
        await check(hall)
    assert "def answer(text, history)" in caught.value.hint


async def test_a_workflow_that_fails_for_one_of_two_visitors_is_found(hall: Hall) -> None:
    """With the reason of the one that failed."""
    await hall.add()
    hall.runners.answer = lambda _request: ValueError("busy") if len(hall.runners.runs) == 4 else [TextDelta("Hi")]
    with pytest.raises(WorkflowCheckFailed, match=r"not two at the same time\. .* failed to answer 'Hello'.*busy"):
        await check(hall)


async def test_an_empty_answer_to_one_of_two_visitors_is_found(hall: Hall) -> None:
    """As an error would be."""
    await hall.add()
    hall.runners.answer = lambda _request: [TextDelta("" if len(hall.runners.runs) == 3 else "Hi")]
    with pytest.raises(WorkflowCheckFailed, match="not two at the same time"):
        await check(hall)


async def test_each_probe_turn_is_a_visitor_of_its_own(hall: Hall) -> None:
    """In a thread of its own; the first one is the owner, whose answer is shown."""
    await hall.add()
    assert (await check(hall)).answer == "Hello"
    contexts = [run.request.context for run in hall.runners.runs]
    assert len({context.thread_id for context in contexts}) == len({context.subject for context in contexts}) == 4
    assert contexts[0].subject == Subject.owner(ADA.actor)


async def test_a_slow_workflow_is_asked_once(hall: Hall) -> None:
    """The check has to end before its client gives up."""
    await hall.add()
    hall.runners.script = (lambda: hall.clock.advance(seconds=9), [TextDelta("Hello")])
    assert (await check(hall)).seconds == 9
    assert asked(hall) == ["Hello"]


async def test_a_service_elsewhere_is_asked_once(hall: Hall) -> None:
    """Only code of this server shares objects in it."""
    await hall.add(runner="http")
    await check(hall)
    assert asked(hall) == ["Hello"]
