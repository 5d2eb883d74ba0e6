"""What each command of ``orcheo workflow`` does and says to people."""

import json
import sys
from pathlib import Path

import pytest

from orcheo_cli.build import operation_group
from orcheo_cli.main import GROUPS
from orcheo_cli.results import print_result
from orcheo_core.operations.catalogue import CATALOGUE
from tests.cli.command_line import CommandLine, assert_error
from tests.sync_server import SyncTestServer

_ADD = ("workflow", "add", "echo", "--runner", "python", "--target", "tests.workflows:echo")
_ADD_MODEL = ("workflow", "add", "echo", "--runner", "openai", "--target", "https://models.example.org/v1")


def test_the_commands_are_those_of_the_catalogue() -> None:
    """The lists in main and build, which save importing the whole catalogue for one command, forget none."""
    built = {(group, name) for group in GROUPS for name in operation_group(group, "").commands}
    assert built == {each.command for each in CATALOGUE.values()} - {("canvas",)}


def test_add_says_what_comes_next(orcheo: CommandLine) -> None:
    """A new workflow is private; publishing is named."""
    said = orcheo(*_ADD)
    assert (said.code, said.err) == (0, "")
    assert said.out.startswith("Registered echo. It is private; publish it to get a share link.\n")


def test_add_and_edit_say_what_a_workflow_that_forgets_has_to_take(orcheo: CommandLine) -> None:
    """In a line of its own, with the line to write."""
    line = (
        "To get the whole conversation, a list of dicts with role and content, take messages in place of text: "
        "`def echo(messages)`.\n"
    )
    assert orcheo(*_ADD).out.endswith(f"\n'echo' gets each message without the earlier ones. {line}")
    assert orcheo("workflow", "edit", "echo", "--target", "tests.workflows:silent").out.endswith("(messages)`.\n")
    assert orcheo("workflow", "edit", "echo", "--target", "tests.workflows:recalls").out.count("\n") == 1


@pytest.mark.parametrize("target", [("tests.workflows:echo",), ("--target", "tests.workflows:echo")])
def test_add_finds_the_runner_by_the_target(orcheo: CommandLine, target: tuple[str, ...]) -> None:
    """Named by position or by option, with the reason."""
    said = orcheo("workflow", "add", "echo", *target)
    assert said.out.startswith("Registered echo with the runner python, as 'echo' can be called with a text. It is")


@pytest.mark.parametrize(("runner", "named"), [((), "--target"), (("--runner", "openai"), "--runner")])
def test_a_lacking_package_is_said_of_what_was_typed(
    orcheo: CommandLine, monkeypatch: pytest.MonkeyPatch, runner: tuple[str, ...], named: str
) -> None:
    """Who names no runner reads nothing of an option."""
    monkeypatch.setattr("orcheo_adapters.runners.packages.find_spec", lambda _name: None)
    monkeypatch.delitem(sys.modules, "openai", raising=False)
    said = orcheo("workflow", "add", "model", "https://models.example.org/v1", *runner)
    assert_error(said, 2, detail=f"{named}: this server lacks the package openai", hint="[openai]")


def test_add_takes_one_target(orcheo: CommandLine) -> None:
    """Not one by position and another by option."""
    said = orcheo("workflow", "add", "echo", "tests.workflows:echo", "--target", "tests.workflows:silent")
    assert_error(said, 2, detail="TARGET is given twice.", hint="`orcheo workflow add --help`")


def test_add_takes_every_option(orcheo: CommandLine, sync_server: SyncTestServer) -> None:
    """Name and description arrive, as does each setting."""
    options = ("--name", "Echo!", "--description", "mine", "--setting", "model=m", "--setting", "instructions=x=y")
    assert orcheo(*_ADD_MODEL, *options).code == 0
    shown = sync_server.result("workflows.show", ref="echo")
    assert (shown["name"], shown["description"]) == ("Echo!", "mine")
    assert shown["runner"]["settings"] == {"model": "m", "instructions": "x=y"}


