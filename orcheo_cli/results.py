"""Results of operations for people."""

import sys
from collections.abc import Callable, Iterator
from typing import Any

import click

from orcheo_adapters.client.remote import OTHER_VERSION
from orcheo_cli.layout import clean, field_lines, moment, one_line, paragraph, table_lines
from orcheo_cli.options import is_filtered
from orcheo_cli.other_results import (
    answer_lines,
    audit_lines,
    space_lines,
    telemetry_lines,
    thread_page_lines,
    token_page_lines,
    transcript_lines,
    usage_lines,
)
from orcheo_cli.output import note, print_json, terminal_width

_SECRETS = {
    "Publish token": "publish_token",
    "Identity secret": "identity_secret",
    "Service token": "service_token",
    "Chat grant": "client_secret",
    "Address": "address",
}
_LIST_TITLES = ("HANDLE", "STATE", "SIGN-IN", "ROTATED", "NAME", "SHARE LINK")


def print_result(result: dict[str, Any]) -> None:
    """A result of the catalogue; its shape says how. One of another shape is shown as JSON, so that nothing is lost."""
    try:
        lines = list(result_lines(result, terminal_width(sys.stdout)))
    except (LookupError, TypeError, ValueError, AttributeError):
        print_json(result)
        note(f"The answer is shown as JSON, as it is not of the form that this command knows. {OTHER_VERSION}")
        return
    for line in lines:
        click.echo(line)


def result_lines(result: dict[str, Any], width: int | None) -> Iterator[str]:
    """The lines of a result on a terminal of this width; fields that a server of another version leaves out are empty.

    Raises :class:`LookupError`, :class:`TypeError`, :class:`ValueError` or :class:`AttributeError` for what is of no
    form that is known.
    """
    shape = next(name for name in (*_LINES, None) if name is None or name in result)
    if shape is None:
        raise LookupError(", ".join(result))
    yield from _LINES[shape](_lenient(result), width)


class _Lenient(dict[str, Any]):
    """Has nothing where a server says nothing."""

    def __missing__(self, _name: str) -> str:
        return ""


def _lenient(value: Any) -> Any:
    if isinstance(value, dict):
        return _Lenient({name: _lenient(each) for name, each in value.items()})
    return [_lenient(each) for each in value] if isinstance(value, list) else value


def _document_lines(result: dict[str, Any], _width: int | None) -> Iterator[str]:
    yield clean(result["content"]).removesuffix("\n")


def _workflow_lines(result: dict[str, Any], width: int | None) -> Iterator[str]:
    yield from field_lines(_workflow_fields(result), width)
    if usage := (result.get("activity") or {}).get("usage"):
        yield ""
        yield from usage_lines(usage, width)


def _list_lines(result: dict[str, Any], width: int | None) -> Iterator[str]:
    if not result["workflows"]:
        yield (
            "No workflows match."
            if is_filtered("search", "public")
            else "No workflows found. `orcheo workflow add` registers one."
        )
        return
    rows = list(map(_list_row, result["workflows"]))
    counts = [each.get("turns_by_day") for each in result["workflows"]]
    if all(each is None for each in counts):
        yield from table_lines(_LIST_TITLES, rows, width)
    else:
        turns = [str(sum(each or ())) for each in counts]
        more = [(*row[:2], count, *row[2:]) for row, count in zip(rows, turns, strict=True)]
        yield from table_lines((*_LIST_TITLES[:2], "TURNS", *_LIST_TITLES[2:]), more, width)


def _list_row(each: dict[str, Any]) -> tuple[str, ...]:
    sign_in = ("required" if each["require_login"] else "no") if each["is_public"] else ""
    rotated = moment(each["publish_token_rotated_at"])
    return (each["handle"], _state(each), sign_in, rotated, each["name"], each["share_url"] or "")


def _change_lines(result: dict[str, Any], width: int | None) -> Iterator[str]:
    done, *advice = result["message"].split("\n")
    yield click.style(paragraph(done, width), bold=True)
    yield from (paragraph(each, width) for each in advice)
    shown = {"Share link": result.get("share_url"), **_secrets(result)}
    yield from field_lines({label: value for label, value in shown.items() if value}, width)


_LINES: dict[str, Callable[[dict[str, Any], int | None], Iterator[str]]] = {
    "workflows": _list_lines,
    "service_tokens": token_page_lines,
    "audit_entries": audit_lines,
    "threads": thread_page_lines,
    "thread": transcript_lines,
    "sources": answer_lines,
    "table_spaces": space_lines,
    "page_counts": telemetry_lines,
    "content": _document_lines,
    "message": _change_lines,
    "handle": _workflow_lines,
}
"""By the field that tells results apart, the first that is there."""


def _secrets(result: dict[str, Any]) -> dict[str, str | None]:
    return {label: result.get(name) for label, name in _SECRETS.items()}


