"""Server-sent events: a turn, or the news of a place.

Frames that are ready together go out in one write, which costs a third of one write each. A comment line every 15 s
keeps proxies from closing a silent stream.
"""

import asyncio
from abc import abstractmethod
from collections.abc import Callable
from typing import Protocol

from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from orcheo_adapters.http.heartbeats import Heartbeats
from orcheo_adapters.http.outlet import Outlet, open_outlet
from orcheo_adapters.wire.chatkit_answers import encode_json
from orcheo_core.errors import FieldError, InvalidInput
from orcheo_core.services.shared.holding import Hold
from orcheo_core.turns.relay import Relay
from orcheo_core.turns.watch import Watch

_HEADERS = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
)
_FRAMES_AT_ONCE = 512
_BYTES_AT_ONCE = 256 * 1024
_COMMENT = b": still here\n\n"
_NEWS_EVERY_SECONDS = 0.2


def event_number(request: Request) -> int:
    """The last event of a turn that a client has, by ``after`` or ``Last-Event-ID``; 0 for none."""
    text = request.query_params.get("after") or request.headers.get("last-event-id") or "0"
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise InvalidInput(FieldError("after", "must be the number of an event"))
    return int(text)


class Source(Protocol):
    """What a stream tells: it wakes who follows it."""

    def follow(self, wake: Callable[[], None]) -> None:
        """Call ``wake`` when there is something new."""

    def leave(self, wake: Callable[[], None]) -> None:
        """Do not call it any more."""


class EventStream:
    """An ASGI answer that sends what a source has until it ends or the client goes away.

    It writes when the source has news and the client has room, from the callback that says so.
    """

    __slots__ = ("_heartbeats", "_hold", "_is_over", "_on_gone", "_outlet", "_source")

    def __init__(
        self, source: Source, *, heartbeats: Heartbeats, hold: Hold, on_gone: Callable[[], None] | None = None
    ) -> None:
        """Send what ``source`` has; call ``on_gone`` if the client leaves early.

        ``hold`` is released when the answer is over.
        """
        self._source = source
        self._heartbeats = heartbeats
        self._hold = hold
        self._on_gone = on_gone
        self._is_over = False
        self._outlet: Outlet

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request."""
        send_on, beat = self._send_on, self._beat
        self._outlet = outlet = open_outlet(scope, receive, send, headers=_HEADERS, on_room=send_on)
        self._source.follow(send_on)
        slot = self._heartbeats.join(beat)
        asyncio.get_running_loop().call_soon(self._begin)  # what the run says at once goes out with the head
        try:
            await outlet.closed()
        finally:
            self._source.leave(send_on)
            self._heartbeats.leave(slot, beat)
            self._hold.release()
        if outlet.is_gone and self._on_gone is not None:
            self._on_gone()

    def end(self) -> None:
        """End it before its source does."""
        if not self._is_over:
            self._is_over = True
            self._outlet.end(b"")

    def _begin(self) -> None:
        self._send_on()
        self._outlet.begin()

    @abstractmethod
    def _send_on(self) -> None:
        """Send what was not sent yet, as far as the client has room."""

    def _beat(self) -> None:
        if self._outlet.has_room:
            self._outlet.write(_COMMENT)


class TurnStream(EventStream):
    """The frames of a turn until its end."""

    __slots__ = ("_numbered", "_relay", "_sent")

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
        """Send the frames of ``relay`` over number ``after``.

        ``numbered`` streams have ``id:`` lines, so that a client can resume.
        """
        super().__init__(relay, heartbeats=heartbeats, hold=hold, on_gone=on_gone)
        self._relay = relay
        self._sent = after
        self._numbered = numbered

    def _send_on(self) -> None:
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

    @staticmethod
    def _next(frames: list[bytes]) -> list[bytes]:
        """The first ones, one at least if there are any: not all at once, as what is not read lies in memory."""
        size = 0
        for count, frame in enumerate(frames[:_FRAMES_AT_ONCE]):
            size += len(frame)
            if size > _BYTES_AT_ONCE and count:
                return frames[:count]
        return frames[:_FRAMES_AT_ONCE]


class NewsStream(EventStream):
    """The news of a place, at most five times a second; what a slow client has not read becomes one piece of news."""

    __slots__ = ("_rest", "_watch")

    def __init__(self, watch: Watch, *, heartbeats: Heartbeats, hold: Hold) -> None:
        """Send the news that ``watch`` gathers, until the client goes or it is ended."""
        super().__init__(watch, heartbeats=heartbeats, hold=hold)
        self._watch = watch
        self._rest: asyncio.TimerHandle | None = None

    def _send_on(self) -> None:
        if self._rest is not None or not self._outlet.has_room or (news := self._watch.take()) is None:
            return
        told = {"running": news.running, "changed": news.changed, "is_cut": news.is_cut}
        self._outlet.write(b"data: %b\n\n" % encode_json(told))
        self._rest = asyncio.get_running_loop().call_later(_NEWS_EVERY_SECONDS, self._send_again)

    def _send_again(self) -> None:
        self._rest = None
        self._send_on()
