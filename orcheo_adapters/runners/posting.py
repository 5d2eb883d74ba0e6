"""A POST whose answer streams: what it may take of time, why it fails, and the payloads in it."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Hashable, Mapping
from contextlib import aclosing, asynccontextmanager
from datetime import datetime

import httpx2
from attrs import frozen

from orcheo_adapters.outgoing import CAME_THROUGH
from orcheo_adapters.runners.failures import ErrorAnswer, no_connection, silent
from orcheo_adapters.runners.guarded_http import REST_SECONDS, GuardedHttp
from orcheo_adapters.runners.lines import JsonLines, Payloads, ServerSentData

STREAMS: dict[str, Callable[[], Payloads]] = {
    "text/event-stream": ServerSentData,
    "application/x-ndjson": JsonLines,
    "application/jsonl": JsonLines,
}
"""What cuts a stream of this content type."""
_EXCERPT = 2_000


@frozen(kw_only=True)
class Post:
    """One request to a service that an owner names."""

    url: str
    body: bytes
    headers: Mapping[str, str]
    key: Hashable
    """Posts with the same key share their connections."""
    patience: float | None = None
    """Seconds to the first byte; as long as the run may take when it is None."""
    who: str
    """What the owner calls the one that answers."""
    secret: str | None = None
    """What is never repeated in a reason."""


class Answer:
    """The beginning of an answer with a good status."""

    def __init__(self, response: httpx2.Response, waiting: asyncio.Timeout) -> None:
        """``waiting`` ends the wait for the first byte."""
        self._response = response
        self._waiting = waiting
        self.kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        """Its content type."""

    async def whole(self) -> bytes:
        """The body to its end."""
        return await self._response.aread()

    async def payloads(self, cut: Payloads) -> AsyncGenerator[bytes, None]:
        """The payloads of the body, one by one."""
        async with aclosing(self._response.aiter_raw()) as chunks:
            async for chunk in chunks:
                for payload in cut.push(chunk):
                    yield payload
        for payload in cut.end():
            yield payload

    def came(self, *, is_whole: bool) -> None:
        """A payload has come: there is time, and after the last one only for the end of the connection."""
        self._waiting.reschedule(asyncio.get_running_loop().time() + REST_SECONDS if is_whole else None)


@asynccontextmanager
async def posted(
    http: GuardedHttp, post: Post, *, now: Callable[[], datetime], is_whole: Callable[[], bool]
) -> AsyncIterator[Answer]:
    """Send ``post``; the connection is closed with the block, in whatever way it is left.

    Raises :class:`RunFailed` for a bad status, for silence and for a connection that fails, unless ``is_whole`` says
    that all has come before.
    """
    try:
        async with (
            asyncio.timeout(post.patience) as waiting,
            http.lent(post.key) as client,
            client.stream("POST", post.url, content=post.body, headers=dict(post.headers)) as response,
        ):
            if not response.is_success:
                body, headers = await _excerpt(response), response.headers
                raise ErrorAnswer(
                    status=response.status_code,
                    headers=headers,
                    body=body,
                    now=now(),
                    secret=post.secret,
                    who=post.who,
                    proxy=response.extensions.get(CAME_THROUGH, ""),
                ).failure()
            yield Answer(response, waiting)
    except TimeoutError:
        if not is_whole():
            raise silent(post.patience or 0) from None
    except (httpx2.RequestError, OSError) as error:
        if not is_whole():
            raise no_connection(error, who=post.who) from error


async def _excerpt(response: httpx2.Response) -> bytes:
    found = b""
    async with aclosing(response.aiter_raw()) as chunks:
        async for chunk in chunks:
            found += chunk
            if len(found) >= _EXCERPT:
                break
    return found[:_EXCERPT]
