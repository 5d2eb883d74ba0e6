"""A thread: one conversation of one subject with one workflow."""

import re
from datetime import datetime

from attrs import evolve

from orcheo_core.domain.subject import Subject
from orcheo_core.domain.values import value

_TITLE_LENGTH = 80
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


@value(kw_only=True)
class Thread:
    """A conversation; only its subject and the owner of its workflow ever see it."""

    id: str
    workflow_id: str
    subject: Subject
    created_at: datetime
    updated_at: datetime
    title: str | None = None
    is_titled: bool = False
    """Whether the workflow or the visitor gave it its title; otherwise that is how its first message begins."""

    def touched(self, at: datetime) -> "Thread":
        """Something was said in it at ``at``."""
        return evolve(self, updated_at=at)

    def titled(self, title: str) -> "Thread":
        """With another title, cut to one line with a mark; an empty one removes it."""
        given = title_from(title)
        return evolve(self, title=given, is_titled=given is not None)


def title_from(text: str) -> str | None:
    """A title out of the first words of a thread, on one line, without control characters; None without words."""
    words = " ".join(_CONTROL.sub(" ", text).split())
    if len(words) > _TITLE_LENGTH:
        words = words[: _TITLE_LENGTH - 1].rstrip() + "…"
    return words or None
