"""What the chats with a workflow were used for, day by day; a day begins at midnight UTC."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta

from attrs import field, frozen

from orcheo_core.domain.turn import Turn, TurnStatus
from orcheo_core.domain.usage import Usage

USAGE_DAYS_MOST = 92
"""The longest time that is shown day by day: three months."""
UNKNOWN_FAULT = "unknown"
"""The code of a failed turn that was kept before failures had codes."""


@frozen
class Days:
    """Some days in a row, first and last included."""

    first: date
    last: date

    @classmethod
    def until_now(cls, now: datetime, count: int) -> "Days":
        """``count`` days, today (UTC) as the last one."""
        last = now.astimezone(UTC).date()
        return cls(first=last - timedelta(days=count - 1), last=last)

    def __iter__(self) -> Iterator[date]:
        """Each day, the earliest first."""
        return (self.first + timedelta(days=at) for at in range((self.last - self.first).days + 1))

    @property
    def since(self) -> datetime:
        """When the first one begins."""
        return datetime(self.first.year, self.first.month, self.first.day, tzinfo=UTC)

    @property
    def until(self) -> datetime:
        """When the last one is over."""
        return self.since + timedelta(days=(self.last - self.first).days + 1)


@frozen(kw_only=True)
class Times:
    """How long something took: half of all took at most ``median``, 95 of 100 at most ``p95``."""

    median: timedelta
    p95: timedelta

    @classmethod
    def of(cls, took: Iterable[timedelta]) -> "Times | None":
        """By nearest rank, so each is a time that was measured; None of nothing."""
        ordered = sorted(max(each, timedelta()) for each in took)
        if not ordered:
            return None
        return cls(median=ordered[_rank(50, len(ordered))], p95=ordered[_rank(95, len(ordered))])


def _rank(percent: int, count: int) -> int:
    return -(-percent * count // 100) - 1


@frozen(kw_only=True)
class Figures:
    """What was counted of the turns that began in some time."""

    turns: int = 0
    visitors: int = 0
    """Different visitors, without owners who try the chat."""
    failures: Mapping[str, int] = field(factory=dict)
    """How many turns failed, by the code of the reason."""
    usage: Usage = field(factory=Usage)
    first_event: Times | None = None
    """From the visitor's message to the first thing that the workflow said."""
    whole_turn: Times | None = None
    """From the visitor's message to the end of the answer, of turns that completed."""

    @classmethod
    def of(cls, turns: Iterable[Turn]) -> "Figures":
        """The figures of these turns."""
        turns = tuple(turns)
        failed = (each for each in turns if each.status is TurnStatus.FAILED)
        completed = (each for each in turns if each.status is TurnStatus.COMPLETED)
        return cls(
            turns=len(turns),
            visitors=len({each.subject for each in turns if not each.subject.is_owner}),
            failures=dict(Counter(each.fault.code if each.fault else UNKNOWN_FAULT for each in failed)),
            usage=sum((each.usage for each in turns if each.usage), Usage()),
            first_event=Times.of(each.first_event_at - each.started_at for each in turns if each.first_event_at),
            whole_turn=Times.of(each.ended_at - each.started_at for each in completed if each.ended_at),
        )


@frozen(kw_only=True)
class UsageOfDays:
    """The figures of some days: of all of them together, and of each that has any."""

    in_all: Figures
    by_day: Mapping[date, Figures]
    refusals: Mapping[tuple[date, str], int]
    """How many requests of visitors were refused, by day and code."""

    def refused(self, day: date | None = None) -> Mapping[str, int]:
        """How many were refused on a day by code, on all days when none is given."""
        counts = Counter[str]()
        for (at, code), times in self.refusals.items():
            if day in {None, at}:
                counts[code] += times
        return counts
