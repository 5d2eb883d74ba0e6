"""Workflows that do what only a process of its own can bear."""

import asyncio
import ctypes
import os
import resource
import signal
import struct
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

from orcheo_core.domain.run import OUTPUT_LIMIT, ContextKept, RunContext, RunEvent, TextDelta


def _socket() -> int:
    """The connection to the server, which is no secret to what runs here."""
    return int(sys.argv[1])


async def pid(text: str) -> str:
    return str(os.getpid())


async def exits(text: str) -> AsyncIterator[str]:
    yield "a"
    os._exit(7)


def exits_in_thread(text: str) -> str:
    os._exit(7)


async def kills_itself(text: str) -> str:
    os.kill(os.getpid(), signal.SIGKILL)
    return ""


async def crashes(text: str) -> str:
    ctypes.string_at(0)
    return ""


async def closes_everything(text: str) -> str:
    os.closerange(0, 1024)
    await asyncio.sleep(60)
    return ""


def closes_link(text: str) -> str:
    os.close(_socket())
    time.sleep(60)
    return ""


async def says_garbage(text: str) -> str:
    os.write(_socket(), b"\xff" * 100_000)
    await asyncio.sleep(60)
    return ""


async def says_too_much(text: str) -> str:
    os.write(_socket(), struct.pack(">IBI", 2**31, 16, 1))
    await asyncio.sleep(60)
    return ""


async def says_no_event(text: str) -> str:
    body = b'["TextDelta", {"text": 5}]'
    os.write(_socket(), struct.pack(">IBI", len(body), 17, 1) + body)
    await asyncio.sleep(60)
    return ""


async def says_more_than_allowed(text: str) -> str:
    os.set_blocking(_socket(), True)
    body = b"x" * 1_000_000
    try:
        for _ in range(100):
            os.write(_socket(), struct.pack(">IBI", len(body), 16, 1) + body)
    except OSError:
        pass
    await asyncio.sleep(60)
    return ""


def _flood(body: bytes) -> str:
    os.set_blocking(_socket(), True)
    with suppress(OSError):
        while True:
            os.write(_socket(), body)
    time.sleep(60)
    return ""


def floods_with_nothing(text: str) -> str:
    return _flood(struct.pack(">IBI", 0, 16, 1) * 1_000)


def floods_about_nothing(text: str) -> str:
    return _flood(struct.pack(">IBI", 0, 18, 99) * 1_000)


def floods_about_itself(text: str) -> str:
    kinds = (1, 20, 23, 24)  # none of them says anything of an answer
    return _flood(b"".join(struct.pack(">IBI", 0, each, 1) for each in kinds) * 250)


def floods_with_questions(text: str) -> str:
    body = b"[1, 0]"
    return _flood((struct.pack(">IBI", len(body), 21, 1) + body) * 1_000)


async def wants_no_file(text: str) -> str:
    body = b"[1, 99]"
    os.write(_socket(), struct.pack(">IBI", len(body), 21, 1) + body)
    await asyncio.sleep(60)
    return ""


async def eats_memory(text: str) -> str:
    return str(len(bytearray(10**10)))


async def spins(text: str) -> str:
    while True:
        pass


async def swallows(text: str) -> AsyncIterator[str]:
    yield f"{os.getpid()} "
    while True:
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(60)


async def waits_or_swallows(text: str) -> AsyncIterator[str]:
    """Which of the two, the text says."""
    yield f"{os.getpid()} "
    if text == "wait":
        await asyncio.sleep(0.3)
        yield "waited"
    elif text == "block":
        time.sleep(60)  # noqa: ASYNC251 - the harm that is meant
    elif text == "swallow":
        async for _ in swallows(text):
            pass


def prints(text: str) -> str:
    for _ in range(100_000):
        sys.stdout.write("x" * 1_000 + "\n")
    return "printed"


async def starts_child(text: str) -> str:
    return str(subprocess.Popen(["sleep", "60"]).pid)  # noqa: ASYNC220 - quick


async def changes_everything(text: str) -> str:
    os.environ.clear()
    os.chdir("/")
    sys.modules.clear()
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    return "changed"


def knows(text: str, context: RunContext) -> list[str]:
    """All that it is given, in pieces: of one with more characters than an answer may have only a part is read."""
    files = [(each.name, each.mime_type, each.read()) for each in context.attachments]
    history = [(each, [sent.read() for sent in each.files]) for each in context.history]
    page = (context.tags, context.metadata, context.locale)
    told = repr((text, files, history, context.cause, context.subject, context.quoted_text, page))
    return [told[start : start + OUTPUT_LIMIT] for start in range(0, len(told), OUTPUT_LIMIT)]


async def knows_async(text: str, context: RunContext) -> list[str]:
    return knows(text, context)


def cannot_read(text: str, context: RunContext) -> str:
    try:
        return str(context.attachments[0].read())
    except OSError as error:
        return str(error)


def surroundings(text: str) -> str:
    names = sorted(os.environ)
    links = {str(each.readlink()) for each in Path("/proc/self/fd").iterdir() if each.is_symlink()}
    files = sorted(each for each in links if each.startswith("/"))
    limits = resource.getrlimit(resource.RLIMIT_DATA)[0] // 2**20
    return repr((names, files, limits, sys.path[0]))


async def keeps_no_json(text: str) -> AsyncIterator[RunEvent]:
    yield TextDelta("a")
    yield ContextKept(object())


def leaves_thread(text: str) -> str:
    threading.Thread(target=time.sleep, args=(60,)).start()
    return "left"


spun = 0


def uses_cpu(text: str) -> str:
    global spun  # noqa: PLW0603 - only to be busy
    while True:
        spun += 1
