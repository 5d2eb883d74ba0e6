"""What a callable may give as an answer, or as a piece of one: all of it in the table :data:`SHAPES`.

Objects of model clients and frameworks are known by what they have, never by their class, so none is imported here.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from attrs import frozen

_OTHER_ROLES = frozenset({"human", "user", "system", "developer", "tool", "function", "remove"})
_ROLES = _OTHER_ROLES | {"ai", "assistant", "AIMessageChunk"}
_ANTHROPIC_EVENTS = frozenset(
    ("message_start", "message_delta", "message_stop", "content_block_start", "content_block_stop", "ping", "text")
) | {"input_json", "thinking", "signature", "citation"}
_ANSWER_KEYS = ("content", "text", "answer", "output", "response", "result")
_RESULT_FIELDS = ("final_output", "output_text", "output", "response", "raw", "result")
_TEXT_FIELDS = ("content", "text")
_THOUGHTS = frozenset({"reasoning", "thinking"})
"""Types of content parts that are thoughts; each has its text under the same name."""
_STRANDS_EVENTS = {
    "init_event_loop",
    "start",
    "start_event_loop",
    "event",
    "message",
    "current_tool_use",
    "tool_stream",
}
_STEP_FIELDS = (
    "step_number",
    "is_final_answer",
    "tool_name",
    "current_agent_name",
    "token_usage",
    "plan",
    "step_name",
    "arguments",
)


@frozen(kw_only=True)
class Shape:
    """One kind of object: how it is known, and where its text is."""

    what: str
    fits: Callable[[Any], bool]
    text: Callable[[Any], Any]
    """Text, another object to read instead, or None for one that says nothing."""
    is_whole: bool = False
    """Whether it repeats what came in pieces before; then it counts only when none came."""


def at(value: Any, *path: str | int) -> Any:
    """What is there behind these attributes, keys or positions; None when one is missing."""
    for name in path:
        if isinstance(value, Mapping):
            value = value.get(name)
        elif isinstance(name, str):
            value = getattr(value, name, None)
        else:
            value = value[name] if isinstance(value, list | tuple) and -len(value) <= name < len(value) else None
    return value


def _kind(piece: Any) -> str:
    kind = at(piece, "type")
    return kind if isinstance(kind, str) else ""


def role(piece: Any) -> str:
    """Who says a message, by its ``role`` or ``type``; empty when it does not tell."""
    found = at(piece, "role") or at(piece, "_role") or at(piece, "type")
    found = getattr(found, "value", found)
    return found if isinstance(found, str) else ""


def joined(content: Any) -> str | None:
    """The text of a message's content: itself, or its text parts; None for anything else."""
    if content is None or isinstance(content, str):
        return content or ""
    if not isinstance(content, list | tuple):
        return None
    parts = (each if isinstance(each, str) else at(each, "text") for each in content if _is_text_part(each))
    return "".join(each for each in parts if isinstance(each, str))


def _is_text_part(part: Any) -> bool:
    return isinstance(part, str) or _kind(part) in ("text", "output_text", "")


def _first_of(names: Iterable[str]) -> Callable[[Any], Any]:
    return lambda piece: next((found for name in names if (found := at(piece, name)) is not None), None)


def _pydantic_text(piece: Any) -> Any:
    if at(piece, "event_kind") == "part_start" and at(piece, "part", "part_kind") == "text":
        return at(piece, "part", "content")
    return at(piece, "delta", "content_delta") if at(piece, "delta", "part_delta_kind") == "text" else None


def _answers(piece: Any) -> Any:
    """The last message of a state, when it is an answer."""
    messages = at(piece, "messages") or at(piece, "replies")
    last = messages[-1] if isinstance(messages, list | tuple) and messages else None
    return None if role(last) in _OTHER_ROLES else last


_ENDS: tuple[tuple[str | int, ...], ...] = (
    ("choices", 0, "finish_reason"),
    ("delta", "stop_reason"),
    ("stop_reason",),
    ("response", "incomplete_details", "reason"),
    ("incomplete_details", "reason"),
    ("response_metadata", "finish_reason"),
    ("response_metadata", "stop_reason"),
    ("response_metadata", "done_reason"),
)
"""Where chat completions, Anthropic, the Responses API and LangChain say why an answer ended."""


def end_reason(piece: Any) -> str:
    """Why the answer ended, in small letters; empty when a piece does not tell."""
    found = (at(piece, *path) for path in _ENDS)
    return next((each.lower() for each in found if isinstance(each, str) and each), "")


