"""Rows that are kept between reads."""

from orcheo_adapters.sqlite.read_cache import ReadCache


class Table:
    """A value that changes, and how often it was read."""

    def __init__(self) -> None:
        self.value: str | None = "old"
        self.reads = 0

    def load(self) -> str | None:
        """Read it."""
        self.reads += 1
        return self.value


def test_a_value_is_read_once_until_it_changes() -> None:
    """A commit that touches the row outdates it."""
    cache, table = ReadCache(), Table()
    assert [cache.get("t", "k", table.load) for _ in range(3)] == ["old"] * 3
    table.value = "new"
    cache.touch("t", "k")
    assert [cache.get("t", "k", table.load) for _ in range(3)] == ["new"] * 3
    assert table.reads == 2


def test_a_commit_elsewhere_outdates_nothing() -> None:
    """Neither one of another table nor one of a row that no one keeps."""
    cache, table = ReadCache(), Table()
    cache.get("t", "k", table.load)
    cache.touch("u", None)
    cache.touch("t", "other")
    cache.get("t", "k", table.load)
    assert table.reads == 1


def test_a_change_of_a_whole_table_outdates_all_of_it() -> None:
    """As a removal takes rows along that no one names."""
    cache, table = ReadCache(), Table()
    cache.get("t", "k", table.load)
    cache.touch("t", None)
    cache.get("t", "k", table.load)
    assert table.reads == 2


def test_a_row_that_is_not_there_is_looked_for_again() -> None:
    """It may be made by another process's hand, and guesses of strangers must not fill the memory."""
    cache, table = ReadCache(), Table()
    table.value = None
    assert [cache.get("t", "k", table.load) for _ in range(2)] == [None, None]
    assert table.reads == 2


def test_what_was_read_while_something_was_committed_is_not_kept() -> None:
    """It may be the value from before the commit."""
    cache, table = ReadCache(), Table()

    def load() -> str | None:
        cache.touch("t", "k")
        return table.load()

    assert cache.get("t", "k", load) == "old"
    table.value = "new"
    assert cache.get("t", "k", table.load) == "new"


def test_a_full_cache_begins_anew() -> None:
    """It never grows beyond its size."""
    cache, table = ReadCache(size=2), Table()
    for key in "abc":
        cache.get("t", key, table.load)
    assert table.reads == 3
    cache.get("t", "c", table.load)
    assert table.reads == 3
    cache.get("t", "a", table.load)
    assert table.reads == 4


def test_what_is_cleared_is_read_again() -> None:
    """Housekeeping does this; what was committed since is seen."""
    cache, table = ReadCache(), Table()
    assert cache.get("t", "k", table.load) == "old"
    table.value = "new"
    cache.clear()
    assert [cache.get("t", "k", table.load) for _ in range(2)] == ["new", "new"]
    assert table.reads == 2
