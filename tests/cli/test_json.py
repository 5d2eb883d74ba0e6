"""``--json``: the operation's HTTP answer and nothing else."""

import json

import pytest

from tests.cli.command_line import CommandLine
from tests.sync_house import SyncHouse


@pytest.mark.parametrize("words", [("--json", "workflow", "show", "echo"), ("workflow", "show", "echo", "--json")])
def test_json_may_stand_before_or_behind_the_command(
    orcheo: CommandLine, sync_house: SyncHouse, words: tuple[str, ...]
) -> None:
    """It prints what HTTP answers."""
    sync_house.add()
    said = orcheo(*words)
    assert (said.code, said.err) == (0, "")
    assert said.document == sync_house.result("workflows.show", ref="echo")


def test_publishing_prints_workflow_token_link_and_message(orcheo: CommandLine, sync_house: SyncHouse) -> None:
    """These four, so that a script finds the publish token."""
    sync_house.add()
    document = orcheo("workflow", "publish", "echo", "--yes", "--json").document
    assert set(document) == {"workflow", "publish_token", "share_url", "message"}
    shown = sync_house.result("workflows.show", ref="echo")
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
    said = orcheo("workflow", "list", "--limit", "ten", "--json")
    assert (said.code, said.out) == (2, "")
    assert said.problem == {
        "code": "wrong_usage",
        "detail": "Invalid value for '--limit': 'ten' is not a valid integer.",
        "hint": "See `orcheo workflow list --help`.",
    }


def test_letters_beyond_ascii_stay_readable(orcheo: CommandLine, sync_house: SyncHouse) -> None:
    """JSON is looked at by people as well."""
    sync_house.add(name="Grüße 見本")
    assert '"Grüße 見本"' in orcheo("workflow", "show", "echo", "--json").out


def test_control_characters_are_escaped(orcheo: CommandLine, sync_house: SyncHouse) -> None:
    """The value is the same and the terminal sees no escape, not even an eight-bit one."""
    description = "\x1b]52;c;aGk=\x07 \x9b31m \x7f \u202e txt.exe"
    sync_house.add(description=description)
    out = orcheo("workflow", "show", "echo", "--json").out
    assert not set(out) & set("\x1b\x07\x9b\x7f\u202e")
    assert json.loads(out)["description"] == description
