"""Items that are being written: how each looks now, and what makes it grow."""

from collections.abc import Callable
from copy import deepcopy
from functools import singledispatch
from typing import Any, NoReturn

from attrs import define, evolve

from orcheo_core.domain.component_items import GeneratedImageItem, ProgressNoteItem, Step, WidgetItem
from orcheo_core.domain.items import AnswerPart, AssistantItem, Citation, Item
from orcheo_core.domain.thread_events import (
    Growth,
    ImageGrew,
    PartAdded,
    PartCited,
    PartDelta,
    PartDone,
    StepAdded,
    StepChanged,
    ThreadEvent,
    WidgetPartRedrawn,
    WidgetRedrawn,
    WidgetTextGrew,
)


class AnswerDraft:
    """An assistant item that grows; its pieces of text are sent as one delta for all that came in between."""

    is_kept = True

    def __init__(self, item: AssistantItem) -> None:
        self.item_at_first = item
        self.pieces: list[str] = []
        self.told = 0
        """How many of the pieces followers have been sent."""
        self._citations: list[Citation] = []

    @property
    def item(self) -> AssistantItem:
        part = AnswerPart(text="".join(self.pieces), citations=tuple(self._citations))
        return self.item_at_first.with_answer(part)

    @property
    def shows(self) -> bool:
        """Whether there is anything to see so far."""
        return bool(self._citations) or any(map(str.strip, self.pieces))

    def delta(self) -> tuple[ThreadEvent, ...]:
        """The text since the last time, if any."""
        told, self.told = self.told, len(self.pieces)
        if told == self.told:
            return ()
        return (PartDelta(item_id=self.item_at_first.id, delta="".join(self.pieces[told:])),)

    def cite(self, citation: Citation) -> ThreadEvent:
        self._citations.append(citation)
        return PartCited(item_id=self.item_at_first.id, position=len(self._citations) - 1, citation=citation)


class ProgressNoteDraft:
    """A progress note whose steps come one by one."""

    is_kept = True

    def __init__(self, item: ProgressNoteItem) -> None:
        self._item = item
        self._steps: list[Step] = []

    @property
    def item(self) -> ProgressNoteItem:
        return evolve(self._item, steps=tuple(self._steps))

    def step(self, index: int) -> Step | None:
        """The step as it looks now, None for a new one."""
        return self._steps[index] if index < len(self._steps) else None

    def sum_up(self, **summary: Any) -> None:
        """What is written over the steps."""
        self._item = evolve(self._item, **summary)

    def note(self, index: int, step: Step) -> ThreadEvent:
        """A new step, or another look of an earlier one."""
        if index < len(self._steps):
            self._steps[index] = step
            return StepChanged(item_id=self._item.id, index=index, step=step)
        self._steps.append(step)
        return StepAdded(item_id=self._item.id, index=len(self._steps) - 1, step=step)


class OpenItem:
    """An item that the run writes by its id. Pieces of text are joined when the whole is asked for."""

    def __init__(self, item: Item) -> None:
        self._item = item
        self._parts: list[_Part] | None = None
        if isinstance(item, AssistantItem):
            self._parts = [_Part([part.text], [*part.citations]) for part in item.content]

    @property
    def item(self) -> Item:
        """The item as it looks now."""
        if self._parts is not None and isinstance(self._item, AssistantItem):
            return evolve(self._item, content=tuple([part.whole for part in self._parts]))
        return self._item

    @property
    def is_kept(self) -> bool:
        """Whether checkpoints save it while it grows; widgets and images are saved when they are whole."""
        return isinstance(self._item, AssistantItem | ProgressNoteItem)

    def grow(self, growth: Growth) -> None:
        """Take a growth; raises :class:`ValueError` for one that an item of this kind does not have."""
        if isinstance(growth, PartAdded | PartDelta | PartCited | PartDone):
            if self._parts is None:
                _does_not_fit(self._item, growth)
            while len(self._parts) <= growth.index:
                self._parts.append(_Part([], []))
            self._parts[growth.index].grow(growth)
        else:
            self._item = grown(growth, self._item)


@define
class _Part:
    """A piece of an answer's text, and its sources."""

    pieces: list[str]
    citations: list[Citation]

    @property
    def whole(self) -> AnswerPart:
        return AnswerPart(text="".join(self.pieces), citations=tuple(self.citations))

    def grow(self, growth: PartAdded | PartDelta | PartCited | PartDone) -> None:
        match growth:
            case PartDelta():
                self.pieces.append(growth.delta)
            case PartCited():
                self.citations.insert(growth.position, growth.citation)
            case _:
                self.pieces = [growth.part.text]
                self.citations = [*growth.part.citations] or self.citations


@singledispatch
def grown(growth: Growth, item: Item) -> Item:
    """``item`` as it looks after a growth that is not text of an answer; :class:`ValueError` where it does not fit."""
    _does_not_fit(item, growth)


@grown.register
def _(growth: StepAdded, item: Item) -> Item:
    if not isinstance(item, ProgressNoteItem):
        _does_not_fit(item, growth)
    return evolve(item, steps=(*item.steps[: growth.index], growth.step, *item.steps[growth.index :]))


@grown.register
def _(growth: StepChanged, item: Item) -> Item:
    if not isinstance(item, ProgressNoteItem) or growth.index >= len(item.steps):
        _does_not_fit(item, growth)
    return evolve(item, steps=(*item.steps[: growth.index], growth.step, *item.steps[growth.index + 1 :]))


@grown.register
def _(growth: WidgetRedrawn, item: Item) -> Item:
    if not isinstance(item, WidgetItem):
        _does_not_fit(item, growth)
    return evolve(item, widget=growth.widget)


@grown.register
def _(growth: WidgetPartRedrawn, item: Item) -> Item:
    return _with_component(growth, growth.component_id, item, lambda _old: growth.component)


@grown.register
def _(growth: WidgetTextGrew, item: Item) -> Item:
    def longer(component: dict[str, Any]) -> dict[str, Any]:
        return component | {"value": f"{component.get('value') or ''}{growth.delta}", "streaming": not growth.is_whole}

    return _with_component(growth, growth.component_id, item, longer)


@grown.register
def _(growth: ImageGrew, item: Item) -> Item:
    if not isinstance(item, GeneratedImageItem):
        _does_not_fit(item, growth)
    return evolve(item, url=growth.url)


def _with_component(
    growth: Growth, component_id: str, item: Item, change: Callable[[dict[str, Any]], dict[str, Any]]
) -> Item:
    if not isinstance(item, WidgetItem):
        _does_not_fit(item, growth)
    widget = deepcopy(item.widget)
    waiting: list[Any] = [widget]
    while waiting:
        component = waiting.pop()
        if isinstance(component, list):
            waiting += component
        elif isinstance(component, dict):
            if component.get("id") == component_id:
                changed = change(dict(component))
                component.clear()
                component.update(changed)
                return evolve(item, widget=widget)
            waiting.append(component.get("children"))
    problem = f"the widget {item.id} has no component with the id {component_id!r}"
    raise ValueError(problem)


def _does_not_fit(item: Item, growth: object) -> NoReturn:
    problem = f"{type(growth).__name__} does not fit the item {item.id}, a {type(item).__name__}"
    raise ValueError(problem)
