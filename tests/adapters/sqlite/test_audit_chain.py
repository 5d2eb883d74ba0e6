"""Someone with the database file in hand changes the audit."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from orcheo_adapters.sqlite.migrations import STEPS
from orcheo_adapters.sqlite.store import SqliteStore
from orcheo_core.domain.actor import Actor, Caller, Channel, Scope
from orcheo_core.errors import AuditBroken
from orcheo_core.services.owners.audit import Auditing
from tests import samples
from tests.conformance.keeping import keep

OPERATOR = Caller(actor=Actor("root"), channel=Channel.CLI, scopes=frozenset(Scope))


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE audit SET note = 'nothing' WHERE id = 'aud_2'", "Entry 2"),
        ("UPDATE audit SET at = at + 1 WHERE id = 'aud_1'", "Entry 1"),
        ("DELETE FROM audit WHERE id = 'aud_3'", "Entry 3 is missing"),
        ("DELETE FROM audit_chain WHERE number = 2", "Entry 2 is missing"),
        ("INSERT INTO audit VALUES ('aud_9', 0, 'refused', 'ada', 'cli', NULL, '', NULL, '')", "outside"),
        ("UPDATE audit SET handle = 'other' WHERE id = 'aud_2'", "Entry 2"),
        ("UPDATE audit SET actor_label = 'CI' WHERE id = 'aud_1'", "Entry 1"),
        ("UPDATE audit SET handle = NULL, actor_label = '' WHERE id = 'aud_4'", "Entry 4"),
    ],
)
async def test_a_change_by_hand_is_found(tmp_path: Path, statement: str, said: str) -> None:
    """By the entry that it broke first."""
    path = tmp_path / "orcheo.db"
    store = SqliteStore(path)
    named = samples.audit_entry(4, handle="echo", actor_label="local owner token")
    await keep(store, *(samples.audit_entry(number) for number in range(1, 4)), named)
    assert (await Auditing(store=store).verify(OPERATOR)).entries == 4
    await store.close()
    with sqlite3.connect(path) as file:
        file.execute(statement)
    file.close()
    store = SqliteStore(path)
    with pytest.raises(AuditBroken, match=said):
        await Auditing(store=store).verify(OPERATOR)
    await store.close()


async def test_the_chain_of_an_older_file_still_holds(tmp_path: Path) -> None:
    """Its entries have neither handle nor label, and get none; new ones go on with the same chain."""
    path = tmp_path / "orcheo.db"
    with closing(sqlite3.connect(path)) as file:
        for statement in STEPS[0]:
            file.execute(statement)
        file.execute("PRAGMA user_version = 1")
        link = ""
        for number in (1, 2):
            entry = samples.audit_entry(number)
            micros = (entry.at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
            row = (entry.id, micros, entry.act, entry.actor.name, entry.channel, entry.workflow_id, entry.note)
            file.execute("INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?)", row)
            body = f'["{entry.id}","{entry.at.isoformat()}","workflow.published","ada","cli","wf_1",""]'
            link = sha256(f"{link}\n{body}".encode()).hexdigest()
            file.execute("INSERT INTO audit_chain (entry_id, link) VALUES (?, ?)", (entry.id, link))
        file.commit()
    store = SqliteStore(path)
    assert (await Auditing(store=store).verify(OPERATOR)).link == link
    await keep(store, samples.audit_entry(3, handle="echo", actor_label="CI"))
    assert (await Auditing(store=store).verify(OPERATOR)).entries == 3
    await store.close()