@pytest.mark.parametrize("settings", [["a"], ["=1"], ["a=1", "a=2"]])
def test_a_setting_has_one_name_and_a_value(orcheo: CommandLine, settings: list[str]) -> None:
    """Anything else is wrong usage, not a setting that is silently lost."""
    said = orcheo(*_ADD, *(word for each in settings for word in ("--setting", each)))
    assert_error(said, 2, detail="--setting: must have the form NAME=VALUE", hint="Correct the named values")


def test_list_without_workflows_says_how_to_register_one(orcheo: CommandLine) -> None:
    """No empty table."""
    said = orcheo("workflow", "list")
    assert said.out == "No workflows found. `orcheo workflow add` registers one.\n"


@pytest.mark.parametrize("words", [("--search", "x"), ("--public",), ("--private",)])
def test_a_search_without_a_match_advises_nothing(orcheo: CommandLine, words: tuple[str, ...]) -> None:
    """There may be workflows enough."""
    assert orcheo("workflow", "list", *words).out == "No workflows match.\n"


def test_list_shows_handles_states_names_and_share_links(orcheo: CommandLine, sync_server: SyncTestServer) -> None:
    """One line for each workflow, nothing behind the last word."""
    sync_server.publish("public")
    sync_server.publish("members", require_login=True, anyway=True)
    sync_server.result("workflows.rotate_publish_token", ref="public")
    sync_server.add("private", name="見本")
    url = "http://127.0.0.1:8700/chat"
    assert orcheo("workflow", "list").out.splitlines() == [
        "HANDLE   STATE                              SIGN-IN   ROTATED               NAME     SHARE LINK",
        "private  private                                                            見本",
        f"members  public, but sign-in is not set up  required                        Members  {url}/members",
        f"public   public                             no        2026-11-23 12:00 UTC  Public   {url}/public",
    ]


@pytest.mark.parametrize(
    ("obstacle", "said"),
    [
        ("closed_until_restart", "closed, but not stored yet"),
        ("feature_disabled", "public, but switched off by the operator"),
        ("no_identity_provider", "public, but sign-in is not set up"),
    ],
)
def test_what_keeps_visitors_out_is_part_of_the_state(
    sync_server: SyncTestServer, capsys: pytest.CaptureFixture[str], obstacle: str, said: str
) -> None:
    """In the list and on the workflow's own page: `public` alone would say that they come in."""
    shown = sync_server.publish()["workflow"] | {"obstacle": obstacle}
    for result in ({"workflows": [shown], "next_after": None}, shown):
        print_result(result)
        assert said in capsys.readouterr().out


def test_a_list_that_goes_on_says_how(orcheo: CommandLine, sync_server: SyncTestServer) -> None:
    """The command for the next page can be copied, and works; it stands apart from the rows."""
    sync_server.add("first")
    sync_server.add("second")
    said = orcheo("workflow", "list", "--limit", "1", "--private", "--search", "s")
    assert "There are more" not in said.out
    assert said.err.startswith("There are more: orcheo workflow list --search s --private --limit 1 --after wf_")
    following = orcheo(*said.err.partition("orcheo ")[2].split())
    assert "first" in following.out
    assert "second" not in following.out
    assert following.err == ""


def test_show_names_everything_but_the_secret(orcheo: CommandLine, sync_server: SyncTestServer) -> None:
    """Times are to the minute, the publish token is a hint, the settings stand there."""
    model = {"runner": "openai", "target": "https://models.example.org/v1", "settings": {"model": "m"}}
    sync_server.result("workflows.add", handle="echo", description="mine", **model)
    token = sync_server.result("workflows.publish", ref="echo")["publish_token"]
    sync_server.app_server.clock.advance(minutes=5)
    token = sync_server.result("workflows.rotate_publish_token", ref="echo")["publish_token"]
    said = orcheo("workflow", "show", "echo")
    shown = {line[:15].strip(): line[15:] for line in said.out.splitlines()}
    workflow_id = shown.pop("Id")
    assert workflow_id.startswith("wf_")
    assert shown == {
        "Name": "Echo",
        "Handle": "echo",
        "Description": "mine",
        "Owner": "owner:local",
        "Runner": "openai https://models.example.org/v1",
        "Settings": "model=m",
        "Limits": "120 s of silence end an answer, 40 earlier entries of the thread",
        "State": "public",
        "Share link": "http://127.0.0.1:8700/chat/echo",
        "Publish token": f"{token[:18]}…",
        "Published": "2026-11-23 12:00 UTC",
        "Published by": "owner:local",
        "Rotated": "2026-11-23 12:05 UTC",
        "Created": "2026-11-23 12:00 UTC",
        "Changed": "2026-11-23 12:05 UTC",
    }


