"""What an agent does besides talking: tool calls, sub-agents and thoughts, as steps and for the record."""

import json
from typing import Any

from orcheo_adapters.runners.agui.memory import RunRecord
from orcheo_adapters.runners.agui.options import Options
from orcheo_adapters.runners.agui.wire import AgentNotUnderstood, Event, Said, text_of
from orcheo_adapters.runners.steps import StepNotes, beginning, readable, words
from orcheo_adapters.runners.text import encodable
from orcheo_core.domain.component_items import StepState
from orcheo_core.domain.run import OUTPUT_LIMIT, ProgressNote
from orcheo_core.ports.runner import RunTooLong

_MOST_SUBAGENTS = 200
_MOST_ARGUMENTS = 200_000
"""Characters of the arguments of all calls of a run."""
_TITLE_LENGTH = 200


class _Subagent:
    """One invocation of a sub-agent: what it is called, and the message that it says last."""

    def __init__(self) -> None:
        self.name = self.about = ""
        self._message_id = ""
        self._pieces: list[str] = []

    def say(self, message_id: str, text: str) -> int:
        """How much more is kept of it than before."""
        before = 0
        if message_id != self._message_id:
            before = sum(map(len, self._pieces))
            self._message_id, self._pieces = message_id, []
        self._pieces.append(text)
        return len(text) - before

    def text(self) -> str:
        return encodable("".join(self._pieces)).strip()

    def beginning(self) -> str:
        return encodable(beginning(self._pieces)).strip()


