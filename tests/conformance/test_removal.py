"""What goes with a workflow and with a thread, in every store."""

from orcheo_core.domain.pages import PageQuery
from orcheo_core.domain.transcript import ThreadFilter
from orcheo_core.ports.unit_of_work import Store, UnitOfWork
from tests import samples
from tests.conformance.keeping import keep

EVERYTHING = PageQuery(limit=100)


async def fill(store: Store, number: int) -> None:
    """Workflow ``number`` with one of everything, in thread ``number``."""
    await keep(
        store,
        samples.workflow(number),
        samples.publish_token(number, of=number),
        samples.chat_session(number, of=number),
        samples.thread(number, of=number),
        samples.user_item(number, of=number),
        samples.hidden_item(number + 10, of=number),
        samples.turn(number, of=number, workflow_id=f"wf_{number}", idempotency_key="k1"),
        samples.attachment(number, of=number).sent_in(f"thr_{number}"),
        samples.attachment(number + 10, of=number),
        samples.feedback(number, of=number),
    )


async def left(reader: UnitOfWork, number: int) -> set[str]:
    """What is still there of what :func:`fill` made."""
    workflow, thread = f"wf_{number}", f"thr_{number}"
    there = {
        "workflow": await reader.workflows.find(workflow),
        "handle": await reader.workflows.find(f"flow-{number}"),
        "publish token": await reader.publish_tokens.find(f"pt{number}"),
        "live token": await reader.publish_tokens.live(workflow, samples.moment(0)),
        "chat session": await reader.chat_sessions.find(f"cs_{number}"),
        "thread": await reader.threads.find(thread),
        "thread in list": (await reader.threads.page(ThreadFilter(workflow_id=workflow), EVERYTHING)).entries,
        "item": await reader.items.find(thread, f"msg_{number}"),
        "items": (await reader.items.page(thread, EVERYTHING, hidden=True)).entries,
        "turn": await reader.turns.latest(thread),
        "turn by key": await reader.turns.find_by_key(workflow, samples.VISITOR, "k1"),
        "running": [turn for turn in await reader.turns.running() if turn.thread_id == thread],
        "sent attachment": await reader.attachments.find(f"atc_{number}"),
        "attachment": await reader.attachments.find(f"atc_{number + 10}"),
        "attachments": await reader.attachments.ids(workflow_id=workflow),
        "feedback": await reader.feedback.of_thread(thread),
    }
    return {name for name, found in there.items() if found}


async def test_a_workflow_goes_with_all_that_belongs_to_it(store: Store) -> None:
    """Nothing of it is left; nothing of another one is touched."""
    await fill(store, 1)
    await fill(store, 2)
    all_there = await left(store.begin(), 2)
    assert len(all_there) == 16
    change = store.begin()
    change.workflows.remove(samples.workflow(1))
    await change.commit()
    assert await left(change, 1) == set()
    assert await left(change, 2) == all_there


async def test_a_thread_goes_with_all_that_belongs_to_it(store: Store) -> None:
    """Workflow, tokens, chat sessions and attachments that were not sent stay."""
    await fill(store, 1)
    change = store.begin()
    change.threads.remove("thr_1")
    await change.commit()
    stays = {"workflow", "handle", "publish token", "live token", "chat session", "attachment", "attachments"}
    assert await left(change, 1) == stays


async def test_a_removed_workflow_can_be_made_again(store: Store) -> None:
    """With the same ids, in one change: a restored example, say."""
    await fill(store, 1)
    change = store.begin()
    change.workflows.remove(samples.workflow(1))
    change.workflows.add(samples.workflow(1))
    await change.commit()
    assert await left(change, 1) == {"workflow", "handle"}
    change.workflows.remove(samples.workflow(1))
    await change.commit()
    await fill(store, 1)
    assert len(await left(store.begin(), 1)) == 16
