"""A transcript as a document: JSON, JSON lines, Markdown."""

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from attrs import frozen

from orcheo_core.domain.component_items import EndOfTurnItem, ending_in_words
from orcheo_core.domain.items import Item
from orcheo_core.domain.shown_text import readable, with_unseen_named
from orcheo_core.domain.transcript import Transcript, TranscriptPart, details_of, kind_of, text_of
from orcheo_core.domain.turn import Turn

_SPEAKERS = {"user_message": "Visitor", "assistant_message": "Workflow"}


class TranscriptFormat(StrEnum):
    """What a transcript can be exported as."""

    JSON = "json"
    JSONL = "jsonl"
    MARKDOWN = "markdown"

    @property
    def lists_turns(self) -> bool:
        """Whether such a document has a list of the turns, before its items."""
        return self is TranscriptFormat.JSON


@frozen(kw_only=True)
class TranscriptDocument:
    """A part of an exported transcript: text, what type of text, and a name for the file of all parts."""

    content: str
    media_type: str
    file_name: str


def export(part: TranscriptPart, form: TranscriptFormat) -> TranscriptDocument:
    """This part of a transcript in this format: all parts together are the document, with a line end at its end."""
    media_type, ending, write = _FORMATS[form]
    return TranscriptDocument(
        content=write(part), media_type=media_type, file_name=f"{part.transcript.thread.id}.{ending}"
    )


def entry_of(transcript: Transcript, item: Item) -> dict[str, Any]:
    """One item as JSON-ready values: the same fields in every answer and every export."""
    feedback = transcript.feedback.get(item.id)
    return {
        "id": item.id,
        "turn_id": item.turn_id,
        "created_at": item.created_at.isoformat(),
        "kind": kind_of(item),
        "text": text_of(item),
        "details": details_of(item),
        "feedback": feedback.value if feedback else None,
    }


def turn_entry_of(turn: Turn) -> dict[str, Any]:
    """How a turn went, with code and reason of a failure; for the owner only."""
    fault, usage = turn.fault, turn.usage
    return {
        "id": turn.id,
        "status": turn.status.value,
        "started_at": turn.started_at,
        "ended_at": turn.ended_at,
        "code": fault.code if fault else None,
        "reason": fault.reason if fault else None,
        "input_tokens": usage.input_tokens if usage else None,
        "output_tokens": usage.output_tokens if usage else None,
    }


def _as_json(part: TranscriptPart) -> str:
    """Indented, as people look into it too."""
    transcript, written = part.transcript, []
    if part.after is None:
        written.append(_json(_head(transcript)).removesuffix("\n}") + ',\n  "turns": [')
    if part.turns is not None:
        written.append(_entries_in_list(map(turn_entry_of, part.turns), is_first=part.after is None))
        if part.has_more_turns:
            return "".join(written)
        written.append(_end_of_list(is_empty=part.after is None and not part.turns) + ',\n  "items": [')
    items = transcript.items
    written.append(_entries_in_list((entry_of(transcript, item) for item in items), is_first=part.turns is not None))
    if not transcript.has_more:
        written.append(_end_of_list(is_empty=part.turns is not None and not items) + "\n}\n")
    return "".join(written)


def _entries_in_list(entries: Iterable[dict[str, Any]], *, is_first: bool) -> str:
    written = ["\n    " + _json(entry).replace("\n", "\n    ") for entry in entries]
    return ("" if is_first or not written else ",") + ",".join(written)


def _end_of_list(*, is_empty: bool) -> str:
    return "]" if is_empty else "\n  ]"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2, default=datetime.isoformat)


def _as_json_lines(part: TranscriptPart) -> str:
    """One item a line; each says which thread it is in, so that files can be joined, and how its turn went."""
    transcript = part.transcript
    turns = {turn.id: turn_entry_of(turn) for turn in transcript.turns}
    went = {id_: {name: turn[name] for name in ("status", "code", "reason")} for id_, turn in turns.items()}
    entries = (entry_of(transcript, item) for item in transcript.items)
    named = ({"thread_id": transcript.thread.id} | entry | {"turn": went.get(entry["turn_id"])} for entry in entries)
    return "".join(json.dumps(entry, ensure_ascii=False) + "\n" for entry in named)


def _as_markdown(part: TranscriptPart) -> str:
    """For reading: what was said is quoted, so that nothing in it can pose as the document's own heading."""
    transcript, lines = part.transcript, []
    thread, turns = transcript.thread, {turn.id: turn for turn in transcript.turns}
    if part.after is None:
        lines += [f"# {_one_line(thread.title or thread.id)}", ""]
        begun = f"begun {thread.created_at:%Y-%m-%d %H:%M} UTC"
        lines += [f"Thread {thread.id} of {_one_line(thread.subject.key)}, {begun}."]
    before = part.before
    for item in transcript.items:
        lines += _fault_of_whole_turn(before, item, turns)
        lines += _in_words(item, turns)
        before = item
    if not transcript.has_more:
        lines += _fault_of_whole_turn(before, None, turns)
    return "".join(f"{line}\n" for line in lines)


def _in_words(item: Item, turns: Mapping[str, Turn]) -> Iterator[str]:
    if isinstance(item, EndOfTurnItem) and item.ending:
        yield from ("", f"Turn {ending_in_words(item.ending.kind)}{_why(turns.get(item.turn_id))}")
    if text := readable(kind_of(item), text_of(item), details_of(item)):
        who = _SPEAKERS.get(kind_of(item), kind_of(item).replace("_", " ").capitalize())
        yield from ("", f"## {who}, {item.created_at:%Y-%m-%d %H:%M:%S} UTC", "")
        yield from (f"> {line}".rstrip() for line in with_unseen_named(text).splitlines())


def _fault_of_whole_turn(last: Item | None, following: Item | None, turns: Mapping[str, Turn]) -> Iterator[str]:
    """Below a turn whose answer is whole but for a part that could not be shown: no item says so."""
    if last is None or (following is not None and following.turn_id == last.turn_id):
        return
    turn, is_said = turns.get(last.turn_id), isinstance(last, EndOfTurnItem) and last.ending
    if turn and turn.fault and not is_said:
        yield from ("", f"One turn{_why(turn)}")


def _why(turn: Turn | None) -> str:
    """Code and reason for the owner; the reason is code to Markdown, as it may hold what a visitor wrote."""
    fault = turn.fault if turn else None
    if not fault:
        return "."
    reason = _one_line(fault.reason).replace("`", "'")
    return f" ({fault.code}): `{reason}`"


def _head(transcript: Transcript) -> dict[str, Any]:
    thread, latest = transcript.thread, transcript.latest_turn
    return {
        "id": thread.id,
        "workflow_id": thread.workflow_id,
        "subject": thread.subject.key,
        "title": thread.title,
        "created_at": thread.created_at.isoformat(),
        "updated_at": thread.updated_at.isoformat(),
        "status": latest.status.value if latest else None,
    }


def _one_line(text: str) -> str:
    return with_unseen_named(" ".join(text.split()))


_FORMATS = {
    TranscriptFormat.JSON: ("application/json", "json", _as_json),
    TranscriptFormat.JSONL: ("application/jsonl", "jsonl", _as_json_lines),
    TranscriptFormat.MARKDOWN: ("text/markdown", "md", _as_markdown),
}
MEDIA_TYPES = tuple(media_type for media_type, _, _ in _FORMATS.values())
"""Of all formats."""
