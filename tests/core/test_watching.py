"""Owners watch what happens in their workflows: news of a place, the frames of a turn, and what ends that."""

import pytest

from orcheo_core.domain.actor import Actor, Caller, Channel, Scope
from orcheo_core.domain.run import TextDelta
from orcheo_core.errors import (
    OwnerSessionEnded,
    ScopeMissing,
    ServerStopping,
    ThreadNotFound,
    WorkflowNotFound,
)
from orcheo_core.services.owners.threads import PurgeOrder
from orcheo_core.turns.register import Place
from orcheo_core.turns.watch import MOST_CHANGED, News
from tests.core.harness import ADA, BOB, CoreHarness
from tests.core.test_owner_sessions import holder, sign_in

OPERATOR = Caller(actor=Actor("olga"), channel=Channel.PYTHON, scopes=frozenset(Scope))
BLIND = Caller(actor=ADA.actor, channel=Channel.PYTHON, scopes=frozenset({Scope.WORKFLOWS_READ}))
QUIET = News(running=(), changed=(), is_cut=False)


async def test_news_say_where_turns_run_and_what_has_changed(harness: CoreHarness) -> None:
    """The first one says how things stand; a turn is news when it begins and when it has ended."""
    visit = await harness.visit()
    place = await harness.core.watching.place(ADA, "echo")
    watch = harness.core.watching.watch(place)
    woken: list[str] = []

    def wake() -> None:
        woken.append("woken")

    watch.follow(wake)
    assert (watch.take(), watch.take()) == (QUIET, None)
    turn = await harness.ask(visit, [TextDelta("Hello")])
    thread_id = turn.thread_id
    assert watch.take() == News(running=(thread_id,), changed=(thread_id,), is_cut=False)
    await harness.background.run_all()
    assert watch.take() == News(running=(), changed=(thread_id,), is_cut=False)
    assert woken == ["woken", "woken"]
    watch.leave(wake)
    await harness.answered(visit, [TextDelta("Hello")])
    assert (woken, watch.take()) == (["woken", "woken"], None)


async def test_what_happens_elsewhere_is_no_news(harness: CoreHarness) -> None:
    """Of one thread only what is done to it, its removal too."""
    visit = await harness.visit()
    turn = await harness.answered(visit, [TextDelta("Hello")])
    watch = harness.core.watching.watch(await harness.core.watching.place(ADA, "echo", turn.thread_id))
    watch.follow(lambda: None)
    watch.take()
    await harness.answered(visit, [TextDelta("Hello")])
    assert watch.take() is None
    await harness.core.transcripts.purge(ADA, "echo", PurgeOrder(thread_id=turn.thread_id))
    assert watch.take() == News(running=(), changed=(turn.thread_id,), is_cut=False)


async def test_a_slow_reader_gets_one_piece_of_news(harness: CoreHarness) -> None:
    """However much has happened; what is not named is at least counted."""
    watch = harness.core.watching.watch(Place(workflow_id="wf_1"))
    watch.follow(lambda: None)
    for number in [*range(MOST_CHANGED), 0, MOST_CHANGED - 1]:
        harness.core.register.changed(Place(workflow_id="wf_1", thread_id=f"thr_{number}"))
    news = watch.take()
    assert news is not None
    assert (len(news.changed), news.is_cut) == (MOST_CHANGED, False)
    for number in range(MOST_CHANGED + 1):
        harness.core.register.changed(Place(workflow_id="wf_1", thread_id=f"thr_{number}"))
    news = watch.take()
    assert news is not None
    assert (len(news.changed), news.is_cut) == (MOST_CHANGED, True)


async def test_an_owner_follows_the_turn_that_the_visitor_follows(harness: CoreHarness) -> None:
    """The very same frames; nothing is there to follow once they are forgotten."""
    visit = await harness.visit()
    turn = await harness.ask(visit, [TextDelta("Hello")])
    followed = await harness.core.watching.follow(ADA, turn.thread_id)
    assert followed.relay is harness.core.live_turns.find(turn.id)
    assert followed.place == Place(workflow_id=visit.workflow.id, thread_id=turn.thread_id)
    await harness.background.run_all()
    harness.clock.advance(seconds=3600)
    harness.core.live_turns.forget(harness.clock.now())
    assert (await harness.core.watching.follow(OPERATOR, turn.thread_id)).relay is None


async def test_only_those_watch_who_may_read_transcripts(harness: CoreHarness) -> None:
    """Owners their own workflows, operators all; nothing begins while the server stops."""
    visit = await harness.visit()
    turn = await harness.answered(visit, [TextDelta("Hello")])
    watching = harness.core.watching
    assert await watching.place(OPERATOR, "echo") == Place(workflow_id=visit.workflow.id)
    with pytest.raises(WorkflowNotFound):
        await watching.place(BOB, "echo")
    with pytest.raises(ThreadNotFound):
        await watching.follow(BOB, turn.thread_id)
    with pytest.raises(ThreadNotFound):
        await watching.place(ADA, "echo", "thr_unknown")
    for refused in (watching.place(BLIND, "echo"), watching.follow(BLIND, turn.thread_id)):
        with pytest.raises(ScopeMissing):
            await refused
    harness.core.register.close()
    for late in (watching.place(ADA, "echo"), watching.follow(ADA, turn.thread_id)):
        with pytest.raises(ServerStopping):
            await late


async def test_a_thread_of_another_workflow_is_not_watched_here(harness: CoreHarness) -> None:
    """As the news would never come."""
    visit = await harness.visit()
    turn = await harness.answered(visit, [TextDelta("Hello")])
    await harness.add("other")
    with pytest.raises(ThreadNotFound):
        await harness.core.watching.place(ADA, "other", turn.thread_id)


async def test_a_look_ends_with_what_it_began_by(harness: CoreHarness) -> None:
    """The owner session in its own time or by signing out, its scopes, the thread, the workflow."""
    visit = await harness.visit()
    turn = await harness.answered(visit, [TextDelta("Hello")])
    signed_in = (await sign_in(harness)).signed_in
    check, session_id = harness.core.watching.check, signed_in.session.id
    workflow = Place(workflow_id=visit.workflow.id)
    thread = Place(workflow_id=visit.workflow.id, thread_id=turn.thread_id)
    await check(session_id, workflow)
    await check(session_id, thread)
    narrow = (await sign_in(harness, await holder(harness, ADA, Scope.WORKFLOWS_READ))).signed_in
    with pytest.raises(ScopeMissing):
        await check(narrow.session.id, workflow)
    await harness.core.transcripts.purge(ADA, "echo", PurgeOrder())
    with pytest.raises(ThreadNotFound):
        await check(session_id, thread)
    await harness.core.registering.remove(ADA, "echo")
    with pytest.raises(WorkflowNotFound):
        await check(session_id, workflow)
    await harness.core.owner_sessions.end(signed_in.caller, session_id)
    for ended in (session_id, "unknown"):
        with pytest.raises(OwnerSessionEnded):
            await check(ended, workflow)


async def test_looking_on_does_not_keep_a_session_from_being_idle(harness: CoreHarness) -> None:
    """A page that is left open on a desk."""
    visit = await harness.visit()
    signed_in = (await sign_in(harness)).signed_in
    place = Place(workflow_id=visit.workflow.id)
    harness.clock.advance(seconds=1800)
    await harness.core.watching.check(signed_in.session.id, place)
    harness.clock.advance(seconds=1800)
    with pytest.raises(OwnerSessionEnded):
        await harness.core.watching.check(signed_in.session.id, place)
