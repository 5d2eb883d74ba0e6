"""Asking before a public change."""

from functools import partial
from typing import Any

import pytest

from orcheo_adapters.client.remote import Operations
from orcheo_core.domain.actor import Scope
from orcheo_core.operations.catalogue import CATALOGUE
from tests.cli.command_line import CommandLine, assert_error
from tests.sync_house import SyncHouse


@pytest.fixture
def person(sync_house: SyncHouse) -> "partial[CommandLine]":
    """A command line with someone at the terminal, who types ``answers``."""
    return partial(CommandLine, connect=sync_house.operations, at_terminal=True)


def test_yes_goes_on(person: "partial[CommandLine]", sync_house: SyncHouse) -> None:
    """The question is on standard error, the result alone on standard output."""
    sync_house.add()
    said = person(answers="y\n")("workflow", "publish", "echo")
    assert said.code == 0
    assert said.err.startswith("Publish echo? Anyone with its share link can then chat with it. [y/N]: ")
    assert said.out.startswith("echo is public.")


@pytest.mark.parametrize("answers", ["n\n", "\n", "maybe\nn\n", ""])
def test_anything_else_changes_nothing(person: "partial[CommandLine]", sync_house: SyncHouse, answers: str) -> None:
    """No, an empty line, nonsense, the end of the input."""
    sync_house.add()
    said = person(answers=answers)("workflow", "publish", "echo")
    assert (said.code, said.out) == (1, "")
    assert said.err.endswith("Nothing was changed.\n")
    assert sync_house.result("workflows.show", ref="echo")["is_public"] is False


@pytest.mark.parametrize("answer", ["maybe", "yess", "ja", "1"])
def test_an_answer_that_is_neither_is_asked_for_again(
    person: "partial[CommandLine]", sync_house: SyncHouse, answer: str
) -> None:
    """In words that say what can be answered."""
    sync_house.add()
    said = person(answers=f"{answer}\nYES\n")("workflow", "publish", "echo")
    assert said.code == 0
    assert said.err.count("[y/N]: ") == 2
    assert "Please answer y (yes) or n (no).\n" in said.err


def test_yes_beforehand_is_not_asked(person: "partial[CommandLine]", sync_house: SyncHouse) -> None:
    """``--yes`` is for those who know."""
    sync_house.add()
    said = person()("workflow", "publish", "echo", "--yes")
    assert (said.code, said.err) == (0, "")


def test_a_script_that_does_not_say_yes_is_refused(orcheo: CommandLine, sync_house: SyncHouse) -> None:
    """Without a terminal no one can be asked; nothing is changed."""
    sync_house.add()
    said = orcheo("workflow", "publish", "echo")
    assert_error(said, 2, detail="there is no terminal to ask on", hint="Add --yes to confirm.")
    assert sync_house.result("workflows.show", ref="echo")["is_public"] is False


@pytest.mark.parametrize(
    "command", [each.command for each in CATALOGUE.values() if each.confirmation is not None], ids=" ".join
)
def test_every_public_change_asks(orcheo: CommandLine, command: tuple[str, str]) -> None:
    """Each operation with a question refuses to go on unasked."""
    switch = ["--require-login"] if command[1] == "set-login" else []
    words = [*command, *([] if command[0] == "keys" else ["echo"]), *switch]
    assert orcheo("--json", *words).problem["code"] == "confirmation_needed"


def test_reading_and_registering_do_not_ask(orcheo: CommandLine, sync_house: SyncHouse) -> None:
    """Nothing public changes by them."""
    sync_house.add()
    assert orcheo("workflow", "show", "echo").code == 0
    assert orcheo("workflow", "edit", "echo", "--name", "Other").code == 0


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
}


