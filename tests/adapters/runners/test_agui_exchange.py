"""What an agent is asked, turn after turn, and what a thread keeps for that."""

import base64
from typing import Any

from attrs import evolve

from orcheo_adapters.runners.agui.exchange import Exchange
from orcheo_adapters.runners.agui.memory import KEY
from orcheo_adapters.runners.agui.options import Options
from orcheo_core.domain.app_user import AppUser
from orcheo_core.domain.component_items import ClientToolCallItem, WidgetItem
from orcheo_core.domain.items import TagInput
from orcheo_core.domain.run import (
    ClientToolCalled,
    ContextKept,
    PastMessage,
    RunContext,
    RunEvent,
    RunRequest,
    SentFile,
    TextDelta,
)
from orcheo_core.domain.structured_input import InputStatus, Question, QuestionAnswer, StructuredInputItem
from orcheo_core.domain.subject import Subject
from orcheo_core.domain.workflow import RunnerSpec
from tests.adapters.runners.agui_events import FINISHED, HELLO, STARTED, call, result, text
from tests.fakes.clock import START

TOOL = {"name": "locate", "description": "Where?", "parameters": {"type": "object"}}
LOCATING = Options(client_tools=(TOOL,))
CONTEXT = RunContext(
    workflow_id="wf_1", thread_id="thr_1", turn_id="trn_9", subject=Subject("anon:vis_1"), message_id="itm_9"
)
ITEM: dict[str, Any] = {"id": "itm_5", "thread_id": "thr_1", "turn_id": "trn_1", "created_at": START}


def visitor(words: str, **fields: Any) -> PastMessage:
    """What a visitor said."""
    return PastMessage(said_by="visitor", text=words, **fields)


def workflow(words: str = "", **fields: Any) -> PastMessage:
    """What a workflow said, showed or kept."""
    return PastMessage(said_by="workflow", text=words, **fields)


def asked(words: str = "And?", *history: PastMessage, options: Options | None = None, **context: Any) -> Exchange:
    """A turn with this history."""
    request = RunRequest(
        spec=RunnerSpec(kind="ag-ui", target="https://agent.example.org"),
        text=words,
        context=evolve(CONTEXT, history=history, **context),
    )
    return Exchange(request, options or Options())


def input_of(exchange: Exchange) -> dict[str, Any]:
    """What the agent gets."""
    assert exchange.input is not None
    return exchange.input


def ended(exchange: Exchange, *events: dict[str, Any], **end: Any) -> PastMessage:
    """What the thread keeps when the agent has said this."""
    said = [each for event in (STARTED, *events, FINISHED | end) for each in exchange.events.take(event)]
    exchange.events.end()
    return _kept(said)


def _kept(said: list[RunEvent]) -> PastMessage:
    (found,) = [each for each in said if isinstance(each, ContextKept)]
    return workflow(hidden=found.content)


