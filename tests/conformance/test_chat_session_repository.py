"""What every repository of chat sessions must do."""

import asyncio
from contextlib import nullcontext

import pytest

from orcheo_core.domain.session_rules import SessionRules
from orcheo_core.errors import ChatSessionEnded, ConcurrentChange
from orcheo_core.ports.unit_of_work import Store
from tests import samples
from tests.conformance.keeping import keep


async def end_all(store: Store, number: int, *, at: int) -> None:
    """End all chat sessions of a workflow."""
    change = store.begin()
    change.chat_sessions.end_all(f"wf_{number}", samples.moment(at))
    await change.commit()


async def test_a_chat_session_is_found_by_its_id(store: Store) -> None:
    """And by nothing else."""
    await keep(store, samples.workflow(), samples.chat_session(1), samples.chat_session(2))
    assert await store.begin().chat_sessions.find("cs_1") == samples.chat_session(1)
    assert await store.begin().chat_sessions.find("cs_9") is None


async def test_a_chat_session_can_be_replaced(store: Store) -> None:
    """It ends."""
    await keep(store, samples.workflow(), samples.chat_session())
    over = samples.chat_session().ended(samples.moment(7))
    await keep(store, over)
    assert await store.begin().chat_sessions.find("cs_1") == over


async def test_a_chat_session_keeps_the_rules_of_its_app(store: Store) -> None:
    """All of them, as they are."""
    rules = SessionRules(
        seconds=60,
        requests_a_minute=3,
        makes_titles=False,
        takes_files=True,
        file_megabytes=2,
        files=4,
        shows_history=False,
        recent_threads=5,
    )
    await keep(store, samples.workflow(), samples.chat_session(1, rules=rules), samples.chat_session(2))
    found = [await store.begin().chat_sessions.find(f"cs_{number}") for number in (1, 2)]
    assert [each.rules for each in found if each] == [rules, None]


async def test_a_chat_session_needs_its_workflow(store: Store) -> None:
    """The workflow was removed while the visitor came in."""
    with pytest.raises(ConcurrentChange):
        await keep(store, samples.chat_session())
    assert await store.begin().chat_sessions.find("cs_1") is None


async def test_all_of_a_workflow_end_at_once(store: Store) -> None:
    """The owner closes the chat and throws everyone out; other workflows' visitors stay."""
    await keep(store, samples.workflow(1), samples.workflow(2))
    await keep(store, samples.chat_session(1), samples.chat_session(2), samples.chat_session(3, of=2))
    await end_all(store, 1, at=60)
    ended = [await store.begin().chat_sessions.find(f"cs_{number}") for number in (1, 2, 3)]
    assert [each.ended_at for each in ended if each] == [samples.moment(60), samples.moment(60), None]


async def test_the_first_end_stays(store: Store) -> None:
    """What is over does not end again."""
    await keep(store, samples.workflow(), samples.chat_session())
    await end_all(store, 1, at=60)
    await end_all(store, 1, at=90)
    assert await store.begin().chat_sessions.find("cs_1") == samples.chat_session(ended_at=samples.moment(60))


async def test_a_chat_session_of_the_same_change_ends_too(store: Store) -> None:
    """What was staged before the end is met by it."""
    await keep(store, samples.workflow())
    change = store.begin()
    change.chat_sessions.save(samples.chat_session(1))
    change.chat_sessions.end_all("wf_1", samples.moment(60))
    change.chat_sessions.save(samples.chat_session(2))
    await change.commit()
    ended = [await change.chat_sessions.find(f"cs_{number}") for number in (1, 2)]
    assert ended == [samples.chat_session(1, ended_at=samples.moment(60)), samples.chat_session(2)]


async def test_ending_none_is_fine(store: Store) -> None:
    """No one was there."""
    await end_all(store, 1, at=60)


