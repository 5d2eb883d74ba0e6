"""Answers of chat completions as endpoints and gateways really write them."""

import re
from typing import Any

import orjson
import pytest

from orcheo_adapters.runners.completions import Completion
from orcheo_adapters.runners.endings import CUT_NOTICE, FILTER_NOTICE
from orcheo_adapters.runners.endpoint_answers import MOST_CALLS, AnswerBrokenOff, AnswerNotUnderstood
from orcheo_adapters.runners.reasoning import without_thoughts
from orcheo_core.domain.component_items import StepKind, StepState
from orcheo_core.domain.run import CutShort, NoticeGiven, RunEvent, StepNoted, TextDelta, UsageReported
from orcheo_core.domain.usage import Usage
from orcheo_core.ports.runner import NothingSaid, RunFailed

Json = dict[str, Any]
DONE = b"data: [DONE]\n\n"


def sse(*documents: Any) -> bytes:
    """A stream of events."""
    return b"".join(b"data: " + orjson.dumps(each) + b"\n\n" for each in documents)


def choice(content: Any = None, *, finish: str | None = None, **delta: Any) -> Json:
    """One event with one choice."""
    if content is not None:
        delta["content"] = content
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}


END = choice(finish="stop")


def read(*chunks: bytes, shows_reasoning: bool = True) -> list[RunEvent]:
    """All that is said of these chunks."""
    completion = Completion(shows_reasoning=shows_reasoning)
    events = [event for chunk in chunks for event in completion.push(chunk)]
    return [*events, *completion.finish()]


def text_of(events: list[RunEvent]) -> str:
    return "".join(each.text for each in events if isinstance(each, TextDelta))


def thoughts_of(events: list[RunEvent]) -> list[tuple[str | None, StepState]]:
    """The last look of each note."""
    steps = [each.step for each in events if isinstance(each, StepNoted)]
    assert all(step.kind is StepKind.THOUGHT for step in steps)
    return [(step.content, step.state) for step in steps if step.state is StepState.COMPLETE]


def failure_of(*chunks: bytes) -> RunFailed:
    with pytest.raises(RunFailed) as caught:
        read(*chunks)
    return caught.value


# --- how an answer ends ----------------------------------------------------------------------------------------------


def test_done_without_a_finish_reason_is_an_end() -> None:
    """Older servers never write a reason."""
    assert text_of(read(sse(choice("whole")) + DONE)) == "whole"


def test_a_finish_reason_without_done_is_an_end() -> None:
    """Some close the connection instead."""
    assert text_of(read(sse(choice("whole"), END))) == "whole"


def test_nothing_counts_after_done() -> None:
    """Whatever a gateway appends, in the same chunk or in another."""
    assert text_of(read(sse(choice("a")) + DONE + sse(choice("b")))) == "a"
    assert text_of(read(sse(choice("a")) + DONE, sse(choice("b")))) == "a"


@pytest.mark.parametrize("finish", ["", None])
def test_an_empty_finish_reason_is_none(finish: str | None) -> None:
    """So that half an answer does not pass for a whole one."""
    with pytest.raises(AnswerBrokenOff):
        read(sse(choice("half", finish=finish)))


@pytest.mark.parametrize("body", [b"", b": waiting\n\n", b"event: ping\n\n", b"d"])
def test_an_answer_with_nothing_of_a_completion_is_not_half_of_one(body: bytes) -> None:
    """The owner looks elsewhere than for an answer that broke off."""
    with pytest.raises(AnswerBrokenOff, match="before any part of it arrived"):
        read(body)


@pytest.mark.parametrize("body", ["Welcome to this server", '"hello"', "null", "error: no such model"])
def test_an_answer_that_is_neither_json_nor_events_is_quoted(body: str) -> None:
    """It did arrive; what it says leads the owner to the cause."""
    with pytest.raises(AnswerNotUnderstood, match=re.escape(body)):
        read(body.encode())


def test_a_line_before_the_first_event_costs_nothing() -> None:
    assert text_of(read(b"OK\n\n" + sse(choice("a")) + DONE)) == "a"


@pytest.mark.parametrize("finish", ["length", "max_tokens", "MAX_TOKENS", "model_length"])
def test_an_answer_cut_off_at_the_limit_is_kept_with_a_notice(finish: str) -> None:
    """The owner learns why as well."""
    events = read(sse(choice("half"), choice(finish=finish)))
    assert text_of(events) == "half"
    assert NoticeGiven(message=CUT_NOTICE, level="warning") in events
    assert [each.code for each in events if isinstance(each, CutShort)] == ["answer_cut_off"]


