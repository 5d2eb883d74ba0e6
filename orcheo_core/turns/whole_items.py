"""The items of a turn that are whole, and how many of them are durable."""

from orcheo_core.domain.items import Item


class WholeItems:
    """Whole items in the order in which they were said last, and the ids of those that are gone.

    Each has a number: what is said later has a higher one. So an item can be said again, or be taken back, before and
    after it was saved.
    """

    def __init__(self) -> None:
        self._entries: dict[str, tuple[int, Item | None]] = {}
        self.number = 0
        """Of what was said last."""
        self.saved = 0
        """The highest number that is durable."""
        self.has_gone = False
        """Whether any was ever taken back."""

    def __contains__(self, item_id: str) -> bool:
        return item_id in self._entries

    def put(self, item_id: str, item: Item | None) -> None:
        """An item is whole, or changed, or gone (None)."""
        self.number += 1
        self.has_gone = self.has_gone or item is None
        self._entries.pop(item_id, None)  # what is said again stands behind all else
        self._entries[item_id] = self.number, item

    def find(self, item_id: str) -> Item | None:
        """The item with this id, if it is one of them and was not taken back."""
        return self._entries.get(item_id, (0, None))[1]

    @property
    def items(self) -> list[Item]:
        """All of them, earlier ones of the thread too where they were changed."""
        return [item for _, item in self._entries.values() if item is not None]

    @property
    def gone(self) -> set[str]:
        """The ids of items that were taken back."""
        return {item_id for item_id, (_, item) in self._entries.items() if item is None}

    def unsaved(self) -> list[tuple[str, Item | None]]:
        """What is not durable yet; of these alone, however many there are."""
        found = []
        for item_id, (number, item) in reversed(self._entries.items()):
            if number <= self.saved:
                break
            found.append((item_id, item))
        return found[::-1]
