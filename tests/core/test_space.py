"""How the room that everything takes is told."""

import pytest

from orcheo_core.domain.space import FilesSpace, StoreSpace, TableSpace
from orcheo_core.operations.space import shown_size, view_of
from tests.core.harness import CoreHarness
from tests.core.test_attaching import announced, uploaded


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        (0, "0 bytes"),
        (1023, "1023 bytes"),
        (1536, "1.5 KiB"),
        (10 * 1024**2, "10.0 MiB"),
        (3 * 1024**4, "3.0 TiB"),
        (9 * 1024**5, "9216.0 TiB"),
    ],
)
def test_sizes_are_shown_in_units(size: int, shown: str) -> None:
    """As people read them."""
    assert shown_size(size) == shown


def test_the_largest_tables_come_first_with_what_they_hold() -> None:
    """One table may hold several kinds, one kind may be in several tables."""
    tables = tuple(TableSpace(name=name, rows=1, size=size) for name, size in (("audit", 1), ("spent_ids", 2)))
    view = view_of(StoreSpace(tables=(*tables, TableSpace(name="new", rows=0))), None)
    assert [(each.name, each.kept) for each in view.table_spaces] == [
        ("spent_ids", "ended logins, finished login attempts, logout notices, proofs of work, ended identities"),
        ("audit", "audit"),
        ("new", ""),
    ]
    assert (view.attachment_files, view.attachments) == (0, 0)


@pytest.mark.parametrize(
    ("gives_back", "unused", "is_advised"), [(True, 5, False), (False, 0, False), (False, 5, True)]
)
def test_a_file_that_cannot_give_space_back_says_how_it_can(gives_back: bool, unused: int, is_advised: bool) -> None:
    """Only where there is something to give back."""
    view = view_of(StoreSpace(tables=(), unused=unused, gives_back=gives_back), FilesSpace(count=1, size=9))
    assert view.message.endswith("`orcheo compact`.") is is_advised
    assert "1 attachments take 9 bytes" in view.message


async def test_an_operator_sees_rows_and_files(harness: CoreHarness) -> None:
    """Of the store that is used."""
    visit = await harness.visit()
    await announced(harness, visit)
    await uploaded(harness, visit)
    store, files = await harness.core.owner_services.space.look()
    assert {each.name: each.rows for each in store.tables}["attachments"] == 2
    assert files == FilesSpace(count=1, size=3)
