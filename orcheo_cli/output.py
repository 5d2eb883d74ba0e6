"""What the CLI prints: results on standard output, everything else on standard error."""

import json
import re
from typing import TYPE_CHECKING, Any

import click

from orcheo_core.errors import OrcheoError

if TYPE_CHECKING:
    from rich.console import Console

_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_WIDE = 100


def clean(text: object) -> str:
    """Text from outside without control characters, so that it cannot drive the terminal (security.md, *rich*)."""
    return _CONTROLS.sub("", str(text))


def print_json(document: dict[str, Any]) -> None:
    """Exactly the result of an operation."""
    click.echo(json.dumps(document, indent=2, ensure_ascii=False))


def print_error(error: OrcheoError, *, as_json: bool) -> None:
    """What happened, why, and what to do next."""
    if as_json:
        document = {"code": error.code, "detail": error.detail, "hint": error.hint}
        if (wait := getattr(error, "retry_after", None)) is not None:
            document["retry_after"] = wait
        click.echo(json.dumps(document, ensure_ascii=False), err=True)
        return
    click.secho("Error: ", fg="red", bold=True, nl=False, err=True)
    click.echo(clean(error.detail), err=True)
    click.secho("Hint:  ", fg="cyan", nl=False, err=True)
    click.echo(clean(error.hint), err=True)


def print_result(result: dict[str, Any]) -> None:
    """A result for people; its shape says how."""
    if "workflows" in result:
        _print_list(result)
    elif "message" in result:
        _print_change(result)
    else:
        _print_fields(_workflow_fields(result))


def _print_list(result: dict[str, Any]) -> None:
    if not result["workflows"]:
        click.echo("No workflows yet. Register one with `orcheo workflow add`.")
        return
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("HANDLE", "NAME", "STATE", "SHARE LINK"):
        table.add_column(title, overflow="fold")
    for workflow in result["workflows"]:
        table.add_row(
            *map(_text, (workflow["handle"], workflow["name"], _state(workflow), workflow["share_url"] or "–"))
        )
    _console().print(table)
    if result["next_after"]:
        click.echo(f"There are more: orcheo workflow list --after {clean(result['next_after'])}")


def _print_change(result: dict[str, Any]) -> None:
    click.secho(clean(result["message"]), bold=True)
    fields = {}
    if result.get("share_url"):
        fields["Share link"] = result["share_url"]
    if result.get("publish_token"):
        fields["Publish token"] = f"{result['publish_token']}  (shown only this once)"
    _print_fields(fields)


def _workflow_fields(workflow: dict[str, Any]) -> dict[str, Any]:
    runner = workflow["runner"]
    fields = {
        "Name": workflow["name"],
        "Handle": workflow["handle"],
        "Id": workflow["id"],
        "Description": workflow["description"],
        "Owner": workflow["owner"],
        "Runner": f"{runner['kind']} {runner['target']}",
        "State": _state(workflow),
        "Share link": workflow["share_url"],
        "Publish token": workflow["publish_token_hint"],
        "Published": workflow["published_at"],
        "Published by": workflow["published_by"],
        "Token rotated": workflow["publish_token_rotated_at"],
        "Created": workflow["created_at"],
        "Changed": workflow["updated_at"],
    }
    return {label: value for label, value in fields.items() if value}


def _print_fields(fields: dict[str, Any]) -> None:
    width = max(map(len, fields), default=0) + 2
    for label, value in fields.items():
        click.secho(f"{label:<{width}}", dim=True, nl=False)
        click.echo(clean(value))


def _state(workflow: dict[str, Any]) -> str:
    if not workflow["is_public"]:
        return "private"
    return "public, login required" if workflow["require_login"] else "public"


def _text(value: object) -> Any:
    """Rich text without markup."""
    from rich.text import Text

    return Text(clean(value))


def _console() -> "Console":
    from rich.console import Console

    console = Console(highlight=False, markup=False)
    return console if console.is_terminal else Console(highlight=False, markup=False, width=_WIDE * 2)
