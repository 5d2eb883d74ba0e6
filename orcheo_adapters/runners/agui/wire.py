"""AG-UI's events as JSON has them: from plain dicts, or from the protocol's objects, whose package is not imported."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from orcheo_core.domain.run import RunEvent, UsageReported
from orcheo_core.domain.usage import Usage
from orcheo_core.ports.runner import RunFailed

_EXCERPT = 300

Event = Mapping[str, Any]
"""One event, with the names of AG-UI 1.0."""
Said = Iterator[RunEvent]

OLD_NAMES = {
    "THINKING_START": "REASONING_START",
    "THINKING_END": "REASONING_END",
    "THINKING_TEXT_MESSAGE_START": "REASONING_MESSAGE_START",
    "THINKING_TEXT_MESSAGE_CONTENT": "REASONING_MESSAGE_CONTENT",
    "THINKING_TEXT_MESSAGE_END": "REASONING_MESSAGE_END",
}
"""What servers before 1.0 call some types of events."""


class AgentFailed(RunFailed):
    """The agent said that it cannot answer (``RUN_ERROR``)."""

    def __init__(self, message: str, code: str) -> None:
        """Both are the agent's own."""
        said = f"{message[:_EXCERPT]} ({code[:80]})" if code else message[:_EXCERPT]
        super().__init__(code="agent_failed", reason=f"The agent says that it cannot answer: {said}")


class AgentNotUnderstood(RunFailed):
    """The agent sent something other than an event of AG-UI."""

    def __init__(self, what: str) -> None:
        """``what`` says which event it was, and what is wrong with it."""
        super().__init__(code="answer_not_understood", reason=f"The agent's answer is not AG-UI: {what[:_EXCERPT]}")


class AgentBrokeOff(RunFailed):
    """The agent's events ended before ``RUN_FINISHED``."""

    def __init__(self, events: int) -> None:
        """``events`` came before."""
        super().__init__(
            code="answer_broken_off",
            reason=f"The agent's answer ended after {events:,} events without RUN_FINISHED or RUN_ERROR.",
        )


def event_of(given: Any, number: int) -> Event:
    """The event that was ``given`` as number ``number``; raises :class:`AgentNotUnderstood`."""
    found = given
    if not isinstance(given, Mapping):
        dump = getattr(given, "model_dump", None)
        if not callable(dump):
            raise AgentNotUnderstood(f"event {number} is of the type {type(given).__name__}")
        found = dump(by_alias=True, exclude={"raw_event"})
    if not isinstance(found.get("type"), str):
        raise AgentNotUnderstood(f"event {number} has no type")
    if any("_" in name for name in found):
        found = {_camel(name): each for name, each in found.items()}
    return {name: each for name, each in found.items() if each is not None}


def text_of(event: Event, name: str, *, default: str | None = None) -> str:
    """A field that has to be text; raises :class:`AgentNotUnderstood`."""
    value = event.get(name, default)
    if not isinstance(value, str):
        raise AgentNotUnderstood(f"an event {str(event['type'])[:60]} whose {name} is not text")
    return value


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(each[:1].upper() + each[1:] for each in others)


def usage_of(entries: Any) -> Said:
    """What a run has used, over all models."""
    found = [each for each in entries if isinstance(each, Mapping)] if isinstance(entries, Iterable) else []
    counted = [(_tokens(each, "inputTokens"), _tokens(each, "outputTokens")) for each in found]
    if any(map(any, counted)):
        yield UsageReported(
            Usage(input_tokens=sum(each for each, _ in counted), output_tokens=sum(each for _, each in counted))
        )


def _tokens(entry: Mapping[str, Any], name: str) -> int:
    value = entry.get(name)
    return value if type(value) is int and 0 <= value < 2**53 else 0
