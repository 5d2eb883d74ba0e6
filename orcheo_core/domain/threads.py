"""A thread: one conversation of one subject with one workflow."""

from datetime import datetime

from attrs import evolve, frozen

from orcheo_core.domain.subject import Subject

_TITLE_LENGTH = 80


@frozen(kw_only=True)
class Thread:
    """A conversation; nobody but its subject and the owner of its workflow ever sees it."""

    id: str
    workflow_id: str
    subject: Subject
    created_at: datetime
    updated_at: datetime
    title: str | None = None

    def touched(self, at: datetime) -> "Thread":
        """Something was said in it at ``at``."""
        return evolve(self, updated_at=at)

    def titled(self, title: str) -> "Thread":
        """With another title, cut to one line."""
        return evolve(self, title=title_from(title))


def title_from(text: str) -> str | None:
    """A title out of the first words of a thread, on one line; None when there are no words."""
    words = " ".join(text.split())
    if len(words) > _TITLE_LENGTH:
        words = words[: _TITLE_LENGTH - 1].rstrip() + "…"
    return words or None
