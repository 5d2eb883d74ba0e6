"""Who of the branches of a LangGraph graph speaks: one message at a time, each text said once."""

from collections import defaultdict, deque
from collections.abc import Iterator
from functools import partial

from attrs import define, field

from orcheo_adapters.runners.reasoning import ThinkTags
from orcheo_adapters.runners.text import WholeCharacters
from orcheo_core.domain.run import RunEvent, TextDelta

PARAGRAPH = TextDelta("\n\n")
"""Between two messages of one answer."""
_COMPARED = 100
"""Messages of a task, the latest ones, that a whole one is compared with: it costs time while all chats wait."""
HELD_LENGTH = 240
"""Characters of a message that may be held back: what an agent says before it calls another one is short."""


@define
class _Message:
    """One message as far as it came."""

    id: str
    tasks: frozenset[str]
    """Ids of the task that says it and of those around it; the empty one is around all."""
    parts: list[str] = field(factory=list)
    """As they came, with a thought in tags."""
    heard: list[str] = field(factory=list)
    """What of them is for the visitor."""
    waiting: list[str] = field(factory=list)
    tags: ThinkTags = field(factory=ThinkTags)
    characters: WholeCharacters = field(factory=WholeCharacters)
    is_held: bool = False
    """Whether it waits until it is certain that it is for the visitor."""
    is_withdrawn: bool = False
    has_ended: bool = False

    @property
    def text(self) -> str:
        return "".join(self.parts)

    @property
    def answer(self) -> str:
        return "".join(self.heard)


class Floor:
    """Who may speak: one message at a time, each a paragraph; what others stream waits for its end.

    A thought in tags at the beginning of a message is not said.
    """

    def __init__(self) -> None:
        """Nothing is said yet."""
        self._messages: dict[str, _Message] = {}
        self._latest_of: defaultdict[str, deque[_Message]] = defaultdict(partial(deque, maxlen=_COMPARED))
        """By task."""
        self._speaker: _Message | None = None
        self._queue: list[_Message] = []
        self._latest: _Message | None = None
        self.has_thought = False
        """Whether there was a thought in tags."""

    @property
    def has_spoken(self) -> bool:
        """Whether anything was said."""
        return self._latest is not None

    def is_taken_from(self, message_id: str) -> bool:
        """Whether another message is in the middle of its text."""
        return self._speaker is not None and self._speaker.id != message_id

    def chunk(
        self, message_id: str, text: str, *, tasks: frozenset[str], ends: bool, holds: bool = False
    ) -> Iterator[RunEvent]:
        """More of a message; the beginning of one that ``holds`` can be withdrawn."""
        message = self._messages.get(message_id)
        if message is None:
            message = self._begun(message_id, _Message(message_id, tasks | {""}, is_held=holds))
        yield from self._say(message, text)
        if ends:
            yield from self._end(message)

    def whole(self, message_id: str, text: str, *, task: str, tasks: frozenset[str]) -> Iterator[RunEvent]:
        """A message that ``task`` gives in one piece: it replaces what streamed in that task, so only what is new in it
        is said, behind what it continues."""
        if message_id in self._messages or not text:
            return
        said = [each for each in self._latest_of[task] if each.parts]
        new, message = _news(text, said)
        if message is None:
            message = _Message(message_id or str(len(self._messages)), tasks, tags=ThinkTags(is_whole=True))
            message = self._begun(message_id or message.id, message)
        self._messages[message_id or message.id] = message
        yield from self._say(message, new)
        yield from self._end(message)

    def _begun(self, message_id: str, message: _Message) -> _Message:
        self._messages[message_id] = message
        for task in message.tasks:
            self._latest_of[task].append(message)
        return message

    def withdraw(self, message_id: str) -> str:
        """Say nothing of a message that is held back, as it is not for the visitor; what it said so far."""
        message = self._messages.get(message_id)
        if message is None or not message.is_held:
            return ""
        message.is_held, message.is_withdrawn = False, True
        return message.answer

    def end(self, task: str) -> Iterator[RunEvent]:
        """A task says no more."""
        for message in [each for each in self._messages.values() if task in each.tasks and not each.has_ended]:
            yield from self._end(message)

    def close(self) -> Iterator[RunEvent]:
        """Nothing more comes."""
        yield from self.end("")

    def _say(self, message: _Message, text: str) -> Iterator[RunEvent]:
        if not text:
            return
        message.parts.append(text)
        yield from self._told_apart(message, message.tags.take(text))

    def _told_apart(self, message: _Message, said: Iterator[tuple[str, str]]) -> Iterator[RunEvent]:
        for kind, text in said:
            if kind == "thought":
                self.has_thought = self.has_thought or bool(text.strip())
            else:
                message.heard.append(text)
                yield from self._hear(message, text)

    def _hear(self, message: _Message, text: str) -> Iterator[RunEvent]:
        if message.is_held and len(message.answer) > HELD_LENGTH:
            message.is_held, text = False, message.answer
        if not (message.is_held or message.is_withdrawn):
            yield from self._say_now(message, text)

    def _say_now(self, message: _Message, text: str) -> Iterator[RunEvent]:
        if self._speaker in (None, message):
            self._speaker = message
            yield from self._speak(message, text)
            return
        message.waiting.append(text)
        if message not in self._queue:
            self._queue.append(message)

    def _speak(self, message: _Message, text: str) -> Iterator[RunEvent]:
        whole = message.characters.take(text)
        if not whole:
            return
        if self._latest not in (None, message):
            yield PARAGRAPH
        self._latest = message
        yield TextDelta(whole)

    def _end(self, message: _Message) -> Iterator[RunEvent]:
        yield from self._told_apart(message, message.tags.rest())
        message.has_ended = True
        if message.is_held:
            message.is_held = False
            yield from self._say_now(message, message.answer)
        if self._speaker is not message:
            return
        if rest := message.characters.rest():
            yield TextDelta(rest)
        self._speaker = None
        while self._queue and self._speaker is None:
            following = self._queue.pop(0)
            waiting, following.waiting = "".join(following.waiting), []
            yield from self._speak(following, waiting)
            if not following.has_ended:
                self._speaker = following


def _news(text: str, said: list[_Message]) -> tuple[str, _Message | None]:
    """What of ``text`` was not streamed yet, and the message that it continues."""
    if not said:
        return text, None
    whole = text.strip()
    for candidate, message in _compared(said):
        streamed = candidate.strip()
        if not streamed:
            continue
        if whole in streamed and 2 * len(whole) >= len(streamed):
            return "", message
        if whole.startswith(streamed) or (streamed in whole and 2 * len(streamed) >= len(whole)):
            return text.partition(streamed)[2], message
    return text, None


def _compared(said: list[_Message]) -> Iterator[tuple[str, _Message]]:
    """What may be in a whole message: all that was said, or one message; with its thought in tags, or without."""
    told = [[each.text for each in said], [each.answer for each in said]]
    for texts in told if told[0] != told[1] else told[:1]:
        yield "".join(texts), said[-1]
        yield from zip(reversed(texts), reversed(said), strict=True)
