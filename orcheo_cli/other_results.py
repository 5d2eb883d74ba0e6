"""Service tokens, transcripts and the audit for people."""

from collections.abc import Iterator
from typing import Any

import click

from orcheo_cli.layout import clean, moment, one_line, paragraph, table_lines
from orcheo_cli.options import is_filtered
from orcheo_core.domain.shown_text import readable, with_unseen_named
from orcheo_core.operations.space import shown_size

_BAR = "│ "
_SPEAKERS = {"user_message": "Visitor", "assistant_message": "Workflow", "end_of_turn": "Notice"}


def token_page_lines(result: dict[str, Any], width: int | None) -> Iterator[str]:
    """A page of service tokens."""
    headings = ("ID", "OWNER", "LABEL", "CREATED", "LAST USED", "ENDS", "SCOPES")
    yield from table_lines(headings, [_token_row(each) for each in result["service_tokens"]], width)


def _token_row(each: dict[str, Any]) -> tuple[str, ...]:
    ends = min(filter(None, (each["ended_at"], each["expires_at"])), default=each["expires_at"])
    times = (moment(each["issued_at"]), _moment_or_never(each["last_used_at"]), _moment_or_never(ends))
    return (each["id"], each["owner"], each["label"], *times, " ".join(each["scopes"]))


def _moment_or_never(text: str | None) -> str:
    return "never" if text is None else moment(text)


def thread_page_lines(result: dict[str, Any], width: int | None) -> Iterator[str]:
    """A page of threads."""
    if not result["threads"]:
        yield "No threads match." if is_filtered("search", "visitor", "failed") else "No threads found."
        return
    headings = ("ID", "VISITOR", "LAST SAID", "TITLE")
    yield from table_lines(headings, [_thread_row(each) for each in result["threads"]], width)


def _thread_row(each: dict[str, Any]) -> tuple[str, ...]:
    return (each["id"], each["subject"], moment(each["updated_at"]), with_unseen_named(each["title"] or ""))


def transcript_lines(result: dict[str, Any], width: int | None) -> Iterator[str]:
    """What was said in a thread."""
    thread = result["thread"]
    yield click.style(paragraph(with_unseen_named(thread["title"] or thread["id"]), width), bold=True)
    head = f"{one_line(thread['id'])} of {one_line(thread['subject'])}, latest turn {result['status'] or 'none'}"
    yield paragraph(head, width)
    turns = {turn["id"]: turn for turn in result.get("turns", [])}
    for item in result["items"]:
        if item["kind"] == "end_of_turn" and item["details"].get("ending"):
            yield from _ending_lines(item, turns.pop(item["turn_id"], None), width)
        if text := readable(item["kind"], item["text"], item["details"]):
            who = _SPEAKERS.get(item["kind"], item["kind"].replace("_", " ").capitalize())
            judged = f" ({item['feedback']} feedback)" if item["feedback"] else ""
            yield ""
            said = ", ".join(filter(None, (one_line(who), moment(item["created_at"]))))
            yield click.style(f"{said}{judged}", dim=True)
            yield from _quoted(text, width)
    for turn in turns.values():
        if turn["code"]:  # its answer is whole, but for a part that could not be shown
            yield from ("", paragraph(f"One turn ({one_line(turn['code'])}): {one_line(turn['reason'])}", width))


def _quoted(text: str, width: int | None) -> Iterator[str]:
    """Behind a bar, so that no line of it can pass for the head of another item."""
    for line in with_unseen_named(text).split("\n"):
        for part in paragraph(line, width and max(1, width - len(_BAR))).split("\n"):
            yield f"{_BAR}{part}".rstrip()


def _ending_lines(item: dict[str, Any], turn: dict[str, Any] | None, width: int | None) -> Iterator[str]:
    """How a turn without a whole answer ended, with the reason for the owner."""
    ending = item["details"].get("ending")
    if not ending:
        return
    from orcheo_core.domain.component_items import ending_in_words

    how, why = ending_in_words(ending), ""
    if turn and turn["code"]:
        reason = one_line(turn["reason"])
        why = f" ({one_line(turn['code'])})" + ("." if how in reason else f": {reason}")
    yield ""
    yield click.style(paragraph(f"Turn {how}{why}", width), bold=True)


