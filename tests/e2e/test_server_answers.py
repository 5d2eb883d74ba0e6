"""A running server: its health, and what it refuses to read."""

import httpx2
import pytest

from tests.app_server import assert_problem
from tests.e2e.server_process import ServerProcess

pytestmark = pytest.mark.network

MEGABYTE = b" " * 1_000_000


def owner_client(server: ServerProcess) -> httpx2.Client:
    """A client of the local owner that sends JSON."""
    token = (server.data_dir / "owner-token").read_text("utf-8").strip()
    return server.client(authorization=f"Bearer {token}", **{"content-type": "application/json"})


def test_health_and_readiness(shared_server: ServerProcess) -> None:
    """Supervisors learn that the process is alive and that its store takes writes."""
    with shared_server.client() as client:
        assert client.get("/healthz").json() == {"status": "ok"}
        assert client.get("/readyz").json() == {"status": "ready"}


@pytest.mark.parametrize("body", [MEGABYTE, [MEGABYTE]], ids=["announced", "in chunks"])
def test_an_oversized_body_is_refused(shared_server: ServerProcess, body: bytes | list[bytes]) -> None:
    """413, whether its length is announced or not."""
    with owner_client(shared_server) as client:
        answer = client.post("/api/workflows", content=body)
    assert_problem(answer, 413, "body_too_large")


def test_malformed_json_is_refused(shared_server: ServerProcess) -> None:
    """400, and what is expected instead."""
    with owner_client(shared_server) as client:
        assert_problem(client.post("/api/workflows", content=b'{"handle": '), 400, "malformed_request")
