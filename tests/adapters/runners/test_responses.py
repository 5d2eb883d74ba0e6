"""Answers of the Responses API, as endpoints write them."""

from typing import Any

import orjson
import pytest

from orcheo_adapters.runners.endings import CUT_NOTICE
from orcheo_adapters.runners.endpoint_answers import MOST_CALLS, AnswerBrokenOff, AnswerNotUnderstood
from orcheo_adapters.runners.responses import ResponseAnswer
from orcheo_core.domain.component_items import Step, StepKind, StepState
from orcheo_core.domain.items import Citation
from orcheo_core.domain.run import (
    AnswerEnded,
    CutShort,
    ImageShown,
    InputAsked,
    NoticeGiven,
    RunEvent,
    SourceCited,
    StepNoted,
    TextDelta,
    UsageReported,
)
from orcheo_core.domain.sources import Source
from orcheo_core.domain.usage import Usage
from orcheo_core.ports.runner import NothingSaid, RunFailed

Json = dict[str, Any]
LOADING, DONE, FAILED = StepState.LOADING, StepState.COMPLETE, StepState.NONE


def event(kind: str, **more: Any) -> Json:
    return {"type": f"response.{kind}", **more}


def text(delta: str, item: str = "m1", **more: Any) -> Json:
    return event("output_text.delta", item_id=item, content_index=0, delta=delta, **more)


def done(item: Json) -> Json:
    return event("output_item.done", item=item)


def begun(item: Json) -> Json:
    return event("output_item.added", item=item)


def message(said: str, item: str = "m1", notes: tuple[Json, ...] = ()) -> Json:
    part = {"type": "output_text", "text": said, "annotations": [*notes]}
    return {"type": "message", "id": item, "role": "assistant", "content": [part]}


def completed(*output: Json, **more: Any) -> Json:
    response = {"id": "resp_1", "object": "response", "status": "completed", "output": [*output], **more}
    return event("completed", response=response)


END = completed()


def read(*events: Any, steps: str = "names", reasoning: bool = True) -> list[RunEvent]:
    """The run events of a whole stream, in small pieces."""
    body = b"".join(b"data: " + orjson.dumps(each) + b"\n\n" for each in events)
    return read_body(body, steps=steps, reasoning=reasoning)


def read_body(body: bytes, *, steps: str = "names", reasoning: bool = True) -> list[RunEvent]:
    answer = ResponseAnswer(shows_reasoning=reasoning, steps=steps)
    pieces = [body[place : place + 7] for place in range(0, len(body), 7)]
    return [*(each for piece in pieces for each in answer.push(piece)), *answer.finish()]


def test_text_streams_and_is_said_once() -> None:
    """What is repeated when it is whole is not read again; usage is reported."""
    usage = {"input_tokens": 7, "output_tokens": 3}
    whole = message("Hello there")
    assert read(
        event("created", response={"id": "resp_1"}),
        begun(whole),
        text("Hello"),
        text(" there"),
        event("output_text.done", item_id="m1", content_index=0, text="Hello there"),
        done(whole),
        completed(whole, usage=usage),
    ) == [TextDelta("Hello"), TextDelta(" there"), UsageReported(Usage(input_tokens=7, output_tokens=3))]


def test_the_response_is_known_by_its_id() -> None:
    """By which the endpoint remembers it."""
    answer = ResponseAnswer(shows_reasoning=True, steps="names")
    assert not [*answer.push(b"data: " + orjson.dumps(event("created", response={"id": "resp_7"})) + b"\n\n")]
    assert (answer.id, answer.is_ended) == ("resp_7", False)


@pytest.mark.parametrize(
    "events",
    [
        (done(message("Whole")), END),
        (event("output_text.done", item_id="m1", content_index=0, text="Whole"), done(message("Whole")), END),
        (completed(message("Whole")),),
        (completed({**message("Whole"), "id": None}),),
    ],
)
def test_text_that_does_not_stream_is_read_when_it_is_whole(events: tuple[Json, ...]) -> None:
    """Of the part, the item or the response."""
    assert read(*events) == [TextDelta("Whole")]


def test_a_response_may_come_as_one_object() -> None:
    """Although a stream was asked for."""
    assert read_body(orjson.dumps(completed(message("Whole"))["response"])) == [TextDelta("Whole")]


def test_done_is_an_end_and_nothing_counts_behind_it() -> None:
    """As some gateways write it."""
    body = b"data: " + orjson.dumps(text("a")) + b"\n\ndata: [DONE]\n\ndata: {\n\n"
    assert read_body(body) == [TextDelta("a")]


