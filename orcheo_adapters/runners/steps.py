"""What a workflow does on the way to its answer, as the steps of progress notes: tool calls, sub-agents, thoughts."""

import json
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

from attrs import evolve

from orcheo_adapters.runners.reasoning import ReasoningNote
from orcheo_adapters.runners.settings import Setting
from orcheo_adapters.runners.text import encodable
from orcheo_core.domain.component_items import Step, StepKind, StepState
from orcheo_core.domain.run import StepNoted
from orcheo_core.domain.shown_text import cut_to

STEPS = ("none", "names", "details")
STEPS_SETTING = Setting(
    name="steps",
    help="What visitors see of tool calls and sub-agents: `none`, `names`, or `details`, which adds arguments and "
    "results, shortened.",
    default="names",
)

ONLY_THOUGHTS = (
    "The agent's answer holds only what the model thought, no text: let the model write more tokens, or think less."
)
"""What the owner reads of such an answer."""

MOST_STEPS = 200
"""In one run; further ones are not shown."""
_TITLE_LENGTH = 200
_DETAIL_LENGTH = 500
_READ_LENGTH = 8_000
"""Characters of JSON that are read to show it in words."""


class StepNotes:
    """The steps of one run: text ends a note, and the next step begins another.

    A step is known by its key. The result of a call whose note has ended is a step of the next note.
    """

    def __init__(self, *, detail: str, shows_thoughts: bool) -> None:
        """``detail`` is one of :data:`STEPS`; thoughts are shown whatever it is."""
        self._detail = detail
        self._shows_thoughts = shows_thoughts
        self._places: dict[str, int] = {}
        """Where each step of the open note stands, by its key."""
        self._steps: list[Step] = []
        self._count = 0
        self._thought: ReasoningNote | None = None
        self._thought_at = 0

    @property
    def is_shown(self) -> bool:
        """Whether visitors see steps at all."""
        return self._detail != "none"

    def note(
        self,
        key: str,
        title: str,
        detail: str,
        state: StepState,
        *,
        kind: StepKind = StepKind.CUSTOM,
        queries: tuple[str, ...] = (),
    ) -> Iterator[StepNoted]:
        """A step as it is now; ``detail`` is what only some owners let visitors see."""
        if not self.is_shown:
            return
        yield from self.end_thought()
        shown = shortened(detail, _DETAIL_LENGTH) if self._detail == "details" and detail else None
        queries = tuple(shortened(each, _TITLE_LENGTH) for each in queries)
        title = shortened(title, _TITLE_LENGTH)
        step = Step(kind=kind, title=title, content=shown, queries=queries, state=state)
        if (place := self._place(key)) is not None and (place == len(self._steps) or self._steps[place] != step):
            yield self._noted(place, step)

    def think(self, piece: str) -> Iterator[StepNoted]:
        """More of a thought."""
        if not self._shows_thoughts:
            return
        if self._thought is None:
            self._thought, self._thought_at = ReasoningNote(), len(self._steps)
        for event in self._thought.think(encodable(piece)):
            if self._thought_at < len(self._steps) or self._takes_more():
                yield self._noted(self._thought_at, event.step)

    def end_thought(self) -> Iterator[StepNoted]:
        """The thought is whole; another one is another step."""
        thought, self._thought = self._thought, None
        if thought is not None and self._thought_at < len(self._steps):
            for event in thought.end():
                yield self._noted(self._thought_at, event.step)

    def close(self) -> Iterator[StepNoted]:
        """Something else is said: nothing of this note is drawn as under way any more."""
        if not self._steps:
            self._thought = None
            return
        yield from self.end_thought()
        for place, step in enumerate(self._steps):
            if step.state is StepState.LOADING:
                yield StepNoted(index=place, step=evolve(step, state=StepState.NONE))
        self._steps, self._places = [], {}

    def _place(self, key: str) -> int | None:
        """Where the step stands, or a new one comes; None where no more are shown."""
        if key not in self._places:
            if not self._takes_more():
                return None
            self._places[key] = len(self._steps)
        return self._places[key]

    def _takes_more(self) -> bool:
        self._count += 1
        return self._count <= MOST_STEPS

    def _noted(self, place: int, step: Step) -> StepNoted:
        self._steps[place : place + 1] = [step]
        return StepNoted(index=place, step=step)


def words(name: str) -> str:
    """A technical name as visitors read it: ``get_weather`` becomes *Get weather*."""
    text = " ".join(encodable(name).replace("_", " ").replace("-", " ").split())
    return text[:1].upper() + text[1:]


def nested(parent: str, title: str) -> str:
    """The title of what a sub-agent does."""
    return f"{parent} › {title}" if parent else title


def readable(value: Any) -> str:
    """Arguments or a result in one line: text as it is, JSON without its braces."""
    if isinstance(value, str) and value.startswith("{") and len(value) <= _READ_LENGTH:
        with suppress(ValueError, RecursionError):
            value = json.loads(value)
    if isinstance(value, dict):
        return shortened(", ".join(f"{key}: {_plain(each)}" for key, each in value.items()), _DETAIL_LENGTH)
    return shortened(_plain(value), _DETAIL_LENGTH)


def beginning(pieces: Iterable[str]) -> str:
    """The first of these pieces, as much of them as is read for a step, which each of its events notes again."""
    found, length = list[str](), 0
    for each in pieces:
        found.append(each)
        length += len(each)
        if length > _READ_LENGTH:
            break
    return "".join(found)


def shortened(text: str, length: int) -> str:
    """One line of ``text``, cut to ``length``."""
    return cut_to(" ".join(encodable(text[: 4 * length]).split()), length)


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