@pytest.mark.parametrize("finish", ["content_filter", "SAFETY"])
def test_an_answer_stopped_by_the_filter_is_kept_with_a_notice(finish: str) -> None:
    """The text so far stays."""
    events = read(sse(choice("Once"), choice(finish=finish)))
    assert text_of(events) == "Once"
    assert NoticeGiven(message=FILTER_NOTICE, level="warning") in events
    assert [each.code for each in events if isinstance(each, CutShort)] == ["answer_filtered"]


@pytest.mark.parametrize(
    ("finish", "code", "visitor_reads"),
    [
        ("length", "answer_cut_off", "before it began to answer"),
        ("content_filter", "answer_filtered", "held the answer back"),
        ("stop", "no_answer", "no answer to this message"),
        ("error", "endpoint_failed", None),
    ],
)
def test_an_end_without_text_is_a_failure_that_says_why(finish: str, code: str, visitor_reads: str | None) -> None:
    """An empty answer never passes for a complete one."""
    failure = failure_of(sse(choice(finish=finish)))
    assert failure.code == code
    assert (visitor_reads or "") in (failure.visitor_message or "")
    assert bool(failure.visitor_message) is bool(visitor_reads)


@pytest.mark.parametrize("shows_reasoning", [True, False])
@pytest.mark.parametrize(
    "said", [{"content": "<think>so</think>"}, {"content": "<THINK>so"}, {"reasoning_content": "so"}]
)
def test_an_answer_of_thoughts_alone_is_told_as_such(said: Json, shows_reasoning: bool) -> None:
    """Whether or not they are shown: the owner would look for a text that was lost on the way."""
    with pytest.raises(NothingSaid, match="only what the model thought, no text: raise max_tokens"):
        read(sse(choice(**said), END), shows_reasoning=shows_reasoning)


def test_blanks_alone_are_no_answer() -> None:
    """Nor are they shown."""
    completion = Completion(shows_reasoning=True)
    assert list(completion.push(sse(choice(" \n"), END))) == []
    with pytest.raises(NothingSaid):
        list(completion.finish())


@pytest.mark.parametrize(
    "delta",
    [
        {"tool_calls": [{"function": {"name": "search", "arguments": "{}"}}]},
        {"function_call": {"name": "search"}},
    ],
)
def test_tool_calls_without_text_fail_with_a_reason(delta: Json) -> None:
    """The owner learns which tool the model wanted."""
    failure = failure_of(sse(choice(**delta), choice(finish="tool_calls")))
    assert failure.code == "tools_missing"
    assert "(search)" in failure.reason
    assert failure.visitor_message is None


def test_a_finish_reason_of_tools_alone_fails_with_a_reason() -> None:
    """Although the calls themselves never came."""
    assert failure_of(sse(choice(finish="tool_calls"), choice(tool_calls=[None, {"function": 7}]))).code == (
        "tools_missing"
    )


def test_text_before_a_tool_call_is_kept() -> None:
    """And the owner learns of the call."""
    events = read(sse(choice("Let me see."), choice(tool_calls=[{"function": {"name": "search"}}]), END))
    assert text_of(events) == "Let me see."
    assert [each.code for each in events if isinstance(each, CutShort)] == ["tools_missing"]


@pytest.mark.parametrize("error", [{"message": "overloaded"}, "overloaded", {"code": 1, "text": "overloaded"}])
def test_an_error_in_the_stream_is_a_failure(error: Any) -> None:
    """After text too, and in each form."""
    failure = failure_of(sse(choice("a"), {"error": error}))
    assert (failure.code, "overloaded" in failure.reason) == ("endpoint_failed", True)


# --- forms of an answer ----------------------------------------------------------------------------------------------

WHOLE = {"choices": [{"index": 0, "message": {"role": "assistant", "content": "Whole"}, "finish_reason": "stop"}]}


@pytest.mark.parametrize(
    "body",
    [
        orjson.dumps(WHOLE),
        b"\xef\xbb\xbf \n" + orjson.dumps(WHOLE),
        orjson.dumps({"choices": [{"message": {"content": "Whole"}}]}),
        sse(WHOLE),
        sse(WHOLE) + DONE,
        orjson.dumps(choice("Who")) + b"\n" + orjson.dumps(choice("le", finish="stop")) + b"\n",
        sse(choice("Whole"), WHOLE) + DONE,
        sse({"choices": [{"delta": {}, "message": {"content": "Whole"}, "finish_reason": "stop"}]}),
    ],
    ids=["json", "mark", "json-without-reason", "event", "event-done", "lines", "repeated", "beside-a-delta"],
)
def test_a_whole_answer_is_taken_as_it_comes(body: bytes) -> None:
    """JSON although a stream was asked for, a whole message in one event, lines without ``data:``; in any chunks."""
    assert text_of(read(body)) == "Whole"
    assert text_of(read(*(bytes([byte]) for byte in body))) == "Whole"