class AgentWork:
    """The work of one run. Each method reads one type of event, and gives the steps that visitors see of it."""

    def __init__(self, options: Options, record: RunRecord) -> None:
        """Write what the next run has to know into ``record``."""
        self._options = options
        self._record = record
        self._steps = StepNotes(detail=options.steps, shows_thoughts=options.shows_reasoning)
        self.has_thought = False
        """Whether the agent has told a thought, shown or not."""
        self._subagents: dict[str, _Subagent] = {}
        self._call_id = ""
        self._argument_size = 0
        self._subagent_size = 0
        """Characters of what sub-agents have said last."""

    def close(self) -> Said:
        """Something else is said: what follows is a note of its own."""
        return self._steps.close()

    def activity(self, name: str, event: Event) -> Said:
        """Something is under way that has no end: a status line."""
        if self._options.steps != "none" and name:
            yield ProgressNote(text=self._nested(words(name), event)[:_TITLE_LENGTH])

    # --- tool calls -------------------------------------------------------------------------------------------------

    def call_start(self, event: Event) -> Said:
        """``TOOL_CALL_START``; a second one of the same call is ignored."""
        self._call_id = call_id = text_of(event, "toolCallId")
        parent = event.get("parentMessageId")
        if self._record.call(call_id, text_of(event, "toolCallName"), parent if isinstance(parent, str) else None):
            yield from self._note_call(call_id, event, StepState.LOADING)

    def call_args(self, event: Event) -> Said:
        """``TOOL_CALL_ARGS``; those of a call that never began are ignored."""
        call_id, delta = text_of(event, "toolCallId"), text_of(event, "delta")
        self._argument_size += len(delta)
        if call_id in self._record.calls and self._argument_size <= _MOST_ARGUMENTS:
            self._record.calls[call_id]["function"]["arguments"].append(delta)
        return iter(())

    def call_end(self, event: Event) -> Said:
        """``TOOL_CALL_END``: the arguments are whole, the tool is at work."""
        yield from self._note_call(text_of(event, "toolCallId"), event, StepState.LOADING)

    def call_chunk(self, event: Event) -> Said:
        """``TOOL_CALL_CHUNK``: a start, more arguments, or both; another call ends the one before."""
        call_id = text_of(event, "toolCallId", default=self._call_id)
        if call_id != self._call_id and self._call_id:
            yield from self._note_call(self._call_id, event, StepState.LOADING)
        if "toolCallName" in event:
            yield from self.call_start({**event, "toolCallId": call_id})
        if "delta" in event:
            yield from self.call_args({**event, "toolCallId": call_id})

    def call_result(self, event: Event) -> Said:
        """``TOOL_CALL_RESULT``; one for a call of an earlier run adds no step, but the agent needs it later."""
        call_id = text_of(event, "toolCallId")
        message_id = text_of(event, "messageId", default=f"result-{call_id}")
        result = self._record.result(call_id, message_id, event.get("content", ""))
        yield from self._note_call(call_id, event, StepState.COMPLETE, result)

    def client_calls(self) -> list[dict[str, Any]]:
        """The calls that the visitor's page has to make, in their order.

        Raises :class:`AgentNotUnderstood` for arguments other than a JSON object.
        """
        return [self._client_call(each) for each in self._record.open_calls() if self._is_client_call(each)]

    def _note_call(self, call_id: str, event: Event, state: StepState, result: str = "") -> Said:
        """A step for a tool that the agent calls itself; one of the page's is called by the page."""
        if call_id not in self._record.calls or self._is_client_call(call_id):
            return
        detail = ""
        if self._options.steps == "details":
            arguments = beginning(self._record.calls[call_id]["function"]["arguments"])
            parts = readable(arguments), readable(result)
            detail = " → ".join(filter(None, parts))
        title = self._nested(words(self._name_of(call_id)), event)
        yield from self._steps.note(f"call {call_id}", title, detail, state)

    def _name_of(self, call_id: str) -> str:
        return str(self._record.calls[call_id]["function"]["name"])

    def _is_client_call(self, call_id: str) -> bool:
        return self._name_of(call_id) in self._options.tool_names

    def _client_call(self, call_id: str) -> dict[str, Any]:
        name = self._name_of(call_id)
        try:
            arguments = json.loads(self._record.arguments(call_id) or "{}")
        except (ValueError, RecursionError):
            arguments = None
        if not isinstance(arguments, dict):
            raise AgentNotUnderstood(
                f"its call of the page's tool {name[:80]!r} has arguments that cannot be read as a JSON object"
            )
        return {"id": call_id, "name": name, "arguments": arguments}

    # --- sub-agents -------------------------------------------------------------------------------------------------

    def subagent_started(self, event: Event) -> Said:
        """``SUBAGENT_STARTED``."""
        subagent = self._subagent(text_of(event, "subagentRunId"))
        parent = self._subagents.get(str(event.get("parentSubagentRunId")))
        name = words(text_of(event, "name"))
        named = f"{parent.name} › {name}" if parent is not None and parent.name else name
        subagent.name = named[:_TITLE_LENGTH]  # which those below it repeat
        subagent.about = text_of(event, "description", default="")
        yield from self._note_subagent(event, StepState.LOADING)

    def subagent_finished(self, event: Event) -> Said:
        """``SUBAGENT_FINISHED``."""
        yield from self._note_subagent(event, StepState.COMPLETE)

    def subagent_failed(self, event: Event) -> Said:
        """``SUBAGENT_ERROR``; what went wrong is for the owner, the parent agent may continue."""
        yield from self._note_subagent(event, StepState.NONE)

    def subagent_says(self, event: Event, message_id: str, text: str) -> None:
        """Text of a sub-agent: no part of the answer, unless nothing else is said."""
        self._subagent_size += self._subagent(text_of(event, "subagentRunId")).say(message_id, text)
        if self._subagent_size > OUTPUT_LIMIT:
            raise RunTooLong

    def subagents_answer(self) -> str:
        """What a sub-agent has said last; empty when none has said anything."""
        return next((text for each in reversed(self._subagents.values()) if (text := each.text())), "")

    def _subagent(self, subagent_id: str) -> _Subagent:
        if subagent_id not in self._subagents and len(self._subagents) == _MOST_SUBAGENTS:
            raise AgentNotUnderstood(f"it has more than {_MOST_SUBAGENTS} sub-agents")
        return self._subagents.setdefault(subagent_id, _Subagent())

    def _note_subagent(self, event: Event, state: StepState) -> Said:
        subagent_id = text_of(event, "subagentRunId")
        subagent = self._subagent(subagent_id)
        yield from self._steps.note(
            f"subagent {subagent_id}", subagent.name or "Agent", subagent.beginning() or subagent.about, state
        )

    def _nested(self, title: str, event: Event) -> str:
        subagent = self._subagents.get(str(event.get("subagentRunId")))
        return f"{subagent.name} › {title}" if subagent is not None and subagent.name else title

    # --- thoughts ---------------------------------------------------------------------------------------------------

    def thought(self, event: Event) -> Said:
        """``REASONING_MESSAGE_CONTENT`` and ``REASONING_MESSAGE_CHUNK``."""
        piece = text_of(event, "delta", default="")
        self._record.thought(text_of(event, "messageId", default="thought"), piece)
        yield from self.think(piece)

    def think(self, piece: str) -> Said:
        """More of a thought, from whatever it is read."""
        if piece:
            self.has_thought = self.has_thought or bool(piece.strip())
            yield from self._steps.think(piece)

    def thought_end(self, _event: Event) -> Said:
        """``REASONING_MESSAGE_END`` and ``REASONING_END``."""
        return self._steps.end_thought()

    def encrypted(self, event: Event) -> Said:
        """``REASONING_ENCRYPTED_VALUE``: kept for the next run, never shown."""
        self._record.encrypted(event.get("subtype"), text_of(event, "entityId"), text_of(event, "encryptedValue"))
        return iter(())