def test_publish_shows_the_share_link_and_the_publish_token(orcheo: CommandLine, sync_server: SyncTestServer) -> None:
    """The token stands alone behind its label, ready to be copied."""
    sync_server.add()
    message, link, token = orcheo("workflow", "publish", "echo", "--yes").out.splitlines()
    assert message == (
        "echo is public. Anyone with the share link can chat with it. "
        "Keep the publish token safe: it is shown only this once."
    )
    assert link == "Share link     http://127.0.0.1:8700/chat/echo"
    assert token.startswith("Publish token  orc_pt_")
    assert len(token.split()) == 3


def test_publish_takes_the_login_rule_as_a_flag(orcheo: CommandLine, sync_server: SyncTestServer) -> None:
    """``--require-login`` needs no value."""
    sync_server.add()
    said = orcheo("workflow", "publish", "echo", "--require-login", "--anyway", "-y")
    assert said.out.startswith("echo is public. No visitor can sign in yet")
    assert sync_server.result("workflows.show", ref="echo")["require_login"] is True


def test_rotate_says_when_the_old_publish_token_ends(orcheo: CommandLine, sync_server: SyncTestServer) -> None:
    """At once, or after the grace period."""
    sync_server.publish()
    rotate = ("workflow", "rotate-token", "echo", "--yes")
    assert "the old one ends now." in orcheo(*rotate).out
    assert "the old one ends in 1 minute." in orcheo(*rotate, "--grace-seconds", "60").out


def test_unpublish_says_what_becomes_of_open_chats(orcheo: CommandLine, sync_server: SyncTestServer) -> None:
    """They run out, or end at once with the flag ``--end-sessions``."""
    sync_server.publish()
    assert orcheo("workflow", "unpublish", "echo", "--yes").out == (
        "echo is private. Running answers are completed; open chat sessions end within 5 minutes, "
        "those of OpenAI's session API within 10.\n"
    )
    sync_server.result("workflows.publish", ref="echo")
    assert orcheo("workflow", "unpublish", "echo", "--end-sessions", "--yes").out == (
        "echo is private. The remaining chat sessions and running answers were ended.\n"
    )


@pytest.mark.parametrize(
    ("flag", "rule"), [("--require-login", "must sign in"), ("--no-require-login", "need not sign in")]
)
def test_set_login_goes_both_ways(orcheo: CommandLine, sync_server: SyncTestServer, flag: str, rule: str) -> None:
    """One switch for each direction."""
    sync_server.publish()
    anyway = ("--anyway",) if flag == "--require-login" else ()
    message, link = orcheo("workflow", "set-login", "echo", flag, *anyway, "--yes").out.splitlines()
    assert message.startswith(f"Visitors {rule} to chat with echo.")
    assert link == "Share link  http://127.0.0.1:8700/chat/echo"


def test_publish_takes_the_login_rule_in_both_directions(orcheo: CommandLine, sync_server: SyncTestServer) -> None:
    """``--no-require-login`` says what is so anyway."""
    sync_server.add()
    assert orcheo("workflow", "publish", "echo", "--no-require-login", "--yes").code == 0
    assert sync_server.result("workflows.show", ref="echo")["require_login"] is False


def test_a_grace_period_is_said_in_words_and_shown(orcheo: CommandLine, sync_server: SyncTestServer) -> None:
    """Which old publish token still works, and until when."""
    old = sync_server.publish()["publish_token"]
    assert "the old one ends in 1 hour." in orcheo("workflow", "rotate-token", "echo", "--grace", "1h", "--yes").out
    line = next(each for each in orcheo("workflow", "show", "echo").out.splitlines() if each.startswith("Old token"))
    assert line.split(maxsplit=2)[2] == f"{old[:18]}…, until 2026-11-23 13:00 UTC"
    current, former = json.loads(orcheo("--json", "workflow", "show", "echo").out)["publish_tokens"]
    assert (current["state"], current["expires_at"], former["state"]) == ("current", None, "grace")
    assert former["expires_at"].startswith("2026-11-23T13:00:00")
    sync_server.app_server.clock.advance(minutes=60)
    assert "Old token" not in orcheo("workflow", "show", "echo").out


