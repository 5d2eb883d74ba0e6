"""From AG-UI's events to run events: the one place that knows what each of them means here.

Pure. Servers before 1.0 are understood too: ``THINKING_*``, ``interrupt`` in ``RUN_FINISHED``, the event
``on_interrupt`` of LangGraph's bridge, fields that 1.0 does not have, names in snake case.
"""

from collections.abc import Callable, Mapping
from typing import Any

from orcheo_adapters.runners.agui import interrupts
from orcheo_adapters.runners.agui.activities import Activities
from orcheo_adapters.runners.agui.json_state import AgentState
from orcheo_adapters.runners.agui.memory import Kept, RunRecord, check_parts, content_text
from orcheo_adapters.runners.agui.options import Options
from orcheo_adapters.runners.agui.speech import Speech
from orcheo_adapters.runners.agui.wire import (
    OLD_NAMES,
    AgentBrokeOff,
    AgentFailed,
    AgentNotUnderstood,
    Event,
    Said,
    event_of,
    text_of,
    usage_of,
)
from orcheo_adapters.runners.agui.work import AgentWork
from orcheo_adapters.runners.steps import ONLY_THOUGHTS
from orcheo_adapters.system.logs import get_logger
from orcheo_core.domain.run import (
    ClientToolCalled,
    ContextKept,
    CutShort,
    EffectCaused,
    FaultNoted,
    InputAsked,
    RunEvent,
    TextDelta,
)
from orcheo_core.ports.runner import NothingSaid, RunFailed

_LOG = get_logger("runners")
_CONTENT = "TEXT_MESSAGE_CONTENT"
_MOST_UNKNOWN = 10


