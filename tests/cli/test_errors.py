"""Errors: an exit code for scripts, and for people what happened, why, and what to do next."""

import errno
from collections.abc import Callable
from typing import Any

import click
import pytest
from attrs import frozen

from orcheo_adapters.client.remote import Operations, RemoteProblem, ServerUnreachable
from orcheo_cli.exit_codes import exit_code_of
from orcheo_cli.groups import OTHER_WORDS
from orcheo_cli.main import cli
from orcheo_cli.reporting import report
from orcheo_core.domain.actor import Scope
from orcheo_core.errors import OrcheoError
from tests.cli.command_line import CommandLine, assert_error
from tests.sync_server import SyncTestServer


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


def test_conflict_is_five(orcheo: CommandLine, sync_server: SyncTestServer) -> None:
    """A public workflow is published again."""
    sync_server.publish()
    said = orcheo("workflow", "publish", "echo", "--yes")
    assert_error(said, 5, detail="has been public since 2026-11-23 12:00 UTC", hint="rotate-token")
    again = orcheo("workflow", "add", "echo", "examples.echo:answer")
    assert_error(again, 5, detail="'echo'", hint="Choose another handle.")


def test_wrong_values_are_two(orcheo: CommandLine) -> None:
    """The server refuses a value that Click cannot know to be wrong."""
    said = orcheo("workflow", "list", "--limit", "0")
    assert_error(said, 2, detail="limit: must be between 1 and 100", hint="Correct the named values")


