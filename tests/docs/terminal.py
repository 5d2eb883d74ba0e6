"""A person at a terminal who pastes blocks of a page into a shell."""

import os
import re
import select
import subprocess
import termios
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from attrs import define, field

from tests.e2e.server_process import eventually
from tests.terminals import start_at_terminal

SECONDS = 60.0
_READY = re.compile(r"<status=(\d+)> ")
_COLOURS = re.compile(r"\x1b\[[\d;]*m|\r")
_ASKS = "[y/N]: "
_SHELLS = {
    "bash": (["bash", "--noprofile", "--norc", "-i"], "<status=$?> "),
    "zsh": (["zsh", "-f", "-i"], "<status=%?> "),
}


def commands_of(block: str) -> list[str]:
    """The commands of a block, each with its continued lines."""
    found: list[str] = []
    unfinished = ""
    for line in block.splitlines():
        unfinished += line
        if line.endswith(("\\", "|")) or unfinished.count("'") % 2:
            unfinished += "\n"
            continue
        if unfinished.strip():
            found.append(unfinished)
        unfinished = ""
    return found


@define
class Terminal:
    """An interactive shell without bracketed paste: what is pasted arrives as if it were typed, line after line."""

    shell: str
    folder: Path
    environment: Mapping[str, str]
    said: str = ""
    _process: "subprocess.Popen[bytes]" = field(init=False)
    _controller: int = field(init=False)

    def __attrs_post_init__(self) -> None:
        """Start the shell, and wait for its prompt."""
        command, prompt = _SHELLS[self.shell]
        inputrc = self.folder / ".inputrc"
        inputrc.write_text("set enable-bracketed-paste off\n")
        more = {"PS1": prompt, "PROMPT": prompt, "PS2": "> ", "INPUTRC": str(inputrc), "TERM": "dumb", "COLUMNS": "200"}
        self._process, self._controller = start_at_terminal(command, {**self.environment, **more}, self.folder)
        self._read_until(lambda: _READY.search(self.said) is not None)

    def paste(self, block: str, *, then: str = "", waits_for: str | None = None) -> list[int]:
        """Paste a block and agree to every question; the exit codes of its commands.

        ``then`` is a line for a command that reads one without showing it. With ``waits_for`` return when this was
        said: a server stays in the foreground.
        """
        begin = len(self.said)
        answered = begin
        os.write(self._controller, block.encode())
        if then:
            eventually(self._reads_unseen, "something asks for a secret")
            os.write(self._controller, f"{then}\n".encode())
        wanted = len(commands_of(block))

        def is_done() -> bool:
            nonlocal answered
            if self.said.find(_ASKS, answered) >= 0:
                answered = len(self.said)
                os.write(self._controller, b"y\n")
            if waits_for is not None:
                return waits_for in self.said[begin:]
            return len(_READY.findall(self.said[begin:])) >= wanted

        self._read_until(is_done)
        return [int(each) for each in _READY.findall(self.said[begin:])]

    def interrupt(self) -> None:
        """Press Ctrl-C, and wait for the prompt."""
        before = len(self.said)
        os.write(self._controller, b"\x03")
        self._read_until(lambda: _READY.search(self.said, before) is not None)

    def close(self) -> None:
        """Press Ctrl-C for what runs in the foreground, if anything does, and leave."""
        if os.tcgetpgrp(self._controller) != self._process.pid:
            self.interrupt()
        self._process.kill()
        self._process.wait()
        os.close(self._controller)

    def _reads_unseen(self) -> bool:
        """Whether a line is awaited and not echoed; a shell that edits its command line does not await lines."""
        flags = termios.tcgetattr(self._controller)[3]
        return bool(flags & termios.ICANON and not flags & termios.ECHO)

    def _read_until(self, is_done: Callable[[], bool]) -> None:
        end = time.monotonic() + SECONDS
        while not is_done():
            ready, _, _ = select.select([self._controller], [], [], max(0.0, end - time.monotonic()))
            if not ready:
                message = f"the terminal stands still after:\n{self.said[-3_000:]}"
                raise AssertionError(message)
            self.said += _COLOURS.sub("", os.read(self._controller, 65_536).decode(errors="replace"))