class AgentEvents:
    """The run events of one run of an agent; keeps what spans several of them."""

    def __init__(
        self, options: Options, *, state: Any = None, asked: str | None = None, may_be_silent: bool = False
    ) -> None:
        """``state`` is what the agent was given; ``asked`` the id of the visitor's message."""
        self.is_over = False
        """Whether the agent has said that its run is over; what follows is not looked at."""
        self._options = options
        self._asked = asked
        self._may_be_silent = may_be_silent
        self._number = 0
        self._is_known = False
        """Whether any event was one of AG-UI."""
        self._unknown: set[str] = set()
        self._failure: RunFailed | None = None
        self._has_shown = False
        """Whether there was anything for the visitor but text and steps."""
        self._record = RunRecord()
        self._work = AgentWork(options, self._record)
        self._speech = Speech(self._work.think, self._before_text)
        self._activities = Activities()
        self._state = AgentState(state)
        self._plain_id: str | None = None
        """The message whose next ASCII text is passed on as it is, and its pieces for the record."""
        self._pieces: list[str] = []
        self._chunk_id = ""
        self._unheard: set[str] = set()
        """Messages that are not the agent's own words."""
        self._snapshot = ""
        self._old_interrupts: list[dict[str, Any]] = []
        self._readers = self._readers_by_type()

    def take(self, event: Any) -> list[RunEvent]:
        """The run events of the next event: a dict as JSON has it, or one of the protocol's objects.

        Raises :class:`AgentNotUnderstood` for anything else, :class:`RunTooLong` for more text than a run may say.
        """
        if self._plain_id is not None:
            delta = self._plain_delta(event)
            if type(delta) is str and delta and delta.isascii():  # as most of all events are
                self._number += 1
                self._pieces.append(delta)
                return [TextDelta(delta)]
        return [] if self.is_over else self._take(event)

    def end(self) -> None:
        """The events are over.

        Raises :class:`AgentBrokeOff` without an end of the run, :class:`AgentFailed` after an error, and
        :class:`NothingSaid` when there was nothing for the visitor.
        """
        if self._failure is not None:
            raise self._failure
        if not self.is_over:
            if self._unknown and not self._is_known:
                raise AgentNotUnderstood(f"it has only events of other types: {', '.join(sorted(self._unknown))}")
            raise AgentBrokeOff(self._number)
        if not (self._speech.has_said or self._has_shown or self._may_be_silent):
            nothing = "The agent's run has ended without text, a widget or a question."
            raise NothingSaid(ONLY_THOUGHTS if self._work.has_thought else nothing)

    def _plain_delta(self, event: Any) -> Any:
        """The text of the next piece of the message that is being written; None for any other event."""
        if type(event) is dict:
            is_next = event.get("messageId") == self._plain_id and event.get("type") == _CONTENT
            return event.get("delta") if is_next and not event.get("subagentRunId") else None
        is_next = getattr(event, "message_id", None) == self._plain_id and event.type == _CONTENT
        return event.delta if is_next and not getattr(event, "subagent_run_id", None) else None

    def _take(self, given: Any) -> list[RunEvent]:
        self._number += 1
        event = event_of(given, self._number)
        kind = str(getattr(event["type"], "value", event["type"]))
        read = self._readers.get(OLD_NAMES.get(kind, kind))
        if read is None:
            self._leave_out(kind)
            return []
        self._is_known = True
        said = list(read(event))
        self._set_plain(said)
        return said

    def _set_plain(self, said: list[RunEvent]) -> None:
        """Steps and whatever else ends an answer are noticed before more text comes."""
        before, now = self._plain_id, None if self._activities else self._speech.plain_id
        self._plain_id = now if said and type(said[-1]) is TextDelta else before if not said and before == now else None
        if self._plain_id is not None:
            self._pieces = self._record.text(self._plain_id)

    def _leave_out(self, kind: str) -> None:
        if len(self._unknown) < _MOST_UNKNOWN and kind[:60] not in self._unknown:
            self._unknown.add(kind[:60])
            _LOG.info("an agent sends %r, which is not shown", kind[:60])

    # --- text -------------------------------------------------------------------------------------------------------

    def _text_start(self, event: Event) -> Said:
        message_id = text_of(event, "messageId")
        if event.get("role", "assistant") != "assistant":
            check_parts(self._unheard)
            self._unheard.add(message_id)
        return iter(())

    def _text_content(self, event: Event) -> Said:
        return self._say(text_of(event, "messageId"), text_of(event, "delta"), event)

    def _text_end(self, event: Event) -> Said:
        return self._speech.end(text_of(event, "messageId"))

    def _text_chunk(self, event: Event) -> Said:
        message_id = text_of(event, "messageId", default=self._chunk_id)
        if message_id != self._chunk_id:
            yield from self._speech.end(self._chunk_id)
            self._chunk_id = message_id
        self._text_start({**event, "messageId": message_id})
        yield from self._say(message_id, text_of(event, "delta", default=""), event)

    def _say(self, message_id: str, text: str, event: Event) -> Said:
        if message_id in self._unheard or not text:
            return
        if "subagentRunId" in event:
            self._work.subagent_says(event, message_id, text)
            return
        self._record.text(message_id).append(text)
        yield from self._speech.say(message_id, text)

    def _before_text(self) -> Said:
        yield from self._work.close()
        for shown in self._activities.show():
            self._has_shown = True
            yield shown

    # --- state, snapshots, the agent's own events -------------------------------------------------------------------

    def _state_snapshot(self, event: Event) -> Said:
        self._state.replace(event.get("snapshot"))
        return iter(())

    def _state_delta(self, event: Event) -> Said:
        self._state.patch(event.get("delta"))
        return iter(())

    def _messages_snapshot(self, event: Event) -> Said:
        """The answer, where it does not come as text: what the assistant says after the visitor's last message."""
        messages = event.get("messages")
        answer = ""
        for each in messages if isinstance(messages, list) else ():
            if isinstance(each, Mapping) and each.get("role") == "user":
                answer = ""
            elif isinstance(each, Mapping) and each.get("role") == "assistant":
                answer = content_text(each.get("content")) or answer
        self._snapshot = answer
        return iter(())

    def _activity_snapshot(self, event: Event) -> Said:
        is_widget = self._activities.snapshot(event)
        return iter(()) if is_widget else self._work.activity(text_of(event, "activityType", default=""), event)

    def _step_started(self, event: Event) -> Said:
        return self._work.activity(text_of(event, "stepName"), event)

    def _custom(self, event: Event) -> Said:
        name, value = text_of(event, "name"), event.get("value")
        if name == "on_interrupt" and len(self._old_interrupts) < interrupts.MOST_INTERRUPTS:
            found = {"id": f"interrupt-{len(self._old_interrupts)}", "value": value, "isLegacy": True}
            self._old_interrupts.append(found)
        elif name in self._options.effects:
            self._has_shown = True
            yield EffectCaused(name=name, data=dict(value) if isinstance(value, Mapping) else {"value": value})
        else:
            self._leave_out(f"CUSTOM {name}")

    @staticmethod
    def _nothing(_event: Event) -> Said:
        return iter(())

    # --- the end ----------------------------------------------------------------------------------------------------

    def _run_error(self, event: Event) -> Said:
        self.is_over = True
        self._failure = AgentFailed(text_of(event, "message", default="no message"), str(event.get("code") or ""))
        yield from self._speech.close()
        yield from self._work.close()
        yield from usage_of(event.get("usage"))

    def _run_finished(self, event: Event) -> Said:
        self.is_over = True
        given = event.get("outcome")
        outcome = given if isinstance(given, Mapping) else {}
        yield from self._last_words(event)
        asked = outcome.get("interrupts") or event.get("interrupt") or self._old_interrupts
        yield from self._ask(interrupts.kept(asked))
        yield from usage_of(event.get("usage"))
        yield from self._trouble(is_cancelled=outcome.get("type") == "cancelled")

    def _last_words(self, event: Event) -> Said:
        """What is left, and the answer where it did not come as text."""
        yield from self._speech.close()
        yield from self._before_text()
        if not self._speech.has_said:
            result = event.get("result")
            answer = self._snapshot or self._work.subagents_answer() or (result if isinstance(result, str) else "")
            yield from self._speech.say("answer", answer)
            yield from self._speech.close()

    def _ask(self, asked: list[dict[str, Any]]) -> Said:
        """Questions for the visitor, or a call of one of the page's tools; then what the thread keeps."""
        calls = [] if asked else self._work.client_calls()
        self._has_shown = self._has_shown or bool(asked or calls)
        if asked:
            yield InputAsked(questions=interrupts.questions_of(asked))
        elif calls:
            yield ClientToolCalled(name=calls[0]["name"], arguments=calls[0]["arguments"])
        kept = Kept(
            asked=self._asked,
            messages=self._record.messages(),
            state=self._state.value,
            interrupts=asked,
            calls=calls,
        )
        if (document := kept.document()) is not None:
            yield ContextKept(document)

    def _trouble(self, *, is_cancelled: bool) -> Said:
        """What is not as it should be with a run that ended well."""
        if is_cancelled:
            yield CutShort(code="agent_cancelled", reason="The agent has cancelled its run.")
        elif self._state.fault is not None:
            yield FaultNoted(code="state_not_kept", reason=self._state.fault)

    def _readers_by_type(self) -> dict[str, Callable[[Event], Said]]:
        """Every event of AG-UI 1.0."""
        work = self._work
        return {
            "RUN_STARTED": self._nothing,
            "RUN_FINISHED": self._run_finished,
            "RUN_ERROR": self._run_error,
            "TEXT_MESSAGE_START": self._text_start,
            _CONTENT: self._text_content,
            "TEXT_MESSAGE_END": self._text_end,
            "TEXT_MESSAGE_CHUNK": self._text_chunk,
            "TOOL_CALL_START": work.call_start,
            "TOOL_CALL_ARGS": work.call_args,
            "TOOL_CALL_END": work.call_end,
            "TOOL_CALL_CHUNK": work.call_chunk,
            "TOOL_CALL_RESULT": work.call_result,
            "REASONING_START": self._nothing,
            "REASONING_MESSAGE_START": self._nothing,
            "REASONING_MESSAGE_CONTENT": work.thought,
            "REASONING_MESSAGE_CHUNK": work.thought,
            "REASONING_MESSAGE_END": work.thought_end,
            "REASONING_END": work.thought_end,
            "REASONING_ENCRYPTED_VALUE": work.encrypted,
            "STEP_STARTED": self._step_started,
            "STEP_FINISHED": self._nothing,
            "SUBAGENT_STARTED": work.subagent_started,
            "SUBAGENT_FINISHED": work.subagent_finished,
            "SUBAGENT_ERROR": work.subagent_failed,
            "STATE_SNAPSHOT": self._state_snapshot,
            "STATE_DELTA": self._state_delta,
            "MESSAGES_SNAPSHOT": self._messages_snapshot,
            "ACTIVITY_SNAPSHOT": self._activity_snapshot,
            "ACTIVITY_DELTA": self._activities.delta,
            "CUSTOM": self._custom,
            "RAW": self._nothing,
        }
