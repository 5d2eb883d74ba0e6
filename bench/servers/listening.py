"""One way of listening for all of them, so that only what is measured differs."""

import sys
from typing import Any

import uvicorn


def listen(app: Any) -> None:
    """Serve ``app`` on loopback, on the port that the command line names first."""
    uvicorn.run(
        app,
        host="127.0.0.1",
        port=int(sys.argv[1]),
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_level="warning",
        lifespan="off",
    )


def option(number: int, default: str) -> str:
    """The command line's word behind the port, counted from 1."""
    return sys.argv[1 + number] if len(sys.argv) > 1 + number else default
