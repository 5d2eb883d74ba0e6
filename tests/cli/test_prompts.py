"""Asking before a public change."""

from functools import partial
from typing import Any

import pytest

from orcheo_adapters.client.remote import Operations
from orcheo_core.domain.actor import Scope
from orcheo_core.operations.catalogue import CATALOGUE
from tests.cli.command_line import CommandLine, assert_error
from tests.sync_server import SyncTestServer


@pytest.fixture
def person(sync_server: SyncTestServer) -> "partial[CommandLine]":
    """A command line with someone at the terminal, who types ``answers``."""
    return partial(CommandLine, connect=sync_server.operations, at_terminal=True)


def test_yes_goes_on(person: "partial[CommandLine]", sync_server: SyncTestServer) -> None:
    """The question is on standard error, the result alone on standard output."""
    sync_server.add()
    said = person(answers="y\n")("workflow", "publish", "echo")
    assert said.code == 0
    assert said.err.startswith("Publish echo? Anyone with its share link can then chat with it. [y/N]: ")
    assert said.out.startswith("echo is public.")


@pytest.mark.parametrize("answers", ["n\n", "\n", "maybe\nn\n", ""])
def test_anything_else_changes_nothing(
    person: "partial[CommandLine]", sync_server: SyncTestServer, answers: str
) -> None:
    """No, an empty line, nonsense, the end of the input."""
    sync_server.add()
    said = person(answers=answers)("workflow", "publish", "echo")
    assert (said.code, said.out) == (1, "")
    assert said.err.endswith("Nothing was changed.\n")
    assert sync_server.result("workflows.show", ref="echo")["is_public"] is False


@pytest.mark.parametrize("answer", ["maybe", "yess", "ja", "1"])
def test_an_answer_that_is_neither_is_asked_for_again(
    person: "partial[CommandLine]", sync_server: SyncTestServer, answer: str
) -> None:
    """In words that say what can be answered."""
    sync_server.add()
    said = person(answers=f"{answer}\nYES\n")("workflow", "publish", "echo")
    assert said.code == 0
    assert said.err.count("[y/N]: ") == 2
    assert "Please answer y (yes) or n (no).\n" in said.err


def test_yes_beforehand_is_not_asked(person: "partial[CommandLine]", sync_server: SyncTestServer) -> None:
    """``--yes`` is for those who know."""
    sync_server.add()
    said = person()("workflow", "publish", "echo", "--yes")
    assert (said.code, said.err) == (0, "")


def test_a_script_that_does_not_say_yes_is_refused(orcheo: CommandLine, sync_server: SyncTestServer) -> None:
    """Without a terminal no one can be asked; nothing is changed."""
    sync_server.add()
    said = orcheo("workflow", "publish", "echo")
    question = "Publish echo? Anyone with its share link can then chat with it."
    assert_error(said, 2, detail=f"there is no terminal to ask on: {question}", hint="Add --yes to confirm.")
    assert sync_server.result("workflows.show", ref="echo")["is_public"] is False


_PUBLIC_CHANGES: dict[tuple[str, str], tuple[str, ...]] = {
    ("workflow", "publish"): ("private",),
    ("workflow", "unpublish"): ("echo",),
    ("workflow", "rotate-token"): ("echo",),
    ("workflow", "rotate-identity-secret"): ("echo",),
    ("workflow", "set-login"): ("echo", "--require-login", "--anyway"),
    ("workflow", "archive"): ("echo",),
    ("workflow", "edit"): ("echo", "--handle", "parrot"),
    ("workflow", "remove"): ("echo",),
    ("thread", "purge"): ("echo", "--all"),
    ("token", "rotate"): ("TOKEN",),
    ("token", "revoke"): ("TOKEN",),
    ("keys", "rotate"): (),
}


@pytest.mark.parametrize(
    "command", [each.command for each in CATALOGUE.values() if each.asks_at_the_terminal], ids=" ".join
)
def test_every_public_change_asks(orcheo: CommandLine, sync_server: SyncTestServer, command: tuple[str, str]) -> None:
    """Each operation with a question refuses to go on unasked."""
    sync_server.add("private")
    sync_server.add()
    sync_server.chat("echo")
    sync_server.result("workflows.rotate_identity_secret", ref="echo")
    token_id = sync_server.result("tokens.create", scopes=["workflows:read"])["details"]["id"]
    words = [token_id if word == "TOKEN" else word for word in _PUBLIC_CHANGES[command]]
    assert orcheo("--json", *command, *words).problem["code"] == "confirmation_needed"