@pytest.mark.parametrize(
    ("words", "detail", "hint"),
    [
        (["workflow", "publish"], "Missing argument 'REF'.", "`orcheo workflow publish --help`"),
        (["workflow", "add", "x"], "Missing argument 'TARGET'.", "`orcheo workflow add --help`"),
        (["workflow", "shows"], "No such command 'shows'. Did you mean 'show'?", "`orcheo workflow --help`"),
        (["workflows"], "No such command 'workflows'. Did you mean 'workflow'?", "`orcheo --help`"),
        (["wokflow", "list"], "No such command 'wokflow'. Did you mean 'workflow'?", "`orcheo --help`"),
        (["publish", "echo"], "No such command 'publish'. Did you mean 'workflow publish'?", "`orcheo --help`"),
        (["thread", "publish"], "Did you mean 'orcheo workflow publish'?", "`orcheo thread --help`"),
        (["thread", "search", "x"], "Did you mean 'orcheo thread list --search'?", "`orcheo thread --help`"),
        (["search"], "Did you mean 'thread list --search' or 'workflow list --search'?", "`orcheo --help`"),
        (["share-link"], "Did you mean 'workflow show'?", "`orcheo --help`"),
        (["thread", "remove", "x"], "Did you mean 'orcheo thread purge'?", "`orcheo thread --help`"),
        (["workflow", "create", "x"], "Did you mean 'orcheo workflow add'?", "`orcheo workflow --help`"),
        (["workflow", "rotate", "x"], "Did you mean 'orcheo workflow rotate-token'?", "`orcheo workflow --help`"),
        (["workflow", "restore", "x"], "Did you mean 'orcheo workflow unarchive'?", "`orcheo workflow --help`"),
        (["workflow", "status", "x"], "Did you mean 'orcheo workflow show'?", "`orcheo workflow --help`"),
        (["version"], "Did you mean '--version'?", "`orcheo --help`"),
        (["show"], "Did you mean 'workflow show' or 'thread show' or", "`orcheo --help`"),
        (["rotate"], "Did you mean 'token rotate' or 'keys rotate' or 'workflow rotate-token'?", "`orcheo --help`"),
        (["logs"], "The server writes its log to standard error; docs/reference/", "`orcheo --help`"),
        (["server", "logs"], "The server writes its log to standard error; docs/", "`orcheo server --help`"),
        (["keys", "list"], "No such command 'list'.\n", "`orcheo keys --help`"),
        (["webhook", "test"], "No such command 'test'.\n", "`orcheo webhook --help`"),
        (["server", "status"], "Did you mean 'orcheo doctor'?", "`orcheo server --help`"),
        (["audit", "show"], "Did you mean 'orcheo audit list'?", "`orcheo audit --help`"),
        (["workflow", "doctor"], "Did you mean 'orcheo doctor'?", "`orcheo workflow --help`"),
        (["workflow", "token", "list"], "Did you mean 'orcheo token'?", "`orcheo workflow --help`"),
        (["backup"], "'backup'. docs/how-to/back-up-and-restore.md says how it is done.", "`orcheo --help`"),
        (["server", "restore"], "'restore'. docs/how-to/back-up-and-restore.md says", "`orcheo server --help`"),
        (["xyz"], "No such command 'xyz'.", "`orcheo --help`"),
        (["workflow", "list", "x"], "Got unexpected extra argument (x).", "`orcheo workflow list --help`"),
        (["workflow", "list", "--limt", "5"], "No such option '--limt'. Did you mean '--limit'?", "list --help`"),
        (["log"], "No such command 'log'. Did you mean 'login' or 'logout'?", "`orcheo --help`"),
        (["workflow", "list", "--wings"], "No such option '--wings'.", "`orcheo workflow list --help`"),
    ],
)
def test_wrong_usage_is_two(orcheo: CommandLine, words: list[str], detail: str, hint: str) -> None:
    """Each says where the right usage stands."""
    assert_error(orcheo(*words), 2, detail=detail, hint=hint)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["token", "create", "--scope", "operator", "--scope", "everything"], "--scope everything: must be one of"),
        (["workflow", "edit", "echo", "--time-limit", "0"], "--time-limit: must be between 1 and 86400 seconds"),
        (["workflow", "edit", "echo", "--time-limit", "5", "--reset", "time_limit"], "--time-limit: cannot be set and"),
        (["workflow", "edit", "echo", "--allowed-origin", "x"], "--allowed-origin x: must be"),
        (["workflow", "add", "x", "--runner", "openai", "--target", "https://a.example"], "--setting model: is needed"),
        (["workflow", "set-look", "echo", "--icon", "Hours=bolt"], "--icon Hours: is neither a starter prompt"),
        (
            ["workflow", "set-look", "echo", "--prompt", "On time=x", "--icon", "On time=skull"],
            "--icon 'On time': there is no icon named 'skull'",
        ),
        (
            ["workflow", "set-look", "echo", "--prompt", f"Hours={'x' * 2_001}"],
            "--prompt Hours: the message must be at",
        ),
        (["workflow", "set-look", "echo", "--model", "a b=A"], "--model 'a b': must have an id"),
        (["workflow", "set-look", "echo", "--tool", f"t={'x' * 81}"], "--tool t: the name must be at most 80"),
        (["workflow", "edit", "echo", "--setting", "colour=red"], "--setting colour: is not known here"),
        (["workflow", "add", "No Handle", "--runner", "python", "--target", "a:b"], "HANDLE: must have"),
        (["workflow", "rotate-token", "echo", "--grace", "1h", "--grace-seconds", "5"], "`--grace-seconds` is given"),
        (["thread", "purge", "echo", "--older-than-days", "0", "--all"], "--all: must be left out"),
        (["workflow", "publish", "echo", "--anyway"], "--anyway: is for `--require-login` only"),
        (["thread", "list", "echo", "--visitor", "ada"], "--visitor: must begin with one of anon:, "),
        (["thread", "purge", "echo", "--visitor", "ada"], "--visitor: must begin with one of anon:, "),
        (["workflow", "add", "new", "--runner", "langgrap", "--target", "a:b"], "Did you mean langgraph?"),
        (["workflow", "edit", "echo", "--runner", "langgrap"], "Did you mean langgraph?"),
        (["audit", "list", "--since", "2026-02-02", "--until", "2026-02-01"], "--until: must be later than `--since`"),
    ],
)
def test_errors_name_options_as_they_are_typed(
    orcheo: CommandLine, sync_server: SyncTestServer, words: list[str], said: str
) -> None:
    """Not the fields of the request, and of an option that may be repeated the value that is wrong."""
    sync_server.publish()
    found = orcheo(*words)
    assert found.code == 2
    assert said in found.err


