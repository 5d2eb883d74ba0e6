"""A run: one execution of a workflow for a turn, and what the runner says during it."""

from collections.abc import Callable, Sequence
from typing import Any, Literal

from attrs import evolve, field

from orcheo_core.domain.app_user import AppUser
from orcheo_core.domain.component_items import ClientToolCallItem, EndOfTurnItem, GeneratedImageItem, Step, WidgetItem
from orcheo_core.domain.items import Citation, InferenceOptions, TagInput
from orcheo_core.domain.structured_input import Question, StructuredInputItem
from orcheo_core.domain.subject import Subject
from orcheo_core.domain.threads import NOTHING_SET, ThreadSettings
from orcheo_core.domain.usage import Usage
from orcheo_core.domain.values import value
from orcheo_core.domain.workflow import RunnerSpec


@value
class TextDelta:
    """More text of the answer."""

    text: str


@value
class SourceCited:
    """A source of what was said so far."""

    citation: Citation


@value
class AnswerEnded:
    """The answer so far is whole: text that follows is another item."""


@value(kw_only=True)
class ProgressNote:
    """What the workflow is doing right now; shown, not kept."""

    text: str
    icon: str | None = None


@value(kw_only=True)
class StepNoted:
    """A step on the way to the answer, kept in the thread; the same ``index`` again changes the step.

    Steps count from 0; the first one begins a progress note, and whatever else is said ends it.
    """

    index: int
    step: Step


@value(kw_only=True)
class StepsSummed:
    """What is written over the steps so far: a title, or how many seconds they took; expanded steps need no click."""

    title: str | None = None
    icon: str | None = None
    duration: int | None = None
    expanded: bool = False


@value
class StepShown:
    """A step that stands alone between answers, kept in the thread."""

    step: Step


@value
class TakenBack:
    """A widget or an image is to be gone: the ``id`` that it was shown with, or that of its item in the history."""

    id: str


@value(kw_only=True)
class WidgetShown:
    """A widget for the visitor: a JSON tree with a Card, ListView or Basic as its root.

    The same ``id`` again changes the widget, also one of an earlier turn, by the id of its item in the history. Of a
    widget that is not whole yet, the thread keeps the last look only.
    """

    widget: dict[str, Any]
    copy_text: str | None = None
    id: str | None = None
    is_whole: bool = True


@value(kw_only=True)
class WidgetChanged:
    """The widget that the visitor acted upon looks different now."""

    widget: dict[str, Any]
    copy_text: str | None = None


@value(kw_only=True)
class ImageShown:
    """An image that the workflow made, by its URL.

    With ``is_whole`` False it is shown while it is made; the same ``id`` again shows more of it, and only the last one
    is kept. ``progress`` goes from 0 to 1.
    """

    url: str
    id: str | None = None
    is_whole: bool = True
    progress: float | None = None


@value(kw_only=True)
class ClientToolCalled:
    """Ask the visitor's page to call one of its tools; its output comes back as the cause of the next turn."""

    name: str
    arguments: dict[str, Any] = field(factory=dict)
    call_id: str | None = None
    """What a model calls this call; the id of the item if left out."""


@value(kw_only=True)
class InputAsked:
    """Questions for the visitor; the answers come back as the cause of the next turn."""

    questions: tuple[Question, ...]


@value(kw_only=True)
class EffectCaused:
    """Ask the visitor's page to do something (ChatKit's *client effect*); nothing comes back, nothing is kept."""

    name: str
    data: dict[str, Any] = field(factory=dict)


@value(kw_only=True)
class NoticeGiven:
    """A notice beside the conversation, in Markdown; the thread keeps it at the end of the turn."""

    message: str
    level: Literal["info", "warning", "danger"] = "info"
    title: str | None = None


@value
class ContextKept:
    """JSON that the workflow wants to find in the history of later turns; visitors never see it."""

    content: Any


@value
class TitleGiven:
    """What this thread is about, in a few words."""

    title: str


@value
class ThreadSet:
    """What the workflow sets for this thread: its status, the domains of images, metadata; it replaces what was set."""

    settings: ThreadSettings


ThreadChange = TitleGiven | ThreadSet
"""What changes the thread itself."""


@value
class StopOffered:
    """Whether the visitor may stop this answer; without this event they may."""

    is_offered: bool


@value
class UsageReported:
    """Usage on top of what was reported before in this run; for the owner, visitors do not see it."""

    usage: Usage


@value(kw_only=True)
class FaultNoted:
    """Something beside the answer went wrong, and the answer is whole; only the owner reads ``code`` and ``reason``."""

    code: str
    reason: str


@value(kw_only=True)
class CutShort:
    """The answer is not whole, although the run ends well; ``code`` and ``reason`` are for the owner."""

    code: str
    reason: str


RunEvent = (
    TextDelta
    | SourceCited
    | AnswerEnded
    | ProgressNote
    | StepNoted
    | StepsSummed
    | StepShown
    | TakenBack
    | WidgetShown
    | WidgetChanged
    | ImageShown
    | ClientToolCalled
    | InputAsked
    | EffectCaused
    | NoticeGiven
    | ContextKept
    | TitleGiven
    | ThreadSet
    | StopOffered
    | UsageReported
    | CutShort
    | FaultNoted
)


@value(kw_only=True)
class SentFile:
    """A file that came with a message; ``read`` gives its bytes."""

    name: str
    mime_type: str
    size: int
    read: Callable[[], bytes] = field(repr=False, eq=False)


