"""The same act leaves the same audit entries by Canvas, command line, MCP and HTTP, but for the channel."""

from collections.abc import Sequence

import pytest

from orcheo_core.domain.audit import AuditEntry
from orcheo_core.domain.pages import PageQuery
from orcheo_core.operations.catalogue import CATALOGUE
from orcheo_core.operations.operation import Effect
from tests.parity.cases import CASES, CHAT, Case
from tests.parity.doors import DOORS, Door, by_canvas
from tests.parity.test_parity import doors_for
from tests.sync_server import SyncTestServer, build_sync_server

SILENT = {"canvas.open", "workflows.check", "workflows.ask", "workflows.open_chat_session"}
"""They change nothing that others rely on, so nothing is written down; the sign-in that a ticket opens is."""
NOTHING_TO_DO = {"threads.purge", "workflows.edit", "workflows.set_login", "workflows.unpublish"}
"""Some of their cases find everything as it should be already."""
OF_PEOPLE = ("canvas", "cli", "mcp", "http")
ACTS = [
    each
    for each in CASES
    if each.error is None and each.operation != "canvas.open" and "dry_run" not in each.arguments and each.typed
]


def written(server: SyncTestServer) -> Sequence[AuditEntry]:
    """All entries so far."""
    return server.call(server.app_server.store.begin().audit.page, PageQuery()).entries


def left_by(door: Door, case: Case) -> list[tuple[object, ...]]:
    """What an act leaves in the audit of a fresh server whose owner is signed in to Canvas, without ids and times."""
    with build_sync_server() as server:
        for name, arguments in case.before:
            server.chat(**arguments) if name == CHAT[0] else server.result(name, **arguments)
        server.sign_in()
        before = len(written(server))
        answer = door(server, server.app_server.owner_token, case.operation, case.arguments)
        assert answer.problem is None, answer.problem
        entries = written(server)[before:]
    return [(each.act, each.actor, each.handle, each.note, each.actor_label, each.channel) for each in entries]


@pytest.mark.parametrize("case", ACTS, ids=lambda case: case.label)
def test_every_door_is_audited_alike(case: Case) -> None:
    """Who, what, to which workflow, and the note to the last letter."""
    doors = {**dict(doors_for(case)), "canvas": by_canvas}
    left = {name: left_by(doors[name], case) for name in OF_PEOPLE if name in doors}
    assert {name: {each[-1] for each in entries} for name, entries in left.items() if entries} == {
        name: {name} for name, entries in left.items() if entries
    }
    told = {name: [each[:-1] for each in entries] for name, entries in left.items()}
    assert told == dict.fromkeys(told, told["canvas"])
    is_silent = CATALOGUE[case.operation].effect is Effect.READ or case.operation in SILENT
    assert is_silent or told["canvas"] or case.operation in NOTHING_TO_DO


def test_every_operation_is_among_them() -> None:
    """A new one too; that which opens Canvas is refused there."""
    assert {each.operation for each in ACTS} == set(CATALOGUE) - {"canvas.open"}
    assert set(OF_PEOPLE) == {*DOORS, "canvas"} - {"python", "rest"}