@pytest.mark.parametrize("meant", sorted({each for found in OTHER_WORDS.values() for each in found}))
def test_what_other_words_point_to_is_there(meant: str) -> None:
    """The command and its option."""
    words = [each for each in meant.split() if not each.startswith("--")]
    command: click.Command = cli
    for word in words:
        assert isinstance(command, click.Group)
        found = command.get_command(click.Context(command), word)
        assert found is not None
        command = found
    options = {option for param in command.params for option in param.opts}
    assert set(meant.split()) - set(words) <= options


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["thread", "list", "echo"], "No threads found."),
        (["thread", "list", "echo", "--failed"], "No threads match."),
        (["thread", "list", "echo", "--visitor", "anon:x"], "No threads match."),
        (["audit", "list", "--since", "2030-01-01"], "No audit entries match."),
        (["workflow", "list", "--public"], "No workflows match."),
    ],
)
def test_an_empty_list_says_whether_something_was_left_out(
    orcheo: CommandLine, sync_server: SyncTestServer, words: list[str], said: str
) -> None:
    """What is narrowed and empty is not said to be empty."""
    sync_server.add()
    assert orcheo(*words).out == f"{said}\n"


def test_errors_in_json_name_the_fields_of_the_request(orcheo: CommandLine) -> None:
    """As the HTTP API does."""
    said = orcheo("token", "create", "--scope", "everything", "--json")
    assert said.problem["detail"].startswith("scopes[0]: must be one of")


@pytest.mark.parametrize(
    ("words", "detail"),
    [
        (["workflow", "list", "--public", "--private"], "--public and --private cannot be given together."),
        (["workflow", "publish", "x", "--no-require-login", "--require-login"], "--require-login and --no-require"),
        (["workflow", "list", "--limit", "1", "--limit=2"], "--limit was given more than once."),
        (["serve", "--port", "1", "--port", "2"], "--port was given more than once."),
    ],
)
def test_what_is_said_twice_is_refused(orcheo: CommandLine, words: list[str], detail: str) -> None:
    """Neither the first nor the last is taken on a guess."""
    assert_error(orcheo(*words), 2, detail=detail, hint="--help`")


def test_a_plain_flag_and_a_repeated_option_may_be_given_twice(
    orcheo: CommandLine, sync_server: SyncTestServer
) -> None:
    """A flag says the same each time."""
    sync_server.add()
    origins = ("--allowed-origin", "https://a.example", "--allowed-origin", "https://b.example")
    assert orcheo("workflow", "edit", "echo", *origins, "--yes", "--yes").code == 0


@pytest.mark.parametrize(("text", "seconds"), [("15m", 900), ("90", 90), ("90s", 90)])
def test_a_time_limit_is_a_length_of_time(
    orcheo: CommandLine, sync_server: SyncTestServer, text: str, seconds: int
) -> None:
    """As grace periods are."""
    sync_server.add()
    assert orcheo("workflow", "edit", "echo", "--time-limit", text).code == 0
    assert sync_server.result("workflows.show", ref="echo")["time_limit"] == seconds


@pytest.mark.parametrize(
    ("words", "detail"),
    [
        (["workflow", "edit", "echo", "--time-limit", "soon"], "--time-limit: must be a length of time, such as 90s"),
        (
            ["token", "create", "--scope", "operator", "--expires-in-days", "12h"],
            "--expires-in-days: must be a whole number of days",
        ),
    ],
)
def test_what_is_no_such_length_of_time_is_refused(orcheo: CommandLine, words: list[str], detail: str) -> None:
    """With what it looks like."""
    assert_error(orcheo(*words), 2, detail=detail, hint="Correct the named values")


