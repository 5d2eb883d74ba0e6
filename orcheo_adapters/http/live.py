"""Live views for Canvas: owners see the turns of their workflows while they run."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

from attrs import define, frozen
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from orcheo_adapters.http.answers import NO_STORE
from orcheo_adapters.http.callers import Callers
from orcheo_adapters.http.heartbeats import Heartbeats
from orcheo_adapters.http.sse import EventStream, NewsStream, TurnStream, event_number
from orcheo_adapters.system.logs import get_logger
from orcheo_core.domain.budget import WATCHES, Holders
from orcheo_core.domain.ids import IdKind, is_id
from orcheo_core.errors import FieldError, InvalidInput, OrcheoError
from orcheo_core.services.owners.sessions import SignedIn
from orcheo_core.services.owners.watching import Watching
from orcheo_core.services.shared.holding import Hold, Holding
from orcheo_core.turns.register import Place, Register, Stop, WorkKind

_LOG = get_logger("live")
_CHECKED_EVERY_SECONDS = 2.0
"""Between two looks whether an owner may still see what they watch."""


@frozen(kw_only=True)
class LiveViews:
    """Streams what happens in a workflow or a thread to an owner who is signed in to Canvas."""

    callers: Callers
    watching: Watching
    register: Register
    holding: Holding
    heartbeats: Heartbeats

    async def watch(self, request: Request) -> ASGIApp:
        """``GET /api/canvas/workflows/{ref}/live?thread=ID``: in which threads turns run, and what has changed."""
        signed_in = await self.callers.signed_in(request)
        place = await self.watching.place(signed_in.caller, request.path_params["ref"], _thread_in(request))
        stream = NewsStream(self.watching.watch(place), heartbeats=self.heartbeats, hold=self._hold(signed_in))
        return self._guarded(signed_in, place, stream)

    async def follow(self, request: Request) -> ASGIApp:
        """``GET /api/canvas/threads/{id}/events?after=N``: the events of the thread's latest turn, from N on."""
        signed_in = await self.callers.signed_in(request)
        after = event_number(request)
        followed = await self.watching.follow(signed_in.caller, request.path_params["id"])
        if followed.relay is None:
            return Response(status_code=204, headers=NO_STORE)
        hold, relay = self._hold(signed_in), followed.relay
        stream = TurnStream(relay, heartbeats=self.heartbeats, after=after, numbered=True, on_gone=None, hold=hold)
        return self._guarded(signed_in, followed.place, stream)

    def _hold(self, signed_in: SignedIn) -> Hold:
        return self.holding.hold(WATCHES, Holders.of(owner=signed_in.caller.actor.name))

    def _guarded(self, signed_in: SignedIn, place: Place, stream: EventStream) -> ASGIApp:
        check = partial(self.watching.check, signed_in.session.public_id, place)
        return _GuardedStream(stream, self.register, place, check)


@define(eq=False)
class _GuardedStream:
    """A stream that ends when the server stops, its place is removed, or the owner may not see it any more."""

    _stream: EventStream
    _register: Register
    _place: Place
    _check: Callable[[], Awaitable[None]]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        work = self._register.begin(WorkKind.FOLLOWING, self._place, self._stop)
        guard = asyncio.create_task(self._guard())
        try:
            await self._stream(scope, receive, send)
        finally:
            guard.cancel()
            self._register.end(work)

    def _stop(self, _why: Stop) -> None:
        asyncio.get_running_loop().call_soon(self._stream.end)  # it may not have begun

    async def _guard(self) -> None:
        try:
            while True:
                await self._check()
                await asyncio.sleep(_CHECKED_EVERY_SECONDS)
        except OrcheoError:
            self._stream.end()
        except Exception:  # noqa: BLE001 - what cannot be checked is not shown
            self._stream.end()
            _LOG.exception("a live view could not be checked, so it has ended")


def _thread_in(request: Request) -> str | None:
    text = request.query_params.get("thread")
    if text is not None and not is_id(IdKind.THREAD, text):
        raise InvalidInput(FieldError("thread", "must be the id of a thread"))
    return text
