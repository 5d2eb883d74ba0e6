"""Somebody with the database file in hand changes the audit."""

import sqlite3
from pathlib import Path

import pytest

from orcheo_adapters.sqlite.store import SqliteStore
from orcheo_core.domain.actor import Actor, Caller, Channel, Scope
from orcheo_core.errors import AuditBroken
from orcheo_core.services.auditing import Auditing
from tests import samples
from tests.conformance.keeping import keep

OPERATOR = Caller(actor=Actor("root"), channel=Channel.CLI, scopes=frozenset(Scope))


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE audit SET note = 'nothing' WHERE id = 'aud_2'", "Entry 2"),
        ("UPDATE audit SET at = at + 1 WHERE id = 'aud_1'", "Entry 1"),
        ("DELETE FROM audit WHERE id = 'aud_3'", "Entry 3 is gone"),
        ("DELETE FROM audit_chain WHERE number = 2", "Entry 2 is gone"),
        ("INSERT INTO audit VALUES ('aud_9', 0, 'refused', 'ada', 'cli', NULL, '')", "outside"),
    ],
)
async def test_a_change_by_hand_is_found(tmp_path: Path, statement: str, said: str) -> None:
    """By the entry that it broke first."""
    path = tmp_path / "orcheo.db"
    store = SqliteStore(path)
    await keep(store, *(samples.audit_entry(number) for number in range(1, 4)))
    assert (await Auditing(store=store).verify(OPERATOR)).entries == 3
    await store.close()
    with sqlite3.connect(path) as file:
        file.execute(statement)
    file.close()
    store = SqliteStore(path)
    with pytest.raises(AuditBroken, match=said):
        await Auditing(store=store).verify(OPERATOR)
    await store.close()