def test_a_former_identity_secret_is_shown_until_it_ends(orcheo: CommandLine, sync_server: SyncTestServer) -> None:
    """While it counts beside the new one, private as the workflow may be."""
    sync_server.add()
    old = sync_server.result("workflows.rotate_identity_secret", ref="echo")["identity_secret"]
    assert "Old secret" not in orcheo("workflow", "show", "echo").out
    orcheo("workflow", "rotate-identity-secret", "echo", "--grace", "1h", "--yes")
    line = next(each for each in orcheo("workflow", "show", "echo").out.splitlines() if each.startswith("Old secret"))
    assert line.split(maxsplit=2)[2] == f"{old[:18]}…, until 2026-11-23 13:00 UTC"
    sync_server.app_server.clock.advance(minutes=60)
    assert "Old secret" not in orcheo("workflow", "show", "echo").out


@pytest.mark.parametrize("more", [(), ("--reset", "history"), ("--name", "Parrot")])
def test_what_cannot_be_reset_is_named_with_what_can(
    orcheo: CommandLine, sync_server: SyncTestServer, more: tuple[str, ...]
) -> None:
    """Alone and beside other changes."""
    sync_server.add()
    said = orcheo("workflow", "edit", "echo", *more, "--reset", "allowed_sites")
    assert_error(said, 2, detail="must be one of time_limit, history, allowed_origins, identity_secret", hint="Correct")


def test_the_audit_names_fields_as_the_options_do(orcheo: CommandLine, sync_server: SyncTestServer) -> None:
    """History and identity secret, whatever they are called inside."""
    sync_server.add()
    sync_server.result("workflows.rotate_identity_secret", ref="echo")
    assert orcheo("workflow", "edit", "echo", "--history", "7", "--reset", "identity_secret", "--yes").code == 0
    assert sync_server.result("audit.list", act="workflow.edited")["audit_entries"][0]["note"] == (
        "history, identity_secret"
    )


def test_the_audit_says_what_of_the_runner_was_changed(orcheo: CommandLine, sync_server: SyncTestServer) -> None:
    """The target, a setting or the kind, as the options are called."""
    sync_server.add()
    edits = [
        (("--target", "tests.workflows:recalls"), "target"),
        (
            ("--runner", "openai", "--target", "https://m.example/v1", "--setting", "model=m"),
            "runner, settings, target",
        ),
        (("--setting", "temperature=0", "--name", "Model"), "name, settings"),
    ]
    for words, note in edits:
        assert orcheo("workflow", "edit", "echo", *words).code == 0
        assert sync_server.result("audit.list", act="workflow.edited")["audit_entries"][0]["note"] == note


def test_archived_workflows_are_listed_when_asked_for(orcheo: CommandLine, sync_server: SyncTestServer) -> None:
    """Put aside, out of sight, brought back."""
    sync_server.publish()
    assert_error(orcheo("workflow", "archive", "echo"), 2, detail="confirmation", hint="--yes")
    assert orcheo("workflow", "archive", "echo", "--yes").out == (
        "echo is archived: private, its chats ended, its threads kept.\n"
    )
    assert "echo" not in orcheo("workflow", "list").out
    assert orcheo("workflow", "list", "--include-archived").out.splitlines()[1].startswith("echo    archived")
    assert "Archived" in orcheo("workflow", "show", "echo").out
    assert orcheo("workflow", "unarchive", "echo").out.startswith("echo is back. It is private")


def test_set_login_needs_a_direction(orcheo: CommandLine) -> None:
    """Without one nothing is asked of the server."""
    said = orcheo("workflow", "set-login", "echo", "--yes")
    detail = "Missing option '--require-login' / '--no-require-login'."
    assert_error(said, 2, detail=detail, hint="orcheo workflow set-login --help")