async def test_expired_ones_are_removed(store: Store) -> None:
    """Those that still last stay, ended or not; what is read from memory is gone too."""
    over, last = samples.moment(600), samples.chat_session(3, expires_at=samples.moment(601))
    ended = samples.chat_session(4, ended_at=samples.moment(60))
    kept = (samples.chat_session(2, expires_at=over), last, ended)
    await keep(store, samples.workflow(), samples.chat_session(1, expires_at=samples.moment(599)), *kept)
    assert await store.begin().chat_sessions.find("cs_1")
    change = store.begin()
    assert await change.chat_sessions.any_expired(over)
    change.chat_sessions.remove_expired(over, 10)
    await change.commit()
    assert not await change.chat_sessions.any_expired(over)
    assert await store.begin().chat_sessions.find("cs_1") is None
    assert [await store.begin().chat_sessions.find(each.id) for each in kept] == list(kept)


async def test_no_more_expired_ones_are_removed_than_asked_for(store: Store) -> None:
    """The rest waits for the next change, so that others can write in between."""
    over = samples.moment(600)
    kept = [samples.chat_session(number, expires_at=samples.moment(1)) for number in range(1, 6)]
    await keep(store, samples.workflow(), *kept)
    for left in (3, 1, 0):
        change = store.begin()
        change.chat_sessions.remove_expired(over, 2)
        await change.commit()
        found = [await store.begin().chat_sessions.find(each.id) for each in kept]
        assert len([each for each in found if each]) == left


async def test_very_many_end_at_once_too(store: Store) -> None:
    """Each of them is over, for those who read it and for changes that depend on it; a later one is not."""
    many = [samples.chat_session(number) for number in range(101, 201)]
    gone = samples.chat_session(150, ended_at=samples.moment(1))
    await keep(store, samples.workflow(1), samples.workflow(2), *many, gone, samples.chat_session(100, of=2))
    assert await store.begin().chat_sessions.find("cs_120") == many[19]  # which is read from memory from now on
    await end_all(store, 1, at=60)
    await keep(store, samples.chat_session(201))
    found = {at: await store.begin().chat_sessions.find(f"cs_{at}") for at in (100, 101, 120, 150, 200, 201)}
    ends = {at: each.ended_at for at, each in found.items() if each}
    then = samples.moment(60)
    assert ends == {100: None, 101: then, 120: then, 150: samples.moment(1), 200: then, 201: None}
    change = store.begin()
    change.chat_sessions.check_open("cs_201")
    change.chat_sessions.check_open("cs_100")
    await change.commit()
    change.chat_sessions.check_open("cs_200")
    with pytest.raises(ChatSessionEnded):
        await change.commit()


async def test_a_change_can_depend_on_an_open_chat_session(store: Store) -> None:
    """Nothing of it lands once the chat session has been ended or removed."""
    await keep(store, samples.workflow(), samples.chat_session(1), samples.chat_session(2, ended_at=samples.moment(1)))
    for chat_session_id, is_open in (("cs_1", True), ("cs_2", False), ("cs_9", False)):
        change = store.begin()
        change.chat_sessions.check_open(chat_session_id)
        change.threads.add(samples.thread(1 if is_open else 2))
        with nullcontext() if is_open else pytest.raises(ChatSessionEnded):
            await change.commit()
    assert await store.begin().threads.find("thr_1")
    assert await store.begin().threads.find("thr_2") is None


async def test_an_end_in_the_same_group_of_changes_is_met(store: Store) -> None:
    """What comes after the end is refused although both are under way at once."""
    await keep(store, samples.workflow(), samples.chat_session(1))
    end, late = store.begin(), store.begin()
    end.chat_sessions.end_all("wf_1", samples.moment(9))
    late.chat_sessions.check_open("cs_1")
    late.threads.add(samples.thread(1))
    _, outcome = await asyncio.gather(end.commit(), late.commit(), return_exceptions=True)
    assert isinstance(outcome, ChatSessionEnded)
    assert await store.begin().threads.find("thr_1") is None