def test_a_refusal_is_an_answer() -> None:
    """It is what the model says."""
    assert read(event("refusal.delta", item_id="m1", content_index=0, delta="No."), END) == [TextDelta("No.")]
    whole = {**message(""), "content": [{"type": "refusal", "refusal": "No."}]}
    assert read(completed(whole)) == [TextDelta("No.")]


def test_messages_are_items_of_their_own() -> None:
    """Positions of sources count from the beginning of each."""
    events = read(text("One", "m1"), text("Two", "m2"), END)
    assert events == [TextDelta("One"), AnswerEnded(), TextDelta("Two")]


def test_summaries_of_thoughts_are_a_note() -> None:
    """Each part is a paragraph; the text of a reasoning item is read where nothing streamed."""
    part = event("reasoning_summary_part.added", item_id="r1", summary_index=1)
    thought = event("reasoning_summary_text.delta", item_id="r1", delta="First")
    whole = {"type": "reasoning", "id": "r1", "summary": [{"text": "First"}]}
    events = read(thought, part, {**thought, "delta": "second"}, done(whole), text("a"), END)
    assert events[1:] == [_thought("First\n\nsecond"), TextDelta("a")]
    assert read(done(whole), text("a"), END)[1:] == [_thought("First"), TextDelta("a")]
    assert read(done(whole), text("a"), END, reasoning=False) == [TextDelta("a")]


def _thought(content: str) -> StepNoted:
    return StepNoted(index=0, step=Step(kind=StepKind.THOUGHT, content=content, state=DONE))


def test_tools_of_the_endpoint_are_steps() -> None:
    """With what was looked for; a call that failed has no tick."""
    search: Json = {"type": "web_search_call", "id": "w1", "status": "in_progress"}
    found = {**search, "status": "completed", "action": {"type": "search", "query": "tea", "queries": ["tea", "mate"]}}
    remote: Json = {"type": "mcp_call", "id": "c1", "server_label": "shop", "name": "find_item", "arguments": "{}"}
    events = read(
        begun(search), done(found), begun(remote), done({**remote, "error": "gone"}), text("a"), completed(found)
    )
    names = [(each.step.title, each.step.state) for each in events if isinstance(each, StepNoted)]
    assert names == [
        ("Web search", LOADING),
        ("Web search", DONE),
        ("Shop › Find item", LOADING),
        ("Shop › Find item", FAILED),
    ]
    assert events[1] == StepNoted(
        index=0, step=Step(kind=StepKind.WEB_SEARCH, title="Web search", queries=("tea", "mate"), state=DONE)
    )
    assert events[-1] == TextDelta("a")


def test_details_of_tools_are_shown_where_the_owner_wants_them() -> None:
    """Arguments and results; none at all where steps are hidden."""
    call = {"type": "mcp_call", "id": "c1", "server_label": "", "name": "find", "arguments": '{"a": 1}', "output": "x"}
    (noted, *_) = read(done(call), text("a"), END, steps="details")
    assert noted == StepNoted(index=0, step=Step(title="Find", content="a: 1 → x", state=DONE))
    listed = {"type": "mcp_list_tools", "id": "l1"}
    assert read(begun(listed), done(call), text("a"), END, steps="none") == [TextDelta("a")]


def test_text_behind_a_call_is_an_item_of_its_own() -> None:
    """The note stands between them."""
    call = {"type": "code_interpreter_call", "id": "c1", "code": "1"}
    events = read(text("Let me see."), done(call), text("It is 1.", "m2"), END)
    assert [type(each) for each in events] == [TextDelta, StepNoted, AnswerEnded, TextDelta]


def test_an_image_is_shown() -> None:
    """As data; it is an answer by itself."""
    made = {"type": "image_generation_call", "id": "i1", "result": "iVBO", "output_format": "webp"}
    assert ImageShown(url="data:image/webp;base64,iVBO") in read(done(made), completed(made))


def test_annotations_are_sources() -> None:
    """Web pages and files, each once; others are passed over."""
    page = {"type": "url_citation", "url": "https://a.example", "title": "A", "end_index": 2}
    file = {"type": "file_citation", "filename": "b.pdf", "index": 1}
    odd = {"type": "url_citation", "url": "javascript:1"}
    notes = [event("output_text.annotation.added", annotation=each) for each in (page, file, odd, None)]
    assert read(text("ab"), *notes, completed(message("ab", notes=(page, file)))) == [
        TextDelta("ab"),
        SourceCited(Citation(source=Source(title="A", url="https://a.example"), index=2)),
        SourceCited(Citation(source=Source(title="b.pdf", filename="b.pdf"), index=1)),
    ]


def test_a_remote_call_that_needs_approval_is_a_question() -> None:
    """With its name and arguments; nothing else has to be said."""
    wanted = {"type": "mcp_approval_request", "id": "a1", "name": "send_mail", "arguments": '{"to": "ada"}'}
    (asked,) = read(done(wanted), completed(wanted))
    assert isinstance(asked, InputAsked)
    (question,) = asked.questions
    assert (question.id, question.options) == ("a1", ("Approve", "Reject"))
    assert "- to: ada" in question.question


