"""What operations answer of transcripts."""

from datetime import datetime
from typing import Any

from attrs import frozen

from orcheo_core.domain.pages import Page
from orcheo_core.domain.threads import Thread
from orcheo_core.domain.transcript import Transcript, TranscriptPart
from orcheo_core.domain.transcript_formats import TranscriptFormat, entry_of, export, turn_entry_of
from orcheo_core.domain.turn import Turn


@frozen(kw_only=True)
class ThreadSummary:
    """A thread in a list.

    ``subject`` is the visitor: ``anon:…`` for a browser, ``oidc:…`` for a login, ``app:…`` for a user of an app,
    ``program:…`` for an app itself.
    """

    id: str
    workflow_id: str
    subject: str
    title: str | None
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, thread: Thread) -> "ThreadSummary":
        """The view of a thread."""
        return cls(
            id=thread.id,
            workflow_id=thread.workflow_id,
            subject=thread.subject.key,
            title=thread.title,
            created_at=thread.created_at,
            updated_at=thread.updated_at,
        )


@frozen(kw_only=True)
class ThreadPage:
    """Some of the threads; ``next_after`` begins the next page, None on the last one."""

    threads: tuple[ThreadSummary, ...]
    next_after: str | None

    @classmethod
    def of(cls, page: Page[Thread]) -> "ThreadPage":
        """The view of a page."""
        views = tuple(map(ThreadSummary.of, page.entries))
        return cls(threads=views, next_after=views[-1].id if page.has_more else None)


@frozen(kw_only=True)
class TranscriptEntryView:
    """One item: who said what (``kind``), its text, and in ``details`` what else its kind has."""

    id: str
    turn_id: str
    created_at: str
    kind: str
    text: str
    details: dict[str, Any]
    feedback: str | None


@frozen(kw_only=True)
class TurnView:
    """How a turn went; ``code`` and ``reason`` say why it has no answer or not a whole one, for the owner only."""

    id: str
    status: str
    started_at: datetime
    ended_at: datetime | None
    code: str | None
    reason: str | None
    input_tokens: int | None
    output_tokens: int | None
    """What its run reported to have used, None when it reported nothing."""

    @classmethod
    def of(cls, turn: Turn) -> "TurnView":
        """The view of a turn."""
        return cls(**turn_entry_of(turn))


@frozen(kw_only=True)
class TranscriptView:
    """A thread with a page of its items, oldest first, and their turns; ``status`` is that of its latest turn."""

    thread: ThreadSummary
    status: str | None
    turns: tuple[TurnView, ...]
    items: tuple[TranscriptEntryView, ...]
    next_after: str | None

    @classmethod
    def of(cls, transcript: Transcript) -> "TranscriptView":
        """The view of a transcript."""
        latest, items = transcript.latest_turn, transcript.items
        return cls(
            thread=ThreadSummary.of(transcript.thread),
            status=latest.status.value if latest else None,
            turns=tuple(map(TurnView.of, transcript.turns)),
            items=tuple(TranscriptEntryView(**entry_of(transcript, item)) for item in items),
            next_after=items[-1].id if transcript.has_more else None,
        )


@frozen(kw_only=True)
class TranscriptExport:
    """A transcript as a document, or a part of it: ``next_after`` begins the next part, None in the last one."""

    thread_id: str
    format: str
    media_type: str
    file_name: str
    content: str
    next_after: str | None

    @classmethod
    def of(cls, part: TranscriptPart, form: TranscriptFormat) -> "TranscriptExport":
        """The view of a part in this format."""
        document = export(part, form)
        return cls(
            thread_id=part.transcript.thread.id,
            format=form.value,
            media_type=document.media_type,
            file_name=document.file_name,
            content=document.content,
            next_after=part.next_after,
        )


@frozen(kw_only=True)
class PurgeResult:
    """How many threads are gone, or with ``dry_run`` how many would be."""

    purged: int
    """None of them with ``dry_run``."""
    matching: int
    newest: datetime | None
    """When something was said last in any of those that ``dry_run`` counts."""
    question: str | None
    """What a person should be asked before they go; after a ``dry_run`` that found some."""
    message: str
