"""What an HTTP service may answer, one event at a time, and how it becomes run events.

``docs/how-to/connect-an-http-service.md`` is the description for those who write such a service.
"""

from collections.abc import Iterator
from typing import Any

import orjson
from attrs import field, frozen

from orcheo_adapters.runners.text import text_delta
from orcheo_adapters.wire.strict import StrictDecoder
from orcheo_core.domain.items import Citation, Source
from orcheo_core.domain.run import ProgressNote, RunEvent, SourceCited, Usage, UsageReported
from orcheo_core.errors import InvalidInput

_DECODER = StrictDecoder(forbid_extra_keys=False)


class ServiceFailed(Exception):
    """The service said that it cannot answer, or answered with an error status."""


class ServiceAnswerInvalid(Exception):
    """The service answered something that is not of the described form."""


@frozen(kw_only=True)
class _Text:
    text: str


@frozen(kw_only=True)
class _Citation:
    title: str
    url: str | None = None
    filename: str | None = None
    description: str | None = None
    index: int | None = None


@frozen(kw_only=True)
class _Progress:
    text: str
    icon: str | None = None


@frozen(kw_only=True)
class _Error:
    message: str


@frozen(kw_only=True)
class _Usage:
    input_tokens: int = 0
    output_tokens: int = 0


@frozen(kw_only=True)
class _Done:
    usage: _Usage | None = None


@frozen(kw_only=True)
class _Whole:
    text: str
    citations: list[_Citation] = field(factory=list)
    usage: _Usage | None = None


_TYPES: dict[str, type] = {
    "text": _Text,
    "citation": _Citation,
    "progress": _Progress,
    "error": _Error,
    "done": _Done,
}


class EventStream:
    """The run events of a stream of JSON events, up to ``done``."""

    def __init__(self) -> None:
        """Before the first event."""
        self.is_done = False
        self._number = 0

    def take(self, payload: bytes) -> Iterator[RunEvent]:
        """The run events of the next one.

        Raises :class:`ServiceFailed`, and :class:`ServiceAnswerInvalid`, which names the event by its number.
        """
        self._number += 1
        event = _parse(payload, where=f"event {self._number}")
        self.is_done = isinstance(event, _Done)
        yield from _run_events(event)

    def end(self) -> None:
        """The stream is over; :class:`ServiceAnswerInvalid` when the answer is not."""
        if not self.is_done:
            raise ServiceAnswerInvalid(f"ended after {self._number} events without an event of the type done")


def whole_answer(body: bytes) -> Iterator[RunEvent]:
    """The run events of an answer that is one JSON object."""
    whole: _Whole = _decode(_load(body, where="the answer"), _Whole, where="the answer")
    yield from _run_events(_Text(text=whole.text))
    for citation in whole.citations:
        yield from _run_events(citation)
    yield from _run_events(_Done(usage=whole.usage))


def _parse(payload: bytes, *, where: str) -> Any:
    document = _load(payload, where=where)
    kind = document.get("type")
    if not isinstance(kind, str) or kind not in _TYPES:
        raise ServiceAnswerInvalid(f"{where}: type must be one of: {', '.join(_TYPES)}")
    return _decode(document, _TYPES[kind], where=where)


def _load(payload: bytes, *, where: str) -> dict[str, Any]:
    try:
        document = orjson.loads(payload)
    except orjson.JSONDecodeError as error:
        raise ServiceAnswerInvalid(f"{where}: is not JSON: {error}") from None
    if not isinstance(document, dict):
        raise ServiceAnswerInvalid(f"{where}: must be a JSON object")
    return document


def _decode(document: dict[str, Any], cls: type, *, where: str) -> Any:
    try:
        return _DECODER.decode(document, cls)
    except InvalidInput as error:
        raise ServiceAnswerInvalid(f"{where}: {error.detail}") from None


def _run_events(event: Any) -> Iterator[RunEvent]:
    match event:
        case _Text(text=text) if (delta := text_delta(text)) is not None:
            yield delta
        case _Progress(text=text, icon=icon):
            yield ProgressNote(text=text, icon=icon)
        case _Citation():
            yield SourceCited(_citation(event))
        case _Done(usage=_Usage(input_tokens=inward, output_tokens=outward)):
            yield UsageReported(Usage(input_tokens=inward, output_tokens=outward))
        case _Error(message=message):
            raise ServiceFailed(message)


def _citation(event: _Citation) -> Citation:
    source = Source(title=event.title, url=event.url, filename=event.filename, description=event.description)
    return Citation(source=source, index=event.index)
