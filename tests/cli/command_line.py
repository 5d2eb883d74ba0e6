"""The command line in the test's own process."""

import json
from collections.abc import Callable
from typing import Any

from attrs import Factory, evolve, frozen
from click.testing import CliRunner

from orcheo_adapters.client.known_workflows import KnownWorkflows
from orcheo_adapters.client.remote import Operations
from orcheo_cli.context import CliContext
from orcheo_cli.main import run


@frozen
class Said:
    """How an invocation ended."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """What ``--json`` printed on standard output."""
        document: dict[str, Any] = json.loads(self.out)
        return document

    @property
    def problem(self) -> dict[str, Any]:
        """What ``--json`` printed on standard error."""
        document: dict[str, Any] = json.loads(self.err)
        return document


@frozen(kw_only=True)
class CommandLine:
    """``orcheo`` as someone types it; ``at_terminal`` says whether there is someone to ask."""

    connect: Callable[[], Operations] | None = None
    known: Callable[[], KnownWorkflows] | None = None
    at_terminal: bool = False
    answers: str = ""
    environment: dict[str, str | None] = Factory(dict)

    def __call__(self, *words: str) -> Said:
        """Run a command to its end."""
        runner = CliRunner()
        context = CliContext(at_terminal=lambda: self.at_terminal)
        if self.connect is not None:
            context = evolve(context, connect=self.connect)
        if self.known is not None:
            context = evolve(context, known=self.known)
        with runner.isolation(self.answers, self.environment) as (out, err, _):
            code = run(words, context)
        return Said(code, out.getvalue().decode(), err.getvalue().decode())


def assert_error(said: Said, code: int, *, detail: str, hint: str) -> None:
    """The invocation failed with this exit code and said on standard error what happened and what to do next."""
    assert (said.code, said.out) == (code, "")
    assert said.err.startswith("Error: ")
    assert detail in said.err
    assert "\nHint:  " in said.err
    assert hint in said.err
    assert "Traceback" not in said.err
