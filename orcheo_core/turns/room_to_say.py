"""How much a run has said besides the text of answers, against what a thread keeps of one run."""

from attrs import fields

from orcheo_core.domain.component_items import GeneratedImageItem, WidgetItem
from orcheo_core.domain.item_base import ItemBase
from orcheo_core.domain.items import AssistantItem, Item, UserItem
from orcheo_core.domain.json_values import json_fault, json_length, rough_size
from orcheo_core.domain.run import OUTPUT_LIMIT, SHOWN_LIMIT
from orcheo_core.domain.thread_events import (
    Growth,
    ImageGrew,
    PartAdded,
    PartCited,
    PartDelta,
    PartDone,
    WidgetPartRedrawn,
    WidgetRedrawn,
    WidgetTextGrew,
)
from orcheo_core.ports.runner import RunTooLong

MOST_SHOWN = 10_000
"""Widgets and images of one run: each is an item in memory until the end, however small."""
_LEAST_PART = 100
"""Characters that each part counts for, as its row takes space however little is in it."""
_BASE = frozenset(each.name for each in fields(ItemBase))


def weight(part: object) -> int:
    """Characters that a part of an answer counts for."""
    return max(_LEAST_PART, len(part) if isinstance(part, str) else json_length(part))


class RoomToSay:
    """Counts what a run says; each method raises :class:`RunTooLong` for too much."""

    def __init__(self) -> None:
        self._kept = self._shown = self._parts = 0
        """Characters of what is kept, of what is shown, and how many widgets, images and changes of them."""
        self.seen = 0
        """Characters of all that was looked at, or nearly so: that takes time, whatever becomes of it."""
        self._charges: dict[str, int] = {}
        """What is counted of each item that is written by its id."""

    def keep(self, characters: int) -> None:
        """So much more is kept."""
        self._kept += characters
        if self._kept > OUTPUT_LIMIT:
            raise RunTooLong(
                f"The workflow has said more than {OUTPUT_LIMIT:,} characters besides text: "
                "sources, steps, questions, tool calls, notices, hidden context."
            )

    def show(self, part: object) -> None:
        """A widget or an image, or a change of one."""
        self._look_at(part, SHOWN_LIMIT)
        self._show_part(weight(part))

    def refuse(self, part: object, most: int) -> None:
        """One that cannot be shown counts as much, but for what is beyond ``most`` characters."""
        size = rough_size(part, most)
        self.seen += size
        self._show_part(size)

    def _show_part(self, characters: int) -> None:
        self._parts += 1
        if self._parts > MOST_SHOWN:
            raise RunTooLong(f"The workflow has shown more than {MOST_SHOWN:,} widgets and images.")
        self._show(characters)

    def _show(self, characters: int) -> None:
        self._shown += characters
        if self._shown > SHOWN_LIMIT:
            raise RunTooLong(f"The workflow has shown more than {SHOWN_LIMIT:,} characters of widgets and images.")

    def item(self, item: Item) -> int:
        """Count an item by its id, less what was counted of it before; how many characters of text it adds.

        Raises :class:`ValueError` for what cannot be written as JSON.
        """
        content, is_shown = _content_of(item), isinstance(item, WidgetItem | GeneratedImageItem)
        self._look_at(content, SHOWN_LIMIT if is_shown else OUTPUT_LIMIT)
        _check(content, item)
        if is_shown:
            self.show(content)
        elif isinstance(item, AssistantItem):
            sources = [each for part in item.content for each in part.citations]
            self.keep(self._more(f"sources of {item.id}", _LEAST_PART + sum(map(weight, sources))))
            return self._more(item.id, len(item.text))
        else:
            self.keep(self._more(item.id, weight(content)))
        return 0

    def growth(self, growth: Growth) -> int:
        """The same for what makes an item grow."""
        _check(growth, growth)
        if isinstance(growth, WidgetRedrawn | WidgetPartRedrawn | ImageGrew):
            self.show(growth)
        elif isinstance(growth, WidgetTextGrew):
            self._show(len(growth.delta))
        elif isinstance(growth, PartDelta | PartAdded):
            text = growth.delta if isinstance(growth, PartDelta) else growth.part.text
            self.seen += len(text)
            return self._more(growth.item_id, self._charges.get(growth.item_id, 0) + len(text))
        elif not isinstance(growth, PartDone):  # which repeats what came before
            name = f"sources of {growth.item_id}" if isinstance(growth, PartCited) else growth.item_id
            self.keep(self._more(name, self._charges.get(name, 0) + weight(growth)))
        return 0

    def _look_at(self, content: object, most: int) -> None:
        """Before anything else looks at what is far too large: a whole look takes seconds."""
        size = rough_size(content, 2 * most, least=1)
        if size > 2 * most:
            raise RunTooLong(f"The workflow has said something that has more than {2 * most:,} characters.")
        self.seen += size

    def _more(self, name: str, now: int) -> int:
        """How much more something counts for than it did before."""
        before = self._charges.get(name, 0)
        self._charges[name] = max(before, now)
        return max(0, now - before)


def _content_of(item: Item) -> list[object]:
    """What a run says in an item, without what every item has and what its visitor sent."""
    if isinstance(item, UserItem):
        return [item.text]
    return [getattr(item, each.name) for each in fields(type(item)) if each.name not in _BASE]


def _check(content: object, said: object) -> None:
    if fault := json_fault(content):
        message = f"{type(said).__name__} cannot be kept: {fault}"
        raise ValueError(message)
