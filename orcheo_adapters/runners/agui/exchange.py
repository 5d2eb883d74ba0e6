"""One turn's exchange with an agent that speaks AG-UI: what it is asked, and what its events mean.

A runner makes an :class:`Exchange`, hands :attr:`Exchange.input` to the agent, and each event that comes back to
:meth:`AgentEvents.take`::

    exchange = Exchange(request, options)
    for said in exchange.first():
        await writer.put(said)
    if exchange.input is not None:
        async for event in agent.run(exchange.input):
            for said in exchange.events.take(event):
                await writer.put(said)
        exchange.events.end()
"""

import base64
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from orcheo_adapters.runners.agui.events import AgentEvents
from orcheo_adapters.runners.agui.interrupts import asks_for, resume_of
from orcheo_adapters.runners.agui.memory import Kept, Memory, Message, files_of, output_message, with_results
from orcheo_adapters.runners.agui.options import Options
from orcheo_core.domain.component_items import ClientToolCallItem
from orcheo_core.domain.run import ClientToolCalled, ContextKept, RunEvent, RunRequest, SentFile
from orcheo_core.domain.structured_input import StructuredInputItem

PROTOCOL_VERSION = "1.0"
EARLIER_FILES_BYTES = 4 * 1024 * 1024
"""Of the files of earlier messages that are sent again, the newest first."""
_PART_TYPES = {"image": "image", "audio": "audio", "video": "video"}


class Exchange:
    """What an agent is asked in one turn, as the JSON values of AG-UI's ``RunAgentInput``, and its events."""

    def __init__(self, request: RunRequest, options: Options, *, run_id: str | None = None) -> None:
        """Read what the thread holds. This reads files, so call it in a thread where ``request`` has any.

        ``run_id`` is the id of the turn when it is left out.
        """
        context = request.context
        memory = Memory.of(context)
        self._memory = memory
        self._output = context.cause if isinstance(context.cause, ClientToolCallItem) else None
        messages, resume = self._conversation(request)
        self.input: dict[str, Any] | None = None
        """None where the page has to make another call before the agent is asked."""
        if not self._waiting:
            self.input = {
                "threadId": context.thread_id,
                "runId": run_id or context.turn_id,
                "protocolVersion": PROTOCOL_VERSION,
                "messages": list(messages),
                "tools": [dict(each) for each in options.client_tools],
                "context": _told_to_model(request, options),
                "forwardedProps": _forwarded(request, options) | _legacy(memory.interrupts, resume),
                "state": {} if memory.state is None else memory.state,
            } | ({"resume": resume} if resume else {})
        self.events = AgentEvents(
            options,
            state=memory.state,
            asked=context.message_id,
            may_be_silent=self._output is not None,
        )

    @property
    def _waiting(self) -> tuple[dict[str, Any], ...]:
        """Calls of the page's tools that have to be made before the agent is asked."""
        return self._memory.calls[1:] if self._output is not None else ()

    def first(self) -> Iterator[RunEvent]:
        """What is said before the agent is asked: the next call of one of the page's tools."""
        if (waiting := self._waiting) and self._output is not None:
            yield ClientToolCalled(name=waiting[0]["name"], arguments=waiting[0]["arguments"])
            kept = Kept(messages=[], state=self._memory.state, calls=list(waiting))
            yield ContextKept(kept.document())

    def _conversation(self, request: RunRequest) -> tuple[Iterable[Message], list[dict[str, Any]]]:
        """The messages with the newest one, and the answers to what the agent has asked."""
        memory, cause = self._memory, request.context.cause
        messages, waiting = list(memory.messages), set[str]()
        resume: list[dict[str, Any]] = []
        is_answer = self._output is not None
        if memory.interrupts and not is_answer:
            answers = cause if isinstance(cause, StructuredInputItem) and asks_for(memory.interrupts, cause) else None
            resume, is_answer = resume_of(memory.interrupts, answers, request.text)
            waiting = _open_calls(messages)
        if self._output is not None and memory.calls:
            called = memory.calls[0]
            messages = [each for each in messages if each.get("toolCallId") != called["id"]]
            messages.append(output_message(called, self._output.output))
        if not is_answer:
            messages.append(_newest(request))
        return _with_files(list(with_results(messages, waiting=waiting))), resume


def _open_calls(messages: Iterable[Message]) -> set[str]:
    answered = {each["toolCallId"] for each in messages if each["role"] == "tool"}
    return {call["id"] for each in messages for call in each.get("toolCalls", ())} - answered


def _newest(request: RunRequest) -> Message:
    context = request.context
    quoted = f"> {context.quoted_text}\n\n" if context.quoted_text else ""
    return {
        "id": context.message_id or f"{context.turn_id}-message",
        "role": "user",
        "content": quoted + request.text,
        "files": context.attachments,
        "isNewest": True,
    }


def _with_files(messages: list[Message]) -> list[Message]:
    """The messages with the bytes of their files as content parts; of earlier files only so much."""
    left = EARLIER_FILES_BYTES
    found: list[Message] = []
    for message in reversed(messages):
        files, is_newest = files_of(message), message.get("isNewest", False)
        plain = {name: each for name, each in message.items() if name not in ("files", "isNewest")}
        taken: list[SentFile] = []
        for each in files:
            if is_newest or each.size <= left:
                left -= 0 if is_newest else each.size
                taken.append(each)
        if taken:
            text = [{"type": "text", "text": plain["content"]}] if plain["content"] else []
            plain["content"] = text + [_part(each) for each in taken]
        found.append(plain)
    found.reverse()
    return found


def _part(sent: SentFile) -> dict[str, Any]:
    """A file as AG-UI 1.0 has it, with its bytes: an agent cannot fetch from our addresses."""
    kind = _PART_TYPES.get(sent.mime_type.partition("/")[0], "document")
    source = {"type": "data", "value": base64.b64encode(sent.read()).decode(), "mimeType": sent.mime_type}
    return {"type": kind, "source": source, "metadata": {"filename": sent.name}}


def _forwarded(request: RunRequest, options: Options) -> dict[str, Any]:
    """What the owner lets the agent's code know."""
    context = request.context
    user = context.app_user
    values: dict[str, Any] = {
        "subject": context.subject.key,
        "app_user": None if user is None else {"user": user.user, "display_name": user.display_name},
        "metadata": context.metadata,
        "locale": context.locale,
        "tags": [{"id": each.id, "text": each.text, "data": each.data} for each in context.tags],
    }
    return {name: each for name, each in values.items() if name in options.forward}


def _told_to_model(request: RunRequest, options: Options) -> list[dict[str, str]]:
    """What the owner lets the model know."""
    context = request.context
    known = {
        "locale": ("The language that the visitor's browser wants", context.locale),
        "app_user": ("The name of the visitor", context.app_user and context.app_user.display_name),
    }
    return [
        {"description": description, "value": value}
        for name, (description, value) in known.items()
        if name in options.forward and value
    ]


def _legacy(interrupts: Iterable[Mapping[str, Any]], resume: list[dict[str, Any]]) -> dict[str, Any]:
    """The answers as servers before 1.0 read them, where they have asked in that way."""
    old = {each["id"] for each in interrupts if each.get("isLegacy")}
    payloads = [each.get("payload") for each in resume if each["interruptId"] in old]
    if not payloads:
        return {}
    return {"command": {"resume": payloads[0] if len(payloads) == 1 else payloads}}
