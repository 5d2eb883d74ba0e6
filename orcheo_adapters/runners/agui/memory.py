"""What a thread keeps of an agent's runs: the messages as the agent knows them, its state, and what it waits for.

The thread's own items are what visitors see; tool calls with their results, encrypted reasoning and the ids of messages
are not among them. One :class:`~orcheo_core.domain.run.ContextKept` at the end of each run holds these.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence, Sized
from typing import Any

from attrs import define, evolve, field, frozen

from orcheo_adapters.runners import loose_json
from orcheo_adapters.runners.agui.wire import AgentNotUnderstood
from orcheo_core.domain.component_items import ClientToolCallItem, EndOfTurnItem
from orcheo_core.domain.run import PastMessage, RunContext, SentFile
from orcheo_core.domain.structured_input import StructuredInputItem

KEY = "ag_ui"
"""What the kept JSON has at its top."""
MOST_CHARACTERS = 48_000
"""Of the messages of one run that are kept; a run with more is remembered by its text alone."""
MOST_PARTS = 10_000
"""Messages of one run, and calls of tools: an agent may go round in circles for as long as its time limit."""
_RESULT_LENGTH = 8_000
_NO_RESULT = "There is no result of this call."

Message = dict[str, Any]


class RunRecord:
    """The messages of one run, as AG-UI's clients put them together from its events."""

    def __init__(self) -> None:
        """Nothing is said yet."""
        self._messages: list[Message] = []
        self._by_id: dict[str, Message] = {}
        self.calls: dict[str, dict[str, Any]] = {}
        """Tool calls by their ids: ``name``, and ``arguments`` in pieces."""
        self._answered: set[str] = set()
        self._size = 0

    def text(self, message_id: str) -> list[str]:
        """The pieces of an assistant's message, to be added to."""
        message = self._message(message_id, "assistant")
        pieces: list[str] = message.setdefault("content", [])
        return pieces

    def thought(self, message_id: str, piece: str) -> None:
        """More of a reasoning message."""
        self._size += len(piece)
        if self._size <= MOST_CHARACTERS:
            self._message(message_id, "reasoning").setdefault("content", []).append(piece)

    def call(self, call_id: str, name: str, parent_id: str | None) -> bool:
        """A tool call begins; False for one that is known."""
        if call_id in self.calls:
            return False
        check_parts(self.calls)
        call = {"id": call_id, "type": "function", "function": {"name": name, "arguments": []}}
        self.calls[call_id] = call
        last = self._messages[-1] if self._messages else None
        if parent_id in self._by_id:
            message = self._by_id[parent_id or ""]
        elif last is not None and last["role"] == "assistant" and parent_id is None:
            message = last
        else:
            message = self._message(parent_id or f"call-{call_id}", "assistant")
        if message["role"] != "assistant":
            message = self._message(f"call-{call_id}", "assistant")
        message.setdefault("toolCalls", []).append(call)
        self._size += len(call_id) + len(name)
        return True

    def result(self, call_id: str, message_id: str, content: Any) -> str:
        """What a tool gave; returns its text."""
        text = content_text(content)
        self._answered.add(call_id)
        message = self._message(message_id, "tool")
        message["toolCallId"], message["content"] = call_id, [text[:_RESULT_LENGTH]]
        self._size += len(message["content"][0])
        return text

    def encrypted(self, subtype: Any, entity_id: str, value: str) -> None:
        """A value that only the model's provider can read."""
        self._size += len(value)
        if self._size > MOST_CHARACTERS:
            return
        if subtype == "tool-call" and entity_id in self.calls:
            self.calls[entity_id]["encryptedValue"] = value
        elif subtype != "tool-call":
            self._message(entity_id, "reasoning")["encryptedValue"] = value

    def arguments(self, call_id: str) -> str:
        """The arguments of a call so far, as text."""
        return "".join(self.calls[call_id]["function"]["arguments"])

    def open_calls(self) -> list[str]:
        """The calls without a result, in their order."""
        return [call_id for call_id in self.calls if call_id not in self._answered]

    def messages(self) -> list[Message] | None:
        """All that is worth keeping; None when it is too long, or holds nothing but text."""
        found = [whole for each in self._messages if (whole := _whole(each)) is not None]
        if len(json.dumps(found)) > MOST_CHARACTERS:
            return None
        return found

    def _message(self, message_id: str, role: str) -> Message:
        known = self._by_id.get(message_id)
        if known is None:
            check_parts(self._by_id)
            known = self._by_id[message_id] = {"id": message_id, "role": role}
            self._messages.append(known)
        return known


def check_parts(parts: Sized) -> None:
    """Raise :class:`AgentNotUnderstood` when a run has as many parts of a kind as it may have."""
    if len(parts) >= MOST_PARTS:
        raise AgentNotUnderstood(f"it has more than {MOST_PARTS:,} messages or calls of tools in one run")


def _whole(message: Message) -> Message | None:
    """A message with its pieces joined; None for one that holds nothing, or a thought without an encrypted value."""
    found = dict(message)
    if "content" in found:
        found["content"] = "".join(found["content"])
    if found["role"] == "reasoning":
        return {"content": "", **found} if "encryptedValue" in found else None
    if "toolCalls" in found:
        found["toolCalls"] = [_whole_call(each) for each in found["toolCalls"]]
    return found if found.get("content") or "toolCalls" in found or found["role"] == "tool" else None


def _whole_call(call: dict[str, Any]) -> dict[str, Any]:
    function = call["function"]
    return call | {"function": {"name": function["name"], "arguments": "".join(function["arguments"])}}