def test_a_script_needs_no_yes_where_there_is_nothing_to_ask(orcheo: CommandLine, sync_server: SyncTestServer) -> None:
    """The first identity secret replaces none; a name that is wrong is told as such."""
    sync_server.add()
    assert orcheo("workflow", "rotate-identity-secret", "echo").code == 0
    assert orcheo("--json", "workflow", "remove", "ecco").problem["code"] == "workflow_not_found"


def test_reading_and_registering_do_not_ask(orcheo: CommandLine, sync_server: SyncTestServer) -> None:
    """Nothing public changes by them."""
    sync_server.add()
    assert orcheo("workflow", "show", "echo").code == 0
    assert orcheo("workflow", "edit", "echo", "--name", "Other").code == 0


def test_what_only_assistants_are_asked_about_is_not_asked_here(orcheo: CommandLine) -> None:
    """Who types which scopes a service token has need not say it twice; there is no `--yes` either."""
    assert orcheo("token", "create", "--scope", "workflows:read").code == 0
    assert "--yes" not in orcheo("token", "create", "--help").out


class _Asks(Operations):
    """A server whose question holds what would drive a terminal."""

    def question(self, name: str, arguments: dict[str, Any]) -> str:
        return "Publish a\x1b]52;c;aGk=\x07\nb?"


def test_a_question_cannot_drive_the_terminal() -> None:
    """Whatever a server says, it is shown without escapes and on one line."""
    said = CommandLine(connect=_Asks, at_terminal=True, answers="n\n")("workflow", "publish", "echo")
    assert said.err.startswith("Publish a]52;c;aGk= b? [y/N]: ")


_NOT_POSSIBLE = {
    "unknown": (("workflow", "remove", "nope"), "workflow_not_found"),
    "unknown token": (("token", "revoke", "nope"), "service_token_not_found"),
    "private already": (("workflow", "unpublish", "echo"), "not_published"),
    "not public": (("workflow", "rotate-token", "echo"), "not_published"),
    "no login possible": (("workflow", "publish", "echo", "--require-login"), "no_identity_provider"),
    "wrong value": (("workflow", "rotate-token", "echo", "--grace", "soon"), "invalid_input"),
    "no threads named": (("thread", "purge", "echo"), "invalid_input"),
    "taken": (("workflow", "edit", "echo", "--handle", "other"), "handle_taken"),
    "no secret": (("workflow", "edit", "echo", "--reset", "identity_secret"), "invalid_input"),
    "wrong setting": (("workflow", "edit", "echo", "--handle", "parrot", "--setting", "nope="), "invalid_input"),
    "not yours": (("workflow", "edit", "nope", "--handle", "parrot"), "workflow_not_found"),
}


@pytest.mark.parametrize(("command", "code"), _NOT_POSSIBLE.values(), ids=_NOT_POSSIBLE)
def test_no_one_is_asked_about_what_cannot_be_done(
    person: "partial[CommandLine]", sync_server: SyncTestServer, command: tuple[str, ...], code: str
) -> None:
    """The refusal comes in place of the question."""
    sync_server.add()
    sync_server.add("other")
    said = person(answers="y\n")("--json", *command)
    assert said.problem["code"] == code


def test_no_one_is_asked_who_may_not(sync_server: SyncTestServer) -> None:
    """A service token that may only read."""
    token = sync_server.token(Scope.WORKFLOWS_READ)
    operations = partial(sync_server.operations, token=token)
    said = CommandLine(connect=operations, at_terminal=True, answers="y\n")("--json", "workflow", "publish", "echo")
    assert said.problem["code"] == "scope_missing"


@pytest.mark.parametrize(
    ("command", "question"),
    [
        (("publish", "echo"), "Publish echo? Anyone with its share link can then chat with it."),
        (
            ("publish", "echo", "--require-login", "--anyway"),
            (
                "Publish echo? No visitor can then chat with it: they must sign in, "
                "and this server has no identity provider."
            ),
        ),
        (
            ("unpublish", "echo", "--end-sessions"),
            "End what is left of the chats of echo? Its open chats and running answers end at once.",
        ),
        (("archive", "echo"), "Archive echo? It is left out of lists, and its chats end at once."),
        (("remove", "echo"), "Delete echo? This cannot be undone."),
    ],
    ids=" ".join,
)
def test_a_question_says_what_will_be(
    person: "partial[CommandLine]", sync_server: SyncTestServer, command: tuple[str, ...], question: str
) -> None:
    """Of a private workflow, named by its id, with these options."""
    found = sync_server.add()["workflow"]["id"]
    said = person(answers="n\n")("workflow", *(found if word == "echo" else word for word in command))
    assert " ".join(said.err.partition(" [y/N]")[0].split()) == question


