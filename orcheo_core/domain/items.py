"""The entries of a thread.

Names and fields follow ChatKit's thread items, so that nothing is lost between the wire and the store.
"""

from datetime import datetime
from typing import Any

from attrs import evolve, field, frozen


@frozen(kw_only=True)
class TextInput:
    """Text that a visitor typed."""

    text: str


@frozen(kw_only=True)
class TagInput:
    """A mention of something the embedding page knows; ``data`` is the page's own JSON object."""

    id: str
    text: str
    data: dict[str, Any] = field(factory=dict)
    group: str | None = None
    interactive: bool = False


InputPart = TextInput | TagInput


@frozen(kw_only=True)
class Source:
    """Where a statement of an answer comes from: a web page (``url``) or a file (``filename``)."""

    title: str
    url: str | None = None
    filename: str | None = None
    description: str | None = None


@frozen(kw_only=True)
class Citation:
    """A source, and behind which character of the text it belongs (None: the whole answer)."""

    source: Source
    index: int | None = None


@frozen(kw_only=True)
class AnswerPart:
    """One piece of text of an answer with its sources."""

    text: str
    citations: tuple[Citation, ...] = ()


@frozen(kw_only=True)
class InferenceOptions:
    """What the visitor's page asks of the workflow: a model, a tool; both are wishes."""

    model: str | None = None
    tool_id: str | None = None


@frozen(kw_only=True)
class UserItem:
    """What a visitor said."""

    id: str
    thread_id: str
    turn_id: str
    created_at: datetime
    content: tuple[InputPart, ...]
    quoted_text: str | None = None
    inference_options: InferenceOptions = InferenceOptions()

    @property
    def text(self) -> str:
        """All its text, tags by their visible words."""
        return "".join(part.text for part in self.content)


@frozen(kw_only=True)
class AssistantItem:
    """What the workflow answered, whole or as far as it came."""

    id: str
    thread_id: str
    turn_id: str
    created_at: datetime
    content: tuple[AnswerPart, ...] = ()

    @property
    def text(self) -> str:
        """All its text."""
        return "".join(part.text for part in self.content)

    def with_answer(self, part: AnswerPart) -> "AssistantItem":
        """The same item with this as its only content."""
        return evolve(self, content=(part,))


Item = UserItem | AssistantItem