def test_json_with_usage_reports_it() -> None:
    """As a stream does."""
    body = orjson.dumps({**WHOLE, "usage": {"prompt_tokens": 5, "completion_tokens": 2}})
    assert read(body)[-1] == UsageReported(Usage(input_tokens=5, output_tokens=2))


@pytest.mark.parametrize("usage", [None, {}, {"prompt_tokens": None, "completion_tokens": "many"}, [1]])
def test_usage_that_is_none_does_no_harm(usage: Any) -> None:
    """Numbers that are no numbers count as 0."""
    reported = [each for each in read(sse({**END, "usage": usage}, choice("a"))) if isinstance(each, UsageReported)]
    assert all(each.usage == Usage() for each in reported)


def test_a_byte_order_mark_before_the_first_event_costs_nothing() -> None:
    """The first piece is not lost."""
    assert text_of(read(b"\xef\xbb\xbf" + sse(choice("first"), choice(" second"), END))) == "first second"


def test_an_event_that_the_end_of_the_stream_ends_counts() -> None:
    """Some leave the last empty line out."""
    assert text_of(read(sse(choice("a")) + b"data: [DONE]")) == "a"


def test_half_an_event_at_the_end_is_an_answer_that_broke_off() -> None:
    """Not one that was not understood."""
    with pytest.raises(AnswerBrokenOff):
        read(sse(choice("a")) + b'data: {"choices": [')


@pytest.mark.parametrize("body", [b"<!doctype html><p>Sign in", b"\n <html>"])
def test_a_login_page_is_no_api(body: bytes) -> None:
    """As gateways answer with status 200 when a key is missing."""
    assert failure_of(body).code == "endpoint_not_an_api"


@pytest.mark.parametrize(
    "body",
    [
        b"data: hello\n\n",
        b"data: {\\u: NaN}\n\n",
        b"data: [1]\n\n",
        b"{hello}",
        b'data: "\\ud800"\n\n',
        b'{"detail": "Unauthorized"}',
        b'{"message": "no route"}',
        b'[{"choices": []}]',
        b'{"message": {"content": "na"}}\n{"message": {"content": "tive"}, "done": true}',
        sse({"output_text": "of another API"}) + DONE,
    ],
)
def test_what_is_no_completion_is_quoted_to_the_owner(body: bytes) -> None:
    """Text that is no JSON, JSON that is no object."""
    assert failure_of(body).code == "answer_not_understood"


def test_events_without_choices_around_an_answer_do_no_harm() -> None:
    """Pings, nothing, a count of tokens."""
    noise = sse({"type": "ping"}) + b"data: null\n\n"
    assert text_of(read(noise + sse(choice("a"), {"usage": {}}) + noise + sse({"choices": None}, END))) == "a"


def test_content_may_be_one_part() -> None:
    """Not a list of one."""
    assert text_of(read(sse(choice({"type": "text", "text": "a"}), END))) == "a"


def test_numbers_that_json_does_not_have_are_none() -> None:
    """Also beside half a character, which is read by another parser."""
    assert failure_of(b'data: {"a": "\\ud800", "b": NaN}\n\n').code == "answer_not_understood"


def test_an_empty_body_is_an_answer_that_broke_off() -> None:
    """Nothing at all, or blanks."""
    for body in (b"", b"\n\n", b"data:\n\n"):
        with pytest.raises(AnswerBrokenOff):
            read(body)


def test_other_choices_and_odd_ones_are_passed_over() -> None:
    """Only the first choice is the answer."""
    other: Json = {
        "choices": [{"index": 1, "delta": {"content": "b"}}, None, {"delta": None}, {"index": None, "delta": {}}]
    }
    assert text_of(read(sse({"choices": None}, {"choices": {}}, other, choice("a"), END))) == "a"


# --- content -------------------------------------------------------------------------------------------------------


def test_content_may_be_a_list_of_parts() -> None:
    """Text parts are text, thinking parts a note, all else is passed over."""
    thinking = {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}
    parts = [{"type": "text", "text": "Hel"}, {"type": "image_url"}, 7, "lo"]
    events = read(sse(choice([thinking]), choice([{"type": "reasoning", "text": "m"}]), choice(parts), END))
    assert text_of(events) == "Hello"
    assert thoughts_of(events) == [("hmm", StepState.COMPLETE)]


