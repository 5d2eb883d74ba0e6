"""What one turn of an agent has: the message, its files, the earlier conversation, and what was kept of it."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from attrs import define, field, frozen

from orcheo_adapters.runners.agents.files import ReadFile
from orcheo_adapters.runners.agents.said import Said
from orcheo_adapters.runners.agui.options import Options
from orcheo_core.domain.json_values import is_larger, json_length
from orcheo_core.domain.run import ContextKept, PastMessage, RunContext, RunRequest
from orcheo_core.domain.structured_input import StructuredInputItem

MOST_KEPT = 16_000
"""Characters of a turn's messages, as JSON, that are kept for later turns; of longer ones the text has to do."""
_MARK = "orcheo_agent"


@define
class Exchange:
    """An earlier message with all that answered it."""

    asked: str
    answered: str = ""
    kept: list[Any] | None = None
    """The exchange as messages of the framework, as JSON, from the visitor's on; where the agent called tools."""


@frozen(kw_only=True)
class AgentTurn:
    """One turn of an agent."""

    framework: str
    request: RunRequest
    options: Options
    said: Said
    files: tuple[ReadFile, ...] = ()
    shared: dict[str, Any] = field(factory=dict)
    """What a reader keeps for all turns of this agent object; nothing of visitors that others could see."""
    deps: Any = None
    """What a factory returned beside the agent for this run."""

    @property
    def text(self) -> str:
        """What the visitor says now."""
        return self.request.text

    def text_with_files(self) -> str:
        """The text with the texts of files behind it, for agents that take nothing else."""
        texts = (self.text, *(each.text for each in self.files if each.text is not None))
        return "\n\n".join(filter(None, texts))

    @property
    def context(self) -> RunContext:
        """What is known of the turn."""
        return self.request.context

    def exchanges(self) -> list[Exchange]:
        """The earlier conversation, oldest first; a message without an answer is left out."""
        return [each for each in _exchanges(self.context.history, self.framework) if each.answered or each.kept]

    def kept(self, messages: list[Any], **more: Any) -> Iterator[ContextKept]:
        """Keep this turn as messages of the framework; those that are too long, or no JSON, are not kept.

        ``more`` is found again by :meth:`last_kept`.
        """
        if messages and not is_larger(messages, MOST_KEPT, least=1) and 0 < json_length(messages) <= MOST_KEPT:
            yield self._marked(messages=messages, **more)
        elif self.paused() is not None:
            yield self._marked(**more)

    def note(self, **more: Any) -> ContextKept:
        """Keep ``more`` for :meth:`last_kept`, and no messages."""
        return self._marked(**more)

    def last_kept(self) -> dict[str, Any]:
        """What :meth:`kept` or :meth:`note` kept last, empty for nothing."""
        found = (_of(past.hidden, self.framework) for past in reversed(self.context.history) if past.hidden is not None)
        return next((each for each in found if each), {})

    def pause(self, state: Any) -> ContextKept:
        """Keep the JSON that the agent continues with when the visitor has answered, however deep it is."""
        return self._marked(paused=json.dumps(state, default=str))

    def paused(self) -> Any:
        """What :meth:`pause` kept, when that is the last thing that happened; None otherwise."""
        entries = list(self.context.history)
        while entries:
            last = entries.pop()
            is_question = isinstance(last.item, StructuredInputItem)
            if last.hidden is not None:
                paused = _of(last.hidden, self.framework).get("paused")
                return json.loads(paused) if isinstance(paused, str) else None
            if last.said_by == "visitor":
                is_question = bool(entries) and isinstance(entries[-1].item, StructuredInputItem)
            if not is_question:
                return None
        return None

    def _marked(self, **content: Any) -> ContextKept:
        return ContextKept({_MARK: self.framework, **content})


def _of(hidden: Any, framework: str) -> dict[str, Any]:
    """What this framework's reader kept; empty for anything else."""
    return hidden if isinstance(hidden, dict) and hidden.get(_MARK) == framework else {}


def _exchanges(history: Sequence[PastMessage], framework: str) -> Iterator[Exchange]:
    current: Exchange | None = None
    skips_answer = False
    for past in history:
        if isinstance(past.item, StructuredInputItem) and past.said_by == "workflow":
            skips_answer = bool(past.item.answers_text)
        elif past.said_by == "visitor":
            if not skips_answer:
                if current is not None:
                    yield current
                current = Exchange(asked=past.text)
            skips_answer = False
        elif current is not None:
            _add(current, past, framework)
    if current is not None:
        yield current


def _add(current: Exchange, past: PastMessage, framework: str) -> None:
    if past.hidden is not None:
        messages = _of(past.hidden, framework).get("messages")
        current.kept = messages if isinstance(messages, list) else current.kept
    elif past.text:
        current.answered = f"{current.answered}\n\n{past.text}" if current.answered else past.text
