"""What an endpoint answers, as far as its APIs are alike: bytes in, JSON documents out, and how it can fail."""

import codecs
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Any, NoReturn

from attrs import frozen

from orcheo_adapters.runners import loose_json
from orcheo_adapters.runners.endings import CUT, FILTERED
from orcheo_adapters.runners.lines import ServerSentData
from orcheo_adapters.runners.text import encodable
from orcheo_core.domain.json_values import has_more_values
from orcheo_core.ports.runner import NothingSaid, RunFailed

_TOOLS = frozenset({"tool_calls", "function_call", "tool_use"})

_FIELDS = (b"data", b"event", b"id", b"retry")
"""Of server-sent events."""

MOST_CALLS = 1_000
"""Calls of tools in one answer: a model makes a few."""

_CUT_MESSAGE = "The model reached its limit before it began to answer. You can try again."
_FILTER_MESSAGE = "The model's content filter held the answer back. You can ask in another way."


class AnswerBrokenOff(RunFailed):
    """The endpoint's stream ended before it said that the answer is whole."""

    def __init__(self, *, has_begun: bool) -> None:
        """``has_begun`` says whether anything of an answer came before."""
        reason = (
            "The endpoint's stream ended before it said that the answer is whole ([DONE])."
            if has_begun
            else "The endpoint's answer ended before any part of it arrived."
        )
        super().__init__(code="answer_broken_off", reason=reason)


class AnswerNotUnderstood(RunFailed):
    """The endpoint sent something other than the JSON objects of its API."""

    def __init__(self, sent: str) -> None:
        """Quote its beginning."""
        said = " ".join(encodable(sent[:400]).split())[:200]
        super().__init__(
            code="answer_not_understood", reason=f"The endpoint sent something that is not its API's answer: {said}"
        )


class TooManyCalls(RunFailed):
    """The model called more than :data:`MOST_CALLS` tools in one answer."""

    def __init__(self) -> None:
        """The limit is part of the reason."""
        super().__init__(
            code="answer_too_large", reason=f"The model called more than {MOST_CALLS:,} tools in one answer."
        )


@frozen
class ToolCall:
    """A call of a tool that the model wants the workflow to make."""

    id: str
    name: str
    arguments: str
    """JSON, as the model wrote it."""

    @property
    def parsed(self) -> dict[str, Any] | None:
        """The arguments; None when they are not a JSON object."""
        try:
            found = loose_json.loads((self.arguments or "{}").encode())
        except ValueError:
            return None
        return found if isinstance(found, dict) else None


class Documents:
    """The JSON documents of one body while it comes in: server-sent events as asked for, one object, or lines."""

    def __init__(self) -> None:
        """Nothing has come yet."""
        self.is_over = False
        """Whether ``[DONE]`` came: nothing that follows counts."""
        self.is_whole = False
        """Whether the body is one JSON object."""
        self._held = bytearray()
        """The body so far, while it may be JSON; it grows in place, as chunks may be tiny."""
        self._is_json = False
        self._events: ServerSentData | None = None
        self._odd = b""
        """How a body begins that is neither JSON nor events, as far as nothing else has come."""

    def push(self, chunk: bytes) -> Iterator[Any]:
        """More of the body; :class:`RunFailed` for anything but JSON."""
        events = self._events
        if events is None:
            self._held += chunk
            if self._is_json or (events := self._look()) is None:
                return
            self._events, chunk, self._held = events, bytes(self._held), bytearray()
            self._odd = b"" if _may_begin_events(chunk) else chunk[:400]
        yield from self._take(events.push(chunk))

    def end(self) -> Iterator[Any]:
        """What only the end of the body makes whole."""
        if self._events is not None:
            with suppress(AnswerNotUnderstood):
                yield from self._take(self._events.end())
            if self._odd:
                raise AnswerNotUnderstood(self._odd.decode("utf-8", "replace"))
        elif self._held:
            held = bytes(self._held)
            if has_more_values(held, loose_json.MOST_VALUES) or held.count(b"\n") > loose_json.MOST_VALUES:
                raise AnswerNotUnderstood(held[:400].decode("utf-8", "replace"))
            try:
                whole = _parse(held)
            except AnswerNotUnderstood:
                yield from self._take(held.split(b"\n"))
            else:
                self.is_whole = True
                yield whole

    def _look(self) -> ServerSentData | None:
        """Tell JSON from a stream of events, which is returned, by the first character."""
        if self._held and codecs.BOM_UTF8.startswith(self._held):
            return None
        self._held = self._held.removeprefix(codecs.BOM_UTF8).lstrip()  # blanks are not looked at again
        first = bytes(self._held[:1])
        self._is_json = first in (b"{", b"[")
        if first == b"<":
            reason = "The endpoint answered with a page for people, not with an API's answer: check the target."
            raise RunFailed(code="endpoint_not_an_api", reason=reason)
        return None if self._is_json or not first else ServerSentData(last_may_be_open=True)

    def _take(self, payloads: Iterable[bytes]) -> Iterator[Any]:
        for payload in payloads:
            self._odd = b""
            if payload.strip() == b"[DONE]":
                self.is_over = True
                return
            if payload.strip() not in (b"", b"null"):
                yield _parse(payload)