@pytest.mark.parametrize(("content", "text"), [(42, "42"), (1.5, "1.5"), (True, ""), ({}, ""), (None, "")])
def test_content_that_is_no_text(content: Any, text: str) -> None:
    """Numbers are read, the rest is nothing."""
    assert text_of(read(sse(choice(content), choice("!"), END))) == f"{text}!"


def test_a_refusal_is_an_answer() -> None:
    """The visitor reads why not."""
    assert text_of(read(sse(choice(refusal="I cannot."), END))) == "I cannot."


def test_an_emoji_that_is_cut_between_two_pieces_is_joined() -> None:
    """As services in JavaScript cut it; a lone half becomes U+FFFD."""
    halves = [rb'{"choices":[{"delta":{"content":"Hi \ud83d"}}]}', rb'{"choices":[{"delta":{"content":"\ude00!"}}]}']
    stream = b"".join(b"data: " + each + b"\n\n" for each in halves)
    assert text_of(read(stream + sse(END))) == "Hi 😀!"
    lone = b"data: " + halves[0] + b"\n\n"
    assert text_of(read(lone + sse(END))) == "Hi \ufffd"


# --- reasoning -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["reasoning_content", "reasoning"])
def test_reasoning_beside_the_content_becomes_a_note(name: str) -> None:
    """It ends where the text begins."""
    events = read(sse(choice(**{name: "Let me "}), choice(**{name: "see."}), choice("Hello"), END))
    assert text_of(events) == "Hello"
    assert thoughts_of(events) == [("Let me see.", StepState.COMPLETE)]
    assert isinstance(events[-1], TextDelta)


def test_reasoning_that_is_sent_under_two_names_is_read_once() -> None:
    """Some gateways fill both."""
    assert thoughts_of(read(sse(choice("Hi", reasoning="So", reasoning_content="So"), END)))[0][0] == "So"


def test_think_tags_at_the_beginning_become_a_note() -> None:
    """Wherever the pieces are cut."""
    answer = "\n<think>\nHm < 3?\n</think>\n\nHello </think>!"
    for size in range(1, len(answer) + 1):
        pieces = [choice(answer[start : start + size]) for start in range(0, len(answer), size)]
        events = read(sse(*pieces, END))
        assert text_of(events) == "Hello </think>!"
        assert thoughts_of(events) == [("Hm < 3?", StepState.COMPLETE)]


@pytest.mark.parametrize("tags", [("<think>", "</think>"), ("<thought>", "</thought>"), ("[THINK]", "[/THINK]")])
def test_tags_of_several_models_are_known(tags: tuple[str, str]) -> None:
    """DeepSeek and Qwen, Gemini, Mistral."""
    events = read(sse(choice(f"{tags[0]}Hm{tags[1]}Hello"), END))
    assert (text_of(events), thoughts_of(events)[0][0]) == ("Hello", "Hm")


@pytest.mark.parametrize(
    "text", ["Use <think> like this </think>.", "<thin", "<b>bold</b>", "5 < 6", "[TH", "a</think>b"]
)
def test_tags_elsewhere_are_text(text: str) -> None:
    """So are beginnings of a tag that never come to one."""
    events = read(sse(*(choice(sign) for sign in text), END))
    assert text_of(events) == text
    assert thoughts_of(events) == []


def test_a_thought_without_end_is_no_answer() -> None:
    """The model ran out of tokens while it was thinking."""
    completion = Completion(shows_reasoning=True)
    events = list(completion.push(sse(choice("<think>Hm"), choice(finish="length"))))
    with pytest.raises(RunFailed) as caught:
        events += completion.finish()
    assert caught.value.code == "answer_cut_off"


@pytest.mark.parametrize(
    ("answer", "thought", "text"),
    [
        ("Hm.\n</think>\n\nHello", "Hm.", "Hello"),
        ("</think>Hello", None, "Hello"),
        ("Hm[/THINK]Hello </think>", "Hm", "Hello </think>"),
        ("Hm</THINK>Hello", "Hm", "Hello"),
        ("Write `</think>` at its end.", None, "Write `</think>` at its end."),
        ("Write <think>so</think>.", None, "Write <think>so</think>."),
    ],
)
def test_a_whole_answer_may_have_the_closing_tag_alone(answer: str, thought: str | None, text: str) -> None:
    """Some templates put the opening one into the prompt; what the model reads again has no thought either."""
    message = {"choices": [{"message": {"content": answer}, "finish_reason": "stop"}]}
    events = read(orjson.dumps(message))
    assert text_of(events) == text == without_thoughts(answer)
    assert thoughts_of(events)[-1:] == ([(thought, StepState.COMPLETE)] if thought else [])


