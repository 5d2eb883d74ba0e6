"""Frames and messages between the server and a workflow's process: what goes in comes out, and nothing else gets in."""

from contextlib import suppress
from itertools import pairwise
from typing import get_args

import orjson
import pytest
from attrs import has
from hypothesis import given
from hypothesis import strategies as st

from orcheo_adapters.runners.isolation.frames import BrokenProtocol, FrameReader, Kind, frame
from orcheo_adapters.runners.isolation.messages import (
    MOST_VALUES,
    RemoteTraceback,
    decode_event,
    decode_failure,
    encode_event,
    encode_failure,
)
from orcheo_core.domain.component_items import Step, StepKind, StepState
from orcheo_core.domain.items import Citation
from orcheo_core.domain.run import (
    AnswerEnded,
    ClientToolCalled,
    ContextKept,
    CutShort,
    EffectCaused,
    FaultNoted,
    ImageShown,
    InputAsked,
    NoticeGiven,
    ProgressNote,
    RunEvent,
    SourceCited,
    StepNoted,
    StepShown,
    StepsSummed,
    StopOffered,
    TakenBack,
    TextDelta,
    ThreadSet,
    TitleGiven,
    UsageReported,
    WidgetChanged,
    WidgetShown,
)
from orcheo_core.domain.sources import Source
from orcheo_core.domain.structured_input import Question, QuestionAnswer
from orcheo_core.domain.threads import ThreadSettings, ThreadStatus
from orcheo_core.domain.usage import Usage
from orcheo_core.errors import FieldError, InvalidInput
from orcheo_core.ports.runner import NothingSaid, RunFailed

