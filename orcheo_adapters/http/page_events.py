"""What chat pages report of themselves, where the operator has switched it on."""

from collections.abc import Iterator
from datetime import timedelta
from functools import cache

from attrs import frozen
from starlette.requests import Request
from starlette.responses import Response

from orcheo_adapters.http.answers import NO_STORE
from orcheo_adapters.http.requests import address_of, json_object
from orcheo_adapters.wire.json_schema import Schema
from orcheo_adapters.wire.strict import StrictDecoder
from orcheo_core.domain.page_event import OTHER_CODE, PageEvent, PageEventKind, PagePlace
from orcheo_core.errors import FieldError, InvalidInput, OrcheoError, TelemetryOff
from orcheo_core.services.shared.limiting import Limiting
from orcheo_core.services.shared.page_reports import PageReports

LONGEST_CODE = 100
_LONGEST_MS = 86_400_000
_OF_BROWSERS = frozenset({"connection"})
"""The failures of which a page knows more than the server does."""


@frozen(kw_only=True)
class PageReport:
    """The body: one event, with the milliseconds of a first answer, and the code of a failure."""

    place: PagePlace
    event: PageEventKind
    milliseconds: int | None = None
    code: str | None = None


_DECODER = StrictDecoder(forbid_extra_keys=True)


def page_event_body() -> Schema:
    """The schema of the body."""
    return {
        "type": "object",
        "properties": {
            "place": {"enum": list(PagePlace)},
            "event": {"enum": list(PageEventKind)},
            "milliseconds": {"type": ["integer", "null"], "minimum": 0, "maximum": _LONGEST_MS},
            "code": {"type": ["string", "null"], "maxLength": LONGEST_CODE},
        },
        "required": ["place", "event"],
        "additionalProperties": False,
    }


@frozen(kw_only=True)
class PageEvents:
    """Takes one event at a time. Nothing in it says who sent it, or from which chat."""

    reports: PageReports
    limiting: Limiting

    async def take(self, request: Request) -> Response:
        """``POST /api/telemetry``: counts an event."""
        if not self.reports.is_on:
            raise TelemetryOff
        await self.limiting.report_page_event(address=address_of(request))
        self.reports.take(event_of(_DECODER.decode(await json_object(request), PageReport)))
        return Response(status_code=204, headers=NO_STORE)


def event_of(report: PageReport) -> PageEvent:
    """The event as it is counted; :class:`InvalidInput` for parts that do not fit together."""
    took, code = report.milliseconds, report.code
    wrong = [*_unfit(took, "milliseconds", report.event, PageEventKind.ANSWER)]
    wrong += _unfit(code, "code", report.event, PageEventKind.FAILURE)
    if took is not None and not 0 <= took <= _LONGEST_MS:
        wrong.append(FieldError("milliseconds", f"must be between 0 and {_LONGEST_MS}"))
    if code is not None and len(code) > LONGEST_CODE:
        wrong.append(FieldError("code", f"must have at most {LONGEST_CODE} characters"))
    if wrong:
        raise InvalidInput(*wrong)
    if took is not None:
        return PageEvent.answer(report.place, timedelta(milliseconds=took))
    known = code if code is None or code in _known_codes() else OTHER_CODE
    return PageEvent(place=report.place, kind=report.event, code=known)


def _unfit(value: object, name: str, event: PageEventKind, needed_by: PageEventKind) -> Iterator[FieldError]:
    if (value is not None) is not (event is needed_by):
        rule = "is needed with" if value is None else "can only be given with"
        yield FieldError(name, f"{rule} the event {needed_by}")


@cache
def _known_codes() -> frozenset[str]:
    """Every code that a server can answer with: counters grow by no others, whatever is sent."""
    return _OF_BROWSERS | {each.code for each in _with_subclasses(OrcheoError)}


def _with_subclasses(cls: type[OrcheoError]) -> Iterator[type[OrcheoError]]:
    yield cls
    for each in cls.__subclasses__():
        yield from _with_subclasses(each)