@pytest.mark.parametrize(
    ("reason", "code"), [("max_output_tokens", "answer_cut_off"), ("content_filter", "answer_filtered")]
)
def test_an_incomplete_answer_is_kept_with_a_notice(reason: str, code: str) -> None:
    """Without text it is a failure."""
    end = completed(incomplete_details={"reason": reason}, status="incomplete")
    said, cut, notice = read(text("a"), {**end, "type": "response.incomplete"})
    assert said == TextDelta("a")
    assert isinstance(cut, CutShort)
    assert isinstance(notice, NoticeGiven)
    assert (notice.message == CUT_NOTICE) is (reason == "max_output_tokens")
    with pytest.raises(RunFailed) as caught:
        read(end)
    assert caught.value.code == code


def test_a_call_of_a_function_is_not_carried_out() -> None:
    """This workflow has none: without text it fails, with text it is kept for the owner."""
    call = {"type": "function_call", "id": "f1", "name": "look_up"}
    with pytest.raises(RunFailed, match="wants to call a tool \\(look_up\\)") as caught:
        read(completed(call))
    assert caught.value.code == "tools_missing"
    assert read(text("a"), completed(call))[-1] == CutShort(
        code="tools_missing", reason="The model also wanted to call look_up."
    )


@pytest.mark.parametrize(
    "failure",
    [
        {"type": "error", "message": "overloaded", "code": "server_error"},
        {"error": {"message": "overloaded"}},
        event("failed", response={"status": "failed", "error": {"message": "overloaded"}}),
    ],
)
def test_an_error_in_the_stream_is_a_failure(failure: Json) -> None:
    """Also after some text."""
    with pytest.raises(RunFailed, match="broke off with an error: overloaded") as caught:
        read(text("a"), failure)
    assert caught.value.code == "endpoint_failed"


def test_an_answer_without_an_end_broke_off() -> None:
    """It has no final event."""
    with pytest.raises(AnswerBrokenOff):
        read(text("a"))


@pytest.mark.parametrize(
    "thought",
    [
        event("reasoning_summary_text.delta", item_id="r1", delta="First"),
        done({"type": "reasoning", "id": "r1", "summary": [{"text": "First"}]}),
    ],
)
def test_an_answer_of_thoughts_alone_is_told_as_such(thought: Json) -> None:
    """Whether or not it streams."""
    with pytest.raises(NothingSaid, match="only what the model thought, no text: raise max_tokens"):
        read(thought, END)


def test_an_answer_without_text_is_none() -> None:
    """The visitor reads that there was no answer."""
    with pytest.raises(NothingSaid):
        read(END)


@pytest.mark.parametrize(
    "body", [b'{"choices": []}', b"[1]", b'data: {"type": "response.completed"}\n\n', b"data: x\n\n"]
)
def test_anything_else_is_quoted_to_the_owner(body: bytes) -> None:
    """Such as chat completions."""
    with pytest.raises(AnswerNotUnderstood):
        read_body(body)


def test_half_a_character_is_joined() -> None:
    """Also at the end, where it stays half."""
    assert read(text("\\ud83d"), END) == [TextDelta("\\ud83d")]
    body = b'data: {"type":"response.output_text.delta","item_id":"m","delta":"\\ud83d"}\n\n'
    body += b'data: {"type":"response.output_text.delta","item_id":"m","delta":"\\ude00"}\n\n'
    end = b"data: " + orjson.dumps(END) + b"\n\n"
    assert read_body(body + end) == [TextDelta("😀")]
    assert read_body(body.partition(b"\n\n")[0] + b"\n\n" + end) == [TextDelta("\ufffd")]


def test_odd_fields_do_no_harm() -> None:
    """They are passed over."""
    odd = [
        text(""),
        begun({"type": "other"}),
        event("output_item.added"),
        event("output_item.done", item=None),
        event("output_item.done", item={"type": "message", "content": ["x"]}),
        event("audio.delta", delta="…"),
        event("reasoning_summary_part.added", summary_index=0),
        {"type": "ping"},
    ]
    assert read(*odd, text("a"), END) == [TextDelta("a")]


def test_more_calls_than_a_model_makes_are_refused() -> None:
    """They are kept until the answer ends, and named to the owner."""
    calls = [{"type": "function_call", "id": f"fc_{at}", "name": "f"} for at in range(MOST_CALLS + 1)]
    with pytest.raises(RunFailed, match="1,000 tools"):
        read(*({"type": "response.output_item.done", "item": each} for each in calls))
