"""A transcript: a thread as its owner reads, searches and exports it."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from attrs import asdict, frozen

from orcheo_core.domain.attachments import Attachment
from orcheo_core.domain.component_items import (
    ClientToolCallItem,
    EndOfTurnItem,
    GeneratedImageItem,
    HiddenItem,
    ProgressNoteItem,
    StepItem,
    WidgetItem,
)
from orcheo_core.domain.durations import counted
from orcheo_core.domain.feedback import FeedbackKind
from orcheo_core.domain.items import AssistantItem, Item, UserItem
from orcheo_core.domain.search import SEARCHED_CHARACTERS, folded
from orcheo_core.domain.sources import Source
from orcheo_core.domain.structured_input import Question, StructuredInputItem
from orcheo_core.domain.subject import Subject
from orcheo_core.domain.threads import Thread
from orcheo_core.domain.turn import Turn


@frozen(kw_only=True)
class Transcript:
    """A thread with some or all of its items, how its latest turn stands, and what the visitor thought of it."""

    thread: Thread
    items: tuple[Item, ...]
    has_more: bool
    latest_turn: Turn | None
    turns: tuple[Turn, ...] = ()
    """The turns that the items belong to, oldest first."""
    feedback: Mapping[str, FeedbackKind]
    """By item id."""


@frozen(kw_only=True)
class TranscriptPart:
    """A part of a thread for a document that is written part by part."""

    transcript: Transcript
    after: str | None = None
    """The id behind which this part begins, of a turn or an item; None for the first part."""
    before: Item | None = None
    """The item behind which this part begins, if it is still there."""
    turns: tuple[Turn, ...] | None = None
    """The next turns of the thread where the document lists them before its items; None where it does not, and behind
    that list."""
    has_more_turns: bool = False
    """If so, no items are in this part."""

    @property
    def next_after(self) -> str | None:
        """What the next part begins after; None for the last one."""
        if self.turns and self.has_more_turns:
            return self.turns[-1].id
        return self.transcript.items[-1].id if self.transcript.has_more else None


@frozen(kw_only=True)
class ThreadFilter:
    """Which threads: of a workflow, of a subject, not touched since a moment, with an item that has all the words."""

    workflow_id: str | None = None
    subject: Subject | None = None
    holder_id: str | None = None
    """Only threads of users of the app with this holder id."""
    untouched_since: datetime | None = None
    is_failed: bool = False
    """Only threads with a failed turn."""
    words: tuple[str, ...] = ()
    """As :func:`~orcheo_core.domain.search.search_words` makes them."""

    def admits(self, thread: Thread) -> bool:
        """Whether it is such a thread, whatever was said in it and however its turns ended."""
        return (
            self.workflow_id in {None, thread.workflow_id}
            and self.subject in {None, thread.subject}
            and (self.holder_id is None or thread.subject.user_of(self.holder_id) is not None)
            and (self.untouched_since is None or thread.updated_at < self.untouched_since)
        )


@frozen(kw_only=True)
class ThreadSum:
    """How many threads a filter wants, and when something was said last in any of them."""

    count: int = 0
    newest: datetime | None = None

    def described(self, whose: str) -> str:
        """Such as ``2 threads of shop, the newest of 2026-11-23 14:06 UTC``, where there are any."""
        when = "the newest of" if self.count > 1 else "last used on"
        return f"{counted(self.count, 'thread')}{whose}, {when} {self.newest:%Y-%m-%d %H:%M} UTC"


def kind_of(item: Item) -> str:
    """What an item is called: the names of ChatKit's thread items, but for the progress note."""
    return _KINDS[type(item)]


def text_of(item: Item) -> str:
    """What an item says to a reader; empty for one that shows no text."""
    return _TEXTS[type(item)](item)


def details_of(item: Item) -> dict[str, Any]:
    """What else there is to an item, JSON-ready."""
    make = _DETAILS.get(type(item))
    return make(item) if make else {}


def searchable_text(item: Item) -> str:
    """What searches find an item by: the beginning of its text, nothing of hidden ones or of the bytes of an image."""
    text = "" if isinstance(item, HiddenItem) else text_of(item)
    is_data = isinstance(item, GeneratedImageItem) and text[:5].casefold() == "data:"
    return "" if is_data else folded(text[:SEARCHED_CHARACTERS])


def _question_lines(item: StructuredInputItem) -> str:
    return "\n".join(f"{each.question} {_answer(each)}".rstrip() for each in item.questions)


def _answer(question: Question) -> str:
    return ", ".join(question.answer.values) if question.answer else ""


def _steps(item: ProgressNoteItem) -> str:
    return "\n".join(filter(None, (item.title, *(each.title or each.content for each in item.steps))))


_KINDS: dict[type, str] = {
    UserItem: "user_message",
    AssistantItem: "assistant_message",
    ClientToolCallItem: "client_tool_call",
    StructuredInputItem: "structured_input",
    WidgetItem: "widget",
    GeneratedImageItem: "generated_image",
    ProgressNoteItem: "progress_note",
    StepItem: "step",
    EndOfTurnItem: "end_of_turn",
    HiddenItem: "hidden_context",
}
_TEXTS: dict[type, Callable[[Any], str]] = {
    UserItem: lambda item: item.text,
    AssistantItem: lambda item: item.text,
    ClientToolCallItem: lambda item: item.name,
    StructuredInputItem: _question_lines,
    WidgetItem: lambda item: item.copy_text or "",
    GeneratedImageItem: lambda item: item.url or "",
    ProgressNoteItem: _steps,
    StepItem: lambda item: item.step.title or item.step.content or "",
    EndOfTurnItem: lambda item: item.notice.message if item.notice else "",
    HiddenItem: lambda item: item.content if isinstance(item.content, str) else "",
}


def _user_details(item: UserItem) -> dict[str, Any]:
    attachments = [_attachment(each) for each in item.attachments]
    return {"attachments": attachments, "quoted_text": item.quoted_text}


def _attachment(attachment: Attachment) -> dict[str, Any]:
    return {name: getattr(attachment, name) for name in ("id", "name", "mime_type", "size")}


def _assistant_details(item: AssistantItem) -> dict[str, Any]:
    return {"sources": [_source(each.source) for part in item.content for each in part.citations]}


def _source(source: Source) -> dict[str, Any]:
    return {name: getattr(source, name) for name in ("title", "url", "filename")}


def _call_details(item: ClientToolCallItem) -> dict[str, Any]:
    return {"arguments": item.arguments, "output": item.output, "is_pending": item.is_pending}


def _structured_details(item: StructuredInputItem) -> dict[str, Any]:
    return {"status": item.status.value, "questions": [asdict(each) for each in item.questions]}


_DETAILS: dict[type, Callable[[Any], dict[str, Any]]] = {
    UserItem: _user_details,
    AssistantItem: _assistant_details,
    ClientToolCallItem: _call_details,
    StructuredInputItem: _structured_details,
    WidgetItem: lambda item: {"widget": item.widget},
    EndOfTurnItem: lambda item: {"ending": item.ending.kind.value if item.ending else None},
    HiddenItem: lambda item: {"content": item.content},
}