def _may_begin_events(body: bytes) -> bool:
    """Whether the first line, of which there may be a part only, can be a field or a comment."""
    name = body.split(b":", 1)[0].split(None, 1)[0] if not body.startswith(b":") else b""
    return any(field.startswith(name) for field in _FIELDS)


def said_error(error: Any) -> RunFailed:
    """The failure that an endpoint tells in the middle of its answer."""
    said = error.get("message", error) if isinstance(error, dict) else error
    return RunFailed(
        code="endpoint_failed", reason=f"The endpoint broke off with an error: {encodable(str(said)[:500])}"
    )


def fail_without_text(reason: str, tools: Sequence[str], *, has_thought: bool) -> NoReturn:
    """Raise why an answer that ended for ``reason`` holds no text; ``tools`` are those that the model wants to call.

    ``has_thought`` says whether it holds thoughts.
    """
    if tools or reason in _TOOLS:
        called = f" ({', '.join(tools)})" if tools else ""
        why = (
            f"The model wants to call a tool{called}, but this workflow has none. "
            "Tell the model in the instructions not to use tools."
        )
        raise RunFailed(code="tools_missing", reason=why)
    if reason in CUT:
        why = "The model used up its limit of tokens before it said anything: raise max_tokens."
        raise RunFailed(code="answer_cut_off", reason=why, visitor_message=_CUT_MESSAGE)
    if reason in FILTERED:
        why = f"The endpoint's content filter held the answer back ({reason})."
        raise RunFailed(code="answer_filtered", reason=why, visitor_message=_FILTER_MESSAGE)
    ended = f" with the finish_reason {reason!r}" if reason else ""
    if has_thought:
        why = (
            f"The endpoint's answer ended{ended} and holds only what the model thought, no text: raise max_tokens or "
            "lower reasoning_effort. If the thought is the answer, the endpoint takes one for the other."
        )
        raise NothingSaid(why)
    raise NothingSaid(f"The endpoint's answer ended{ended} and holds no text.")


def plain(value: Any) -> str:
    """Text as it is, numbers as text, nothing for anything else."""
    if isinstance(value, str):
        return value
    return str(value) if type(value) in (int, float) else ""


def counted(usage: Any, *names: str) -> tuple[int, ...]:
    """Numbers of tokens by these names; 0 for anything else."""
    counts = (usage.get(name) for name in names)
    return tuple(count if type(count) is int and count > 0 else 0 for count in counts)


def _parse(payload: bytes) -> Any:
    try:
        return loose_json.loads(payload)
    except ValueError:
        raise AnswerNotUnderstood(payload[:400].decode("utf-8", "replace")) from None