def answer_lines(result: dict[str, Any], width: int | None) -> Iterator[str]:
    """What a workflow answered."""
    if result["answer"]:
        yield from (paragraph(line, width) for line in clean(result["answer"]).split("\n"))
    for source in result["sources"]:
        yield one_line(" ".join(filter(None, ("Source:", source["title"], source["url"] or source["filename"]))))
    for notice in result["notices"]:
        yield paragraph(f"Notice: {one_line(notice)}", width)
    yield click.style(f"Thread {one_line(result['thread_id'])}", dim=True)


def space_lines(result: dict[str, Any], width: int | None) -> Iterator[str]:
    """The room that everything takes."""
    yield click.style(paragraph(result["message"], width), bold=True)
    headings = ("TABLE", "ROWS", "SIZE", "HOLDS")
    rows = [
        (each["name"], str(each["rows"]), "" if each["size"] is None else shown_size(each["size"]), each["kept"])
        for each in result["table_spaces"]
    ]
    yield from table_lines(headings, rows, width)


def telemetry_lines(result: dict[str, Any], width: int | None) -> Iterator[str]:
    """What pages have reported of themselves."""
    yield paragraph(result["message"], width)
    if result["page_counts"]:
        yield ""
        yield from table_lines(("PLACE", "EVENT", "", "TIMES"), [*map(_page_count_row, result["page_counts"])], width)


def _page_count_row(each: dict[str, Any]) -> tuple[str, ...]:
    within = each["within_ms"]
    took = "over a minute" if within is None else f"within {within / 1_000:g} s"
    return (each["place"], each["event"], took if each["event"] == "answer" else each["code"] or "", str(each["times"]))


def audit_lines(result: dict[str, Any], width: int | None) -> Iterator[str]:
    """A page of the audit."""
    if not result["audit_entries"]:
        is_part = is_filtered("workflow", "actor", "act", "since", "until")
        yield "No audit entries match." if is_part else "No audit entries found."
        return
    headings = ("WHEN", "WHO", "BY", "WHAT", "WORKFLOW", "NOTE")
    yield from table_lines(headings, [_audit_row(each) for each in result["audit_entries"]], width)


def _audit_row(each: dict[str, Any]) -> tuple[str, ...]:
    who = f"{each['actor']} ({each['actor_label']})" if each["actor_label"] else each["actor"]
    workflow = each["handle"] or each["workflow_id"] or ""
    note = "" if each["note"] == workflow else each["note"]
    return (moment(each["at"]), who, each["channel"], each["act"], workflow, note)


def usage_lines(usage: dict[str, Any], width: int | None) -> Iterator[str]:
    """The usage of a workflow: a line for each day with anything in it, and one for all of them."""
    headings = ("DAY (UTC)", "TURNS", "VISITORS", "FAILED", "FIRST EVENT", "WHOLE TURN", "TOKENS", "REFUSED")
    days = [each for each in usage["days"] if each["turns"] or each["refusals"]]
    rows = [_usage_row(each["day"], each) for each in reversed(days)]
    asked = len(usage["days"])
    yield click.style(f"Usage of the last {asked} days" if asked > 1 else "Usage today", bold=True)
    yield from table_lines(headings, [*rows, _usage_row("all", usage["in_all"])], width)


def _usage_row(label: str, each: dict[str, Any]) -> tuple[str, ...]:
    counts = (str(each["turns"]), str(each["visitors"]), _by_code(each["failures"]))
    times = (_times(each["first_event"]), _times(each["whole_turn"]))
    return (label, *counts, *times, f"{each['input_tokens']} + {each['output_tokens']}", _by_code(each["refusals"]))


def _by_code(counts: dict[str, int]) -> str:
    """``3: timed_out 2, no_answer 1``, the most frequent one first."""
    if not counts:
        return "0"
    ordered = sorted(counts.items(), key=lambda each: (-each[1], each[0]))
    return f"{sum(counts.values())}: {', '.join(f'{code} {count}' for code, count in ordered)}"


def _times(times: dict[str, float] | None) -> str:
    """Half of all and 95 of 100 took at most so long."""
    return f"{times['median']:.1f} s, 95 %: {times['p95']:.1f} s" if times else ""