@pytest.mark.parametrize(("command", "code"), _NOT_POSSIBLE.values(), ids=_NOT_POSSIBLE)
def test_no_one_is_asked_about_what_cannot_be_done(
    person: "partial[CommandLine]", sync_house: SyncHouse, command: tuple[str, ...], code: str
) -> None:
    """The refusal comes in place of the question."""
    sync_house.add()
    said = person(answers="y\n")("--json", *command)
    assert said.problem["code"] == code


def test_no_one_is_asked_who_may_not(sync_house: SyncHouse) -> None:
    """A service token that may only read."""
    token = sync_house.token(Scope.WORKFLOWS_READ)
    operations = partial(sync_house.operations, token=token)
    said = CommandLine(connect=operations, at_terminal=True, answers="y\n")("--json", "workflow", "publish", "echo")
    assert said.problem["code"] == "scope_missing"


@pytest.mark.parametrize(
    ("command", "question"),
    [
        (("publish", "echo"), "Publish echo? Anyone with its share link can then chat with it."),
        (
            ("publish", "echo", "--require-login", "--anyway"),
            "Publish echo? Visitors who sign in can then chat with it.",
        ),
        (
            ("unpublish", "echo", "--end-sessions"),
            "End what is left of the chats of echo? Its open chats and running answers end at once.",
        ),
        (("archive", "echo"), "Archive echo? It is left out of lists, and its chats end at once."),
        (("remove", "echo"), "Delete echo with all its threads? This cannot be undone."),
    ],
    ids=" ".join,
)
def test_a_question_says_what_will_be(
    person: "partial[CommandLine]", sync_house: SyncHouse, command: tuple[str, ...], question: str
) -> None:
    """Of a private workflow, named by its id, with these options."""
    found = sync_house.add()["workflow"]["id"]
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
            ("set-login", "echo", "--no-require-login"),
            "Change who may chat with echo? Anyone with its share link can then chat with it, without signing in.",
        ),
        (
            ("set-login", "echo", "--require-login", "--anyway"),
            "Change who may chat with echo? Only visitors who sign in can then chat with it.",
        ),
        (
            ("archive", "echo"),
            "Archive echo? Its share link and publish token stop working, and its chats end at once.",
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_question_about_a_public_workflow_says_what_will_be(
    person: "partial[CommandLine]", sync_house: SyncHouse, command: tuple[str, ...], question: str
) -> None:
    """With these options; a no leaves it public."""
    sync_house.publish()
    said = person(answers="n\n")("workflow", *command)
    assert " ".join(said.err.partition(" [y/N]")[0].split()) == question
    assert sync_house.result("workflows.show", ref="echo")["is_public"] is True


def test_a_service_token_is_named_by_its_label(person: "partial[CommandLine]", sync_house: SyncHouse) -> None:
    """Before it is rotated or revoked; one without a label by its id alone."""
    token_id = sync_house.result("tokens.create", scopes=["workflows:read"], label="CI")["details"]["id"]
    said = person(answers="n\n")("token", "revoke", token_id)
    assert said.err.startswith(f"Revoke the service token {token_id} (CI)?")
    other = sync_house.result("tokens.create", scopes=["workflows:read"])["details"]["id"]
    said = person(answers="n\n")("token", "rotate", other)
    assert said.err.startswith(f"Replace the service token {other}?")


def test_new_keys_are_asked_about(person: "partial[CommandLine]") -> None:
    """There is nothing to check first."""
    said = person(answers="n\n")("keys", "rotate")
    assert said.err.startswith("Sign chat grants with a new key? Running chats continue. [y/N]: ")


def test_a_long_question_is_wrapped(person: "partial[CommandLine]", sync_house: SyncHouse) -> None:
    """Words are whole at 80 columns, and there is room for the answer."""
    sync_house.publish()
    said = person(answers="n\n", environment={"COLUMNS": "80"})("workflow", "rotate-token", "echo")
    question = said.err.partition(" [y/N]")[0]
    assert question.splitlines() == [
        "Replace the publish token of echo? Programs that hold the old one must",
        "get the new one.",
    ]
