"""What an HTTP service may answer, one event at a time, and how it becomes run events.

``docs/how-to/connect-an-http-service.md`` is the description for those who write such a service.
"""

from collections.abc import Iterator
from typing import Any

from attrs import field, frozen

from orcheo_adapters.runners import loose_json
from orcheo_adapters.runners.failures import message_in
from orcheo_adapters.runners.text import WholeCharacters
from orcheo_adapters.wire.strict import StrictDecoder
from orcheo_core.domain.durations import counted
from orcheo_core.domain.items import Citation
from orcheo_core.domain.run import ProgressNote, RunEvent, SourceCited, TextDelta, UsageReported
from orcheo_core.domain.sources import Source
from orcheo_core.domain.usage import Usage
from orcheo_core.errors import InvalidInput
from orcheo_core.ports.runner import NothingSaid, RunFailed

_EXCERPT = 500
_DECODER = StrictDecoder(forbid_extra_keys=False)


class ServiceFailed(RunFailed):
    """The service said that it cannot answer."""

    def __init__(self, message: str) -> None:
        """``message`` is the service's own."""
        super().__init__(code="service_failed", reason=f"The service says that it cannot answer: {message[:_EXCERPT]}")


class ServiceAnswerInvalid(RunFailed):
    """The service answered something that is not of the described form."""

    def __init__(self, what: str) -> None:
        """``what`` names the place and what is wrong there."""
        super().__init__(
            code="answer_not_understood",
            reason=f"The service's answer does not have the documented form: {what[:_EXCERPT]}",
        )


class ServiceBrokeOff(RunFailed):
    """The service's stream ended before it said that the answer is whole."""

    def __init__(self, events: int) -> None:
        """``events`` came before."""
        what = f"The service's answer ended after {counted(events, 'event')} without an event of the type done."
        super().__init__(code="answer_broken_off", reason=what)


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
        self.has_said = False
        """Whether there was anything for the visitor."""
        self._number = 0
        self._characters = WholeCharacters()

    def take(self, payload: bytes) -> Iterator[RunEvent]:
        """The run events of the next one; none after ``done``.

        Raises :class:`ServiceFailed`, and :class:`ServiceAnswerInvalid`, which names the event by its number.
        """
        if self.is_done:
            return
        self._number += 1
        event = _parse(payload, where=f"event {self._number}")
        yield from self._say(event)

    def take_whole(self, body: bytes) -> Iterator[RunEvent]:
        """The run events of an answer that is one JSON object."""
        document = loose_json.without_halves(_load(body, where="the answer"))
        if not document.get("text"):
            _check_error(document)
        whole: _Whole = _decode(document, _Whole, where="the answer")
        for event in (_Text(text=whole.text), *whole.citations, _Done(usage=whole.usage)):
            yield from self._say(event)

    def end(self) -> None:
        """The answer is over; :class:`ServiceBrokeOff` when it is not whole, :class:`NothingSaid` when it is empty."""
        if not self.is_done:
            raise ServiceBrokeOff(self._number)
        if not self.has_said:
            raise NothingSaid("The service's answer holds neither text nor a source.")

    def _say(self, event: Any) -> Iterator[RunEvent]:
        match event:
            case _Text(text=text):
                yield from self._write(self._characters.take(text))
            case _Progress(text=text, icon=icon):
                yield ProgressNote(text=text, icon=icon)
            case _Citation():
                yield from self._write(self._characters.rest())
                self.has_said = True
                yield SourceCited(_citation(event))
            case _Error(message=message):
                raise ServiceFailed(message)
            case _Done(usage=usage):
                yield from self._write(self._characters.rest())
                self.is_done = True
                if usage is not None:
                    yield UsageReported(Usage(input_tokens=usage.input_tokens, output_tokens=usage.output_tokens))

    def _write(self, text: str) -> Iterator[RunEvent]:
        if text:
            self.has_said = self.has_said or bool(text.strip())
            yield TextDelta(text)


def _parse(payload: bytes, *, where: str) -> Any:
    document = _load(payload, where=where)
    kind = document.get("type")
    if kind is None:
        _check_error(document)
    if not isinstance(kind, str) or kind not in _TYPES:
        raise ServiceAnswerInvalid(f"{where}: type must be one of {', '.join(_TYPES)}")
    if kind != "text":  # whose halves may have their other half in the next event
        document = loose_json.without_halves(document)
    return _decode(document, _TYPES[kind], where=where)


def _check_error(document: dict[str, Any]) -> None:
    """Many services report an error as ``{"error": …}`` with status 200."""
    if "error" in document and (said := message_in({"error": document["error"]})):
        raise ServiceFailed(said)


def _load(payload: bytes, *, where: str) -> dict[str, Any]:
    if not payload.strip():
        raise ServiceAnswerInvalid(f"{where}: is empty")
    try:
        document = loose_json.loads(payload)
    except ValueError as error:
        raise ServiceAnswerInvalid(f"{where}: is not JSON: {error}") from None
    if not isinstance(document, dict):
        raise ServiceAnswerInvalid(f"{where}: must be a JSON object")
    return document


def _decode(document: dict[str, Any], cls: type, *, where: str) -> Any:
    try:
        return _DECODER.decode(document, cls)
    except InvalidInput as error:
        raise ServiceAnswerInvalid(f"{where}: {error.detail}") from None


def _citation(event: _Citation) -> Citation:
    source = Source(title=event.title, url=event.url, filename=event.filename, description=event.description)
    return Citation(source=source, index=event.index)
