"""Whatever a value's fields hold comes out of every store as it went in."""

import asyncio
import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from attrs import evolve, frozen
from hypothesis import given
from hypothesis import strategies as st

from orcheo_core.domain.attachments import Attachment
from orcheo_core.domain.audit import AuditEntry
from orcheo_core.domain.chat_session import ChatSession
from orcheo_core.domain.feedback import Feedback
from orcheo_core.domain.items import Item
from orcheo_core.domain.owner_session import OwnerSession
from orcheo_core.domain.pages import PageQuery
from orcheo_core.domain.publish_token import PublishToken
from orcheo_core.domain.service_token import ServiceToken
from orcheo_core.domain.threads import Thread
from orcheo_core.domain.turn import Turn
from orcheo_core.domain.workflow import RunnerSpec, Workflow
from orcheo_core.ports.unit_of_work import Store, UnitOfWork
from tests import samples, strategies
from tests.conformance.backends import BACKENDS
from tests.conformance.keeping import Value, keep

COUNTER = itertools.count()


@frozen
class Shelf:
    """A store that takes one example after the other."""

    store: Store
    loop: asyncio.Runner

    def put(self, *values: Value) -> UnitOfWork:
        """Begin again with workflow, thread and these; gives a reader."""
        self.loop.run(self._clear())
        first: list[Value] = [] if isinstance(values[0], Workflow) else [samples.workflow(), samples.thread()]
        self.loop.run(keep(self.store, *first, *values))
        return self.store.begin()

    async def _clear(self) -> None:
        change = self.store.begin()
        stored = await change.workflows.find("wf_1")
        if stored is not None:
            change.workflows.remove(stored)
            await change.commit()


@pytest.fixture(scope="module", params=BACKENDS)
def shelf(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    """One for all examples of this module."""
    folder: Path = tmp_path_factory.mktemp("shelf")
    with asyncio.Runner() as loop:
        store = BACKENDS[request.param](folder)
        yield Shelf(store, loop)
        loop.run(store.close())


@given(workflow=strategies.workflows)
def test_workflows(shelf: Shelf, workflow: Workflow) -> None:
    """Public and private ones, with every name and description."""
    assert shelf.loop.run(shelf.put(workflow).workflows.find("wf_1")) == workflow


@given(settings=st.dictionaries(strategies.texts, strategies.texts, max_size=3), target=strategies.texts)
def test_runner_settings(shelf: Shelf, settings: dict[str, str], target: str) -> None:
    """Of kinds that are yet to come as well."""
    workflow = samples.workflow(runner=RunnerSpec(kind="other", target=target, settings=settings))
    assert shelf.loop.run(shelf.put(workflow).workflows.find("wf_1")) == workflow


@given(token=strategies.publish_tokens)
def test_publish_tokens(shelf: Shelf, token: PublishToken) -> None:
    """Current and former ones; ``live`` says of each what the token itself says."""
    tokens = shelf.put(token).publish_tokens
    assert shelf.loop.run(tokens.find("pt1")) == token
    for now in (token.issued_at, token.ends_at or token.issued_at):
        assert list(shelf.loop.run(tokens.live("wf_1", now))) == ([token] if token.is_live(now) else [])


@given(token=strategies.service_tokens)
def test_service_tokens(shelf: Shelf, token: ServiceToken) -> None:
    """With any set of scopes."""
    assert shelf.loop.run(shelf.put(token).service_tokens.find("st1")) == token


@given(session=strategies.owner_sessions)
def test_owner_sessions(shelf: Shelf, session: OwnerSession) -> None:
    """Tickets, open and ended ones; added, not put over the one that is there."""
    named = evolve(session, public_id=f"os{next(COUNTER)}")
    assert shelf.loop.run(shelf.put(named).owner_sessions.find(named.public_id)) == named


@given(chat_session=strategies.chat_sessions)
def test_chat_sessions(shelf: Shelf, chat_session: ChatSession) -> None:
    """Open and ended ones."""
    assert shelf.loop.run(shelf.put(chat_session).chat_sessions.find("cs_1")) == chat_session


@given(thread=strategies.threads)
def test_threads(shelf: Shelf, thread: Thread) -> None:
    """With any title; made new, not over the one that is there."""
    other = evolve(thread, id="thr_2")
    assert shelf.loop.run(shelf.put(other).threads.find("thr_2")) == other


@given(item=strategies.items)
def test_items(shelf: Shelf, item: Item) -> None:
    """Of every kind."""
    assert shelf.loop.run(shelf.put(item).items.find("thr_1", "msg_1")) == item


@given(turn=strategies.turns)
def test_turns(shelf: Shelf, turn: Turn) -> None:
    """In every status, with any idempotency key."""
    assert shelf.loop.run(shelf.put(turn).turns.latest("thr_1")) == turn


@given(attachment=strategies.attachments)
def test_attachments(shelf: Shelf, attachment: Attachment) -> None:
    """With any name and type."""
    assert shelf.loop.run(shelf.put(attachment).attachments.find("atc_1")) == attachment


@given(feedback=strategies.feedback)
def test_feedback(shelf: Shelf, feedback: Feedback) -> None:
    """Of both kinds."""
    kept = shelf.put(samples.assistant_item(), feedback)
    assert list(shelf.loop.run(kept.feedback.of_thread("thr_1"))) == [feedback]


@given(entry=strategies.audit_entries)
def test_audit_entries(shelf: Shelf, entry: AuditEntry) -> None:
    """Each act through each channel; nothing is ever removed, so each example gets an id of its own."""
    named = evolve(entry, id=f"aud_{next(COUNTER):09}")
    page = shelf.loop.run(shelf.put(named).audit.page(PageQuery(limit=1, newest_first=True)))
    assert page.entries == (named,)