def content_text(content: Any) -> str:
    """The text of a message's content; bytes and addresses in its parts are left out."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list | tuple):
        return ""
    texts = (each.get("text") for each in content if isinstance(each, Mapping) and each.get("type") == "text")
    return "".join(each for each in texts if isinstance(each, str))


@define(kw_only=True)
class Kept:
    """What one run leaves behind."""

    asked: str | None = None
    """The id of the visitor's message."""
    messages: list[Message] | None = None
    state: Any = None
    interrupts: list[dict[str, Any]] = field(factory=list)
    """What the agent waits for, as :func:`~orcheo_adapters.runners.agui.interrupts.kept` gives it."""
    calls: list[dict[str, Any]] = field(factory=list)
    """Calls of the page's tools, the first one on its way: ``id``, ``name``, ``arguments``."""

    def document(self) -> dict[str, Any] | None:
        """As JSON values; None when there is nothing to keep."""
        found = {"asked": self.asked, "interrupts": self.interrupts, "calls": self.calls}
        document = {name: each for name, each in found.items() if each}
        if self.messages is not None:
            document["messages"] = self.messages
        if self.state is not None:
            document["state"] = self.state
        is_worth_it = bool(self.messages) or not document.keys() <= {"asked", "messages"}
        return {KEY: loose_json.without_halves(document)} if is_worth_it else None

    @classmethod
    def of(cls, hidden: Any) -> "Kept | None":
        """What :meth:`document` gave, read again; None for what another runner has kept."""
        document = hidden.get(KEY) if isinstance(hidden, Mapping) and len(hidden) == 1 else None
        if not isinstance(document, Mapping):
            return None
        return cls(**{name: each for name, each in document.items() if name in _FIELDS})


_FIELDS = frozenset({"asked", "messages", "state", "interrupts", "calls"})


@frozen(kw_only=True)
class Memory:
    """What is known of a thread when a run begins."""

    messages: tuple[Message, ...] = ()
    """AG-UI's messages, oldest first. ``files`` are those of a visitor's message, whose bytes are not read yet."""
    state: Any = None
    interrupts: tuple[dict[str, Any], ...] = ()
    calls: tuple[dict[str, Any], ...] = ()

    @classmethod
    def of(cls, context: RunContext) -> "Memory":
        """Read the history of a thread."""
        reader = _Reader(context.thread_id)
        for past in context.history:
            reader.take(past)
        reader.say()
        last = reader.last
        return cls(
            messages=tuple(reader.messages),
            state=reader.state,
            interrupts=tuple(last.interrupts),
            calls=tuple(last.calls),
        )


class _Reader:
    """Makes messages of the entries of a thread; those that a run kept replace what visitors saw of it."""

    def __init__(self, thread_id: str) -> None:
        self._thread_id = thread_id
        self.messages: list[Message] = []
        self.last = Kept()
        self.state: Any = None
        self._said: list[tuple[str, PastMessage]] = []
        """What was said since the visitor's message, or the run before, with its roles."""
        self._outputs: list[ClientToolCallItem] = []
        self._is_asked = False

    def take(self, past: PastMessage) -> None:
        is_answer = self._is_asked and past.said_by == "visitor"
        self._is_asked = isinstance(past.item, StructuredInputItem)
        if past.hidden is not None:
            self._run_ended(Kept.of(past.hidden))
        elif isinstance(past.item, ClientToolCallItem):
            self._outputs.append(past.item)
        elif isinstance(past.item, EndOfTurnItem):  # what fails with an answer must not wait for it with each message
            self.last = evolve(self.last, interrupts=[], calls=[])
        elif past.said_by == "workflow" or is_answer:
            self._said.append(("user" if is_answer else "assistant", past))
        else:
            self.say()
            self._add("user", past)["files"] = past.files

    def say(self) -> None:
        """What was said in a run that has left nothing else."""
        for role, past in self._said:
            if past.text:
                self._add(role, past)
        self._said, self._outputs = [], []

    def _run_ended(self, kept: Kept | None) -> None:
        if kept is None:
            return
        asked = next((each for each in reversed(self.messages) if each["role"] == "user"), None)
        if asked is not None and kept.asked:
            asked["id"] = kept.asked
        if kept.messages is None:
            self.say()
        else:
            self.messages += kept.messages
        if kept.calls and self._outputs and self._outputs[-1].output is not None:
            self.messages.append(output_message(kept.calls[0], self._outputs[-1].output))
        self._said, self._outputs = [], []
        self.last = kept
        self.state = kept.state

    def _add(self, role: str, past: PastMessage) -> Message:
        message_id = past.id or f"{self._thread_id}-{len(self.messages)}"
        message: Message = {"id": message_id, "role": role, "content": past.text}
        self.messages.append(message)
        return message


def output_message(call: Mapping[str, Any], output: Any) -> Message:
    """What the visitor's page gave for a call of one of its tools."""
    text = output if isinstance(output, str) else json.dumps(output, ensure_ascii=False)
    return {"id": f"output-{call['id']}", "role": "tool", "toolCallId": call["id"], "content": text}


def with_results(messages: Sequence[Message], *, waiting: Iterable[str]) -> Iterator[Message]:
    """The messages with a result for each call, as models want them; calls in ``waiting`` are answered otherwise."""
    answered = {each["toolCallId"] for each in messages if each["role"] == "tool"} | set(waiting)
    for message in messages:
        yield message
        for call in message.get("toolCalls", ()):
            if call["id"] not in answered:
                yield output_message(call, _NO_RESULT)


def files_of(message: Message) -> tuple[SentFile, ...]:
    """The files that came with an earlier message."""
    found: tuple[SentFile, ...] = message.get("files", ())
    return found
