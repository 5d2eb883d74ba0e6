"""What each command of ``orcheo token`` does and says to people."""

from tests.cli.command_line import CommandLine, assert_error
from tests.sync_server import SyncTestServer


def test_create_shows_the_service_token_once(orcheo: CommandLine, sync_server: SyncTestServer) -> None:
    """And it works with the scopes that were asked for."""
    said = orcheo("token", "create", "--scope", "workflows:read", "--scope", "audit:read", "--label", "CI")
    service_token_id = said.out.split()[3]
    assert said.out.startswith(f"New service token {service_token_id} for owner:local. Keep it safe: it is shown only")
    assert said.out.split()[-1].startswith(f"orc_st_{service_token_id}")
    token = said.out.split()[-1]
    assert sync_server.operations(token=token).perform("workflows.list", {})["workflows"] == []
    assert token not in orcheo("token", "list").out


def test_list_shows_what_each_may_when_it_was_used_and_until_when(orcheo: CommandLine) -> None:
    """The local owner token is one of them."""
    orcheo("token", "create", "--scope", "workflows:read", "--label", "CI", "--expires-in-days", "30")
    lines = orcheo("token", "list").out.splitlines()
    assert lines[0].split() == ["ID", "OWNER", "LABEL", "CREATED", "LAST", "USED", "ENDS", "SCOPES"]
    mine = next(line for line in lines if " CI " in line)
    assert mine.endswith("  2026-11-23 12:00 UTC  never                 2026-12-23 12:00 UTC  workflows:read")
    local = next(line for line in lines if "operator" in line)
    assert "  2026-11-23 12:00 UTC  2026-11-23 12:00 UTC  never  " in local


def test_list_says_how_to_go_on(orcheo: CommandLine, sync_server: SyncTestServer) -> None:
    """With the id that the next page begins behind; newest first, as the other lists."""
    sync_server.app_server.clock.advance(minutes=1)
    orcheo("token", "create", "--scope", "workflows:read", "--label", "newest")
    listed = orcheo("token", "list", "--limit", "1")
    assert " newest " in listed.out
    last = listed.err
    assert last.startswith("There are more: orcheo token list --limit 1 --after ")
    assert len(orcheo(*last.partition("orcheo ")[2].split()).out.splitlines()) == 2


def test_create_needs_a_scope(orcheo: CommandLine) -> None:
    """A service token that may do nothing is a mistake."""
    assert_error(orcheo("token", "create"), 2, detail="--scope", hint="orcheo token create --help")


def test_revoke_asks_first(orcheo: CommandLine) -> None:
    """Programs stop working then."""
    assert orcheo("token", "revoke", "x").code != 0
    assert_error(orcheo("token", "revoke", "x", "--yes"), 3, detail="has the id", hint="orcheo token list")
