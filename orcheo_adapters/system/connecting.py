"""Connections to a host by its name, looked up in threads of the workflow that asks.

uvloop has four threads for the lookups of all: one workflow that waits for a name server could keep them busy.
"""

import asyncio
import socket
from typing import Any


def looked_up_at_once(host: Any, port: Any, family: int, kind: int, proto: int, flags: int) -> list[Any] | None:
    """What ``getaddrinfo`` says about a host that is an address; None for a name, which has to be asked for."""
    try:
        return socket.getaddrinfo(host, port, family, kind, proto, flags | socket.AI_NUMERICHOST)
    except OSError:
        return None


async def connected(loop: asyncio.AbstractEventLoop, host: Any, port: Any, **lookup: int) -> socket.socket:
    """A socket that is connected to the first address of ``host`` that answers; :class:`OSError` when none does."""
    errors: list[OSError] = []
    for family, kind, proto, _, address in await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, **lookup):
        try:
            return await _connected_to(loop, socket.socket(family, kind, proto), address)
        except OSError as error:
            errors.append(error)
    said = dict.fromkeys(map(str, errors))
    if len(said) == 1:
        raise errors[0]
    raise OSError(f"Multiple exceptions: {', '.join(said)}")


async def _connected_to(loop: asyncio.AbstractEventLoop, sock: socket.socket, address: Any) -> socket.socket:
    try:
        sock.setblocking(False)
        await loop.sock_connect(sock, address)
    except BaseException:
        sock.close()
        raise
    return sock
