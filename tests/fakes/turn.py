"""A live turn of its own, without an engine."""

from collections.abc import Iterable

from orcheo_core.domain.budget import FRAME_BYTES, BudgetPlan, Holders
from orcheo_core.domain.item_base import ItemBase
from orcheo_core.domain.run import RunContext, RunRequest
from orcheo_core.domain.subject import Subject
from orcheo_core.domain.thread_events import ThreadEvent
from orcheo_core.domain.threads import Thread
from orcheo_core.domain.turn import Turn
from orcheo_core.domain.widgets import PartLimits
from orcheo_core.domain.workflow import RunnerSpec
from orcheo_core.ports.frame_encoder import FrameEncoder
from orcheo_core.ports.run_thread import RunThread
from orcheo_core.services.shared.holding import Holding
from orcheo_core.turns.draft import TurnDraft
from orcheo_core.turns.live import LiveTurn
from orcheo_core.turns.relay import Room
from tests.fakes.background import FakeBackground
from tests.fakes.clock import START
from tests.fakes.encoder import said_in
from tests.fakes.runner import FakeRun

SUBJECT = Subject("anon:vis_1")


def _no_thread(_live: LiveTurn) -> RunThread:
    raise NotImplementedError


class TextEncoder(FrameEncoder):
    """Frames in few letters: what text an event has."""

    def frames(self, events: Iterable[ThreadEvent]) -> list[bytes]:
        return [f"{said_in(event)};".encode() for event in events]


def live_turn(*said: ThreadEvent, number: int = 1, room: Room | None = None) -> LiveTurn:
    """A turn that runs and has said this; what it says is durable at once."""
    thread = Thread(id="thr_1", workflow_id="wf_1", subject=SUBJECT, created_at=START, updated_at=START, title=None)
    turn = Turn(
        id=f"trn_{number}",
        workflow_id="wf_1",
        thread_id="thr_1",
        subject=SUBJECT,
        user_item_id="msg_1",
        answer_id="msg_2",
        started_at=START,
    )
    item = ItemBase(id="msg_2", thread_id="thr_1", turn_id=turn.id, created_at=START)
    context = RunContext(workflow_id="wf_1", thread_id="thr_1", turn_id=turn.id, subject=SUBJECT)
    request = RunRequest(spec=RunnerSpec(kind="python", target="fake"), text="Hi", context=context)

    async def save(live: LiveTurn) -> bool:
        live.draft.mark_saved(live.draft.mark_staged())
        return True

    async def finish(live: LiveTurn, _error: Exception | None) -> None:
        live.end(())

    live = LiveTurn(
        turn=turn,
        run=FakeRun(request, ()),
        draft=TurnDraft(thread=thread, stamp=lambda: item, limits=PartLimits()),
        encoder=TextEncoder(),
        background=FakeBackground(),
        save=save,
        finish=finish,
        spoken={},
        now=lambda: START,
        reach=_no_thread,
        room=room or Holding(BudgetPlan.unlimited()).growing(FRAME_BYTES, Holders()),
    )
    live.tell(said)
    return live