PastPart = WidgetItem | GeneratedImageItem | ClientToolCallItem | StructuredInputItem | EndOfTurnItem


@value(kw_only=True)
class PastMessage:
    """One earlier entry of the thread: who said it (``visitor`` or ``workflow``) and what."""

    said_by: Literal["visitor", "workflow"]
    text: str
    """What was said, the questions that were asked, or what *copy* takes of a widget; empty for anything else."""
    files: tuple[SentFile, ...] = ()
    """The files that the visitor sent along."""
    tags: tuple[TagInput, ...] = ()
    """What the visitor mentioned; its words are in the text too."""
    item: PastPart | None = None
    """A widget, an image, a client tool call with its output, questions with their answers, or why the answer before
    is not whole (``item.ending.kind``, such as ``stopped``)."""
    hidden: Any = None
    """The JSON that the workflow kept with :class:`ContextKept`."""
    id: str | None = None
    """Of what was said, the same in each turn: for a visitor's message what was its ``message_id`` then."""


@value(kw_only=True)
class ActionTaken:
    """The visitor used a control: what the page calls the action, its JSON, and the widget it sits in."""

    type: str
    payload: Any = None
    widget: WidgetItem | None = None


@value(kw_only=True)
class FeedbackGiven:
    """What the visitor thinks of entries of the thread; only for workflows that ask for it, beside the turns."""

    item_ids: tuple[str, ...]
    kind: Literal["positive", "negative"]


@value(kw_only=True)
class RecordingSpoken:
    """The visitor speaks instead of typing; only for workflows that write recordings down, beside the turns.

    What the workflow says is the words for the visitor's message field; the thread of such a run is not kept.
    """

    data: bytes
    mime_type: str


Cause = ClientToolCallItem | StructuredInputItem | ActionTaken | FeedbackGiven | RecordingSpoken


@value(kw_only=True)
class RunContext:
    """What a workflow may know of the turn it answers."""

    workflow_id: str
    thread_id: str
    turn_id: str
    subject: Subject
    message_id: str | None = None
    """The visitor's message that is answered, the same when it is tried again; None when something else began it."""
    app_user: AppUser | None = None
    """Whom the app named that opened the chat session with its publish token."""
    display_name: str | None = None
    """The visitor's name, as the identity provider or the app says it; for reading only."""
    history: tuple[PastMessage, ...] = ()
    """Earlier entries of the thread, oldest first; at most as many as the workflow wants."""
    cause: Cause | None = None
    """What began the turn when it was not a message: a tool's output, answered questions, an action."""
    attachments: tuple[SentFile, ...] = ()
    """The files sent with the message."""
    tags: tuple[TagInput, ...] = ()
    """What of the embedding page the message mentions, with the page's own id and data; its words are in the text."""
    metadata: dict[str, Any] = field(factory=dict)
    """What the page sent along with the request, as it came: anybody may send anything."""
    locale: str | None = None
    """The language that the visitor's browser wants most, as a tag in small letters; None where nothing says it."""
    headers: dict[str, str] = field(factory=dict)
    """The request headers that the workflow's setting ``headers`` names, by name in small letters, as they came."""
    quoted_text: str | None = None
    """What the visitor quoted from the thread."""
    inference_options: InferenceOptions = field(factory=InferenceOptions)
    """What the visitor's page wishes: a model, a tool."""
    thread_title: str | None = None
    """The title that the workflow or the visitor gave the thread, None before."""
    thread_settings: ThreadSettings = NOTHING_SET
    """What the workflow has set for the thread in earlier turns."""


def conversation(history: Sequence[PastMessage], *, limit: int) -> list[PastMessage]:
    """The newest messages of ``history``, at most ``limit``, as models and services want them.

    Visitor and workflow take turns and the visitor begins. A visitor's message without an answer is left out: what
    was refused once must not be refused with every later turn. Several answers to one message are joined.
    """
    pairs: list[tuple[PastMessage, PastMessage]] = []
    asked: PastMessage | None = None
    for past in history:
        if past.said_by == "visitor":
            asked = past
        elif past.text and asked is not None:
            pairs.append((asked, past))
            asked = None
        elif past.text and pairs:
            question, answer = pairs[-1]
            pairs[-1] = question, evolve(answer, text=f"{answer.text}\n\n{past.text}")
    return [past for pair in pairs[-(limit // 2) :] for past in pair] if limit > 1 else []


OUTPUT_LIMIT = 1_000_000
"""Characters of text that one run may say; as many again of sources, steps, questions and whatever else is kept."""

SHOWN_LIMIT = 20_000_000
"""Characters of widgets and images that one run may show: two of the largest images that an operator can allow."""


@value(kw_only=True)
class RunRequest:
    """One order to a runner: what to execute, with which text, in which context."""

    spec: RunnerSpec
    text: str
    context: RunContext
    handle: str = ""
    """What the owner and the log know the workflow by."""
    model: str | None = None
    """The model that the visitor chose of those that the owner offers."""
    time_limit: float | None = None
    """Seconds for this run when that is less than the runner gives; a runner never takes longer."""
    silence_limit: float | None = None
    """Seconds since the workflow last said anything (text, a step, progress) after which the run is ended."""
    is_at_once: bool = False
    """Whether an action is carried out beside the turns, so that the page gets one changed item and no stream."""
