"""A thread: one conversation of one subject with one workflow."""

import re
from datetime import datetime
from enum import StrEnum
from typing import Any

from attrs import evolve, field

from orcheo_core.domain.shown_text import cut_to, without_refused
from orcheo_core.domain.subject import Subject
from orcheo_core.domain.values import value

_TITLE_LENGTH = 80
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


class ThreadStatus(StrEnum):
    """Whether a page takes more messages for a thread; the server itself takes them, as ChatKit's does."""

    ACTIVE = "active"
    LOCKED = "locked"
    """Not now."""
    CLOSED = "closed"
    """Never again."""


@value(kw_only=True)
class ThreadSettings:
    """What a workflow has set for a thread, beside its title.

    ``reason`` is what the visitor reads where the thread is not active; ``image_domains`` are the domains that images
    in answers may come from, None where the page decides. ``metadata`` is JSON that visitors never see.
    """

    status: ThreadStatus = ThreadStatus.ACTIVE
    reason: str | None = None
    image_domains: tuple[str, ...] | None = None
    metadata: dict[str, Any] = field(factory=dict)


NOTHING_SET = ThreadSettings()


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
    settings: ThreadSettings = NOTHING_SET

    def touched(self, at: datetime) -> "Thread":
        """Something was said in it at ``at``."""
        return evolve(self, updated_at=at)

    def titled(self, title: str) -> "Thread":
        """With another title, cut to one line with a mark; an empty one removes it."""
        given = title_from(title)
        return evolve(self, title=given, is_titled=given is not None)


def title_from(text: str) -> str | None:
    """A title out of the first words of a thread, on one line, without what names refuse; None without words."""
    words = " ".join(without_refused(_CONTROL.sub(" ", text)).split())
    return cut_to(words, _TITLE_LENGTH) or None
