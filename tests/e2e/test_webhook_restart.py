"""The webhook of a real server."""

import json
import socket
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from tests.e2e.server_process import ServerProcess, eventually

pytestmark = pytest.mark.network


@contextmanager
def receiving(port: int) -> Iterator[list[dict[str, Any]]]:
    """A receiver at this port, and what it has been sent."""
    heard: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", port), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield heard
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_what_the_receiver_missed_is_delivered_after_a_restart(new_server: Callable[[], ServerProcess]) -> None:
    """A wait of seconds is cut short in the database, as tests do not sleep."""
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        port = reserved.getsockname()[1]
        server = new_server()
        server.settings = {
            "ORCHEO_WEBHOOK_URL": f"http://127.0.0.1:{port}/hook",
            "ORCHEO_WEBHOOK_SECRET": "whsec_" + "a2tr" * 8,
            "ORCHEO_WEBHOOK_EVENTS": "workflow.published",
            "ORCHEO_HTTP_RUNNER_ALLOW": f"127.0.0.1:{port}",
        }
        server.start().publish("echo", "examples.echo:answer")
        eventually(lambda: "not delivered (attempt 1)" in server.log, "the first attempt fails")
        server.end()
    with closing(sqlite3.connect(server.data_dir / "orcheo.db")) as database, database:
        database.execute("UPDATE webhook_deliveries SET due_at = 0")
    with receiving(port) as heard:
        server.start()
        eventually(lambda: heard, "the receiver is sent the message")
    assert [(each["type"], each["workflow"]["handle"]) for each in heard] == [("workflow.published", "echo")]
