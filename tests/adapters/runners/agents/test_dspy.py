"""Programs of DSPy."""

import pytest

from orcheo_adapters.runners.registry import RunnerRegistry
from orcheo_core.domain.run import ProgressNote
from orcheo_core.domain.workflow import RunnerSpec
from orcheo_core.errors import InvalidInput
from orcheo_core.ports.runner import RunFailed
from tests.fakes.conversation import Conversation, file
from tests.fakes.frameworks import dspy as framework


def talk(name: str) -> Conversation:
    return Conversation.of(f"tests.fakes.frameworks.dspy:{name}")


async def test_the_answer_streams_and_the_history_has_its_place() -> None:
    """What it thinks is a note, what its tools do is progress; usage is counted."""
    thread = talk("chain")
    assert await thread.say("Hello") == "You said Hello"
    assert thread.pieces == ["You ", "said ", "Hello"]
    assert thread.steps[-1] == ("", "Hm.", "complete")
    assert ProgressNote(text="Calling tool weather...") in thread.events
    assert thread.usage == (3, 2)
    await thread.say("And?")
    history = framework.History([{"question": "Hello", "answer": "You said Hello"}])
    assert framework.ASKED[-1] == {"question": "And?", "history": history}
    assert framework.LISTENED[-1] == ["answer", "reasoning"]


async def test_what_several_predictors_give_is_said_at_the_end() -> None:
    """It cannot be streamed."""
    assert await talk("at_once").say("Hello") == "You said Hello"
    assert framework.LISTENED[-1] == []


async def test_outputs_of_other_kinds_are_text_that_people_read() -> None:
    """All of them, where none is the answer."""
    assert await talk("listed").say("Hello") == "cities:\n  - Paris\ncount: 1"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("of_two", "takes question, place, and which is the visitor's message is not known"),
        ("without_signature", "has no predictor whose fields could be read"),
        ("chain", "LookupError: fail"),
    ],
)
async def test_an_error_is_the_owners(name: str, reason: str) -> None:
    """With what to do."""
    with pytest.raises(RunFailed, match=reason):
        await talk(name).say("fail")


async def test_texts_are_part_of_the_message_and_other_files_are_not_read() -> None:
    """A stream that ends without a prediction is what it said."""
    thread = talk("chain")
    files = [file("a.txt", "text/plain", b"t"), file("a.png", "image/png", b"p")]
    assert await thread.say("cut", files=files) == "You said cut\n\na.txt:\n\nt"
    assert thread.notices == ["This workflow cannot read attachments of this kind: a.png."]


async def check(name: str) -> str | None:
    spec = RunnerSpec(kind="agent", target=f"tests.fakes.frameworks.dspy:{name}", settings={})
    return await RunnerRegistry().get("agent").check(spec)


async def test_a_program_that_forgets_is_taken_with_the_line_to_write() -> None:
    """What its signature lacks; one whose inputs are not known is refused."""
    assert await check("chain") is None
    advice = await check("at_once")
    assert advice is not None
    assert advice.endswith('an input for them: `"question, history: dspy.History -> answer"`.')
    with pytest.raises(InvalidInput, match="takes question, place, and which is the visitor's message"):
        await check("of_two")
