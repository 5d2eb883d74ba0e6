"""Errors: an exit code for scripts, and for people what happened, why, and what to do next."""

from collections.abc import Callable
from typing import Any

import pytest
from attrs import frozen

from orcheo_adapters.client.remote import Operations, RemoteProblem, ServerUnreachable
from orcheo_cli.exit_codes import exit_code_of
from orcheo_core.domain.actor import Scope
from orcheo_core.errors import OrcheoError
from tests.cli.command_line import CommandLine, assert_error
from tests.sync_house import SyncHouse


@frozen
class FakeOperations(Operations):
    """Operations that end in an error, or answer what they were given."""

    outcome: BaseException | dict[str, Any]

    def perform(self, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """See the port."""
        if isinstance(self.outcome, BaseException):
            raise self.outcome
        return self.outcome


def connected(outcome: BaseException | dict[str, Any]) -> CommandLine:
    """A command line whose server does this."""
    return CommandLine(connect=lambda: FakeOperations(outcome))


def test_not_found_is_three(orcheo: CommandLine) -> None:
    """An unknown workflow."""
    said = orcheo("workflow", "show", "nobody")
    assert_error(said, 3, detail="No workflow of yours has the id or handle 'nobody'.", hint="`orcheo workflow list`")


def test_conflict_is_five(orcheo: CommandLine, sync_house: SyncHouse) -> None:
    """A public workflow is published again."""
    sync_house.publish()
    said = orcheo("workflow", "publish", "echo", "--yes")
    assert_error(said, 5, detail="has been public since 2026-11-23 12:00 UTC", hint="rotate-token")


def test_wrong_values_are_two(orcheo: CommandLine) -> None:
    """The server refuses a value that Click cannot know to be wrong."""
    said = orcheo("workflow", "list", "--limit", "0")
    assert_error(said, 2, detail="limit: must be between 1 and 100", hint="Correct the named values")


@pytest.mark.parametrize(
    ("words", "detail", "hint"),
    [
        (["workflow", "publish"], "Missing argument 'REF'.", "`orcheo workflow publish --help`"),
        (["workflow", "add", "x"], "Missing option '--runner'.", "`orcheo workflow add --help`"),
        (["workflow", "shows"], "No such command 'shows'. Did you mean 'show'?", "`orcheo workflow --help`"),
        (["workflows"], "No such command 'workflows'. Did you mean 'workflow'?", "`orcheo --help`"),
        (["wokflow", "list"], "No such command 'wokflow'. Did you mean 'workflow'?", "`orcheo --help`"),
        (["xyz"], "No such command 'xyz'.", "`orcheo --help`"),
        (["workflow", "list", "--limt", "5"], "No such option '--limt'. Did you mean '--limit'?", "list --help`"),
        (["log"], "No such command 'log'. Did you mean 'login' or 'logout'?", "`orcheo --help`"),
        (["workflow", "list", "--wings"], "No such option '--wings'.", "`orcheo workflow list --help`"),
    ],
)
def test_wrong_usage_is_two(orcheo: CommandLine, words: list[str], detail: str, hint: str) -> None:
    """Each says where the right usage stands."""
    assert_error(orcheo(*words), 2, detail=detail, hint=hint)


def test_a_credential_that_does_not_count_is_four(sync_house: SyncHouse) -> None:
    """A wrong service token."""
    orcheo = CommandLine(connect=lambda: sync_house.operations(token="orc_st_wrong"))
    said = orcheo("workflow", "list")
    assert_error(said, 4, detail="This server has no such service token.", hint="ORCHEO_SERVICE_TOKEN")


def test_a_missing_scope_is_four(sync_house: SyncHouse) -> None:
    """A service token that may read only."""
    token = sync_house.token(Scope.WORKFLOWS_READ)
    orcheo = CommandLine(connect=lambda: sync_house.operations(token=token))
    said = orcheo("workflow", "publish", "echo", "--yes")
    assert_error(said, 4, detail="the scope workflows:publish", hint="Use a service token that has this scope.")


def test_an_unreachable_server_is_six() -> None:
    """The hint says how to start one."""
    said = connected(ServerUnreachable())("workflow", "list")
    assert_error(said, 6, detail="does not answer", hint="`orcheo serve`")


def test_a_fault_of_the_server_is_one_and_names_the_request() -> None:
    """The request id is what the hint asks to look for."""
    problem = {"code": "internal_error", "detail": "Broken.", "hint": "Look it up.", "request_id": "req_1"}
    said = connected(RemoteProblem(problem, 500))("workflow", "list")
    assert_error(said, 1, detail="Broken.", hint="Look it up.")
    assert said.err.endswith("Request id: req_1\n")


def test_a_fault_of_ours_is_one_and_shows_no_traceback() -> None:
    """An unforeseen error is a sentence, which says how to see more."""
    said = connected(ZeroDivisionError("division by zero"))("workflow", "list")
    assert_error(said, 1, detail="ZeroDivisionError: division by zero", hint="--debug")


def test_debug_shows_the_traceback_of_a_fault() -> None:
    """For the report."""
    said = connected(ZeroDivisionError("division by zero"))("--debug", "workflow", "list")
    assert said.code == 1
    assert said.err.startswith("Traceback")


def test_debug_shows_no_traceback_of_an_error_that_is_understood() -> None:
    """There is nothing to report."""
    assert "Traceback" not in connected(ServerUnreachable())("--debug", "workflow", "list").err
    assert "Traceback" not in connected(ServerUnreachable())("--debug", "workflow", "lists").err


def test_ctrl_c_while_the_server_works_does_not_claim_that_nothing_changed() -> None:
    """No one knows whether the server had done it."""
    said = connected(KeyboardInterrupt())("workflow", "publish", "echo", "--yes")
    assert said.code == 130
    assert said.err.endswith("Stopped. The command may have taken effect: check with `orcheo workflow list`.\n")


@pytest.mark.parametrize("words", [[], ["workflow"]])
def test_no_command_shows_the_help(orcheo: CommandLine, words: list[str]) -> None:
    """On standard error, as nothing was done."""
    said = orcheo(*words)
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith("Usage: orcheo")


def test_every_error_class_has_an_exit_code_of_the_table() -> None:
    """By class as by the status of a remote problem."""
    assert exit_code_of(OrcheoError) == 1
    statuses = {200: 1, 400: 2, 401: 4, 403: 4, 404: 3, 405: 2, 409: 5, 413: 2, 422: 2, 500: 1, 503: 1}
    problems = {status: exit_code_of(RemoteProblem({}, status)) for status in statuses}
    assert problems == statuses


_DOORS: list[Callable[[str], OrcheoError]] = [
    lambda text: RemoteProblem({"code": "x", "detail": text, "hint": "Go on."}, 409),
    lambda text: RemoteProblem({"code": "x", "detail": "This.", "hint": text}, 409),
]


@pytest.mark.parametrize("make", _DOORS)
def test_an_error_cannot_drive_the_terminal(make: Callable[[str], OrcheoError]) -> None:
    """What a server says is shown without escapes, on one line."""
    said = connected(make("a\x1b[2J\x9b31m\x1b]52;c;aGk=\x07\nError: b [bold]c"))("workflow", "list")
    assert not set(said.err) & set("\x1b\x9b\x07")
    assert "a[2J31m]52;c;aGk= Error: b [bold]c\n" in said.err
