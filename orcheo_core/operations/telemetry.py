"""The operation that shows what pages have reported of themselves."""

from datetime import datetime

from attrs import frozen

from orcheo_core.domain.actor import Caller, Scope
from orcheo_core.domain.durations import counted
from orcheo_core.domain.page_event import PageEvent
from orcheo_core.operations.operation import Effect, Operation
from orcheo_core.operations.services import OwnerServices


@frozen(kw_only=True)
class ShowTelemetry:
    """Everything."""


@frozen(kw_only=True)
class PageCountView:
    """How often an event was reported.

    ``place`` is ``page``, ``bubble`` or ``canvas``, ``event`` is ``open``, ``close``, ``answer`` or ``failure``. A
    failure has the ``code`` of its error, a first answer the milliseconds ``within_ms`` that it took at most (null:
    longer than a minute).
    """

    place: str
    event: str
    code: str | None
    within_ms: int | None
    times: int

    @classmethod
    def of(cls, event: PageEvent, times: int) -> "PageCountView":
        """The view of one counter."""
        within = None if event.within is None else int(event.within.total_seconds() * 1_000)
        return cls(place=event.place, event=event.kind, code=event.code, within_ms=within, times=times)


@frozen(kw_only=True)
class TelemetryView:
    """What pages have reported ``since`` the server started; ``on`` says whether they are asked to."""

    on: bool
    since: datetime
    page_counts: tuple[PageCountView, ...]
    message: str


async def _show(services: OwnerServices, _caller: Caller, _request: ShowTelemetry) -> TelemetryView:
    reports = services.page_reports
    views = [PageCountView.of(event, times) for event, times in reports.counts().items()]
    views.sort(key=lambda each: (each.place, each.event, each.code or "", each.within_ms or 10**9))
    return TelemetryView(
        on=reports.is_on,
        since=reports.since,
        page_counts=tuple(views),
        message=_message(is_on=reports.is_on, times=sum(each.times for each in views)),
    )


def _message(*, is_on: bool, times: int) -> str:
    if not is_on:
        return "Pages report nothing. Set ORCHEO_TELEMETRY=on and restart the server to count what happens in them."
    return f"Pages have reported {counted(times, 'event')} since the server started."


TELEMETRY_OPERATIONS = (
    Operation(
        name="server.telemetry",
        command=("server", "telemetry"),
        summary="Show what chat pages have reported.",
        guide=(
            "Use it to see how often chats are opened and closed, how long first answers take, and what fails. Returns "
            "counts since the server started, without any names. For operators."
        ),
        request=ShowTelemetry,
        result=TelemetryView,
        scope=Scope.OPERATOR,
        effect=Effect.READ,
        handle=_show,
        idempotent=True,
        for_people=True,
    ),
)
