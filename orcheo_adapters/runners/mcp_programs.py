"""MCP servers that run as programs of this machine and speak over standard input and output."""

import asyncio
import os
import shlex
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

from attrs import define, field

from orcheo_adapters.runners.mcp_messages import check_values
from orcheo_adapters.runners.steps import shortened

if TYPE_CHECKING:
    from mcp.client._transport import TransportStreams

_LONGEST_LINE = 16 * 2**20
"""Bytes of one message; a program that writes a longer one is ended."""
_MOST_BYTES = 64 * 2**20
"""Of all lines of one turn; a program that writes more is ended."""
_LEAST_LINE = 256
"""Bytes of this limit that each line takes: a short one costs as much time."""
_GRACE_SECONDS = 1.0
"""For a program that ends by itself when its input is closed."""
_LAST_WORDS = 2_000
_NAME_LENGTH = 80
_FIRST = (
    "import ctypes, os, sys\n"
    "if sys.platform == 'linux': ctypes.CDLL(None).prctl(1, 9)\n"  # PR_SET_PDEATHSIG: it ends with the server
    "if os.getppid() != int(sys.argv[1]): os._exit(0)\n"
    "os.execvp(sys.argv[2], sys.argv[2:])\n"
)
"""What becomes the program: the kernel has to end it with the server, even one that is killed."""


@define(eq=False)
class McpProgram:
    """One program for one turn, in a session of its own: it gets its environment, three pipes and nothing else."""

    command: tuple[str, ...]
    environment: Mapping[str, str] = field(repr=False)
    _words: bytearray = field(factory=bytearray, init=False, repr=False)

    @property
    def name(self) -> str:
        """What the owner knows it by."""
        return shortened(shlex.join(self.command), _NAME_LENGTH)

    def last_words(self) -> str:
        """What it wrote to its standard error output last, in one line; empty for nothing."""
        lines = self._words.decode("utf-8", "replace").split("\n")
        return next((each.strip() for each in reversed(lines) if each.strip()), "")

    @asynccontextmanager
    async def connected(self) -> "AsyncIterator[TransportStreams]":
        """The streams of messages to it; afterwards it is ended, and whatever it started in its session."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-S", "-c", _FIRST, str(os.getpid()), *self.command),
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
            env=dict(self.environment),
            start_new_session=True,
            limit=_LONGEST_LINE,
        )
        grace = 0.0
        try:
            async with self._streams(process) as streams:
                yield streams
            grace = _GRACE_SECONDS
        finally:
            await _end(process, grace)

    @asynccontextmanager
    async def _streams(self, process: Process) -> "AsyncIterator[TransportStreams]":
        from anyio import create_memory_object_stream
        from mcp.shared.message import SessionMessage

        said, incoming = create_memory_object_stream[SessionMessage | Exception](0)
        outgoing, to_say = create_memory_object_stream[SessionMessage](0)
        complaints = asyncio.create_task(self._note_words(process))
        tasks = [complaints, asyncio.create_task(_write(process, to_say))]
        tasks.append(asyncio.create_task(_read(process, said, complaints)))
        async with AsyncExitStack() as stack:
            for stream in (said, incoming, outgoing, to_say):
                stack.callback(stream.close)
            try:
                yield incoming, outgoing
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    async def _note_words(self, process: Process) -> None:
        assert process.stderr is not None  # noqa: S101 - it was started with a pipe
        while data := await process.stderr.read(_LAST_WORDS):
            self._words += data
            del self._words[:-_LAST_WORDS]


async def _read(process: Process, said: Any, complaints: "asyncio.Task[None]") -> None:
    """Pass on what the program says; lines that are not messages, such as prints, are passed over."""
    assert process.stdout is not None  # noqa: S101 - it was started with a pipe
    left = _MOST_BYTES
    with suppress(ValueError):  # a line that is too long, or has too many values
        while left > 0 and (line := await process.stdout.readline()):
            left -= max(len(line), _LEAST_LINE)
            if (message := _message_in(line)) is None:
                await asyncio.sleep(0)  # lines that have come already are read without a pause
            else:
                await said.send(message)
    await asyncio.wait({complaints}, timeout=_GRACE_SECONDS)  # its reason, before its end is seen
    said.close()


def _message_in(line: bytes) -> Any:
    """None for a line that is no message; raises :class:`ValueError` for one with too many values."""
    from mcp.shared.message import SessionMessage
    from mcp_types import jsonrpc_message_adapter

    if not line.lstrip().startswith(b"{"):
        return None
    check_values(line)
    try:
        return SessionMessage(jsonrpc_message_adapter.validate_json(line, by_name=False))
    except ValueError:
        return None


async def _write(process: Process, to_say: Any) -> None:
    assert process.stdin is not None  # noqa: S101 - it was started with a pipe
    with suppress(OSError):  # its end is seen where it is read
        async for message in to_say:
            text: str = message.message.model_dump_json(by_alias=True, exclude_unset=True)
            process.stdin.write(f"{text}\n".encode())
            await process.stdin.drain()


async def _end(process: Process, grace: float) -> None:
    """End the program and its session: by the end of its input if it has time, then by force."""
    assert process.stdin is not None  # noqa: S101 - it was started with a pipe
    process.stdin.close()
    try:
        if grace:
            await _exited(process, grace)
    finally:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    await _exited(process, _GRACE_SECONDS)
    process._transport.close()  # type: ignore[attr-defined]  # noqa: SLF001 - its pipes stay open otherwise


async def _exited(process: Process, seconds: float) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(process.wait(), seconds)