EVENTS: list[RunEvent] = [
    TextDelta("ü"),
    SourceCited(Citation(source=Source(title="T", filename="f"), index=3)),
    AnswerEnded(),
    ProgressNote(text="looking", icon="search"),
    StepNoted(index=0, step=Step(kind=StepKind.WEB_SEARCH, queries=("a", "b"), state=StepState.LOADING)),
    WidgetShown(widget={"type": "Card", "children": [{"a": None}]}, copy_text="c"),
    WidgetChanged(widget={}),
    ImageShown(url="https://example.org/a.png"),
    ClientToolCalled(name="locate", arguments={"a": [1, 2.5, True]}),
    InputAsked(questions=(Question(id="q", question="?", options=("a",), answer=QuestionAnswer(values=("a",))),)),
    EffectCaused(name="flash", data={"n": 1}),
    NoticeGiven(message="m", level="warning", title="t"),
    ContextKept({"k": [None]}),
    TitleGiven("t"),
    ThreadSet(
        ThreadSettings(status=ThreadStatus.LOCKED, reason="r", image_domains=("example.org",), metadata={"n": 1})
    ),
    ThreadSet(ThreadSettings()),
    StopOffered(is_offered=False),
    StepsSummed(title="t", icon="search", duration=3, expanded=True),
    StepShown(Step(title="T", sources=(Source(title="T", url="https://example.org", attribution="E"),))),
    TakenBack("w"),
    UsageReported(Usage(input_tokens=1, output_tokens=2)),
    CutShort(code="c", reason="r"),
    FaultNoted(code="c", reason="r"),
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
EVENT_NAMES = [each.__name__ for each in get_args(RunEvent)]
FIELDS = st.dictionaries(
    st.sampled_from(sorted({name.name for each in get_args(RunEvent) if has(each) for name in each.__attrs_attrs__})),
    JSON,
    max_size=4,
)


def test_every_run_event_has_a_sample_here() -> None:
    """A new one is added above."""
    assert {type(each).__name__ for each in EVENTS} == set(EVENT_NAMES)


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_run_events_arrive_as_they_were(event: RunEvent) -> None:
    """To the last field."""
    assert decode_event(encode_event(event)) == event


@given(
    st.one_of(
        st.binary(max_size=40),
        st.tuples(st.sampled_from(EVENT_NAMES), FIELDS).map(orjson.dumps),
        JSON.map(orjson.dumps),
    )
)
def test_what_is_no_run_event_breaks_the_protocol(payload: bytes) -> None:
    """And raises nothing else."""
    with suppress(BrokenProtocol):
        assert isinstance(decode_event(payload), RunEvent)


@pytest.mark.parametrize("step", [{"kind": "nothing"}, {"kind": 1}, {"state": None}, {"queries": "a"}, {"title": 5}])
def test_a_step_with_wrong_values_breaks_the_protocol(step: dict[str, object]) -> None:
    """Nothing is taken for what it only resembles."""
    with pytest.raises(BrokenProtocol):
        decode_event(orjson.dumps(["StepNoted", {"index": 0, "step": step}]))


def test_a_document_of_many_values_breaks_the_protocol_before_it_is_read() -> None:
    """Reading one takes a second for a megabyte or two, in which all chats wait."""
    many = orjson.dumps([[]] * (MOST_VALUES + 1))
    for decode in (decode_event, decode_failure):
        with pytest.raises(BrokenProtocol):
            decode(many)


def test_an_event_of_many_values_fails_where_it_is_said() -> None:
    """The owner reads why, and the process stays."""
    with pytest.raises(RunFailed, match="more than 20,000 values"):
        encode_event(ContextKept([0] * MOST_VALUES))
    assert encode_event(ContextKept("," * MOST_VALUES))


@given(st.one_of(st.binary(max_size=40), JSON.map(orjson.dumps)))
def test_what_is_no_failure_breaks_the_protocol(payload: bytes) -> None:
    """And raises nothing else."""
    with suppress(BrokenProtocol):
        assert isinstance(decode_failure(payload), RunFailed | InvalidInput)


@pytest.mark.parametrize(
    "error",
    [
        RunFailed("busy", "reason", retry_after=3, visitor_message="Later."),
        NothingSaid("nothing"),
        ValueError("a\ud800b"),
        KeyboardInterrupt(),
        InvalidInput(FieldError("target", "is wrong"), hint="Write another."),
    ],
)
def test_failures_arrive_with_their_traceback(error: BaseException) -> None:
    """As what the runner would have raised."""
    try:
        raise error
    except BaseException as raised:  # noqa: BLE001 - all of them
        got = decode_failure(encode_failure(raised))
    assert isinstance(got.__cause__, RemoteTraceback)
    assert "test_failures_arrive" in str(got.__cause__)
    if isinstance(error, RunFailed):
        assert isinstance(got, RunFailed)
        assert isinstance(got, type(error))
        assert (got.code, got.reason, got.retry_after, got.visitor_message) == (
            error.code,
            error.reason,
            error.retry_after,
            error.visitor_message,
        )
    elif isinstance(error, InvalidInput):
        assert isinstance(got, InvalidInput)
        assert (got.fields, got.hint) == (error.fields, error.hint)
    else:
        assert isinstance(got, RunFailed)
        assert got.code == "workflow_error"


FRAMES = st.lists(st.tuples(st.sampled_from(list(Kind)), st.integers(0, 2**32 - 1), st.binary(max_size=50)), max_size=8)


@given(FRAMES, st.lists(st.integers(0, 400), max_size=8))
def test_frames_are_whole_however_they_are_cut(frames: list[tuple[Kind, int, bytes]], cuts: list[int]) -> None:
    """In order."""
    data = b"".join(frame(*each) for each in frames)
    at = [0, *sorted(min(each, len(data)) for each in cuts), len(data)]
    reader = FrameReader(50)
    assert [each for begin, end in pairwise(at) for each in reader.feed(data[begin:end])] == frames


@given(st.lists(st.binary(max_size=60), max_size=8))
def test_bytes_without_sense_break_the_protocol_and_nothing_else(pieces: list[bytes]) -> None:
    """What is kept is never more than a frame."""
    reader = FrameReader(50)
    with suppress(BrokenProtocol):
        for piece in pieces:
            for _, _, payload in reader.feed(piece):
                assert len(payload) <= 50
