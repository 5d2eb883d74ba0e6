"""A turn as server-sent events.

Frames that are ready together go out in one write, which costs a third of one write each. A comment line every 15 s
keeps proxies from closing a silent stream.
"""

import asyncio
from collections.abc import Callable

from starlette.types import Receive, Scope, Send

from orcheo_adapters.http.heartbeats import Heartbeats
from orcheo_adapters.http.outlet import Outlet, open_outlet
from orcheo_core.services.shared.holding import Hold
from orcheo_core.turns.relay import Relay

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

    __slots__ = ("_heartbeats", "_hold", "_is_over", "_numbered", "_on_gone", "_outlet", "_relay", "_sent")

    def __init__(
        self,
        relay: Relay,
        *,
        heartbeats: Heartbeats,
        after: int = 0,
        numbered: bool,
        on_gone: Callable[[], None] | None,
        hold: Hold,
    ) -> None:
        """Send the frames of ``relay`` over number ``after``; call ``on_gone`` if the client leaves early.

        ``hold`` is released when the answer is over.

        ``numbered`` streams have ``id:`` lines, so that a client can resume.
        """
        self._relay = relay
        self._heartbeats = heartbeats
        self._sent = after
        self._numbered = numbered
        self._on_gone = on_gone
        self._hold = hold
        self._is_over = False
        self._outlet: Outlet

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request."""
        send_on, beat = self._send_on, self._beat
        self._outlet = outlet = open_outlet(scope, receive, send, headers=_HEADERS, on_room=send_on)
        self._relay.follow(send_on)
        slot = self._heartbeats.join(beat)
        asyncio.get_running_loop().call_soon(self._begin)  # what the run says at once goes out with the head
        try:
            await outlet.closed()
        finally:
            self._relay.leave(send_on)
            self._heartbeats.leave(slot, beat)
            self._hold.release()
        if outlet.is_gone and self._on_gone is not None:
            self._on_gone()

    def _begin(self) -> None:
        self._send_on()
        self._outlet.begin()

    def _send_on(self) -> None:
        """Send the frames that were not sent yet, as far as the client has room."""
        outlet, relay = self._outlet, self._relay
        while (relay.is_over or self._sent < len(relay.frames)) and outlet.has_room:
            frames = relay.frames[self._sent :]
            if len(frames) > _FRAMES_AT_ONCE or relay.size > _BYTES_AT_ONCE:
                frames = self._next(frames)
            first, self._sent = self._sent + 1, self._sent + len(frames)
            if self._numbered:
                frames = [b"id: %d\n%b" % numbered for numbered in enumerate(frames, first)]
            if relay.is_over and self._sent >= len(relay.frames):
                self._is_over = True
                outlet.end(b"".join(frames))
                return
            outlet.write(b"".join(frames))

    def end(self) -> None:
        """End it before the turn's own end."""
        if not self._is_over:
            self._is_over = True
            self._outlet.end(b"")

    @staticmethod
    def _next(frames: list[bytes]) -> list[bytes]:
        """The first ones, one at least if there are any: not all at once, as what is not read lies in memory."""
        size = 0
        for count, frame in enumerate(frames[:_FRAMES_AT_ONCE]):
            size += len(frame)
            if size > _BYTES_AT_ONCE and count:
                return frames[:count]
        return frames[:_FRAMES_AT_ONCE]

    def _beat(self) -> None:
        if self._outlet.has_room:
            self._outlet.write(_COMMENT)
