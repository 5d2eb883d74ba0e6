"""What every repository of used-up ids must do."""

from orcheo_core.domain.spent_id import SpentId
from orcheo_core.ports.unit_of_work import Store
from tests import samples


def spent(purpose: str, name: str, second: int) -> SpentId:
    """An id that was used up at this second."""
    return SpentId(purpose=purpose, id=name, at=samples.moment(second))


async def keep_spent(store: Store, *used: SpentId) -> None:
    """Keep these in one change."""
    change = store.begin()
    for each in used:
        change.spent_ids.save(each)
    await change.commit()


async def test_those_of_a_purpose_come_oldest_first(store: Store) -> None:
    """Others' ids may be the same."""
    used = spent("login", "b", 1), spent("login", "a", 2), spent("proof", "a", 3)
    await keep_spent(store, *reversed(used))
    assert list(await store.begin().spent_ids.of("login")) == list(used[:2])
    assert list(await store.begin().spent_ids.of("proof")) == [used[2]]


async def test_a_later_use_takes_the_place_of_an_earlier_one(store: Store) -> None:
    """A provider ends all logins of a person twice."""
    await keep_spent(store, spent("login", "a", 1))
    await keep_spent(store, spent("login", "a", 5))
    assert list(await store.begin().spent_ids.of("login")) == [spent("login", "a", 5)]


async def test_old_ones_of_a_purpose_are_removed(store: Store) -> None:
    """The moment itself stays, and so do other purposes."""
    await keep_spent(store, spent("login", "a", 1), spent("login", "b", 2), spent("proof", "a", 1))
    change = store.begin()
    change.spent_ids.remove_older("login", samples.moment(2))
    await change.commit()
    assert list(await store.begin().spent_ids.of("login")) == [spent("login", "b", 2)]
    assert list(await store.begin().spent_ids.of("proof")) == [spent("proof", "a", 1)]