def _workflow_fields(workflow: dict[str, Any]) -> dict[str, str]:
    runner = workflow.get("runner", {"kind": "", "target": "", "settings": {}})
    settings = ", ".join(f"{name}={value}" for name, value in runner["settings"].items())
    fields = {
        "Name": workflow["name"],
        "Handle": workflow["handle"],
        "Id": workflow["id"],
        "Description": workflow.get("description"),
        "Owner": workflow["owner"],
        "Runner": f"{runner['kind']} {runner['target']}".strip(),
        "Settings": settings,
        "Limits": _limits(workflow),
        "Identity secret": workflow.get("identity_secret_hint"),
        "Old secret": "\n".join(map(_old_secret, workflow.get("identity_secrets", [])[1:])),
        "Bubble on": "\n".join(workflow.get("allowed_origins") or ()),
        **_look(workflow.get("look") or {}),
        "Last day": _counts(workflow, "last_day"),
        "In all": _counts(workflow, "in_all"),
        "Last used": moment((workflow.get("activity") or {}).get("last_used_at")),
        "Last failure": _last_failure(workflow),
        "Running now": _running(workflow),
        "Process": _process(workflow),
        "Conduct": "\n".join(conduct_words(workflow.get("conduct"))),
        "State": _state(workflow),
        "Sign-in": "required" if workflow["require_login"] else "",
        "Share link": workflow["share_url"],
        "Publish token": workflow["publish_token_hint"],
        "Old token": "\n".join(map(_old_secret, workflow.get("publish_tokens", [])[1:])),
        "Published": moment(workflow["published_at"]),
        "Published by": workflow["published_by"],
        "Rotated": moment(workflow["publish_token_rotated_at"]),
        "Created": moment(workflow["created_at"]),
        "Changed": moment(workflow["updated_at"]),
        "Archived": moment(workflow["archived_at"]),
    }
    return {label: clean(value) for label, value in fields.items() if value}


def _look(look: dict[str, Any]) -> dict[str, str]:
    """What visitors see, as far as it is set."""
    if not look:
        return {}
    colours = [look["accent"], "" if look["scheme"] == "auto" else f"{look['scheme']} scheme"]
    return {
        "Greeting": look["greeting"],
        "Prompts": "\n".join(map(_with_icon, look["prompts"])),
        "Placeholder": look["placeholder"],
        "Disclaimer": look["disclaimer"],
        "Colours": ", ".join(filter(None, colours)),
        "Contact": look["contact"],
        "Files": "offered to visitors" if look["files"] == "on" else "",
        "Models": "\n".join(f"{each['label']} ({each['id']})" for each in look["models"]),
        "Tools": "\n".join(map(_with_icon, look["tools"])),
    }


def _with_icon(each: dict[str, Any]) -> str:
    name = f"{each['label']} ({each['id']})" if "id" in each else f"{each['label']}: {one_line(each['prompt'])}"
    return f"{name}, icon {each['icon']}" if each["icon"] else name


def _counts(workflow: dict[str, Any], period: str) -> str:
    counts = (workflow.get("activity") or {}).get(period)
    if not counts or not counts["turns"]:
        return ""
    turns, visitors = (_plural(counts[f"{word}s"], word) for word in ("turn", "visitor"))
    said = f"{turns} by {visitors}, {counts['failed']} failed"
    used = f"{counts['input_tokens']} + {counts['output_tokens']} tokens"
    return f"{said}, {used}" if counts["input_tokens"] or counts["output_tokens"] else said


def _plural(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


def _last_failure(workflow: dict[str, Any]) -> str:
    failure = (workflow.get("activity") or {}).get("last_failure")
    if not failure:
        return ""
    return f"{moment(failure['at'])} in {failure['thread_id']}: {failure['code']}: {failure['reason']}"


def _running(workflow: dict[str, Any]) -> str:
    """``2 turns, 1 upload``."""
    return ", ".join(_plural(count, kind) for kind, count in (workflow.get("running") or {}).items())


def conduct_words(conduct: dict[str, Any] | None) -> list[str]:
    """What a workflow has done to the server's process, each in a few words; nothing for one that does no harm."""
    if not conduct:
        return []
    blocks, left, cut, ends = (conduct[name] for name in ("blocks", "threads_left", "output_cut", "process_ends"))
    words = {
        f"blocked the event loop {_plural(blocks, 'time')}, {conduct['longest_block']:.1f} s at most": blocks,
        f"left {_plural(left, 'thread')} at work": left,
        f"wrote more output than is kept in {_plural(cut, 'run')}": cut,
        f"ended its own process {_plural(ends, 'time')}": ends,
    }
    return [each for each, count in words.items() if count]


def _process(workflow: dict[str, Any]) -> str:
    memory = (workflow.get("conduct") or {}).get("process_memory")
    return "" if memory is None else f"{memory / 2**20:.0f} MiB of memory"


def _limits(workflow: dict[str, Any]) -> str:
    if "time_limit" not in workflow:
        return ""
    silence, history = workflow["time_limit"], workflow["history"]
    return f"{silence} s of silence end an answer, {history} earlier entries of the thread"


def _old_secret(secret: dict[str, Any]) -> str:
    return f"{secret['hint']}, until {moment(secret['expires_at'])}"


def _state(workflow: dict[str, Any]) -> str:
    if "is_public" not in workflow:
        return "unknown"
    if not workflow["is_public"]:
        return "archived" if workflow["archived_at"] else "private"
    return _OBSTACLES.get(workflow["obstacle"], "public")


_OBSTACLES = {
    "closed_until_restart": "closed, but not stored yet",
    "feature_disabled": "public, but switched off by the operator",
    "no_identity_provider": "public, but sign-in is not set up",
}
"""What keeps all visitors out of a public workflow."""
