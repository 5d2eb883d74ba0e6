"""What strangers still get written once the database has all that it may hold."""

from functools import partial

import pytest

from orcheo_adapters.memory.store import MemoryStore
from orcheo_core.domain.budget import MIB, BudgetPlan, Per
from orcheo_core.domain.feedback import FeedbackKind
from orcheo_core.domain.login import Login
from orcheo_core.domain.run import FeedbackGiven, TextDelta
from orcheo_core.domain.subject import Subject
from orcheo_core.errors import SharedBudgetExceeded
from orcheo_core.services.visitors.acting import ActionInput
from tests.core.harness import ADA, CoreHarness, build_hall
from tests.core.test_signing_in import ATTEMPT

TURNS_END = 4_000 * MIB
ENTRY_ENDS = TURNS_END * 16 // 15 + 1


class _Grown(MemoryStore):
    """Takes as much room as it is told to."""

    size = 0

    def kept_bytes(self, per: Per = Per.SERVER, key: str = "") -> int:
        return 0 if key else self.size


async def keep_nothing() -> None:
    """Feedback about nothing."""


@pytest.fixture
def store() -> _Grown:
    """Empty."""
    return _Grown()


@pytest.fixture
def bounded(store: _Grown) -> CoreHarness:
    """A core with the usual budgets."""
    return build_hall(store=store, budgets=BudgetPlan())


async def test_those_who_can_say_nothing_more_can_still_come_in(bounded: CoreHarness, store: _Grown) -> None:
    """To read and to delete; but not without end, as each chat session is a row. Owners always come in.

    Findings: what strangers leave behind is bounded.
    """
    token = await bounded.publish()
    admitting, subject = bounded.core.admitting, Subject.anonymous("vis_1")
    store.size = TURNS_END
    await admitting.by_link("echo", subject)
    await admitting.by_publish_token("echo", token)
    store.size = ENTRY_ENDS
    with pytest.raises(SharedBudgetExceeded, match="4000 MiB of messages and answers in the database"):
        await admitting.by_link("echo", subject)
    with pytest.raises(SharedBudgetExceeded):
        await admitting.by_publish_token("echo", token)
    await admitting.by_owner(ADA, "echo")


async def test_a_chat_session_is_renewed_and_ended_in_a_full_database(bounded: CoreHarness, store: _Grown) -> None:
    """Neither takes any room."""
    await bounded.publish()
    admitting = bounded.core.admitting
    grant = await admitting.by_link("echo", Subject.anonymous("vis_1"))
    store.size = ENTRY_ENDS
    renewed = await admitting.renew("echo", grant.text)
    await admitting.leave("echo", renewed.text, None)


async def test_signing_in_is_written_down_while_there_is_room(bounded: CoreHarness, store: _Grown) -> None:
    """The audit keeps it for good; signing out always works."""
    signing_in = bounded.core.signing_in
    store.size = TURNS_END
    login = await signing_in.finish("fake", ATTEMPT, {"code": "ada"})
    assert isinstance(login, Login)
    store.size = ENTRY_ENDS
    with pytest.raises(SharedBudgetExceeded):
        await signing_in.finish("fake", ATTEMPT, {"code": "ada"})
    await signing_in.end(login)


async def test_what_an_action_keeps_needs_room_as_a_turn_does(bounded: CoreHarness, store: _Grown) -> None:
    """A workflow may keep context and widgets then; so may one that is run for feedback."""
    visit = await bounded.visit()
    turn = await bounded.answered(visit, [TextDelta("one")])
    store.size = TURNS_END
    acting, given = bounded.core.acting, FeedbackGiven(kind="positive", item_ids=())
    with pytest.raises(SharedBudgetExceeded):
        await acting.act_now(visit, turn.thread_id, ActionInput(type="go"))
    with pytest.raises(SharedBudgetExceeded):
        await acting.pass_on(visit, turn.thread_id, given, keep_nothing)
    assert len(bounded.runners.runs) == 1


async def test_feedback_that_is_refused_is_not_kept_and_what_is_kept_is_not_refused(
    bounded: CoreHarness, store: _Grown
) -> None:
    """Without room no workflow is run for it, so none of it is kept; once it is kept, the visitor is told so.

    Whatever happens afterwards: the thread is deleted while the workflow is at work, say.
    """
    visit = await bounded.visit()
    turn = await bounded.answered(visit, [TextDelta("one")])
    own, given = bounded.core.own_threads, FeedbackGiven(kind="positive", item_ids=(turn.answer_id,))
    keep = partial(own.judge, visit, turn.thread_id, given.item_ids, FeedbackKind.POSITIVE)
    store.size = TURNS_END
    with pytest.raises(SharedBudgetExceeded):
        await bounded.core.acting.pass_on(visit, turn.thread_id, given, keep)
    assert (await own.read(visit, turn.thread_id)).items.feedback == {}
    store.size = 0

    async def kept_and_gone() -> None:
        await keep()
        await own.delete(visit, turn.thread_id)

    await bounded.core.acting.pass_on(visit, turn.thread_id, given, kept_and_gone)
    other = await bounded.answered(visit, [TextDelta("two")])
    await bounded.core.acting.pass_on(visit, other.thread_id, given, keep_nothing)
