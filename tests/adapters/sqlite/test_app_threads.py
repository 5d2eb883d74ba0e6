"""How the threads of an app's users are found among those of all visitors."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from orcheo_adapters.sqlite.conversations import _of_filter
from orcheo_adapters.sqlite.store import SqliteStore
from orcheo_core.domain.transcript import ThreadFilter


@pytest.mark.parametrize(("order", "behind"), [("DESC", "<"), ("ASC", ">")])
async def test_a_page_of_an_app_is_read_from_an_index(tmp_path: Path, order: str, behind: str) -> None:
    """Neither threads of others are gone through nor those of the app sorted, however many there are."""
    path = tmp_path / "orcheo.db"
    await SqliteStore(path).close()
    where, values = _of_filter(ThreadFilter(workflow_id="wf_1", holder_id="h1"))
    sql = f"EXPLAIN QUERY PLAN SELECT * FROM threads WHERE {where} AND id {behind} ? ORDER BY id {order} LIMIT 21"
    with closing(sqlite3.connect(path)) as connection:
        plan = [str(row[-1]) for row in connection.execute(sql, (*values, "thr_1"))]
    assert any("USING INDEX threads_by_app (workflow_id=? AND <expr>=? AND id" in step for step in plan), plan
    assert not any("TEMP B-TREE" in step for step in plan), plan
