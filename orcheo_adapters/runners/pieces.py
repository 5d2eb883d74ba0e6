"""What a callable may give as an answer, or as a piece of one: all of it in the table :data:`SHAPES`.

Objects of model clients and frameworks are known by what they have, never by their class, so none is imported here.
"""

import codecs
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from attrs import frozen

from orcheo_adapters.runners.endings import cut_short
from orcheo_adapters.runners.text import WholeCharacters
from orcheo_core.domain.run import RunEvent, TextDelta
from orcheo_core.ports.runner import RunFailed

_OTHER_ROLES = frozenset({"human", "user", "system", "developer", "tool", "function", "remove"})
_ROLES = _OTHER_ROLES | {"ai", "assistant", "AIMessageChunk"}
_ANTHROPIC_EVENTS = frozenset(
    ("message_start", "message_delta", "message_stop", "content_block_start", "content_block_stop", "ping", "text")
) | {"input_json", "thinking", "signature", "citation"}
_ANSWER_KEYS = ("content", "text", "answer", "output", "response", "result")
_RESULT_FIELDS = ("final_output", "output_text", "output", "response", "content", "text")
_ACCEPTED = (
    "A workflow can give: text (str, or bytes in UTF-8), run events, None, a message or dict with content or text, "
    "chunks and events of the usual model clients, and a generator, iterator or list of these"
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
    if at(piece, "part", "part_kind") == "text":
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
        what="a part or chunk of LlamaIndex",
        fits=lambda piece: isinstance(at(piece, "delta"), str),
        text=lambda piece: at(piece, "delta"),
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
        what="a result, or an object with text",
        fits=lambda piece: not isinstance(piece, Mapping) and _first_of(_RESULT_FIELDS)(piece) is not None,
        text=_first_of(_RESULT_FIELDS),
    ),
)
"""In this order; text and run events are known before."""

_UTF_8 = codecs.getincrementaldecoder("utf-8")
_DEEPEST = 4
"""Levels at which an object may hold another one instead of text."""


class AnswerPieces:
    """Makes run events of the pieces of one answer, and keeps what spans several of them.

    Halves of characters are joined. Text that is repeated with more behind it each time is read as one growing text.
    """

    def __init__(self) -> None:
        """Nothing was given yet."""
        self._characters = WholeCharacters()
        self._bytes: codecs.IncrementalDecoder | None = None
        """What a character in pieces of bytes waits in, once there are any."""
        self._growth = _Growth()
        self._has_text = False
        self._has_spoken = False
        self._end_reason = ""

    def take(self, piece: Any) -> list[RunEvent]:
        """The run events of ``piece``; raises :class:`RunFailed` when it is not understood."""
        if type(piece) is str and self._characters.is_empty and piece.isascii():  # as most are
            text = self._growth.take(self._counted(piece, is_whole=False))
            return [TextDelta(text)] if text else []
        if isinstance(piece, RunEvent) and not isinstance(piece, TextDelta):
            return [*self._text(self._growth.settled()), piece]
        if isinstance(piece, TextDelta):
            return self._text(self._growth.settled() + self._own_text(piece))
        return self._text(self._growth.take(self._read(piece)))

    @property
    def is_settled(self) -> bool:
        """Whether nothing waits for the next piece, so that plain ASCII text can be passed on as it is."""
        return self._growth.is_over and self._characters.is_empty

    def rest(self) -> list[RunEvent]:
        """What is left when no piece follows."""
        half = "" if self._bytes is None else self._bytes.decode(b"", final=True)
        text = self._text(self._growth.settled() + half)
        if not self._characters.is_empty:
            text += _deltas(self._characters.rest())
        return [*text, *cut_short(self._end_reason)] if self._end_reason and self._has_spoken else text

    def _text(self, text: str) -> list[RunEvent]:
        return _deltas(self._characters.take(text)) if text else []

    def _own_text(self, piece: TextDelta) -> str:
        if not isinstance(piece.text, str):
            raise not_understood(piece.text)
        return piece.text

    def _read(self, piece: Any) -> str:
        found, is_whole = piece, False
        for _ in range(_DEEPEST):
            if isinstance(found, str):
                return self._counted(found, is_whole=is_whole)
            if isinstance(found, bytes | bytearray | memoryview):
                if self._bytes is None:
                    self._bytes = _UTF_8("replace")
                return self._counted(self._bytes.decode(bytes(found)), is_whole=is_whole)
            self._end_reason = end_reason(found) or self._end_reason
            shape = next((each for each in SHAPES if each.fits(found)), None)
            if shape is None:
                break
            if (found := shape.text(found)) is None:
                return ""
            is_whole = is_whole or shape.is_whole
        raise not_understood(piece)

    def _counted(self, text: str, *, is_whole: bool) -> str:
        if is_whole and self._has_text:
            return ""
        self._has_text = self._has_text or (bool(text) and not is_whole)
        self._has_spoken = self._has_spoken or bool(text.strip())
        return text


class _Growth:
    """Tells text that grows from one piece to the next (each begins with the one before) from plain pieces.

    Three such pieces at the beginning of an answer are proof; the second one waits for the third.
    """

    def __init__(self) -> None:
        self._said = ""
        self._held = ""
        self._is_growing: bool | None = None

    @property
    def is_over(self) -> bool:
        """Whether it is certain that pieces do not grow."""
        return self._is_growing is False

    def take(self, text: str) -> str:
        """What is new in ``text``."""
        if self._is_growing is False or not text:
            return text
        if not self._said:
            self._said = text
            return text
        if self._held:
            self._is_growing = _grows(self._held, text)
            held, self._held = self._held, ""
            return self._grown(text) if self._is_growing else held + text
        if self._is_growing:
            return self._grown(text)
        if _grows(self._said, text):
            self._held = text
            return ""
        self._is_growing = False
        return text

    def settled(self) -> str:
        """What waits, as plain text: something else than a piece of text follows."""
        held, self._held = self._held, ""
        if self._is_growing is None and (held or self._said):
            self._is_growing = False
        return held

    def _grown(self, text: str) -> str:
        before, self._said = self._said, text
        return text[len(before) :] if text.startswith(before) else text


def _grows(before: str, after: str) -> bool:
    return len(after) > len(before) and after.startswith(before)


def _deltas(text: str) -> list[RunEvent]:
    return [TextDelta(text)] if text else []


def not_understood(piece: Any) -> RunFailed:
    """The error that names the type of what was given, and what can be given."""
    kind = type(piece)
    where = "" if kind.__module__ == "builtins" else f" (of {kind.__module__})"
    reason = f"The workflow gave a value of the type {kind.__name__}{where}, which is not understood. {_ACCEPTED}."
    if hasattr(kind, "__aenter__"):
        reason += " This is a context manager: enter it in your function (async with … as …) and yield what it streams."
    elif hasattr(kind, "__enter__"):
        reason += " This is a context manager: enter it in your function (with … as …) and yield what it streams."
    return RunFailed(code="answer_not_understood", reason=reason)
