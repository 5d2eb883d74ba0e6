"""A turn as server-sent events, by raw ASGI sends, in the request's own task.

Frames that are ready together go out in one write, which costs a third of one write each. A comment line every 15 s
keeps proxies from closing a silent stream.
"""

import asyncio
from collections.abc import Callable

from starlette.types import Receive, Scope, Send

from orcheo_adapters.http.heartbeats import Heartbeats
from orcheo_core.turns.live import LiveTurn

ON_GONE = "orcheo.on_gone"
"""Key in the ASGI scope of a function that sets what is called when the client goes away.

Our own protocol class puts it there. Under any other server a task waits for the client to go.
"""
_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]
_COMMENT = b": still here\n\n"


class TurnStream:
    """An ASGI answer that sends the frames of a turn until its end or until the client goes away."""

    __slots__ = ("_heartbeats", "_is_gone", "_is_silent", "_numbered", "_on_gone", "_sent", "_sleep", "_turn")

    def __init__(
        self,
        turn: LiveTurn,
        *,
        heartbeats: Heartbeats,
        after: int = 0,
        numbered: bool,
        on_gone: Callable[[], None] | None,
    ) -> None:
        """Send the frames of ``turn`` over number ``after``; call ``on_gone`` if the client leaves early.

        ``numbered`` streams have ``id:`` lines, so that a client can resume.
        """
        self._turn = turn
        self._heartbeats = heartbeats
        self._sent = after
        self._numbered = numbered
        self._on_gone = on_gone
        self._is_gone = False
        self._is_silent = False
        self._sleep: asyncio.Future[None] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request."""
        await asyncio.sleep(0)  # what the run says at once goes out with the head
        await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
        loop, turn, wake, beat = asyncio.get_running_loop(), self._turn, self._wake, self._beat
        turn.follow(wake)
        slot = self._heartbeats.join(beat)
        stop_watching = _when_gone(scope, receive, self._gone)
        try:
            while not (self._is_gone or turn.is_over):
                if body := self._news() or (_COMMENT if self._is_silent else b""):
                    await send({"type": "http.response.body", "body": body, "more_body": True})
                self._is_silent = False
                if len(turn.frames) <= self._sent and not (self._is_gone or turn.is_over):
                    self._sleep = loop.create_future()
                    await self._sleep
        finally:
            turn.leave(wake)
            self._heartbeats.leave(slot, beat)
            stop_watching()
        if not self._is_gone:
            await send({"type": "http.response.body", "body": self._news(), "more_body": False})
        elif self._on_gone is not None:
            self._on_gone()

    def _news(self) -> bytes:
        frames = self._turn.frames[self._sent :]
        first, self._sent = self._sent + 1, self._sent + len(frames)
        if self._numbered:
            return b"".join([b"id: %d\n%b" % numbered for numbered in enumerate(frames, first)])
        return b"".join(frames)

    def _wake(self) -> None:
        if self._sleep is not None and not self._sleep.done():
            self._sleep.set_result(None)

    def _beat(self) -> None:
        self._is_silent = True
        self._wake()

    def _gone(self) -> None:
        self._is_gone = True
        self._wake()


def _when_gone(scope: Scope, receive: Receive, call: Callable[[], None]) -> Callable[[], object]:
    """Have ``call`` called when the client goes away; what ends that."""
    set_callback = scope.get(ON_GONE)
    if set_callback is not None:
        set_callback(call)
        return lambda: set_callback(None)
    return asyncio.ensure_future(_wait_until_gone(receive, call)).cancel


async def _wait_until_gone(receive: Receive, call: Callable[[], None]) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    call()
