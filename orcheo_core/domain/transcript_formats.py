"""A transcript as a document: JSON, JSON lines, Markdown."""

import json
from collections.abc import Iterator
from enum import StrEnum
from typing import Any

from attrs import frozen

from orcheo_core.domain.items import Item
from orcheo_core.domain.shown_text import with_unseen_named
from orcheo_core.domain.transcript import Transcript, details_of, kind_of, text_of

_SPEAKERS = {"user_message": "Visitor", "assistant_message": "Workflow"}


class TranscriptFormat(StrEnum):
    """What a transcript can be exported as."""

    JSON = "json"
    JSONL = "jsonl"
    MARKDOWN = "markdown"


@frozen(kw_only=True)
class TranscriptDocument:
    """An exported transcript: text, what type of text, and a name for its file."""

    content: str
    media_type: str
    file_name: str


def export(transcript: Transcript, form: TranscriptFormat) -> TranscriptDocument:
    """The whole transcript in this format, in UTF-8 and with a line end at its end."""
    media_type, ending, write = _FORMATS[form]
    return TranscriptDocument(
        content=write(transcript), media_type=media_type, file_name=f"{transcript.thread.id}.{ending}"
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


def _as_json(transcript: Transcript) -> str:
    return json.dumps(_head(transcript) | {"items": list(_entries(transcript))}, ensure_ascii=False, indent=2) + "\n"


def _as_json_lines(transcript: Transcript) -> str:
    """One item a line; each says which thread it is in, so that files can be joined."""
    named = ({"thread_id": transcript.thread.id} | entry for entry in _entries(transcript))
    return "".join(json.dumps(entry, ensure_ascii=False) + "\n" for entry in named)


def _as_markdown(transcript: Transcript) -> str:
    """For reading: what was said is quoted, so that nothing in it can pose as the document's own heading."""
    thread = transcript.thread
    lines = [f"# {_one_line(thread.title or thread.id)}", ""]
    lines += [f"Thread {thread.id} of {_one_line(thread.subject.key)}, begun {thread.created_at:%Y-%m-%d %H:%M} UTC."]
    for item in transcript.items:
        if text := text_of(item):
            who = _SPEAKERS.get(kind_of(item), kind_of(item).replace("_", " ").capitalize())
            lines += ["", f"## {who}, {item.created_at:%Y-%m-%d %H:%M:%S} UTC", ""]
            lines += [f"> {line}".rstrip() for line in with_unseen_named(text).splitlines()]
    return "\n".join(lines) + "\n"


def _entries(transcript: Transcript) -> Iterator[dict[str, Any]]:
    return (entry_of(transcript, item) for item in transcript.items)


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
