"""What each command of ``orcheo audit`` does and says to people."""

import json

from tests.cli.command_line import CommandLine
from tests.sync_server import SyncTestServer


def test_list_shows_who_did_what(orcheo: CommandLine, sync_server: SyncTestServer) -> None:
    """Newest first, with the way to go on."""
    sync_server.publish()
    said = orcheo("audit", "list", "--limit", "1")
    lines = said.out.splitlines()
    assert lines[0].split() == ["WHEN", "WHO", "BY", "WHAT", "WORKFLOW", "NOTE"]
    assert lines[1].startswith(
        "2026-11-23 12:00 UTC  owner:local  http  workflow.published  echo      publish token orc_pt_"
    )
    assert said.err.startswith("There are more: orcheo audit list --limit 1 --after aud_")


def test_a_filter_that_nothing_matches_shows_no_empty_table(orcheo: CommandLine, sync_server: SyncTestServer) -> None:
    """As the other lists do."""
    sync_server.publish()
    assert orcheo("audit", "list", "--until", "2026-01-01").out == "No audit entries match.\n"


def test_verify_says_how_many_and_the_last_link(orcheo: CommandLine, sync_server: SyncTestServer) -> None:
    """So that it can be kept elsewhere."""
    sync_server.publish()
    assert orcheo("audit", "verify").out.startswith("The audit is unchanged: 3 entries, the last link is ")


def test_export_is_json_lines(orcheo: CommandLine, sync_server: SyncTestServer) -> None:
    """Oldest first."""
    sync_server.publish()
    acts = [json.loads(line)["act"] for line in orcheo("audit", "export").out.splitlines()]
    assert acts == ["service_token.issued", "workflow.added", "workflow.published"]
