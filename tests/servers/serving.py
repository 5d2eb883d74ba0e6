"""Servers of tests as processes of their own, on a free port of loopback."""

import asyncio
import os
import socket
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pkgutil import resolve_name

import uvicorn
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

_closed: dict[str, asyncio.Event] = defaultdict(asyncio.Event)


@contextmanager
def marks_closed(text: str) -> Iterator[None]:
    """Around a stream that answers ``text``: its end, by a client that went away too, can be waited for."""
    try:
        yield
    finally:
        _closed[text].set()


async def _wait_closed(request: Request) -> Response:
    try:
        async with asyncio.timeout(50):
            await _closed[request.query_params["text"]].wait()
    except TimeoutError:
        return Response(status_code=504)
    return Response(status_code=204)


CLOSED = Route("/closed", _wait_closed)
"""``GET /closed?text=…`` answers when the stream that answers ``text`` is over."""


def _serve(app: ASGIApp) -> None:
    """Serve on a free port and print the URL."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen()  # before anyone learns the URL
    print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)  # noqa: T201 - how the test learns it
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical", timeout_graceful_shutdown=1))
    server.run(sockets=[listener])


@contextmanager
def running(app: str, **environment: str) -> Iterator[str]:
    """A server process for ``module:app``; yields its URL and ends the process afterwards."""
    command = [sys.executable, "-m", "tests.servers.serving", app]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, **environment})
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        try:
            process.communicate(timeout=120)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()


if __name__ == "__main__":
    _serve(resolve_name(sys.argv[1]))
