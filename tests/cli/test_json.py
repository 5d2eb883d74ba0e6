"""``--json``: the operation's HTTP answer and nothing else."""

import json

import pytest

from tests.cli.command_line import CommandLine, assert_error
from tests.sync_server import SyncTestServer


@pytest.mark.parametrize("words", [("--json", "workflow", "show", "echo"), ("workflow", "show", "echo", "--json")])
def test_json_may_stand_before_or_behind_the_command(
    orcheo: CommandLine, sync_server: SyncTestServer, words: tuple[str, ...]
) -> None:
    """It prints what HTTP answers."""
    sync_server.add()
    said = orcheo(*words)
    assert (said.code, said.err) == (0, "")
    assert said.document == sync_server.result("workflows.show", ref="echo")


def test_publishing_prints_workflow_token_link_and_message(orcheo: CommandLine, sync_server: SyncTestServer) -> None:
    """These four, so that a script finds the publish token."""
    sync_server.add()
    document = orcheo("workflow", "publish", "echo", "--yes", "--json").document
    assert set(document) == {"workflow", "publish_token", "share_url", "message"}
    shown = sync_server.result("workflows.show", ref="echo")
    assert document["workflow"] == shown | {"activity": None, "running": None}  # only `show` counts what happens


def test_an_error_is_one_json_object_on_standard_error(orcheo: CommandLine) -> None:
    """Standard output stays empty, so that a pipe gets nothing wrong."""
    said = orcheo("--json", "workflow", "show", "nobody")
    assert (said.code, said.out) == (3, "")
    assert said.problem["code"] == "workflow_not_found"
    assert said.problem["hint"] == "See `orcheo workflow list` for the ones you have."
    assert said.problem["request_id"].startswith("req_")


def test_wrong_fields_are_listed(orcheo: CommandLine) -> None:
    """Each with its path, as over HTTP."""
    said = orcheo("--json", "workflow", "list", "--limit", "1000")
    assert said.problem["errors"] == [{"path": "limit", "message": "must be between 1 and 100"}]


def test_wrong_usage_is_json_too(orcheo: CommandLine) -> None:
    """What Click itself refuses has a code of its own."""
    said = orcheo("workflow", "show", "--json")
    assert (said.code, said.out) == (2, "")
    assert said.problem == {
        "code": "wrong_usage",
        "detail": "Missing argument 'REF'.",
        "hint": "See `orcheo workflow show --help`.",
    }


@pytest.mark.parametrize(
    ("words", "detail"),
    [
        (("workflow", "list", "--limit", "ten"), "limit: must be a whole number"),
        (("workflow", "list", "--limit", "0"), "limit: must be between 1 and 100"),
        (("workflow", "edit", "echo", "--history", "1.5"), "history: must be a whole number"),
        (
            ("workflow", "edit", "echo", "--time-limit", "soon"),
            "time_limit: must be a length of time, such as 90s, 15m, 1h or 2d",
        ),
    ],
)
def test_wrong_numbers_are_refused_in_one_way(orcheo: CommandLine, words: tuple[str, ...], detail: str) -> None:
    """Whether the command line or the server finds out, and as any other wrong value."""
    in_words = orcheo(*words)
    assert_error(in_words, 2, detail=detail.replace(words[-2][2:].replace("-", "_"), words[-2], 1), hint="Correct the")
    problem = orcheo(*words, "--json").problem
    assert (problem["code"], problem["detail"]) == ("invalid_input", detail)
    assert [each["path"] for each in problem["errors"]] == [words[-2].removeprefix("--").replace("-", "_")]


def test_letters_beyond_ascii_stay_readable(orcheo: CommandLine, sync_server: SyncTestServer) -> None:
    """JSON is looked at by people as well."""
    sync_server.add(name="Grüße 見本")
    assert '"Grüße 見本"' in orcheo("workflow", "show", "echo", "--json").out


def test_control_characters_are_escaped(orcheo: CommandLine, sync_server: SyncTestServer) -> None:
    """The value is the same and the terminal sees no escape, not even an eight-bit one."""
    description = "\x1b]52;c;aGk=\x07 \x9b31m \x7f \u202e txt.exe"
    sync_server.add(description=description)
    out = orcheo("workflow", "show", "echo", "--json").out
    assert not set(out) & set("\x1b\x07\x9b\x7f\u202e")
    assert json.loads(out)["description"] == description
