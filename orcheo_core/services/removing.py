"""Removing threads with all that belongs to them."""

from datetime import datetime

from orcheo_core.domain.threads import Thread
from orcheo_core.ports.attachment_files import AttachmentFiles
from orcheo_core.ports.unit_of_work import Store
from orcheo_core.services.live_turns import LiveTurns


class ThreadRemover:
    """Deletes a thread: its items, turns and feedback, and the bytes of its attachments."""

    def __init__(self, *, store: Store, files: AttachmentFiles, live_turns: LiveTurns) -> None:
        """Join the ports this service needs."""
        self._store = store
        self._files = files
        self._live_turns = live_turns

    async def remove(self, thread: Thread, *, untouched_since: datetime | None = None) -> bool:
        """Delete it and stop its running turn; not if something was said in it since the moment that is given."""
        change = self._store.begin()
        attachment_ids = await change.attachments.ids(workflow_id=thread.workflow_id, thread_id=thread.id)
        change.threads.remove(thread.id, untouched_since=untouched_since)
        await change.commit()
        if await change.threads.find(thread.id) is not None:
            return False
        self._live_turns.stop_thread(thread.id)
        self._files.remove(attachment_ids)
        return True