def is_pair(piece: Any) -> bool:
    """Whether a tuple is one message: a role with its text, or a message with the metadata of its stream."""
    if not (isinstance(piece, tuple) and len(piece) == 2):
        return False
    return (piece[0] in _ROLES) if isinstance(piece[0], str) else isinstance(piece[1], Mapping)


def last_or_joined(value: Any) -> Any:
    """Of a list of messages the last one, of texts and parts of a content all; anything else as it is."""
    if not isinstance(value, list | tuple) or is_pair(value):
        return value
    return joined(value) if all(_is_text_or_part(each) for each in value) else value[-1]


def _is_text_or_part(each: Any) -> bool:
    return isinstance(each, str) or (isinstance(each, Mapping) and bool(_kind(each)) and role(each) not in _ROLES)


def _gemini_text(piece: Any) -> str:
    parts = (part for part in at(piece, "content", "parts") if not at(part, "thought"))
    return "".join(text for part in parts if isinstance(text := at(part, "text"), str))


def _prediction(piece: Any) -> Any:
    """The field ``answer`` of a prediction, or the last one: what comes before it is how it was found."""
    fields = piece.toDict()
    return fields.get("answer", next(reversed(list(fields.values())), None))


def _is_step(piece: Any) -> bool:
    """Whether an object tells of work between answers: it has a field of such steps, and nothing a message has."""
    return not isinstance(piece, Mapping) and not role(piece) and any(hasattr(piece, each) for each in _STEP_FIELDS)


def _nothing(_piece: Any) -> None:
    return None


