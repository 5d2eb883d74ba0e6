"""Asking before a public change."""

from functools import partial

import pytest

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


def test_what_was_typed_cannot_drive_the_terminal(person: "partial[CommandLine]") -> None:
    """A pasted handle with an escape in it is shown without."""
    said = person(answers="n\n")("workflow", "publish", "a\x1b]52;c;aGk=\x07\nb {ref}")
    assert said.err.startswith("Publish a]52;c;aGk= b {ref}? Anyone")


def test_a_long_question_is_wrapped(person: "partial[CommandLine]") -> None:
    """Words are whole at 80 columns, and there is room for the answer."""
    said = person(answers="n\n", environment={"COLUMNS": "80"})("workflow", "rotate-token", "echo")
    question = said.err.partition(" [y/N]")[0]
    assert question.splitlines() == [
        "Replace the publish token of echo? Programs that hold the old one must",
        "get the new one.",
    ]
