"""The items of one turn are found a page at a time."""

import pytest

from orcheo_adapters.memory.store import MemoryStore
from orcheo_core.domain.turn import Turn
from orcheo_core.ports.unit_of_work import Store
from orcheo_core.services.shared.turn_items import items_of
from tests import samples
from tests.conformance.keeping import keep

TURN = samples.turn(1, user_item_id="msg_100")


async def ids_found(store: Store, turn: Turn) -> list[str]:
    """Of the items of a turn."""
    return [each.id for each in await items_of(store.begin(), turn)]


@pytest.mark.parametrize("count", [0, 1, 100, 250])
async def test_an_answer_of_any_number_of_items_is_whole(count: int) -> None:
    """The visitor's message is not in it, and neither are other turns' items on either side."""
    store = MemoryStore()
    await keep(store, samples.workflow(), samples.thread())
    before = [samples.assistant_item(number, turn_id="trn_0") for number in range(101, 251)]  # of the last try
    own = [samples.assistant_item(number, turn_id=TURN.id) for number in range(300, 300 + count)]
    behind = [samples.assistant_item(number, turn_id="trn_2") for number in range(600, 800)]
    await keep(store, samples.user_item(100, turn_id=TURN.id), *before, *own, *behind)
    assert await ids_found(store, TURN) == [each.id for each in own]
