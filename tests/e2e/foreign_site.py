"""Another site: the pages of an app that was written for ChatKit, on an origin of its own."""

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from attrs import define, field

from tests.e2e.server_process import ROOT

_WEB = ROOT / "web"


def build_app(script: str, into: Path) -> None:
    """Build the React app of ``web/test/drop-in`` as its owner would, with the script's address changed."""
    stamp = ROOT / ".stamps" / "node"
    node = f"{stamp.read_text('utf-8').strip()}{os.pathsep}" if stamp.exists() else ""
    environment = {**os.environ, "PATH": node + os.environ["PATH"], "VITE_CHATKIT_SCRIPT": script}
    command = ["node", "node_modules/vite/bin/vite.js", "build", "test/drop-in", "--outDir", str(into), "--emptyOutDir"]
    subprocess.run(command, cwd=_WEB, env=environment, check=True, stdout=subprocess.DEVNULL)


@define(kw_only=True)
class Site:
    """A web server of the app's owner; its back end opens chat sessions when its pages ask for one."""

    folder: Path
    url: str = ""
    open_session: Callable[[], dict[str, Any]] = field(default=dict)
    headers: dict[str, str] = field(factory=dict)
    """Response headers besides the usual ones, such as a content security policy."""


class _Handler(SimpleHTTPRequestHandler):
    def __init__(self, *args: Any, site: Site) -> None:
        self._site = site
        super().__init__(*args, directory=str(site.folder))

    def end_headers(self) -> None:
        for name, value in self._site.headers.items():
            self.send_header(name, value)
        super().end_headers()

    def do_POST(self) -> None:
        """``/session``: a chat grant from the server of the chat."""
        body = json.dumps(self._site.open_session()).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_words: object) -> None:
        """Say nothing."""


@contextmanager
def serve(folder: Path) -> Iterator[Site]:
    """Serve a folder on a free port of loopback, under another name than the chat's server has."""
    site = Site(folder=folder)
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, site=site)) as server:
        site.url = f"http://localhost:{server.server_address[1]}"
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield site
        finally:
            server.shutdown()
            thread.join()