def test_edit_changes_what_is_named(orcheo: CommandLine, sync_server: SyncTestServer) -> None:
    """And nothing else."""
    sync_server.add(description="mine")
    assert orcheo("workflow", "edit", "echo", "--name", "Parrot").out == "Changed echo.\n"
    shown = sync_server.result("workflows.show", ref="echo")
    assert (shown["name"], shown["description"]) == ("Parrot", "mine")


@pytest.mark.parametrize(
    ("words", "detail", "hint"),
    [
        (
            ("workflow", "edit", "echo"),
            "Nothing to change was given.",
            "Name at least one thing to change, such as the name",
        ),
        (
            ("workflow", "set-look", "echo"),
            "Nothing to change was given.",
            "Name at least one thing to change, such as the gr",
        ),
        (
            ("thread", "purge", "echo"),
            "Which threads to delete was not given.",
            "Name a thread, a visitor or an age, or say",
        ),
    ],
)
def test_a_change_of_nothing_is_an_error(
    orcheo: CommandLine, sync_server: SyncTestServer, words: tuple[str, ...], detail: str, hint: str
) -> None:
    """No one is told that something changed when nothing did, or to correct what was not there."""
    sync_server.add()
    assert_error(orcheo(*words), 2, detail=detail, hint=hint)


def test_remove_says_what_went(orcheo: CommandLine, sync_server: SyncTestServer) -> None:
    """The workflow with everything that belonged to it."""
    sync_server.add()
    assert orcheo("workflow", "remove", "echo", "--yes").out == (
        "Removed echo with its publish tokens, chat sessions and threads.\n"
    )
    assert orcheo("workflow", "show", "echo").code == 3


def test_a_look_comes_from_a_file_and_options_override_it(
    orcheo: CommandLine, sync_server: SyncTestServer, tmp_path: Path
) -> None:
    """Entries by their names."""
    sync_server.add()
    file = tmp_path / "look.toml"
    file.write_text('greeting = "Hello"\nscheme = "dark"\n[prompts]\nHours = "When?"\n[models]\nm = "M"\n')
    options = ("--greeting", "Hi", "--prompt", "Hours=When are you open?", "--prompt", "Way=Where?")
    said = orcheo("workflow", "set-look", "echo", "--look-file", str(file), *options)
    assert (said.code, said.out.partition(".")[0]) == (0, "Changed the look of echo")
    look = sync_server.result("workflows.show", ref="echo")["look"]
    assert (look["greeting"], look["scheme"]) == ("Hi", "dark")
    assert [each["prompt"] for each in look["prompts"]] == ["When are you open?", "Where?"]


@pytest.mark.parametrize(
    ("content", "code", "detail"),
    [
        (b"greeting", 2, "is not TOML"),
        (b"\xff", 2, "is not TOML"),
        (b"colour = 'red'", 2, "colour"),
        (b"greeting = 1", 2, "greeting: must be a string"),
        (b"placeholder = 2026-01-01\nicons = 1", 2, "icons"),
    ],
)
def test_what_a_look_file_has_wrong_is_named(
    orcheo: CommandLine, sync_server: SyncTestServer, tmp_path: Path, content: bytes, code: int, detail: str
) -> None:
    """A name that is not known is an error, not a look that is lost."""
    sync_server.add()
    file = tmp_path / "look.toml"
    file.write_bytes(content)
    said = orcheo("workflow", "set-look", "echo", "--look-file", str(file), "--prompt", "a=b")
    assert said.code == code
    assert detail in said.err


def test_a_look_file_that_is_not_there_is_named(orcheo: CommandLine) -> None:
    """Before anything is asked of the server."""
    said = orcheo("workflow", "set-look", "echo", "--look-file", "no.toml")
    assert_error(said, 2, detail="no.toml cannot be read: No such file", hint="orcheo workflow set-look --help")


@pytest.mark.parametrize(("named", "shown"), [("", "''"), ("/", "/")])
def test_a_folder_is_no_look_file(orcheo: CommandLine, named: str, shown: str) -> None:
    """In the same words as any other file that cannot be read; an empty name is visible."""
    said = orcheo("workflow", "set-look", "echo", "--look-file", named)
    assert_error(said, 2, detail=f"{shown} cannot be read: Is a directory", hint="orcheo workflow set-look --help")


