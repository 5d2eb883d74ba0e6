"""The items of one turn, out of a thread that may be long."""

from attrs import evolve

from orcheo_core.domain.items import Item
from orcheo_core.domain.pages import PAGE_BYTES, PAGE_LIMIT, PageQuery
from orcheo_core.domain.turn import Turn
from orcheo_core.ports.unit_of_work import UnitOfWork


async def items_of(change: UnitOfWork, turn: Turn) -> list[Item]:
    """All shown items of a turn behind the one that it answers, oldest first.

    They are read a page at a time: other turns' items are not kept in memory, whatever they have to say.
    """
    found: list[Item] = []
    query = PageQuery(limit=PAGE_LIMIT, after=turn.user_item_id, most_bytes=PAGE_BYTES)
    while True:
        page = await change.items.page(turn.thread_id, query)
        found += [each for each in page.entries if each.turn_id == turn.id]
        if not page.has_more or (found and page.entries[-1].turn_id != turn.id):
            return found
        query = evolve(query, after=page.entries[-1].id)
