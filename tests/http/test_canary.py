"""After a long day at the loudest log, no secret is where it must not be."""

import re
import secrets as chance
import sqlite3
from base64 import urlsafe_b64decode
from pathlib import Path

import httpx2
import orjson
import pytest

from tests.app_server import USER_INPUT
from tests.http.process import ServerProcess, server_process

pytestmark = pytest.mark.network

TOKEN_OPERATIONS = 1_000
SHAPES = re.compile(rb"orc_(?:pt|st|is|ct|os)_[0-9A-Za-z]{13,}|eyJ[\w-]{8,}\.[\w-]+\.[\w-]+")


def issue_and_revoke(server: ServerProcess) -> set[str]:
    """This many publishes, rotations and revocations; every publish token that was shown."""
    shown: set[str] = set()
    with server.client() as client:
        for number in range(TOKEN_OPERATIONS):
            act = {0: "publish", 99: "publish/revoke"}.get(number % 100, "publish/rotate")
            answer = client.post(f"/api/workflows/flow/{act}")
            assert answer.status_code == 200, answer.text
            if token := answer.json().get("publish_token"):
                shown.add(token)
    return shown


def chat(server: ServerProcess) -> set[str]:
    """All that a visitor and a program can do, well and badly; the secrets that went over the wire."""
    used = {server.publish("echo", "chat"), server.publish("broken", "breaks")}
    with httpx2.Client(base_url=server.url, trust_env=False, timeout=120) as visitor:
        for handle in ("chat", "breaks"):
            grant = visitor.post(f"/api/chat/{handle}/session", json={}).json()["client_secret"]
            used.add(grant)
            headers = {"authorization": f"Bearer {grant}"}
            body = {"type": "threads.create", "params": {"input": USER_INPUT}}
            assert visitor.post("/api/chatkit", json=body, headers=headers).status_code == 200
            used.add(visitor.post(f"/api/chat/{handle}/session", json={}, headers=headers).json()["client_secret"])
        for secret in sorted(used):
            headers, body = {"authorization": f"Bearer {secret}"}, {"user": "ada", "workflow": {"id": "chat"}}
            session = visitor.post("/v1/chatkit/sessions", json=body, headers=headers).json()
            if "client_secret" in session:
                used.add(session["client_secret"])
                visitor.post(f"/v1/chatkit/sessions/{session['id']}/cancel", headers=headers)
        used |= sign_in(server, visitor) | set(visitor.cookies.values())
        for secret in sorted(used):
            misuse(visitor, secret)
    return used


def sign_in(server: ServerProcess, owner: httpx2.Client) -> set[str]:
    """Sign an owner in to Canvas, well and badly; the ticket that went over the wire."""
    ticket = server.perform("canvas.open")["address"].partition("#ticket=")[2]
    for status in (200, 401):
        assert owner.post("/api/canvas/session", json={"ticket": ticket}).status_code == status
    assert owner.post("/api/operations/workflows.list", json={}).status_code == 200
    owner.get(f"/canvas?ticket={ticket}")
    return {ticket}


def misuse(visitor: httpx2.Client, secret: str) -> None:
    """Put a secret wherever a mistaken program may put it."""
    headers = {"authorization": f"Bearer {secret}"}
    visitor.post("/api/chat/chat/session", json={"publish_token": secret})
    visitor.post("/api/chat/chat/session", json={secret: secret}, headers=headers)
    visitor.post("/api/chatkit", content=secret.encode(), headers={**headers, "content-type": "application/json"})
    visitor.post("/api/chatkit", json={"type": secret, "params": secret}, headers=headers)
    visitor.get("/api/workflows", headers=headers, params={"token": secret})
    visitor.post(f"/api/operations/{secret}", json={"ref": secret}, headers=headers)
    visitor.get(f"/api/chat/{secret}", headers={"x-request-id": secret, "referer": f"http://x/{secret}"})
    visitor.post("/v1/chatkit/sessions", json={"user": secret, secret: secret}, headers=headers)
    visitor.get(f"/v1/chatkit/threads/{secret}?{secret}={secret}", headers=headers)
    visitor.get(f"/nowhere/{secret}?publish_token={secret}")


def keys_of(data_folder: Path) -> list[bytes]:
    """The server's own keys, as text and as bytes."""
    document = orjson.loads((data_folder / "secrets.json").read_bytes())
    entries = [each for ring in document.values() if isinstance(ring, list) for each in ring]
    texts = [each["key"] if isinstance(each, dict) else each for each in entries]
    assert len(texts) >= 3
    return [form for text in texts for form in (text.encode(), urlsafe_b64decode(text + "=" * (-len(text) % 4)))]


def where_nothing_may_be(server: ServerProcess) -> dict[str, bytes]:
    """Files, log, audit, arguments and environment of the process."""
    process = Path(f"/proc/{server.process.pid}")
    places = {"arguments": (process / "cmdline").read_bytes(), "environment": (process / "environ").read_bytes()}
    for path in server.data_folder.iterdir():
        if path.name not in {"secrets.json", "owner-token"}:
            places[path.name] = path.read_bytes()
    with sqlite3.connect(f"file:{server.data_folder}/orcheo.db?mode=ro", uri=True) as database:
        rows = database.execute("SELECT * FROM audit").fetchall()
        assert len(rows) >= TOKEN_OPERATIONS
        places["audit"] = repr(rows).encode()
    database.close()
    places["log"] = "".join(server.log).encode()
    return places


def test_no_secret_is_in_files_log_audit_or_arguments(tmp_path: Path) -> None:
    """Not one of more than a thousand, not even most of one, nor a key of the server, nor a text of their shapes."""
    marker = f"canary{chance.token_hex(8)}"
    with server_process(tmp_path, ORCHEO_LOG_LEVEL="debug", ORCHEO_LIMITS="off") as server:
        server.perform("workflows.add", handle="flow", runner="python", target="tests.workflows:echo", name=marker)
        secrets = issue_and_revoke(server) | chat(server) | {server.owner_token}
        assert len(secrets) >= TOKEN_OPERATIONS - 20
        places = where_nothing_may_be(server)
    assert marker.encode() in places["orcheo.db"] + places["orcheo.db-wal"]
    assert b"the secret reason" in places["log"]
    forbidden = [*(secret[-40:].encode() for secret in secrets), *keys_of(server.data_folder)]
    for name, content in places.items():
        found = SHAPES.search(content)
        assert found is None, f"something of the shape of a secret in {name}: {found[0][:24]!r}…"
        assert not [each for each in forbidden if each in content], f"a secret in {name}"


def test_the_files_that_hold_secrets_are_private(tmp_path: Path) -> None:
    """Their owner only."""
    with server_process(tmp_path) as server:
        for name in ("secrets.json", "owner-token", "orcheo.db"):
            assert (server.data_folder / name).stat().st_mode & 0o077 == 0