@pytest.mark.parametrize(
    "words", [("audit", "list", "--limit"), ("workflow", "add", "echo", "--runner"), ("serve", "--port")], ids=" ".join
)
def test_an_option_without_its_value_names_the_command(orcheo: CommandLine, words: tuple[str, ...]) -> None:
    """Its help says what the option takes; that of the whole program does not."""
    command = " ".join(each for each in words[:2] if not each.startswith("-"))
    detail = f"Option '{words[-1]}' requires an argument."
    assert_error(orcheo(*words), 2, detail=detail, hint=f"See `orcheo {command} --help`.")


@pytest.mark.parametrize("number", ["99999999999999999999", "-99999999999999999999"])
def test_a_number_that_no_computer_counts_is_called_too_long(orcheo: CommandLine, number: str) -> None:
    """It is a whole number, and to hear the contrary does not help."""
    detail = "--limit: must be a whole number of at most 18 digits"
    assert_error(orcheo("workflow", "list", "--limit", number), 2, detail=detail, hint="Correct the named values")


@pytest.mark.parametrize(
    "command",
    [
        ("thread", "purge", "echo", "--dry-run", "--older-than-days"),
        ("workflow", "show", "echo", "--days"),
        ("workflow", "list", "--days"),
    ],
)
def test_days_may_be_written_as_days(
    orcheo: CommandLine, sync_server: SyncTestServer, command: tuple[str, ...]
) -> None:
    """30 and 30d are the same."""
    sync_server.add()
    said = orcheo(*command, "30d")
    assert (said.code, said.out) == (0, orcheo(*command, "30").out)
    assert_error(orcheo(*command, "2h"), 2, detail=f"{command[-1]}: must be a whole number of days", hint="Correct")


def test_a_credential_that_does_not_count_is_four(sync_server: SyncTestServer) -> None:
    """A wrong service token."""
    orcheo = CommandLine(connect=lambda: sync_server.operations(token="orc_st_wrong"))
    said = orcheo("workflow", "list")
    assert_error(said, 4, detail="This server has no such service token.", hint="ORCHEO_URL says")


def test_a_missing_scope_is_four(sync_server: SyncTestServer) -> None:
    """A service token that may read only."""
    token = sync_server.token(Scope.WORKFLOWS_READ)
    orcheo = CommandLine(connect=lambda: sync_server.operations(token=token))
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


@pytest.mark.parametrize(
    ("words", "what_is_known"),
    [
        ("workflow publish echo --yes", " The command may have taken effect: check with `orcheo workflow list`."),
        ("workflow ask echo Hello", " The command may have taken effect: check with `orcheo thread list REF`."),
        ("thread purge echo --all --yes", " The command may have taken effect: check with `orcheo thread list REF`."),
        ("token create --scope audit:read", " The command may have taken effect: check with `orcheo token list`."),
        ("keys rotate --yes", " The command may have taken effect: check with `orcheo audit list`."),
        ("--json workflow list", " Nothing was changed."),
        ("thread show thr_1", " Nothing was changed."),
    ],
)
def test_ctrl_c_while_the_server_works_names_the_check_that_fits(words: str, what_is_known: str) -> None:
    """No one knows whether the server had done it, unless there was nothing to do."""
    said = connected(KeyboardInterrupt())(*words.split())
    assert said.code == 130
    assert said.err.endswith(f"Stopped.{what_is_known}\n")


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["audit", "list", "--json"], "Nothing was changed."),
        (["token", "list"], "Nothing was changed."),
        (
            ["token", "create", "--scope", "audit:read"],
            "The command may have taken effect: check with `orcheo token list`. A lost secret can be rotated.",
        ),
        (["doctor"], "The command may have taken effect. A lost secret can be rotated."),
    ],
)
def test_an_output_that_is_full_says_what_is_known_of_the_effect(
    words: list[str], hint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of a command that only reads it is not said that it may have changed something."""
    assert report(OSError(errno.ENOSPC, "No space left on device"), words) == 1
    assert hint in " ".join(capsys.readouterr().err.split())


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