@pytest.mark.parametrize(
    ("command", "question"),
    [
        (
            ("unpublish", "echo", "--end-sessions"),
            (
                "Unpublish echo? Its share link and publish token stop working. "
                "Its open chats and running answers end at once."
            ),
        ),
        (("unpublish", "echo"), "Unpublish echo? Its share link and publish token stop working."),
        (
            ("rotate-token", "echo", "--grace", "1h"),
            (
                "Replace the publish token of echo? Programs that hold the old one, which works 1 hour longer, "
                "must get the new one."
            ),
        ),
        (
            ("set-login", "echo", "--require-login", "--anyway"),
            (
                "Change who may chat with echo? No visitor can then chat with it: they must sign in, "
                "and this server has no identity provider."
            ),
        ),
        (
            ("archive", "echo"),
            "Archive echo? Its share link and publish token stop working, and its chats end at once.",
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_question_about_a_public_workflow_says_what_will_be(
    person: "partial[CommandLine]", sync_server: SyncTestServer, command: tuple[str, ...], question: str
) -> None:
    """With these options; a no leaves it public."""
    sync_server.publish()
    said = person(answers="n\n")("workflow", *command)
    assert " ".join(said.err.partition(" [y/N]")[0].split()) == question
    assert sync_server.result("workflows.show", ref="echo")["is_public"] is True


def test_opening_to_those_who_do_not_sign_in_is_asked_about(
    person: "partial[CommandLine]", sync_server: SyncTestServer
) -> None:
    """As it lets more people in."""
    sync_server.publish()
    sync_server.result("workflows.set_login", ref="echo", require_login=True, anyway=True)
    said = person(answers="n\n")("workflow", "set-login", "echo", "--no-require-login")
    question = "Change who may chat with echo? Anyone with its share link can then chat with it, without signing in."
    assert " ".join(said.err.partition(" [y/N]")[0].split()) == question


@pytest.mark.parametrize("options", [("--no-require-login",), ("--require-login", "--anyway")], ids=" ".join)
def test_a_login_rule_that_is_so_already_is_not_asked_about(
    orcheo: CommandLine, sync_server: SyncTestServer, options: tuple[str, ...]
) -> None:
    """Nothing would change; the answer is the same, and the audit has no second entry."""
    sync_server.publish()
    before = orcheo("workflow", "set-login", "echo", *options, "--yes").out
    entries = sync_server.result("audit.list")["audit_entries"]
    assert orcheo("workflow", "set-login", "echo", *options).out == before
    assert sync_server.result("audit.list")["audit_entries"] == entries


_LINKS = "Links, pages and programs that name echo stop working."
_SITES = "Sites can no longer sign who their visitors are, and the chats of such visitors end."


@pytest.mark.parametrize(
    ("options", "ends"),
    [
        (("--handle", "parrot"), [_LINKS]),
        (("--reset", "identity_secret"), [_SITES]),
        (("--allowed-origin", "https://b.example"), ["Its bubble no longer works on https://a.example."]),
        (
            ("--handle", "parrot", "--reset", "identity_secret", "--reset", "allowed_origins"),
            [_LINKS, _SITES, "Its bubble no longer works on https://a.example, https://b.example."],
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_an_edit_that_ends_what_others_use_is_asked_about(
    person: "partial[CommandLine]", sync_server: SyncTestServer, options: tuple[str, ...], ends: list[str]
) -> None:
    """Share links, signed identities, bubbles; a no changes nothing."""
    sync_server.publish()
    sync_server.result("workflows.rotate_identity_secret", ref="echo")
    sync_server.result("workflows.edit", ref="echo", allowed_origins=["https://a.example", "https://b.example"])
    before = sync_server.result("workflows.show", ref="echo")
    said = person(answers="n\n")("workflow", "edit", "echo", *options)
    assert " ".join(said.err.partition(" [y/N]")[0].split()) == " ".join(["Change echo?", *ends])
    assert sync_server.result("workflows.show", ref="echo") == before
    assert person(answers="y\n")("workflow", "edit", "echo", *options).code == 0


@pytest.mark.parametrize(
    "options",
    [
        ("--handle", "echo", "--name", "Other"),
        ("--allowed-origin", "https://a.example", "--allowed-origin", "https://c.example"),
        ("--reset", "time_limit"),
    ],
    ids=" ".join,
)
def test_an_edit_that_ends_nothing_is_not_asked_about(
    orcheo: CommandLine, sync_server: SyncTestServer, options: tuple[str, ...]
) -> None:
    """The same handle, one more site, a limit."""
    sync_server.publish()
    sync_server.result("workflows.edit", ref="echo", allowed_origins=["https://a.example"])
    assert orcheo("workflow", "edit", "echo", *options).code == 0
    assert "https://a.example" in sync_server.result("workflows.show", ref="echo")["allowed_origins"]


def test_a_private_workflow_is_renamed_unasked(orcheo: CommandLine, sync_server: SyncTestServer) -> None:
    """Its link opens no chat, its bubble is on no page."""
    sync_server.add()
    sync_server.result("workflows.edit", ref="echo", allowed_origins=["https://a.example"])
    assert orcheo("workflow", "edit", "echo", "--handle", "parrot", "--reset", "allowed_origins").code == 0


def test_a_service_token_is_named_by_its_label(person: "partial[CommandLine]", sync_server: SyncTestServer) -> None:
    """Before it is rotated or revoked; one without a label by its id alone."""
    token_id = sync_server.result("tokens.create", scopes=["workflows:read"], label="CI")["details"]["id"]
    said = person(answers="n\n")("token", "revoke", token_id)
    assert said.err.startswith(f"Revoke the service token {token_id} (CI)?")
    other = sync_server.result("tokens.create", scopes=["workflows:read"])["details"]["id"]
    said = person(answers="n\n")("token", "rotate", other)
    assert " ".join(said.err.split()).startswith(
        f"Replace the service token {other}? Programs that hold the old one must"
    )
    said = person(answers="n\n")("token", "rotate", other, "--grace", "1h")
    assert "hold the old one, which works 1 hour longer, must" in " ".join(said.err.split())


def test_new_keys_are_asked_about(person: "partial[CommandLine]") -> None:
    """There is nothing to check first."""
    said = person(answers="n\n")("keys", "rotate")
    assert said.err.startswith("Sign chat grants with a new key? Running chats continue. [y/N]: ")


def test_a_long_question_is_wrapped(person: "partial[CommandLine]", sync_server: SyncTestServer) -> None:
    """Words are whole at 80 columns, and there is room for the answer."""
    sync_server.publish()
    said = person(answers="n\n", environment={"COLUMNS": "80"})("workflow", "rotate-token", "echo")
    question = said.err.partition(" [y/N]")[0]
    assert question.splitlines() == [
        "Replace the publish token of echo? Programs that hold the old one must",
        "get the new one.",
    ]


@pytest.mark.parametrize(
    ("options", "until"), [((), ""), (("--grace", "1h"), ", which counts 1 hour longer,")], ids=["at once", "later"]
)
def test_the_question_before_an_identity_secret_is_replaced_says_what_follows(
    person: "partial[CommandLine]", sync_server: SyncTestServer, options: tuple[str, ...], until: str
) -> None:
    """The first secret replaces nothing and is made unasked."""
    sync_server.add()
    command = ("workflow", "rotate-identity-secret", "echo", *options)
    assert person(answers="")(*command).code == 0
    asked = " ".join(person(answers="n\n")(*command).err.split())
    assert asked.startswith(
        f"Replace the identity secret of echo? Sites that sign with the old one{until} must get the new one. [y/N]:"
    )


@pytest.mark.parametrize(
    ("chats", "said"),
    [(1, "1 thread, last used on 2026-11-23 12:00 UTC"), (2, "2 threads, the newest of 2026-11-23 12:00 UTC")],
)
def test_a_removal_says_how_much_goes(
    person: "partial[CommandLine]", sync_server: SyncTestServer, chats: int, said: str
) -> None:
    """And that visitors are let in now: nothing of it can be brought back."""
    sync_server.add()
    for _ in range(chats):
        sync_server.chat("echo")
        sync_server.result("workflows.unpublish", ref="echo")
    sync_server.result("workflows.publish", ref="echo")
    asked = person(answers="n\n")("workflow", "remove", "echo").err.partition(" [y/N]")[0]
    assert " ".join(asked.split()) == f"Delete echo with {said}? It is public. This cannot be undone."
