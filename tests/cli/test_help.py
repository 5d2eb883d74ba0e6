"""Help pages: every option says what it takes, in the words of its neighbours."""

import re

import pytest

from orcheo_core.operations.catalogue import CATALOGUE
from orcheo_core.operations.operation import Operation, parameters_of
from tests.cli.command_line import CommandLine

_MOST_CHOICES = 12
each_operation = pytest.mark.parametrize("operation", CATALOGUE.values(), ids=CATALOGUE)
AnyOperation = Operation[object, object]


def help_of(orcheo: CommandLine, operation: AnyOperation) -> str:
    """The help page of a command on one line."""
    return " ".join(orcheo(*operation.command, "--help").out.split())


@each_operation
def test_options_name_their_values_and_bounds(orcheo: CommandLine, operation: AnyOperation) -> None:
    """All that a few words can say; longer lists are in the error for another value."""
    said = help_of(orcheo, operation)
    for name, (_, shown) in parameters_of(operation.request).items():
        if len(shown.choices) <= _MOST_CHOICES:
            assert [each for each in shown.choices if each not in said] == [], name
        if shown.minimum is not None:
            assert f"{shown.minimum} to {shown.maximum}" in said, name


@each_operation
def test_every_next_page_begins_in_the_same_words(orcheo: CommandLine, operation: AnyOperation) -> None:
    """Whatever is listed."""
    if "after" in parameters_of(operation.request):
        pattern = r"--after TEXT Start after this [a-z ]+ id, the last of the previous page\."
        assert re.search(pattern, help_of(orcheo, operation))
