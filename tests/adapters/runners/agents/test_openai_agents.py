"""Agents of openai-agents."""

import pytest

from orcheo_core.domain.run import AnswerEnded, ContextKept, PastMessage, TextDelta
from orcheo_core.ports.runner import RunFailed
from tests.fakes.conversation import Conversation, file
from tests.fakes.frameworks import openai_agents as sdk


def talk(name: str, **settings: str) -> Conversation:
    return Conversation.of(f"tests.fakes.frameworks.openai_agents:{name}", **settings)


async def test_text_streams_and_the_next_message_remembers() -> None:
    """The earlier exchange is in the input, what is thought is not."""
    thread = talk("helper")
    assert await thread.say("Hello there") == "Helper: Hello there "
    assert thread.pieces == ["Helper: ", "Hello ", "there "]
    assert thread.usage == (3, 2)
    await thread.say("And?")
    assert sdk.ASKED[-1] == [
        {"role": "user", "content": "Hello there"},
        {"role": "assistant", "content": "Helper: Hello there "},
        {"role": "user", "content": "And?"},
    ]


async def test_a_subclass_and_what_a_factory_makes_are_agents_too() -> None:
    """By the bases of the class; a factory is called for each turn."""
    assert await talk("own").say("Hi") == "Own: Hi "
    assert await talk("make_agent").say("Hi") == "Made: Hi "


async def test_tool_calls_are_steps_and_are_remembered_as_the_sdk_has_them() -> None:
    """The second turn finds the call and its output."""
    thread = talk("helper", steps="details")
    await thread.say("weather?")
    assert thread.steps == [
        ("Get weather", "city: Paris", "loading"),
        ("Get weather", "city: Paris → Sunny", "complete"),
        ("", "Hm.", "loading"),
        ("", "Hm.", "complete"),
    ]
    await thread.say("And?")
    assert [each.get("type") or each["role"] for each in sdk.ASKED[-1]] == [
        "user",
        "function_call",
        "function_call_output",
        "assistant",
        "user",
    ]


async def test_names_alone_or_nothing_is_shown_where_the_owner_wants_that() -> None:
    """What a tool is given and gives is for the owner to show."""
    names = talk("helper", reasoning="hide")
    await names.say("weather?")
    assert names.steps == [("Get weather", "", "loading"), ("Get weather", "", "complete")]
    none = talk("helper", steps="none", reasoning="hide")
    await none.say("weather?")
    assert none.steps == []


async def test_what_does_not_fit_is_remembered_as_text() -> None:
    """A turn whose messages are too long to be kept is two texts."""
    thread = talk("helper")
    await thread.say(f"weather? {'x' * 20_000}")
    assert not any(isinstance(each, ContextKept) for each in thread.events)
    await thread.say("And?")
    assert [each["role"] for each in sdk.ASKED[-1]] == ["user", "assistant", "user"]


async def test_two_messages_of_one_answer_are_two_items() -> None:
    """The second one does not run into the first."""
    thread = talk("helper", reasoning="hide")
    await thread.say("twice")
    assert thread.events[-3:-1] == [AnswerEnded(), TextDelta("Again.")]


@pytest.mark.parametrize("name", ["triage", "wrapped"])
async def test_the_agent_that_took_over_answers_the_next_message(name: str) -> None:
    """A hand-off is a step, and lasts."""
    thread = talk(name, reasoning="hide")
    assert await thread.say("expert please") == "Expert: expert please "
    assert thread.steps == [("→ Expert", "", "loading"), ("→ Expert", "", "complete")]
    assert await thread.say("Hi") == "Expert: Hi "
    thread.history.append(
        PastMessage(said_by="workflow", text="", hidden={"orcheo_agent": "openai-agents", "agent": "x"})
    )
    assert await thread.say("Hi") == "Triage: Hi "


