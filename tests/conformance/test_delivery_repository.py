"""What every repository of deliveries must do."""

from attrs import evolve

from orcheo_core.domain.delivery import Delivery, DeliverySum
from orcheo_core.ports.unit_of_work import Store
from tests import samples

MOST = 3


def _delivery(number: int) -> Delivery:
    at = samples.moment(number)
    return Delivery(id=f"aud_{number}", body='{"é": 1}', created_at=at, due_at=at)


async def _add(store: Store, *numbers: int) -> None:
    change = store.begin()
    for number in numbers:
        change.deliveries.add(_delivery(number), most=MOST)
    await change.commit()


async def _due(store: Store, number: int, limit: int = 10) -> list[Delivery]:
    return list(await store.begin().deliveries.due(samples.moment(number), limit))


async def test_what_is_due_comes_in_the_order_of_time(store: Store) -> None:
    """What is due later is not among it, nor more than the limit."""
    await _add(store, 3, 1, 2)
    assert await _due(store, 2) == [_delivery(1), _delivery(2)]
    assert await _due(store, 9, limit=1) == [_delivery(1)]


async def test_no_more_wait_than_may(store: Store) -> None:
    """Further ones, and ones that wait already, are left out; the change itself lands."""
    await _add(store, 1, 1, 2, 3, 4)
    assert [each.id for each in await _due(store, 9)] == ["aud_1", "aud_2", "aud_3"]


async def test_a_delivery_can_be_put_off_and_removed(store: Store) -> None:
    """One that is gone does not come back."""
    await _add(store, 1, 2)
    later = evolve(_delivery(1), attempts=1, due_at=samples.moment(9))
    change = store.begin()
    change.deliveries.put_off(later)
    change.deliveries.put_off(_delivery(7))
    change.deliveries.remove("aud_2")
    change.deliveries.remove("aud_8")
    await change.commit()
    assert await _due(store, 8) == []
    assert await _due(store, 9) == [later]


async def test_old_deliveries_are_removed(store: Store) -> None:
    """By the time they were added, whenever their next attempt is; that moment itself stays."""
    await _add(store, 1, 2, 3)
    change = store.begin()
    change.deliveries.put_off(evolve(_delivery(1), attempts=3, due_at=samples.moment(8)))
    change.deliveries.remove_older(samples.moment(2))
    await change.commit()
    assert [each.id for each in await _due(store, 9)] == ["aud_2", "aud_3"]


async def test_those_that_wait_are_counted(store: Store) -> None:
    """Those that failed before are counted apart."""
    assert await store.begin().deliveries.sum() == DeliverySum(waiting=0, failing=0)
    await _add(store, 1, 2)
    change = store.begin()
    change.deliveries.put_off(evolve(_delivery(1), attempts=1))
    await change.commit()
    assert await store.begin().deliveries.sum() == DeliverySum(waiting=2, failing=1, attempts=1)


async def test_what_a_clock_that_was_ahead_put_off_is_due(store: Store) -> None:
    """The bound itself is not beyond it."""
    await _add(store, 1, 5, 6)
    found = await store.begin().deliveries.due(samples.moment(2), 9, unless_beyond=samples.moment(5))
    assert [each.id for each in found] == ["aud_1", "aud_6"]
