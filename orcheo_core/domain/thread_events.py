"""Thread events: what the browser receives while a turn runs, in ChatKit's order.

Each carries no number of its own: within a turn the first is number 1 and each next one more
(:class:`SequencedEvent`), which is what resuming counts by.
"""

from typing import Any, NamedTuple

from attrs import field

from orcheo_core.domain.component_items import Notice, Step
from orcheo_core.domain.items import AnswerPart, Citation, Item
from orcheo_core.domain.threads import Thread
from orcheo_core.domain.values import value

EMPTY_PART = AnswerPart(text="")


@value
class ThreadCreated:
    """``thread.created``: the first event of a new thread."""

    thread: Thread


@value
class ThreadUpdated:
    """``thread.updated``: the thread has another title, status or set of image domains."""

    thread: Thread


@value
class ItemAdded:
    """``thread.item.added``: an item appears, its content will follow."""

    item: Item


@value
class ItemDone:
    """``thread.item.done``: an item is whole and durable."""

    item: Item


@value
class ItemReplaced:
    """``thread.item.replaced``: an item looks different now, and that is durable."""

    item: Item


@value
class ItemRemoved:
    """``thread.item.removed``: an item is gone (a retry has replaced it, or the workflow has taken it back)."""

    item_id: str


@value(kw_only=True)
class StreamOptions:
    """``stream_options``: whether the page should offer *stop*."""

    allow_cancel: bool = True


@value(kw_only=True)
class PartAdded:
    """``assistant_message.content_part.added``: a piece of text begins, mostly empty.

    ``index`` counts the pieces of an answer from 0, here and below.
    """

    item_id: str
    index: int = 0
    part: AnswerPart = EMPTY_PART


@value(kw_only=True)
class PartDelta:
    """``assistant_message.content_part.text_delta``: more text."""

    item_id: str
    delta: str
    index: int = 0

    @property
    def place(self) -> tuple[str, int]:
        """Which piece of which item it is of."""
        return self.item_id, self.index


@value(kw_only=True)
class PartCited:
    """``assistant_message.content_part.annotation_added``: a source of the text."""

    item_id: str
    position: int
    citation: Citation
    index: int = 0


@value(kw_only=True)
class PartDone:
    """``assistant_message.content_part.done``: the piece of text is whole."""

    item_id: str
    part: AnswerPart
    index: int = 0


@value(kw_only=True)
class StepAdded:
    """``workflow.task.added``: a progress note has one more step."""

    item_id: str
    index: int
    step: Step


@value(kw_only=True)
class StepChanged:
    """``workflow.task.updated``: a step of a progress note looks different now."""

    item_id: str
    index: int
    step: Step


@value(kw_only=True)
class WidgetRedrawn:
    """``widget.root.updated``: a widget looks different now."""

    item_id: str
    widget: dict[str, Any]


@value(kw_only=True)
class WidgetPartRedrawn:
    """``widget.component.updated``: the component with this ``id`` in a widget looks different now."""

    item_id: str
    component_id: str
    component: dict[str, Any]


@value(kw_only=True)
class WidgetTextGrew:
    """``widget.streaming_text.value_delta``: more text of the component with this ``id`` in a widget."""

    item_id: str
    component_id: str
    delta: str
    is_whole: bool = False


@value(kw_only=True)
class ImageGrew:
    """``generated_image.updated``: the image as far as it is made; ``progress`` goes from 0 to 1."""

    item_id: str
    url: str
    progress: float | None = None


@value(kw_only=True)
class Progress:
    """``progress_update``: what the workflow is doing; not kept."""

    text: str
    icon: str | None = None


@value(kw_only=True)
class Effect:
    """``client_effect``: the page is asked to do something; not kept."""

    name: str
    data: dict[str, Any] = field(factory=dict)


@value(kw_only=True)
class TurnTrouble:
    """``error``: the turn ended early; ``message`` is for visitors, ``retry_after`` the seconds to their next try."""

    message: str
    allow_retry: bool
    retry_after: int | None = None


Growth = (
    PartAdded
    | PartDelta
    | PartCited
    | PartDone
    | StepAdded
    | StepChanged
    | WidgetRedrawn
    | WidgetPartRedrawn
    | WidgetTextGrew
    | ImageGrew
)
"""What makes an item grow that has begun."""
ItemEvent = ItemAdded | ItemDone | ItemReplaced | ItemRemoved | Growth
"""News of one item, by its id."""
ThreadEvent = ThreadCreated | ThreadUpdated | ItemEvent | StreamOptions | Progress | Effect | Notice | TurnTrouble


class SequencedEvent(NamedTuple):
    """A thread event and its number within the turn; a plain tuple, as there are as many as events."""

    number: int
    event: ThreadEvent