async def test_structured_output_is_text_that_people_read() -> None:
    """The JSON that the model streams is not."""
    assert await talk("structured").say("Hi") == "city: Paris\ndays:\n  - Monday\n  - Tuesday"


async def test_files_are_parts_of_the_message() -> None:
    """Images and other files with their bytes, texts as text."""
    thread = talk("helper")
    files = [
        file("a.png", "image/png", b"p"),
        file("a.pdf", "application/pdf", b"d"),
        file("a.txt", "text/plain", b"t"),
    ]
    await thread.say("Look", files=files)
    assert sdk.ASKED[-1][-1]["content"] == [
        {"type": "input_text", "text": "Look"},
        {"type": "input_image", "image_url": "data:image/png;base64,cA==", "detail": "auto"},
        {"type": "input_file", "filename": "a.pdf", "file_data": "data:application/pdf;base64,ZA=="},
        {"type": "input_text", "text": "a.txt:\n\nt"},
    ]


async def test_an_error_is_a_reason_for_the_owner() -> None:
    """The run is stopped, and the next message works without the one that failed."""
    thread = talk("helper")
    with pytest.raises(RunFailed, match=r"LookupError: fail") as caught:
        await thread.say("fail")
    assert caught.value.visitor_message is None
    assert sdk.CANCELLED
    await thread.say("Hi")
    assert len(sdk.ASKED[-1]) == 1


# --- approvals -----------------------------------------------------------------------------------------------------


async def test_a_call_that_needs_approval_asks_and_the_answer_resumes_it() -> None:
    """After a restart too, as the state lies in the thread; the exchange is remembered once."""
    thread = talk("helper")
    assert await thread.say("delete it") == ""
    (question,) = thread.questions
    assert (question.id, question.options) == ("c1", ("Approve", "Reject"))
    assert question.question == "May this be done?\n\nDelete file\n- path: a.txt"
    assert thread.steps[-1] == ("Delete file", "", "none")
    thread = thread.after_restart()
    assert await thread.answer("Approve") == "Decided: approved "
    await thread.say("And?")
    assert [each["content"] for each in sdk.ASKED[-1] if "content" in each] == [
        "delete it",
        "Decided: approved",
        "And?",
    ]


@pytest.mark.parametrize(("answer", "reason"), [("Reject", ""), ("Wrong file", " Wrong file")])
async def test_anything_but_a_yes_rejects_the_call(answer: str, reason: str) -> None:
    """By a button, or by a message, which is the reason that the model reads."""
    thread = talk("helper")
    await thread.say("delete it")
    said = await (thread.answer(answer) if answer == "Reject" else thread.say(answer))
    assert said == f"Decided: The visitor did not approve this call.{reason} "


async def test_an_answer_given_twice_gets_a_sentence_and_the_next_message_works() -> None:
    """The call is not made again."""
    thread = talk("helper")
    await thread.say("delete it")
    await thread.answer("Approve")
    with pytest.raises(RunFailed) as caught:
        await thread.answer("Approve")
    assert caught.value.visitor_message == "This question cannot be answered any more. Write a message to continue."
    assert await thread.say("Hi") == "Helper: Hi "


async def test_a_state_that_the_agent_of_today_cannot_read_gets_the_same_sentence() -> None:
    """Its owner may have changed the agent in between; the next message works."""
    thread = talk("helper")
    await thread.say("delete it")
    thread.spec = talk("changed").spec
    with pytest.raises(RunFailed, match="perhaps as it was changed") as caught:
        await thread.answer("Approve")
    assert caught.value.visitor_message == "This question cannot be answered any more. Write a message to continue."
    assert await thread.say("Hi") == "Changed: Hi "


async def test_tools_get_the_run_context_or_what_the_factory_returned() -> None:
    """As the context of the run."""
    await talk("helper").say("Hello")
    await talk("make_with_context").say("Hello")
    first, second = sdk.CONTEXTS
    assert first.thread_id == "thr_1"
    assert second == {"customer": "Ada"}
