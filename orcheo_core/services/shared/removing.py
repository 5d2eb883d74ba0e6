"""Removing threads with all that belongs to them."""

from collections.abc import AsyncIterator
from datetime import datetime

from attrs import define

from orcheo_core.domain.pages import PAGE_LIMIT, PageQuery
from orcheo_core.domain.threads import Thread
from orcheo_core.domain.transcript import ThreadFilter
from orcheo_core.domain.workflow import Workflow
from orcheo_core.errors import InvalidInput, StorageUnavailable
from orcheo_core.ports.attachment_files import AttachmentFiles
from orcheo_core.ports.runner import Runners
from orcheo_core.ports.unit_of_work import Store
from orcheo_core.turns.register import CANCELLED, Place, Register


@define(kw_only=True, eq=False)
class ThreadRemover:
    """Deletes a thread: what the workflow itself keeps of it, its items, turns and feedback, and the bytes of its
    attachments."""

    _store: Store
    _runners: Runners
    _files: AttachmentFiles
    _register: Register

    async def remove(self, thread: Thread, *, untouched_since: datetime | None = None) -> bool:
        """Delete it and stop its running turn; not if something was said in it since the moment that is given.

        It lands on a full disk too, as that makes room there.
        The workflow's own memory goes first: if that fails (:class:`StorageUnavailable`), the thread is still there.
        """
        change = self._store.begin()
        workflow = await change.workflows.find(thread.workflow_id)
        if workflow is not None:
            await forget(self._runners, workflow, _each(thread.id))
        attachment_ids = await change.attachments.ids(workflow_id=thread.workflow_id, thread_id=thread.id)
        change.threads.remove(thread.id, untouched_since=untouched_since)
        await change.commit(must_land=True)
        if await change.threads.find(thread.id) is not None:
            return False
        self._register.stop(CANCELLED, Place(thread_id=thread.id))
        self._register.changed(Place(workflow_id=thread.workflow_id, thread_id=thread.id))
        await self._files.remove(attachment_ids)
        return True


async def forget(runners: Runners, workflow: Workflow, thread_ids: AsyncIterator[str]) -> None:
    """Delete what a workflow itself keeps of threads, such as the checkpoints of a graph.

    Raises :class:`StorageUnavailable` when it could not. A workflow whose code is gone keeps nothing that is reachable.
    """
    try:
        await (await runners.ready(workflow.runner.kind)).forget(workflow.runner, thread_ids)
    except InvalidInput:
        return
    except Exception as error:
        raise StorageUnavailable(
            "What the workflow itself stores could not be deleted, so these threads were kept.",
            hint="The operator should look at the workflow's memory, such as a graph's checkpointer, then try again.",
        ) from error


async def ids_of_threads(store: Store, workflow_id: str) -> AsyncIterator[str]:
    """The ids of all threads with a workflow, read a page at a time."""
    query = PageQuery(limit=PAGE_LIMIT)
    while True:
        page = await store.begin().threads.page(ThreadFilter(workflow_id=workflow_id), query)
        for thread in page.entries:
            yield thread.id
        if not page.has_more:
            return
        query = PageQuery(limit=PAGE_LIMIT, after=page.entries[-1].id)


async def _each(*thread_ids: str) -> AsyncIterator[str]:
    for thread_id in thread_ids:
        yield thread_id