SHAPES: tuple[Shape, ...] = (
    Shape(what="nothing", fits=lambda piece: piece is None, text=_nothing),
    Shape(
        what="a message of a visitor, a tool or the system",
        fits=lambda piece: (
            role(piece[0] if is_pair(piece) else piece) in _OTHER_ROLES
            or (is_pair(piece) and piece[0] in tuple(_OTHER_ROLES))
        ),
        text=_nothing,
    ),
    Shape(
        what="(role, text), (message, metadata)",
        fits=is_pair,
        text=lambda piece: piece[1] if isinstance(piece[0], str) else piece[0],
    ),
    Shape(
        what="a chunk of chat completions",
        fits=lambda piece: at(piece, "choices") == [] or at(piece, "choices", 0, "delta") is not None,
        text=lambda piece: at(piece, "choices", 0, "delta", "content"),
    ),
    Shape(
        what="a chat completion",
        fits=lambda piece: at(piece, "choices", 0, "message") is not None,
        text=lambda piece: at(piece, "choices", 0, "message", "content"),
        is_whole=True,
    ),
    Shape(
        what="an event of the Responses API",
        fits=lambda piece: _kind(piece).startswith("response."),
        text=lambda piece: at(piece, "delta") if _kind(piece) == "response.output_text.delta" else None,
    ),
    Shape(
        what="an event of openai-agents",
        fits=lambda piece: (
            _kind(piece) in ("raw_response_event", "run_item_stream_event", "agent_updated_stream_event")
        ),
        text=lambda piece: at(piece, "data") if _kind(piece) == "raw_response_event" else None,
    ),
    Shape(
        what="an event with text of Anthropic's API",
        fits=lambda piece: _kind(piece) == "content_block_delta",
        text=lambda piece: at(piece, "delta", "text"),
    ),
    Shape(
        what="another event of Anthropic's API",
        fits=lambda piece: _kind(piece) in _ANTHROPIC_EVENTS and at(piece, "content") is None,
        text=_nothing,
    ),
    Shape(
        what="the last event of pydantic-ai",
        fits=lambda piece: at(piece, "event_kind") == "agent_run_result",
        text=lambda piece: at(piece, "result", "output"),
        is_whole=True,
    ),
    Shape(what="an event of pydantic-ai", fits=lambda piece: bool(at(piece, "event_kind")), text=_pydantic_text),
    Shape(
        what="an event of Agno",
        fits=lambda piece: isinstance(at(piece, "event"), str) and at(piece, "run_id") is not None,
        text=lambda piece: at(piece, "content") if at(piece, "event").endswith("RunContent") else None,
    ),
    Shape(
        what="a whole message of LangChain",
        fits=lambda piece: _kind(piece) == "ai" and not isinstance(piece, Mapping),
        text=lambda piece: joined(at(piece, "content")),
        is_whole=True,
    ),
    Shape(
        what="a state with messages or replies",
        fits=lambda piece: isinstance(at(piece, "messages") or at(piece, "replies"), list | tuple),
        text=_answers,
        is_whole=True,
    ),
    Shape(
        what="an event of Strands Agents with text",
        fits=lambda piece: isinstance(piece, Mapping) and "delta" in piece and isinstance(at(piece, "data"), str),
        text=lambda piece: at(piece, "data"),
    ),
    Shape(
        what="another event of Strands Agents",
        fits=lambda piece: (
            isinstance(piece, Mapping)
            and not _STRANDS_EVENTS.isdisjoint(piece)
            and not isinstance(at(piece, "message"), str)
        ),
        text=_nothing,
    ),
    Shape(
        what="a result with a message",
        fits=lambda piece: at(piece, "message", "content") is not None and at(piece, "stop_reason") is not None,
        text=lambda piece: joined(at(piece, "message", "content")),
        is_whole=True,
    ),
    Shape(
        what="a part of an event of Google ADK",
        fits=lambda piece: at(piece, "partial") is True and isinstance(at(piece, "content", "parts"), list),
        text=_gemini_text,
    ),
    Shape(
        what="an event of Google ADK",
        fits=lambda piece: hasattr(piece, "author") and hasattr(piece, "partial"),
        text=lambda piece: _gemini_text(piece) if isinstance(at(piece, "content", "parts"), list) else None,
        is_whole=True,
    ),
    Shape(
        what="a prediction of DSPy",
        fits=lambda piece: not isinstance(piece, Mapping) and callable(at(piece, "toDict")),
        text=_prediction,
        is_whole=True,
    ),
    Shape(
        what="a chunk of DSPy",
        fits=lambda piece: isinstance(at(piece, "chunk"), str) and at(piece, "predict_name") is not None,
        text=lambda piece: at(piece, "chunk"),
    ),
    Shape(
        what="a part or chunk of LlamaIndex",
        fits=lambda piece: isinstance(at(piece, "delta"), str),
        text=lambda piece: at(piece, "delta"),
    ),
    Shape(
        what="a message of AutoGen",
        fits=lambda piece: isinstance(at(piece, "source"), str) and _kind(piece).endswith("Message"),
        text=lambda piece: None if at(piece, "source") == "user" else joined(at(piece, "content")),
        is_whole=True,
    ),
    Shape(
        what="an event of AutoGen that is not text",
        fits=lambda piece: (
            isinstance(at(piece, "source"), str)
            and _kind(piece).endswith("Event")
            and _kind(piece) != "ModelClientStreamingChunkEvent"
        ),
        text=_nothing,
    ),
    Shape(
        what="a thought of smolagents",
        fits=lambda piece: hasattr(piece, "token_usage") and hasattr(piece, "tool_calls") and not role(piece),
        text=_nothing,
    ),
    Shape(
        what="a message: content as text or parts",
        fits=lambda piece: isinstance(at(piece, "content"), str | list),
        text=lambda piece: joined(at(piece, "content")),
    ),
    Shape(
        what="a dict with an answer",
        fits=lambda piece: isinstance(piece, Mapping) and any(key in piece for key in _ANSWER_KEYS),
        text=_first_of(_ANSWER_KEYS),
    ),
    Shape(
        what="an output of a step, which the answer repeats",
        fits=lambda piece: at(piece, "is_final_answer") is not None and at(piece, "output") is not None,
        text=_nothing,
    ),
    Shape(
        what="a result",
        fits=lambda piece: not isinstance(piece, Mapping) and _first_of(_RESULT_FIELDS)(piece) is not None,
        text=_first_of(_RESULT_FIELDS),
        is_whole=True,
    ),
    Shape(what="a step on the way to an answer", fits=_is_step, text=_nothing),
    Shape(
        what="an object with text",
        fits=lambda piece: not isinstance(piece, Mapping) and _first_of(_TEXT_FIELDS)(piece) is not None,
        text=_first_of(_TEXT_FIELDS),
    ),
)
"""In this order; text and run events are known before."""


def thoughts(message: Any) -> Iterator[str]:
    """What a message of LangChain, or a piece of one, says of what the model thinks, apart from its text."""
    content = at(message, "content")
    parts = content if isinstance(content, list) else ()
    found = [at(part, str(at(part, "type"))) for part in parts if str(at(part, "type")) in _THOUGHTS]
    found.append(at(message, "additional_kwargs", "reasoning_content"))
    yield from (each for each in found if isinstance(each, str) and each)
