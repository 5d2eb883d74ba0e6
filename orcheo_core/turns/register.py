"""The register of all that runs in this process: each work can be found, counted and stopped.

Who begins a work looks at what it depends on *after* it is in the register: what has ended before is then seen by the
look, and what ends later stops the work.
"""

from collections.abc import AsyncIterator, Callable, Collection, Iterable
from contextlib import asynccontextmanager
from enum import StrEnum

from attrs import define, frozen

from orcheo_core.domain.thread_events import TurnTrouble
from orcheo_core.domain.turn import TurnStatus
from orcheo_core.errors import ChatSessionEnded, OrcheoError, ServerStopping, ThreadNotFound, WorkflowNotFound
from orcheo_core.ports.background import Background


class WorkKind(StrEnum):
    """What it is that runs."""

    TURN = "turn"
    ACTION = "action"
    """Of a visitor who waits for it, without a turn."""
    UPLOAD = "upload"
    FOLLOWING = "following"
    """Of what is said, by an owner, or under a chat session that its app can end."""
    CHECK = "check"
    """A probe turn of an owner."""
    IMPORT = "import"
    """Of a target, before it is registered."""
    EXPORT = "export"


VISITORS_WORK = frozenset({WorkKind.TURN, WorkKind.ACTION, WorkKind.UPLOAD})


@frozen
class Stop:
    """Why a work is stopped, and what those learn of it who wait for it or follow it."""

    status: TurnStatus
    """What a turn ends as."""
    trouble: TurnTrouble | None
    """What the followers of a turn read, unless they stopped it themselves."""
    error: type[OrcheoError]
    """What everything else raises."""


INTERRUPTED = TurnTrouble(
    message="The answer was interrupted because the server is restarting. You can try again.", allow_retry=True
)
ENDED_BY_OWNER = TurnTrouble(message="The owner has closed this chat.", allow_retry=False)

ENDED_BY_APP = TurnTrouble(message="The app has ended this chat.", allow_retry=False)

CANCELLED = Stop(TurnStatus.CANCELLED, None, ThreadNotFound)
"""By the visitor, who asked for it or deleted the thread."""
ENDED = Stop(TurnStatus.CANCELLED, ENDED_BY_OWNER, ChatSessionEnded)
CANCELLED_BY_APP = Stop(TurnStatus.CANCELLED, ENDED_BY_APP, ChatSessionEnded)
REMOVED = Stop(TurnStatus.CANCELLED, ENDED_BY_OWNER, WorkflowNotFound)
SHUT_DOWN = Stop(TurnStatus.INTERRUPTED, INTERRUPTED, ServerStopping)


@frozen(kw_only=True)
class Place:
    """Where something runs; as a question, None stands for anywhere."""

    workflow_id: str | None = None
    thread_id: str | None = None
    chat_session_id: str | None = None

    def holds(self, other: "Place") -> bool:
        """Whether ``other`` is a place in here."""
        return (
            self.workflow_id in {None, other.workflow_id}
            and self.thread_id in {None, other.thread_id}
            and self.chat_session_id in {None, other.chat_session_id}
        )


EVERYWHERE = Place()


@define(eq=False)
class Work:
    """Something that runs."""

    kind: WorkKind
    place: Place
    _stop: Callable[[Stop], None]
    stopped: Stop | None = None

    def stop(self, why: Stop) -> None:
        """Stop it; the first reason stays."""
        if self.stopped is None:
            self.stopped = why
            self._stop(why)


class Register:
    """Everything that runs, by what it belongs to."""

    def __init__(self, background: Background) -> None:
        """Nothing runs yet."""
        self._background = background
        self._works: dict[Work, None] = {}
        self._watchers: dict[Callable[[Place], None], Place] = {}
        self._is_closed = False

    def check_open(self) -> None:
        """Raise :class:`ServerStopping` once nothing may begin any more."""
        if self._is_closed:
            raise ServerStopping

    def begin(self, kind: WorkKind, place: Place, stop: Callable[[Stop], None]) -> Work:
        """Add a work, which ``stop`` stops; it is stopped right away once nothing may begin any more."""
        work = Work(kind, place, stop)
        self._works[work] = None
        if self._is_closed:
            work.stop(SHUT_DOWN)
        if kind is WorkKind.TURN:
            self.changed(place)
        return work

    def end(self, work: Work) -> None:
        """Drop a work that has come to its end."""
        self._works.pop(work, None)
        if work.kind is WorkKind.TURN:
            self.changed(work.place)

    def watch(self, place: Place, told: Callable[[Place], None]) -> None:
        """Call ``told`` with where a turn began or ended, or a thread was removed, in a place; it returns at once."""
        self._watchers[told] = place

    def unwatch(self, told: Callable[[Place], None]) -> None:
        """Do not call ``told`` any more."""
        self._watchers.pop(told, None)

    def changed(self, place: Place) -> None:
        """Tell those who watch that something has happened here."""
        if self._watchers:
            for told, watched in tuple(self._watchers.items()):
                if watched.holds(place):
                    told(place)

    @asynccontextmanager
    async def working(self, kind: WorkKind, place: Place = EVERYWHERE) -> AsyncIterator[None]:
        """Have what happens inside in the register; when it is stopped, it is left with the error of the reason."""
        self.check_open()
        works: list[Work] = []
        try:
            async with self._background.interruptible() as interrupt:
                works.append(self.begin(kind, place, lambda _why: interrupt()))
                yield
        except BaseException:
            _raise_if_stopped(works)
            raise
        finally:
            for work in works:
                self.end(work)
        _raise_if_stopped(works)  # by what it did itself

    def running(self, place: Place = EVERYWHERE, kinds: Collection[WorkKind] = frozenset(WorkKind)) -> list[Work]:
        """What runs in a place at this moment."""
        return [work for work in self._works if work.kind in kinds and place.holds(work.place)]

    def stop(self, why: Stop, place: Place, kinds: Collection[WorkKind] = frozenset(WorkKind)) -> None:
        """Stop all that runs in a place."""
        for work in self.running(place, kinds):
            work.stop(why)

    def close(self) -> None:
        """Stop everything, and let nothing begin any more: the server shuts down."""
        self._is_closed = True
        self.stop(SHUT_DOWN, EVERYWHERE)


def _raise_if_stopped(works: Iterable[Work]) -> None:
    for work in works:
        if work.stopped is not None:
            raise work.stopped.error from None
