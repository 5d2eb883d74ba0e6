"""Events of AG-UI as a server sends them, for tests."""

from collections.abc import Iterable
from typing import Any

from orcheo_adapters.runners.agui.events import AgentEvents
from orcheo_adapters.runners.agui.memory import KEY
from orcheo_adapters.runners.agui.options import Options
from orcheo_core.domain.run import ContextKept, RunEvent, TextDelta

STARTED = {"type": "RUN_STARTED", "threadId": "thr_1", "runId": "trn_1"}
FINISHED = {"type": "RUN_FINISHED", "threadId": "thr_1", "runId": "trn_1"}
HELLO = [
    {"type": "TEXT_MESSAGE_START", "messageId": "m1", "role": "assistant"},
    {"type": "TEXT_MESSAGE_CONTENT", "messageId": "m1", "delta": "Hel"},
    {"type": "TEXT_MESSAGE_CONTENT", "messageId": "m1", "delta": "lo"},
    {"type": "TEXT_MESSAGE_END", "messageId": "m1"},
]


def text(message_id: str, delta: str, **fields: Any) -> dict[str, Any]:
    """More of a message."""
    return {"type": "TEXT_MESSAGE_CONTENT", "messageId": message_id, "delta": delta, **fields}


def call(call_id: str, name: str, arguments: str, **fields: Any) -> list[dict[str, Any]]:
    """A whole tool call, without its result."""
    return [
        {"type": "TOOL_CALL_START", "toolCallId": call_id, "toolCallName": name, **fields},
        {"type": "TOOL_CALL_ARGS", "toolCallId": call_id, "delta": arguments, **fields},
        {"type": "TOOL_CALL_END", "toolCallId": call_id, **fields},
    ]


def result(call_id: str, content: Any, **fields: Any) -> dict[str, Any]:
    """What a tool gave."""
    return {
        "type": "TOOL_CALL_RESULT",
        "messageId": f"r-{call_id}",
        "toolCallId": call_id,
        "content": content,
        **fields,
    }


def taken(events: Iterable[Any], options: Options | None = None, **about: Any) -> list[RunEvent]:
    """All run events of a run, what the thread keeps included; the run has to come to its end."""
    stream = AgentEvents(options or Options(), **about)
    said = [said for event in events for said in stream.take(event)]
    stream.end()
    return said


def seen(events: Iterable[Any], options: Options | None = None, **about: Any) -> list[RunEvent]:
    """The run events of a run between its start and its end, without what the thread keeps."""
    said = taken([STARTED, *events, FINISHED], options, **about)
    return [each for each in said if not isinstance(each, ContextKept)]


def kept(events: Iterable[Any], options: Options | None = None, **about: Any) -> dict[str, Any]:
    """What the thread keeps of a run."""
    (found,) = [each for each in taken(events, options, **about) if isinstance(each, ContextKept)]
    document: dict[str, Any] = found.content[KEY]
    return document


def words_of(said: Iterable[RunEvent]) -> str:
    """All text."""
    return "".join(each.text for each in said if isinstance(each, TextDelta))