@pytest.mark.parametrize(
    ("command", "options", "said"),
    [
        ("edit", ("--name", "Parrot", "--history", "3"), "Nothing to change: echo is so already."),
        ("edit", ("--target", "tests.workflows:echo", "--check"), "echo is so already. It passed its check."),
        ("set-look", ("--greeting", "Hi", "--files", "off"), "Nothing to change: the look of echo is so already."),
    ],
)
def test_what_is_so_already_is_not_called_a_change(
    orcheo: CommandLine, sync_server: SyncTestServer, command: str, options: tuple[str, ...], said: str
) -> None:
    """Nor is it in the audit, where it would be looked for."""
    sync_server.add(name="Parrot", history=3)
    sync_server.result("workflows.set_look", ref="echo", greeting="Hi")
    before = sync_server.result("workflows.show", ref="echo"), sync_server.result("audit.list")
    assert orcheo("workflow", command, "echo", *options).out.endswith(f"{said}\n")
    assert (sync_server.result("workflows.show", ref="echo"), sync_server.result("audit.list")) == before


def test_the_audit_names_only_what_was_changed(orcheo: CommandLine, sync_server: SyncTestServer) -> None:
    """Of several fields of which one had its value before."""
    sync_server.add(name="Parrot")
    assert orcheo("workflow", "edit", "echo", "--name", "Parrot", "--description", "mine").out == "Changed echo.\n"
    assert sync_server.result("audit.list")["audit_entries"][0]["note"] == "description"


def test_show_tells_the_look(orcheo: CommandLine, sync_server: SyncTestServer) -> None:
    """As far as it is set."""
    sync_server.add()
    assert "Greeting" not in orcheo("workflow", "show", "echo").out
    texts = {"prompts": {"Hours": "When?\nToday?"}, "icons": {"Hours": "clock"}, "accent": "#abc", "scheme": "dark"}
    choices = {"models": {"m": "Model"}, "tools": {"t": "Tool"}, "files": "on"}
    sync_server.result("workflows.set_look", ref="echo", **texts, **choices)
    shown = orcheo("workflow", "show", "echo").out
    for line in (
        "Hours: When? Today?, icon clock",
        "#abc, dark scheme",
        "Model (m)",
        "Tool (t)",
        "offered to visitors",
    ):
        assert line in shown


def test_asking_in_vain_says_so_in_a_sentence(orcheo: CommandLine, sync_server: SyncTestServer) -> None:
    """Whatever the exception or the runner called it; the hint says what to try, and where the rest is."""
    for call, said in (
        ("broken", "The workflow failed: RuntimeError: the secret reason (workflows.py, line "),
        ("silent", "The workflow ended without an answer."),
        ("takes_too_long", "The workflow failed: no time left.\n"),
    ):
        handle = call.replace("_", "-")
        sync_server.result("workflows.add", handle=handle, runner="python", target=f"tests.workflows:{call}")
        assert_error(
            orcheo("workflow", "ask", handle, "Hello"), 1, detail=said, hint="`orcheo workflow check` tries it"
        )


def test_show_and_list_have_the_usage_of_days(orcheo: CommandLine, sync_server: SyncTestServer) -> None:
    """A line for each day with anything in it, and one for all; a list has the number of turns."""
    sync_server.result("workflows.add", handle="echo", runner="python", target="tests.workflows:echo")
    sync_server.chat("echo")
    shown = orcheo("workflow", "show", "echo", "--days", "30").out
    table = shown[shown.index("\nUsage of the last 30 days\n") :].splitlines()[2:]
    assert table[0].startswith("DAY (UTC)")
    assert [line.split("  ")[0] for line in table[1:]] == ["2026-11-23", "all"]
    assert table[1].split()[1:4] == ["1", "1", "0"]
    listed = orcheo("workflow", "list", "--days", "7").out.splitlines()
    assert listed[0].split()[:3] == ["HANDLE", "STATE", "TURNS"]
    assert listed[1].split()[:3] == ["echo", "public", "1"]
    assert "TURNS" not in orcheo("workflow", "list").out
