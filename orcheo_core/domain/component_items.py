"""Items that are not plain text: client tool calls, widgets, images, progress notes, hidden context.

Widget trees, tool arguments and outputs are JSON of the workflow and the page; they pass through unchanged.
"""

from enum import StrEnum
from typing import Any

from attrs import evolve, field

from orcheo_core.domain.item_base import ItemBase
from orcheo_core.domain.sources import Source
from orcheo_core.domain.values import value


@value(kw_only=True)
class ClientToolCallItem(ItemBase):
    """A call that the visitor's page is asked to make; its output begins the next turn."""

    call_id: str
    name: str
    arguments: dict[str, Any]
    is_pending: bool = True
    output: Any = None

    def given_up(self) -> "ClientToolCallItem":
        """The visitor has said something else: no page makes the call any more."""
        return evolve(self, is_pending=False)

    def completed(self, output: Any) -> "ClientToolCallItem":
        """The page has made the call."""
        return evolve(self, is_pending=False, output=output)

    def waiting(self) -> "ClientToolCallItem":
        """As it was before the page made the call."""
        return evolve(self, is_pending=True, output=None)


@value(kw_only=True)
class WidgetItem(ItemBase):
    """A widget: a JSON tree whose root is a Card, ListView or Basic; ``copy_text`` is what *copy* takes."""

    widget: dict[str, Any]
    copy_text: str | None = None

    def changed(self, widget: dict[str, Any], copy_text: str | None) -> "WidgetItem":
        """The same item with other content."""
        return evolve(self, widget=widget, copy_text=copy_text)


@value(kw_only=True)
class GeneratedImageItem(ItemBase):
    """An image that the workflow made; no URL while it is still being made."""

    url: str | None = None


class StepKind(StrEnum):
    """What a step of a progress note shows."""

    CUSTOM = "custom"
    WEB_SEARCH = "web_search"
    THOUGHT = "thought"
    FILE = "file"
    IMAGE = "image"


class StepState(StrEnum):
    """What is drawn beside a step."""

    NONE = "none"
    LOADING = "loading"
    COMPLETE = "complete"


@value(kw_only=True)
class Step:
    """One step of a progress note (ChatKit's *task*).

    ``content`` is text of a custom step or a thought; ``queries`` are those of a search, ``title_query`` the one
    in its title; ``sources`` are what a search found, or the files of a step that looks at files.
    """

    kind: StepKind = StepKind.CUSTOM
    title: str | None = None
    content: str | None = None
    icon: str | None = None
    queries: tuple[str, ...] = ()
    state: StepState = StepState.NONE
    sources: tuple[Source, ...] = ()
    title_query: str | None = None


@value(kw_only=True)
class ProgressNoteItem(ItemBase):
    """What a workflow did on the way to its answer (ChatKit's *workflow* item): steps, and a title over them.

    ``duration`` counts whole seconds; a page makes the title out of it where there is none. ``expanded`` steps are
    shown without a click.
    """

    steps: tuple[Step, ...] = ()
    title: str | None = None
    is_reasoning: bool = False
    expanded: bool = False
    icon: str | None = None
    duration: int | None = None


@value(kw_only=True)
class StepItem(ItemBase):
    """One step that stands alone (ChatKit's *task* item)."""

    step: Step


class EndingKind(StrEnum):
    """Why an answer is not whole."""

    STOPPED = "stopped"
    """By the visitor."""
    CLOSED = "closed"
    """By the owner, who closed the chat."""
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    CUT_OFF = "cut_off"
    """At a limit: of a model, or of the length of an answer."""
    NO_ANSWER = "no_answer"
    INTERRUPTED = "interrupted"
    """By the end of the server's process."""


def ending_in_words(kind: str) -> str:
    """How a turn ended, for a sentence that begins with *Turn*; a kind that is not known here says itself."""
    return _ENDINGS.get(kind, kind.replace("_", " "))


_ENDINGS: dict[str, str] = {
    EndingKind.NO_ANSWER: "ended without an answer",
    EndingKind.CLOSED: "stopped when the chat was closed",
}


@value(kw_only=True)
class Ending:
    """What a thread remembers of a turn without a whole answer; ``message`` is what the visitor saw.

    ``retry_after`` are the seconds from its end to the next try, where it makes sense to wait.
    """

    kind: EndingKind
    message: str | None = None
    allow_retry: bool = True
    retry_after: int | None = None


@value(kw_only=True)
class Notice:
    """``notice``: a word beside the conversation, in Markdown; sent when it is said, kept at the end of its turn."""

    level: str
    message: str
    title: str | None = None


@value(kw_only=True)
class EndOfTurnItem(ItemBase):
    """What the thread keeps at the end of a turn, where the page could not tell it otherwise.

    With a ``notice`` the visitor was shown it during the turn; with an ``ending`` the answer before it is not whole;
    without both the workflow is done although it showed nothing.
    """

    ending: Ending | None = None
    notice: Notice | None = None


@value(kw_only=True)
class HiddenItem(ItemBase):
    """Something for the workflow to remember; it never leaves the server except to its owner."""

    content: Any = field(repr=False)
