"""A turn as server-sent events.

Frames that are ready together go out in one write, which costs a third of one write each. A comment line every 15 s
keeps proxies from closing a silent stream.
"""

import asyncio
from collections.abc import Callable

from starlette.types import Receive, Scope, Send

from orcheo_adapters.http.heartbeats import Heartbeats
from orcheo_adapters.http.outlet import Outlet, open_outlet
from orcheo_core.turns.live import LiveTurn

_HEADERS = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
)
_FRAMES_AT_ONCE = 512
_BYTES_AT_ONCE = 256 * 1024
_COMMENT = b": still here\n\n"


class TurnStream:
    """An ASGI answer that sends the frames of a turn until its end or until the client goes away.

    It writes when the turn has news and the client has room, from the callback that says so.
    """

    __slots__ = ("_heartbeats", "_numbered", "_on_gone", "_outlet", "_sent", "_turn")

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
        self._outlet: Outlet

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request."""
        await asyncio.sleep(0)  # what the run says at once goes out with the head
        send_on, beat = self._send_on, self._beat
        self._outlet = outlet = open_outlet(scope, receive, send, headers=_HEADERS, on_room=send_on)
        self._turn.follow(send_on)
        slot = self._heartbeats.join(beat)
        try:
            send_on()
            await outlet.closed()
        finally:
            self._turn.leave(send_on)
            self._heartbeats.leave(slot, beat)
        if outlet.is_gone and self._on_gone is not None:
            self._on_gone()

    def _send_on(self) -> None:
        """Send the frames that were not sent yet, as far as the client has room."""
        outlet, turn = self._outlet, self._turn
        while outlet.has_room:
            frames = self._next()
            first, self._sent = self._sent + 1, self._sent + len(frames)
            if self._numbered:
                frames = [b"id: %d\n%b" % numbered for numbered in enumerate(frames, first)]
            if turn.is_over and self._sent >= len(turn.frames):
                outlet.end(b"".join(frames))
                return
            if not frames:
                return
            outlet.write(b"".join(frames))

    def _next(self) -> list[bytes]:
        """The next frames, one at least if there are any: not all at once, as what is not read lies in memory."""
        frames = self._turn.frames[self._sent : self._sent + _FRAMES_AT_ONCE]
        size = 0
        for count, frame in enumerate(frames):
            size += len(frame)
            if size > _BYTES_AT_ONCE and count:
                return frames[:count]
        return frames

    def _beat(self) -> None:
        if self._outlet.has_room:
            self._outlet.write(_COMMENT)
