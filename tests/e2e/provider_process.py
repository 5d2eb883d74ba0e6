"""A real OpenID Connect provider in a process of its own: npm's ``oidc-provider``."""

import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from random import sample

from tests.e2e.server_process import ROOT

FOLDER = ROOT / "tests" / "servers" / "oidc"
CLIENT_ID, CLIENT_SECRET = "orcheo", "a secret+of/the:tests"


def free_port() -> int:
    """A port of the loopback interface that no one uses, and that the system gives to no one who leaves it the choice.

    Those are above 32,768: until the port is used, other tests' servers and connections cannot get it.
    """
    for port in sample(range(10_000, 32_768), 100):
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    message = "none of 100 ports is free"
    raise AssertionError(message)


@contextmanager
def running_provider(redirect_uri: str) -> Iterator[str]:
    """A provider that knows this server as a client; its issuer."""
    assert (FOLDER / "node_modules").is_dir(), "run `make pytest` once: it installs the provider"
    command = [node(), "server.mjs", str(free_port()), redirect_uri, CLIENT_ID, CLIENT_SECRET]
    with subprocess.Popen(command, cwd=FOLDER, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            issuer = process.stdout.readline().strip()
            assert issuer.startswith("http://127.0.0.1:"), issuer
            yield issuer
        finally:
            process.terminate()


def node() -> str:
    """The Node that ``make`` found, or the one on the path."""
    stamp = ROOT / ".stamps" / "node"
    folder = stamp.read_text("utf-8").strip() if stamp.exists() else None
    found = shutil.which("node", path=folder) or shutil.which("node")
    assert found is not None, "run `make pytest` once: it finds or installs Node"
    return str(Path(found))
