"""A wire between a browser and a server, which can be cut: Chromium's own offline mode leaves open streams alone."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread
from urllib.parse import urlsplit

from attrs import define, field

_MOST_BYTES = 65_536


@define
class Wire:
    """Connections to :attr:`url` lead to the server, unless the wire is cut."""

    url: str
    _server: tuple[str, int]
    _listener: socket.socket
    _sockets: list[socket.socket] = field(factory=list)
    _is_whole: Event = field(factory=Event)

    def cut(self) -> None:
        """End all connections; others end as soon as they are made."""
        self._is_whole.clear()
        while self._sockets:
            _end(self._sockets.pop())

    def mend(self) -> None:
        """Lead to the server again."""
        self._is_whole.set()

    def run(self) -> None:
        """Take connections until the listener is closed."""
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                if not self._is_whole.is_set():
                    near.close()
                    continue
                far = socket.create_connection(self._server)
                self._sockets += [near, far]
                for source, target in ((near, far), (far, near)):
                    Thread(target=_pump, args=(source, target), daemon=True).start()


@contextmanager
def wire_to(url: str) -> Iterator[Wire]:
    """A wire to the server at this address, on a free port of loopback."""
    address = urlsplit(url)
    assert address.hostname is not None
    assert address.port is not None
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        wire = Wire(f"http://127.0.0.1:{port}", (address.hostname, address.port), listener)
        wire.mend()
        thread = Thread(target=wire.run, daemon=True)
        thread.start()
        try:
            yield wire
        finally:
            _end(listener)
            thread.join()
            wire.cut()


def _pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while sent := source.recv(_MOST_BYTES):
            target.sendall(sent)
    _end(target)


def _end(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()
