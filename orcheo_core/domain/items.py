"""The entries of a thread.

Names and fields follow ChatKit's thread items, so that nothing is lost between the wire and the store.
"""

from typing import Any

from attrs import field

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
from orcheo_core.domain.item_base import ItemBase
from orcheo_core.domain.sources import Source
from orcheo_core.domain.structured_input import StructuredInputItem
from orcheo_core.domain.values import value


@value(kw_only=True)
class TextInput:
    """Text that a visitor typed."""

    text: str


@value(kw_only=True)
class TagInput:
    """A mention of something the embedding page knows; ``data`` is the page's own JSON object."""

    id: str
    text: str
    data: dict[str, Any] = field(factory=dict)
    group: str | None = None
    interactive: bool = False


InputPart = TextInput | TagInput


@value(kw_only=True)
class Citation:
    """A source, and behind which character of the text it belongs (None: the whole answer)."""

    source: Source
    index: int | None = None


@value(kw_only=True)
class AnswerPart:
    """One piece of text of an answer with its sources."""

    text: str
    citations: tuple[Citation, ...] = ()


@value(kw_only=True)
class InferenceOptions:
    """What the visitor's page asks of the workflow: a model, a tool; both are wishes."""

    model: str | None = None
    tool_id: str | None = None


NO_WISHES = InferenceOptions()


@value(kw_only=True)
class UserItem(ItemBase):
    """What a visitor said."""

    content: tuple[InputPart, ...]
    attachments: tuple[Attachment, ...] = ()
    quoted_text: str | None = None
    inference_options: InferenceOptions = NO_WISHES

    @property
    def text(self) -> str:
        """All its text, tags by their visible words."""
        return "".join(part.text for part in self.content)


@value(kw_only=True)
class AssistantItem(ItemBase):
    """What the workflow answered, whole or as far as it came."""

    content: tuple[AnswerPart, ...] = ()

    @property
    def text(self) -> str:
        """All its text."""
        return "".join(part.text for part in self.content)

    def with_answer(self, part: AnswerPart) -> "AssistantItem":
        """The same item with this as its only content."""
        return AssistantItem(
            id=self.id, thread_id=self.thread_id, turn_id=self.turn_id, created_at=self.created_at, content=(part,)
        )


Item = (
    UserItem
    | AssistantItem
    | ClientToolCallItem
    | StructuredInputItem
    | WidgetItem
    | GeneratedImageItem
    | ProgressNoteItem
    | StepItem
    | EndOfTurnItem
    | HiddenItem
)
