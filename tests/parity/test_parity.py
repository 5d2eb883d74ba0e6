"""The same request gets the same answer by CLI, MCP, HTTP and Python."""

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.routing import Route

from orcheo_core.operations.catalogue import CATALOGUE
from tests.app_server import url_table
from tests.parity.cases import CASES, CHAT, SCOPES, THREAD_ID, Case
from tests.parity.doors import BY_HTTP, DOORS, REST_ROUTES, Answer, Door, by_cli
from tests.sync_server import build_sync_server

ANSWER_A_FILE = {
    ("GET", "/api/workflows/{ref}/share-link.{form}"),
    ("GET", "/api/threads/{id}/export"),
    ("GET", "/api/audit/export"),
}
NOT_FOR_ASSISTANTS = {"tokens.create", "tokens.rotate", "canvas.open", "server.telemetry"}
each_operation = pytest.mark.parametrize("name", CATALOGUE)


def ask(door: Door, case: Case) -> Answer:
    """The answer of a door of a fresh server; clock and chance are the same in each."""
    with build_sync_server() as app_server:
        for name, arguments in case.before:
            if name == CHAT[0]:
                assert app_server.chat(**arguments) == THREAD_ID
            else:
                app_server.result(name, **arguments)
        return door(app_server, app_server.app_server.owner_token, case.operation, case.arguments)


def doors_for(case: Case) -> Iterator[tuple[str, Door]]:
    """The doors that a request can go through: not each operation has a route, not each mistake can be typed.

    An assistant gets no service token into its conversation, and its arguments may be loose.
    """
    closed = {
        "cli": not case.typed,
        "rest": case.operation not in REST_ROUTES,
        "mcp": case.loose or case.operation in NOT_FOR_ASSISTANTS,
    }
    for name, door in DOORS.items():
        if not closed.get(name):
            yield name, door


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.label)
def test_every_door_tells_the_same(case: Case) -> None:
    """A result to the last field, publish token included; an error by code, detail, hint and wrong fields.

    Where a hint names a command, assistants read the tool of it and programs the call over HTTP.
    """
    answers = {name: ask(door, case) for name, door in doors_for(case)}
    told = answers.pop("python")
    assert answers.pop("mcp", told.for_assistants()) == told.for_assistants()
    assert answers == {label: told.for_programs() if label in BY_HTTP else told for label in answers}
    assert (told.problem or {}).get("code") == case.error


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("workflows.add", {"handle": "other"}),
        ("workflows.list", {"limit": "ten"}),
        ("workflows.publish", {"ref": "echo", "require_login": "yes"}),
        ("workflows.unpublish", {"ref": "echo", "end_sessions": 1}),
        ("workflows.rotate_publish_token", {"ref": "echo", "grace_seconds": "soon"}),
        ("workflows.set_login", {"ref": "echo"}),
    ],
)
def test_wrong_types_never_leave_the_command_line(name: str, arguments: dict[str, Any]) -> None:
    """It knows names and types of options and refuses, without asking the server; numbers in the server's words."""
    told = ask(by_cli, Case(operation=name, arguments=arguments))
    assert told.problem is not None
    is_number = any(each in arguments for each in ("limit", "grace_seconds"))
    assert told.problem["code"] == ("invalid_input" if is_number else "wrong_usage")


@each_operation
def test_a_missing_scope_is_the_same_everywhere(name: str) -> None:
    """Whoever may not is told which scope it takes."""
    case = next(each for each in CASES if each.operation == name and each.error is None)
    with build_sync_server() as app_server:
        token = app_server.token(SCOPES[name])
        answers = {label: door(app_server, token, name, case.arguments) for label, door in doors_for(case)}
    told = answers.pop("python")
    assert answers.pop("mcp", told.for_assistants()) == told.for_assistants()
    assert answers == {label: told.for_programs() if label in BY_HTTP else told for label in answers}
    assert told.problem is not None
    assert told.problem["code"] == "scope_missing"
    assert CATALOGUE[name].scope.value in told.problem["detail"]


@each_operation
def test_every_operation_is_asked_well_and_badly(name: str) -> None:
    """A new operation needs cases: one that succeeds, each error of its own that one caller can bring about, a type."""
    cases = [case for case in CASES if case.operation == name]
    errors = {case.error for case in cases}
    assert None in errors
    assert any(not case.typed for case in cases)
    wanted = {error.code for error in CATALOGUE[name].errors} - {
        "concurrent_change",
        "closed_until_restart",
        "scope_missing",
        "audit_broken",
        "feature_disabled",
        "turn_in_progress",
        "not_erased_yet",
        "service_token_needed",
    }
    assert wanted <= errors


def test_the_routes_of_the_tests_are_those_of_the_server() -> None:
    """A new route to an operation needs a line in the table."""
    served = {
        (method, route.path)
        for route in url_table()
        if isinstance(route, Route)
        and route.path.startswith(("/api/workflows", "/api/threads", "/api/audit", "/api/server"))
        for method in (route.methods or set()) - {"HEAD"}
    }
    assert served - ANSWER_A_FILE == set(REST_ROUTES.values())
