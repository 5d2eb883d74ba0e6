"""The text of an agent: its messages one after the other, although several may be written at once."""

from collections.abc import Callable, Iterator

from attrs import define, field

from orcheo_adapters.runners.agui.memory import check_parts
from orcheo_adapters.runners.reasoning import ThinkTags
from orcheo_adapters.runners.text import WholeCharacters
from orcheo_core.domain.run import OUTPUT_LIMIT, AnswerEnded, RunEvent, TextDelta
from orcheo_core.ports.runner import RunTooLong


@define
class _Message:
    id: str
    has_begun: bool = False
    waiting: list[str] = field(factory=list)
    """What was said while another message was written."""
    has_ended: bool = False
    tags: ThinkTags = field(factory=ThinkTags)
    characters: WholeCharacters = field(factory=WholeCharacters)


class Speech:
    """Who speaks: the first message with text, until it ends; what others say in this time waits.

    Each message with text is an item of its own; one without text is nothing. A thought in tags at the beginning of a
    message is a thought.
    """

    def __init__(
        self, think: Callable[[str], Iterator[RunEvent]], before_text: Callable[[], Iterator[RunEvent]]
    ) -> None:
        """Nothing is said yet. ``think`` gives the events of a thought, ``before_text`` those that go before a text."""
        self._think = think
        self._before_text = before_text
        self.has_said = False
        """Whether there was anything to read."""
        self._speaker: _Message | None = None
        self._queue: dict[str, _Message] = {}
        self._waiting = 0

    @property
    def current(self) -> str | None:
        """The message that is written now."""
        return None if self._speaker is None else self._speaker.id

    @property
    def plain_id(self) -> str | None:
        """The message whose next ASCII text can be passed on as it is, if any."""
        speaker = self._speaker
        return speaker.id if speaker is not None and speaker.has_begun and speaker.characters.is_empty else None

    def say(self, message_id: str, text: str) -> Iterator[RunEvent]:
        """More of a message."""
        if not text:
            return
        if self._speaker is None:
            self._speaker = _Message(message_id)
        if self._speaker.id == message_id:
            yield from self._speak(self._speaker, text)
            return
        self._waiting += len(text)
        if self._waiting > OUTPUT_LIMIT:
            raise RunTooLong
        check_parts(self._queue)
        self._queue.setdefault(message_id, _Message(message_id)).waiting.append(text)

    def end(self, message_id: str) -> Iterator[RunEvent]:
        """A message is whole."""
        if self._speaker is None or self._speaker.id != message_id:
            if message_id in self._queue:
                self._queue[message_id].has_ended = True
            return
        yield from self._rest(self._speaker)
        self._speaker = None
        while self._queue and self._speaker is None:
            following = self._queue.pop(next(iter(self._queue)))
            yield from self._speak(following, "".join(following.waiting))
            if following.has_ended:
                yield from self._rest(following)
            else:
                self._speaker = following

    def close(self) -> Iterator[RunEvent]:
        """No text follows: end all messages."""
        while self._speaker is not None:
            yield from self.end(self._speaker.id)

    def _speak(self, message: _Message, text: str) -> Iterator[RunEvent]:
        yield from self._told_apart(message, message.tags.take(text))

    def _told_apart(self, message: _Message, said: Iterator[tuple[str, str]]) -> Iterator[RunEvent]:
        for kind, text in said:
            yield from self._think(text) if kind == "thought" else self._answer(message, text)

    def _answer(self, message: _Message, text: str) -> Iterator[RunEvent]:
        if whole := message.characters.take(text):
            yield from self._deltas(message, whole)

    def _rest(self, message: _Message) -> Iterator[RunEvent]:
        yield from self._told_apart(message, message.tags.rest())
        if not message.characters.is_empty:
            yield from self._deltas(message, message.characters.rest())

    def _deltas(self, message: _Message, text: str) -> Iterator[RunEvent]:
        yield from self._before_text()
        if self.has_said and not message.has_begun:
            yield AnswerEnded()
        message.has_begun = self.has_said = True
        yield TextDelta(text)
