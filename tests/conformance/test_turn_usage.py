"""What a run used and why it failed is kept with its turn, by every store."""

import pytest

from orcheo_core.domain.turn import TurnFault, TurnStatus
from orcheo_core.domain.usage import Usage
from orcheo_core.ports.unit_of_work import Store
from tests import samples


@pytest.mark.parametrize("usage", [None, Usage(), Usage(input_tokens=12, output_tokens=2**40)])
async def test_usage_of_an_ended_turn_is_kept(store: Store, usage: Usage | None) -> None:
    """Not reported is something else than nothing used."""
    change = store.begin()
    change.workflows.add(samples.workflow())
    change.threads.add(samples.thread())
    change.turns.add(samples.turn())
    await change.commit()
    ended = samples.turn(usage=usage).ended(TurnStatus.COMPLETED, samples.moment(9))

    change = store.begin()
    change.turns.save(ended)
    await change.commit()

    assert await store.begin().turns.latest("thr_1") == ended


async def test_the_fault_of_an_ended_turn_is_kept(store: Store) -> None:
    """Code and reason, for the owner."""
    change = store.begin()
    change.workflows.add(samples.workflow())
    change.threads.add(samples.thread())
    change.turns.add(samples.turn())
    await change.commit()
    fault = TurnFault("endpoint_key_refused", "401 of example.org")
    ended = samples.turn().ended(TurnStatus.FAILED, samples.moment(9), fault)

    change = store.begin()
    change.turns.save(ended)
    await change.commit()

    assert await store.begin().turns.latest("thr_1") == ended
