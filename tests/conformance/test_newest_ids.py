"""What every store knows of the ids that are kept."""

from orcheo_core.ports.unit_of_work import Store
from tests import samples
from tests.conformance.keeping import keep


async def test_the_newest_id_of_each_kind_is_known(store: Store) -> None:
    """Ids of the next process must sort behind them; of what is empty there is none."""
    assert await store.newest_ids() == []
    await keep(store, samples.workflow(1), samples.workflow(2), samples.thread(1), samples.user_item(3, of=1))
    await keep(store, samples.turn(4), samples.audit_entry(5), samples.chat_session(6), samples.attachment(7))
    assert sorted(await store.newest_ids()) == ["atc_7", "aud_5", "cs_6", "msg_3", "thr_1", "trn_4", "wf_2"]
