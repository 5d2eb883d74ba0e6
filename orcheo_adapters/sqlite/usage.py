"""The repository of what is counted by day: one pass over the turns of the days that are asked for."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import date, timedelta
from typing import Any

from orcheo_adapters.sqlite.removal import SHOWN_THREAD, SHOWN_WORKFLOW
from orcheo_adapters.sqlite.repository import SqliteRepository
from orcheo_adapters.sqlite.statements import Row, Statement
from orcheo_adapters.sqlite.table import marks, to_micros
from orcheo_core.domain.subject import OWNER_PREFIX
from orcheo_core.domain.usage import Usage
from orcheo_core.domain.usage_days import UNKNOWN_FAULT, Days, Figures, Times, UsageOfDays
from orcheo_core.ports.repositories.usage import UsageRepository

_DAY = 86_400_000_000
_EPOCH = date(1970, 1, 1)

_TURNS = (
    "FROM threads JOIN turns ON thread_id = threads.id WHERE threads.workflow_id IN ({}) "
    f"AND threads.updated_at >= ? AND started_at >= ? AND started_at < ? AND {SHOWN_THREAD}"
)
"""A thread is as new as its newest turn, so the turns of older ones are not looked at."""
_COUNTED = f"""
    WITH counted AS MATERIALIZED (
        SELECT started_at / {_DAY} AS day, turns.subject AS subject, status, fault_code, input_tokens, output_tokens,
        max(first_event_at - started_at, 0) AS first_event,
        CASE status WHEN 'completed' THEN max(ended_at - started_at, 0) END AS whole_turn {_TURNS.format("?")}
    )
    """
_SUMS = (
    "SELECT 'sums', {day}, count(*), "  # noqa: S608 - ours
    f"count(DISTINCT subject) FILTER (WHERE substr(subject, 1, {len(OWNER_PREFIX)}) != '{OWNER_PREFIX}'), "
    "coalesce(sum(input_tokens), 0), coalesce(sum(output_tokens), 0) FROM counted {group}"
)
_FAULTS = (
    f"SELECT 'failures', {{day}}, coalesce(fault_code, '{UNKNOWN_FAULT}'), count(*), NULL, NULL "  # noqa: S608 - ours
    "FROM counted WHERE status = 'failed' GROUP BY 2, 3"
)


def _ranks(took: str) -> str:
    """The nearest ranks of a column."""
    return (
        f"SELECT '{took}', {{day}}, min({took}) FILTER (WHERE place * 100 >= of_all * 50), "  # noqa: S608 - ours
        f"min({took}) FILTER (WHERE place * 100 >= of_all * 95), NULL, NULL FROM (SELECT day, {took}, "
        f"row_number() OVER (PARTITION BY {{day}} ORDER BY {took}) AS place, "
        f"count(*) OVER (PARTITION BY {{day}}) AS of_all FROM counted WHERE {took} IS NOT NULL) {{group}}"
    )


_PARTS = (_SUMS, _FAULTS, _ranks("first_event"), _ranks("whole_turn"))
_FIGURES = _COUNTED + " UNION ALL ".join(
    each.format(day=day, group=group)
    for day, group in (("day", "GROUP BY day"), ("NULL", "HAVING count(*)"))
    for each in _PARTS
)
_ADD_REFUSALS = (
    "INSERT INTO refusals SELECT id, ?, ?, ? FROM workflows "  # noqa: S608 - ours
    f"WHERE id = ? AND {SHOWN_WORKFLOW} "
    "ON CONFLICT (workflow_id, day, code) DO UPDATE SET times = times + excluded.times"
)


class SqliteUsageRepository(SqliteRepository, UsageRepository):
    """See the port."""

    async def of_days(self, workflow_id: str, days: Days) -> UsageOfDays:
        read, in_thread = self._database.read_long, self._database.in_thread
        rows = await in_thread(read, _FIGURES, (workflow_id, *_moments(days)))
        sql = "SELECT day, code, times FROM refusals WHERE workflow_id = ? AND day BETWEEN ? AND ?"
        refusals = self._database.read(sql, (workflow_id, _number(days.first), _number(days.last)))
        found = defaultdict[int | None, list[Row]](list)
        for each in rows:
            found[each[1]].append(each)
        in_all = _figures(found.pop(None, []))
        return UsageOfDays(
            in_all=in_all,
            by_day={_date(day): _figures(those) for day, those in found.items() if day is not None},
            refusals={(_date(day), code): times for day, code, times in refusals},
        )

    async def turns(self, workflow_ids: Collection[str], days: Days) -> Mapping[tuple[str, date], int]:
        sql = (
            f"SELECT threads.workflow_id, started_at / {_DAY}, count(*) "
            f"{_TURNS.format(marks(workflow_ids))} GROUP BY 1, 2"
        )
        rows = await self._database.in_thread(self._database.read_long, sql, (*workflow_ids, *_moments(days)))
        return {(workflow_id, _date(day)): count for workflow_id, day, count in rows}

    def add_refusals(self, workflow_id: str, day: date, code: str, times: int) -> None:
        self._stage(Statement(_ADD_REFUSALS, (_number(day), code, times, workflow_id)))

    def remove_refusals(self, before: date) -> None:
        self._stage(Statement("DELETE FROM refusals WHERE day < ?", (_number(before),)))


def _figures(rows: list[Row]) -> Figures:
    """The figures of one day, or of all."""
    told = {kind: given for kind, _, *given in rows}
    turns, visitors, input_tokens, output_tokens = told.get("sums", (0, 0, 0, 0))
    return Figures(
        turns=turns,
        visitors=visitors,
        failures={code: count for kind, _, code, count, *_ in rows if kind == "failures"},
        usage=Usage(input_tokens=input_tokens, output_tokens=output_tokens),
        first_event=_times(told.get("first_event")),
        whole_turn=_times(told.get("whole_turn")),
    )


def _times(row: list[Any] | None) -> Times | None:
    if row is None:
        return None
    return Times(median=timedelta(microseconds=row[0]), p95=timedelta(microseconds=row[1]))


def _moments(days: Days) -> tuple[int, int, int]:
    since = to_micros(days.since)
    return since, since, to_micros(days.until)


def _number(day: date) -> int:
    return (day - _EPOCH).days


def _date(number: int) -> date:
    return _EPOCH + timedelta(days=number)