def short(messages: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    """Role and content of each message, or the names of what it calls."""
    return [
        (each["role"], each.get("content") or [call["function"]["name"] for call in each["toolCalls"]])
        for each in messages
    ]


def test_messages_of_a_run_that_kept_nothing_have_the_ids_of_the_thread() -> None:
    """An agent that keeps messages itself finds them by their ids, as the newest one has its own."""
    history = (visitor("Hi", id="itm_1"), workflow("Hel", id="itm_2"), visitor("Refused", id="itm_3"))
    found = input_of(asked("And?", *history))["messages"]
    assert [each["id"] for each in found] == ["itm_1", "itm_2", "itm_3", "itm_9"]


def test_the_first_message() -> None:
    """Nothing of the visitor but the words; ids are those of the thread."""
    assert input_of(asked("Hello")) == {
        "threadId": "thr_1",
        "runId": "trn_9",
        "protocolVersion": "1.0",
        "messages": [{"id": "itm_9", "role": "user", "content": "Hello"}],
        "tools": [],
        "context": [],
        "forwardedProps": {},
        "state": {},
    }


def test_what_the_owner_lets_the_agent_know() -> None:
    """Each only by its name; a name and a language also for the model."""
    about: dict[str, Any] = {
        "app_user": AppUser(user="u7", display_name="Ada", metadata={"plan": "pro"}),
        "metadata": {"page": "/cart"},
        "locale": "de-at",
        "tags": (TagInput(id="t1", text="Line 2", data={"x": 1}),),
    }
    everything = Options(forward=frozenset({"subject", "app_user", "metadata", "locale", "tags"}))
    found = input_of(asked(options=everything, **about))
    assert found["forwardedProps"] == {
        "subject": "anon:vis_1",
        "app_user": {"user": "u7", "display_name": "Ada"},
        "metadata": {"page": "/cart"},
        "locale": "de-at",
        "tags": [{"id": "t1", "text": "Line 2", "data": {"x": 1}}],
    }
    assert [each["value"] for each in found["context"]] == ["de-at", "Ada"]
    assert "Ada" not in str(input_of(asked(**about)))
    assert input_of(asked(options=Options(forward=frozenset({"app_user"}))))["forwardedProps"] == {"app_user": None}


def test_tools_of_the_page_are_announced() -> None:
    """As the owner declares them."""
    assert input_of(asked(options=LOCATING))["tools"] == [TOOL]


def test_a_quote_stands_before_the_message() -> None:
    """As in Markdown."""
    assert input_of(asked("Why?", quoted_text="It is so."))["messages"][-1]["content"] == "> It is so.\n\nWhy?"


def test_earlier_messages_of_a_run_that_kept_nothing() -> None:
    """Of what visitors saw, the words."""
    widget = WidgetItem(**ITEM, widget={"type": "Card"}, copy_text="A card")
    history = [visitor("One"), workflow("Uno"), workflow("A card", item=widget), workflow(hidden={"other": 1})]
    found = input_of(asked("Two", *history))["messages"]
    assert short(found) == [("user", "One"), ("assistant", "Uno"), ("assistant", "A card"), ("user", "Two")]
    assert len({each["id"] for each in found}) == 4


def test_the_agents_own_messages_come_back() -> None:
    """With tool calls, results and ids, in place of what visitors saw; the state too."""
    first = asked("Weather?", message_id="itm_1")
    events = [*call("c1", "weather", '{"city": "Paris"}', parentMessageId="m0"), result("c1", "18 °C"), *HELLO]
    kept = ended(first, {"type": "STATE_SNAPSHOT", "snapshot": {"n": 1}}, *events)
    found = input_of(asked("And?", visitor("Weather?"), workflow("Hello"), kept))
    assert found["state"] == {"n": 1}
    assert found["messages"] == [
        {"id": "itm_1", "role": "user", "content": "Weather?"},
        {
            "id": "m0",
            "role": "assistant",
            "toolCalls": [
                {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Paris"}'}}
            ],
        },
        {"id": "r-c1", "role": "tool", "toolCallId": "c1", "content": "18 °C"},
        {"id": "m1", "role": "assistant", "content": "Hello"},
        {"id": "itm_9", "role": "user", "content": "And?"},
    ]


def test_calls_at_once_are_one_message_of_the_assistant() -> None:
    """As models want them; a call without a result gets one that says so."""
    first = asked("Go", message_id="itm_1")
    kept = ended(first, text("m1", "Looking"), *call("c1", "a", "{}"), *call("c2", "b", "{}"), result("c2", "two"))
    found = input_of(asked("And?", visitor("Go"), workflow("Looking"), kept))["messages"]
    assert short(found)[1:] == [
        ("assistant", "Looking"),
        ("tool", "There is no result of this call."),
        ("tool", "two"),
        ("user", "And?"),
    ]
    assert [each["id"] for each in found[1]["toolCalls"]] == ["c1", "c2"]


def test_encrypted_reasoning_is_given_back_and_never_shown() -> None:
    """With the thought that it belongs to, or with the call; a thought without such a value is not kept."""
    events = [
        {"type": "REASONING_MESSAGE_CONTENT", "messageId": "t1", "delta": "Hm"},
        {"type": "REASONING_ENCRYPTED_VALUE", "subtype": "message", "entityId": "t1", "encryptedValue": "s3cr3t"},
        {"type": "REASONING_MESSAGE_CONTENT", "messageId": "t2", "delta": "Plain"},
        *call("c1", "a", "{}"),
        {"type": "REASONING_ENCRYPTED_VALUE", "subtype": "tool-call", "entityId": "c1", "encryptedValue": "k3y"},
        {"type": "REASONING_ENCRYPTED_VALUE", "subtype": "message", "entityId": "t3", "encryptedValue": "alone"},
        result("c1", "x"),
        *HELLO,
    ]
    first = asked("Go")
    said = [each for event in (*events, FINISHED) for each in first.events.take(event)]
    assert "s3cr3t" not in str([each for each in said if not isinstance(each, ContextKept)])
    messages = input_of(asked("And?", visitor("Go"), workflow("Hello"), _kept(said)))["messages"]
    assert messages[1] == {"id": "t1", "role": "reasoning", "content": "Hm", "encryptedValue": "s3cr3t"}
    assert messages[2]["toolCalls"][0]["encryptedValue"] == "k3y"
    assert messages[3] == {"id": "t3", "role": "reasoning", "content": "", "encryptedValue": "alone"}
    assert "Plain" not in str(messages)


def test_a_run_that_says_too_much_is_remembered_by_its_text() -> None:
    """What visitors saw stands for it; the state is kept all the same."""
    first = asked("Go")
    kept = ended(first, {"type": "STATE_SNAPSHOT", "snapshot": [1]}, text("m1", "x" * 60_000))
    assert kept.hidden[KEY].keys() == {"asked", "state"}
    found = input_of(asked("And?", visitor("Go"), workflow("What was seen"), kept))
    assert short(found["messages"])[1] == ("assistant", "What was seen")
    assert found["state"] == [1]


def test_long_results_are_cut_for_the_next_run() -> None:
    """And only the text of their parts is kept: no bytes."""
    parts = [{"type": "image", "source": {"value": "AAAA"}}, {"type": "text", "text": "y" * 20_000}]
    first = asked("Go")
    kept = ended(first, *call("c1", "a", "{}"), result("c1", parts), *HELLO)
    assert len(kept.hidden[KEY]["messages"][1]["content"]) == 8_000


def test_a_run_that_failed_or_was_stopped_leaves_what_was_known_before() -> None:
    """Its text stands in the thread; the state is that of the run before."""
    kept = ended(asked("One", message_id="itm_1"), {"type": "STATE_SNAPSHOT", "snapshot": 7}, *HELLO)
    history = [visitor("One"), workflow("Hello"), kept, visitor("Two"), workflow("Half of it")]
    found = input_of(asked("Three", *history))
    assert short(found["messages"])[2:] == [("user", "Two"), ("assistant", "Half of it"), ("user", "Three")]
    assert found["state"] == 7


# --- files ------------------------------------------------------------------------------------------------------------


def sent(name: str, mime_type: str, data: bytes, *, size: int | None = None) -> SentFile:
    """A file of the visitor's."""
    return SentFile(name=name, mime_type=mime_type, size=len(data) if size is None else size, read=lambda: data)


def test_files_are_content_parts_with_their_bytes() -> None:
    """Of the types that 1.0 has, never as our address."""
    files = (
        sent("a.png", "image/png", b"1"),
        sent("b.mp3", "audio/mpeg", b"2"),
        sent("c.pdf", "application/pdf", b"3"),
    )
    (message,) = input_of(asked("Look", attachments=files))["messages"]
    assert [each["type"] for each in message["content"]] == ["text", "image", "audio", "document"]
    assert message["content"][1] == {
        "type": "image",
        "source": {"type": "data", "value": base64.b64encode(b"1").decode(), "mimeType": "image/png"},
        "metadata": {"filename": "a.png"},
    }
    (alone,) = input_of(asked("", attachments=files[:1]))["messages"]
    assert [each["type"] for each in alone["content"]] == ["image"]


def test_earlier_files_are_sent_again_as_far_as_they_fit() -> None:
    """The newest first; the others are left out of their messages."""
    large = 3 * 1024 * 1024
    old, new = sent("old.png", "image/png", b"o", size=large), sent("new.png", "image/png", b"n", size=large)
    history = [visitor("One", files=(old,)), workflow("1"), visitor("Two", files=(new,)), workflow("2")]
    found = input_of(asked("Three", *history))["messages"]
    assert [each["content"] if isinstance(each["content"], str) else len(each["content"]) for each in found] == [
        "One",
        "1",
        2,
        "2",
        "Three",
    ]


# --- questions --------------------------------------------------------------------------------------------------------

INTERRUPT = {"id": "i1", "reason": "tool_call", "message": "Send?", "toolCallId": "c1"}
OUTCOME = {"type": "interrupt", "interrupts": [INTERRUPT]}


def questions(answer: str | None = None) -> StructuredInputItem:
    """The item of the question, answered or not."""
    given = None if answer is None else QuestionAnswer(values=(answer,))
    question = Question(id="i1", question="Send?", options=("Approve", "Reject"), answer=given)
    status = InputStatus.PENDING if answer is None else InputStatus.ANSWERED
    return StructuredInputItem(**ITEM, questions=(question,), status=status)


def test_an_answer_is_given_back_as_resume() -> None:
    """Without a message of the visitor, and with the call as it waits; later it is one conversation."""
    kept = ended(asked("Mail it", message_id="itm_1"), *call("c1", "send", "{}"), outcome=OUTCOME)
    answered = questions("Approve")
    history = [
        visitor("Mail it"),
        workflow("Send?", item=answered),
        visitor("Approve"),
        kept,
    ]
    second = asked("Approve", *history, cause=answered, message_id=None)
    assert input_of(second)["resume"] == [{"interruptId": "i1", "status": "resolved", "payload": {"approved": True}}]
    assert short(input_of(second)["messages"]) == [("user", "Mail it"), ("assistant", ["send"])]

    done = ended(second, result("c1", "sent"), text("m2", "Sent."))
    third = input_of(asked("Thanks", *history, workflow("Sent."), done))
    assert "resume" not in third
    assert short(third["messages"]) == [
        ("user", "Mail it"),
        ("assistant", ["send"]),
        ("tool", "sent"),
        ("assistant", "Sent."),
        ("user", "Thanks"),
    ]


def test_a_message_in_place_of_an_answer_cancels_the_question() -> None:
    """The agent gets the message too."""
    kept = ended(asked("Mail it", message_id="itm_1"), *call("c1", "send", "{}"), outcome=OUTCOME)
    found = input_of(asked("Wait, what?", visitor("Mail it"), workflow("Send?", item=questions()), kept))
    assert found["resume"] == [{"interruptId": "i1", "status": "cancelled"}]
    assert short(found["messages"])[-1] == ("user", "Wait, what?")


def test_a_message_may_be_the_answer() -> None:
    """Then it is not sent as a message too."""
    kept = ended(asked("Mail it", message_id="itm_1"), *call("c1", "send", "{}"), outcome=OUTCOME)
    found = input_of(asked("yes", visitor("Mail it"), workflow("Send?", item=questions()), kept))
    assert found["resume"][0]["payload"] == {"approved": True}
    assert short(found["messages"])[-1] == ("assistant", ["send"])


def test_answers_to_questions_of_a_run_long_gone_are_a_message() -> None:
    """As nothing waits for them."""
    kept = ended(asked("Two", message_id="itm_2"), *HELLO)
    found = input_of(asked("Approve", visitor("Two"), workflow("Hello"), kept, cause=questions("Approve")))
    assert "resume" not in found
    assert short(found["messages"])[-1] == ("user", "Approve")


def test_old_servers_get_the_answer_where_they_look_for_it() -> None:
    """LangGraph's bridge before 1.0 reads ``forwardedProps.command.resume``."""
    event = {"type": "CUSTOM", "name": "on_interrupt", "value": "Which size?"}
    kept = ended(asked("Buy", message_id="itm_1"), event)
    found = input_of(asked("M", visitor("Buy"), workflow("Which size?"), kept))
    assert found["forwardedProps"] == {"command": {"resume": "M"}}
    assert found["resume"] == [{"interruptId": "interrupt-0", "status": "resolved", "payload": "M"}]


# --- tools of the page ------------------------------------------------------------------------------------------------


def tool_item(output: Any, *, is_pending: bool = False) -> ClientToolCallItem:
    """The item of a call."""
    return ClientToolCallItem(
        **ITEM, call_id="itm_5", name="locate", arguments={}, output=output, is_pending=is_pending
    )


def test_outputs_of_the_pages_tools_go_back_to_the_agent() -> None:
    """By the id that the agent knows the call by, also where the history has the item without its output."""
    kept = ended(asked("Where?", options=LOCATING, message_id="itm_1"), *call("c1", "locate", "{}"))
    for item in (tool_item({"city": "Rome"}), tool_item(None, is_pending=True)):
        history = [visitor("Where?"), workflow(item=item), kept]
        second = asked("", *history, options=LOCATING, cause=tool_item({"city": "Rome"}), message_id=None)
        assert input_of(second)["messages"][-1] == {
            "id": "output-c1",
            "role": "tool",
            "toolCallId": "c1",
            "content": '{"city": "Rome"}',
        }
    done = ended(second, text("m2", "Rome."))
    third = input_of(asked("Ah", *history[:1], workflow(item=tool_item("Rome")), kept, workflow("Rome."), done))
    assert short(third["messages"])[1:] == [
        ("assistant", ["locate"]),
        ("tool", "Rome"),
        ("assistant", "Rome."),
        ("user", "Ah"),
    ]


def test_calls_of_the_page_are_made_one_after_the_other() -> None:
    """The agent is asked when all of them have an output."""
    calls = [*call("c1", "locate", "{}"), *call("c2", "locate", '{"exact": true}')]
    first = ended(asked("Where?", options=LOCATING, message_id="itm_1"), *calls)
    history = [visitor("Where?"), workflow(item=tool_item("Rome")), first]
    second = asked("Rome", *history, options=LOCATING, cause=tool_item("Rome"), message_id=None)
    assert second.input is None
    said = list(second.first())
    assert said[0] == ClientToolCalled(name="locate", arguments={"exact": True})
    history += [workflow(item=tool_item("Via Appia")), _kept(said)]
    third = asked("Via Appia", *history, options=LOCATING, cause=tool_item("Via Appia"), message_id=None)
    assert short(input_of(third)["messages"])[1:] == [
        ("assistant", ["locate", "locate"]),
        ("tool", "Rome"),
        ("tool", "Via Appia"),
    ]
    assert list(third.first()) == []


def test_a_visitor_who_says_something_else_leaves_a_call_without_output() -> None:
    """The agent is not told that it has one."""
    kept = ended(asked("Where?", options=LOCATING, message_id="itm_1"), *call("c1", "locate", "{}"))
    history = [visitor("Where?"), workflow(item=tool_item(None)), kept]
    found = input_of(asked("Never mind", *history, options=LOCATING))["messages"]
    assert short(found)[-2:] == [("tool", "There is no result of this call."), ("user", "Never mind")]


def test_a_tools_output_may_be_the_end() -> None:
    """The agent may say nothing more."""
    kept = ended(asked("Where?", options=LOCATING, message_id="itm_1"), *call("c1", "locate", "{}"))
    second = asked("", visitor("Where?"), kept, options=LOCATING, cause=tool_item("Rome"), message_id=None)
    second.events.take(FINISHED)
    second.events.end()


def test_text_is_passed_on() -> None:
    """The events of an exchange are those of the run."""
    assert asked("Hi").events.take(text("m", "Hello")) == [TextDelta("Hello")]