def test_reasoning_can_be_hidden() -> None:
    """Then nothing of it is said."""
    stream = sse(choice(reasoning="secret"), choice("<think>secret</think>Hello"), END)
    assert read(stream, shows_reasoning=False) == [TextDelta("Hello")]


def test_thoughts_between_texts_are_notes_of_their_own() -> None:
    """As models write that think again after they have spoken."""
    events = read(sse(choice(reasoning="a"), choice("1"), choice(reasoning="b"), choice("2"), END))
    assert thoughts_of(events) == [("a", StepState.COMPLETE), ("b", StepState.COMPLETE)]
    assert text_of(events) == "12"


def test_a_long_thought_costs_in_proportion_and_is_bounded() -> None:
    """Each step repeats the note, so there are few of them."""
    events = read(sse(*(choice(reasoning="x" * 10) for _ in range(10_000)), choice("Hi"), END))
    steps = [each.step.content or "" for each in events if isinstance(each, StepNoted)]
    assert len(steps[-1]) == 32_000
    assert steps[-1].endswith("x…")
    assert sum(map(len, steps)) < 12 * 32_000


def test_an_error_object_in_the_place_of_an_event_is_a_failure() -> None:
    """As vLLM writes it, without a field ``error``."""
    failure = failure_of(sse(choice("par"), {"object": "error", "message": "out of memory", "code": 500}))
    assert failure.code == "endpoint_failed"
    assert "out of memory" in failure.reason


def test_an_error_that_comes_bare_in_a_stream_is_the_reason() -> None:
    """As in an event of the name ``error``: what it says, not that the stream ended early."""
    failure = failure_of(sse(choice("par"), {"type": "overloaded_error", "message": "overloaded"}))
    assert failure.code == "endpoint_failed"
    assert "overloaded" in failure.reason
    assert text_of(read(sse(choice("par")), sse({"type": "ping", "message": "still here"}), DONE)) == "par"


# The next two take a moment; minutes if each piece copies what was there before, while all chats wait.


@pytest.mark.timeout(30)
def test_a_whole_answer_in_tiny_chunks_costs_what_it_costs_in_one() -> None:
    """Findings: a workflow that blocks the event loop."""
    body = b" " * 2_000_000 + orjson.dumps({"choices": [{"message": {"content": "x" * 7_000_000}}]})
    (said,) = read(*(body[at : at + 64] for at in range(0, len(body), 64)))
    assert isinstance(said, TextDelta)
    assert len(said.text) == 7_000_000


@pytest.mark.timeout(30)
def test_many_pieces_of_long_arguments_cost_what_one_costs() -> None:
    """Findings: a workflow that blocks the event loop."""
    completion = Completion(shows_reasoning=True, has_tools=True)

    def pushed(document: Json) -> None:
        assert [*completion.push(sse(document))] == []

    for _ in range(8):
        pushed(choice(tool_calls=[{"index": 0, "function": {"name": "f", "arguments": "a" * 1_000_000}}]))
    for _ in range(2):
        pushed(choice(tool_calls=[{"index": 0, "function": {"arguments": "b"}}] * 18_000))
    (call,) = completion.calls
    assert (call.id, call.name, len(call.arguments), call.arguments[-1]) == ("call_0", "f", 8_036_000, "b")


def test_more_calls_than_a_model_makes_are_refused() -> None:
    """Their names alone would be megabytes."""
    calls = [{"index": at, "function": {"name": "f"}} for at in range(MOST_CALLS)]
    assert failure_of(sse(choice(tool_calls=calls)), DONE).code == "tools_missing"
    failure = failure_of(sse(choice(tool_calls=[*calls, {"index": -1, "function": {"name": "f"}}])), DONE)
    assert (failure.code, "1,000 tools" in failure.reason) == ("answer_too_large", True)


@pytest.mark.parametrize("line", [b"{}\n", b"\n"], ids=["objects", "empty"])
def test_very_many_lines_are_not_understood(line: bytes) -> None:
    """They are read at once when the body has ended."""
    assert failure_of(b"{}\n" + line * 200_000).code == "answer_not_understood"


def test_an_answer_of_very_many_values_is_not_understood() -> None:
    """Ten megabytes of brackets would keep all chats waiting for a second."""
    with pytest.raises(RunFailed, match="not"):
        read(b'data: {"choices":[' + b"[]," * 200_000 + b"1]}\n\n", DONE)
