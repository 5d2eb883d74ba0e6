"""A whole server in the test's own process: every service and route, the memory store, a clock that stands still."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, ClassVar

import httpx2
import orjson
from attrs import evolve, frozen
from starlette.routing import BaseRoute

from orcheo_adapters.auth.oidc.http import ProviderHttp
from orcheo_adapters.auth.secrets_file import ServerSecrets
from orcheo_adapters.memory.attachment_files import MemoryAttachmentFiles
from orcheo_adapters.memory.store import MemoryStore
from orcheo_adapters.runners.registry import RunnerRegistry
from orcheo_adapters.server.assembly import Machine, Orcheo, assemble
from orcheo_adapters.server.local_owner import LOCAL_OWNER, local_caller
from orcheo_adapters.settings.server import ServerSettings
from orcheo_core.domain.actor import OWNER_SCOPES, Actor, Scope
from orcheo_core.ports.unit_of_work import Store
from tests.fakes.clock import FakeClock
from tests.fakes.entropy import FakeEntropy
from tests.fakes.telemetry import FakeTelemetry
from tests.servers.bad_provider import CLIENT_ID, CLIENT_SECRET, ISSUER, BadProvider

BASE_URL = "http://127.0.0.1:8700"
NO_LIMITS = {"ORCHEO_LIMITS": "off"}
"""As the clock stands still, tests that are not about limits would soon meet one."""
HOSTS = {"ORCHEO_ALLOWED_HOSTS": "x,testserver"}
"""The names that tests send as Host."""
SIGN_IN = {
    "ORCHEO_OIDC_ISSUER": ISSUER,
    "ORCHEO_OIDC_CLIENT_ID": CLIENT_ID,
    "ORCHEO_OIDC_CLIENT_SECRET": CLIENT_SECRET,
}
"""Visitors can sign in at the provider of the tests."""
USER_INPUT = {"content": [{"type": "input_text", "text": "Hello"}], "attachments": [], "inference_options": {}}


@frozen(kw_only=True)
class TestServer:
    """The server, its clock, and a client that holds the local owner token."""

    __test__: ClassVar[bool] = False
    """It is no class of tests."""

    orcheo: Orcheo
    store: Store
    files: MemoryAttachmentFiles
    clock: FakeClock
    telemetry: FakeTelemetry
    client: httpx2.AsyncClient
    owner_token: str

    @asynccontextmanager
    async def visitor_from(self, address: str) -> AsyncIterator["TestServer"]:
        """The same server, seen by another browser at another address."""
        transport = httpx2.ASGITransport(self.orcheo.app, raise_app_exceptions=False, client=(address, 40_000))
        async with httpx2.AsyncClient(transport=transport, base_url=BASE_URL) as client:
            yield evolve(self, client=client)

    async def operation(self, name: str, /, token: str | None = None, **arguments: Any) -> httpx2.Response:
        """``POST /api/operations/{name}`` as the owner."""
        headers = {"authorization": f"Bearer {token or self.owner_token}"}
        return await self.client.post(f"/api/operations/{name}", json=arguments, headers=headers)

    async def result(self, name: str, /, **arguments: Any) -> dict[str, Any]:
        """The result of an operation that succeeds."""
        answer = await self.operation(name, **arguments)
        assert answer.status_code == 200, answer.text
        document: dict[str, Any] = answer.json()
        return document

    async def add(self, handle: str = "echo", call: str = "echo") -> dict[str, Any]:
        """Register a workflow out of ``tests.workflows``."""
        target = f"tests.workflows:{call}"
        return await self.result("workflows.add", handle=handle, runner="python", target=target)

    async def publish(self, handle: str = "echo", call: str = "echo", **options: Any) -> dict[str, Any]:
        """Register and publish a workflow."""
        await self.add(handle, call)
        return await self.result("workflows.publish", ref=handle, **options)

    async def grant(self, ref: str = "echo") -> str:
        """A chat grant by share link; the client keeps the visitor's cookie."""
        answer = await self.client.post(f"/api/chat/{ref}/session", json={})
        assert answer.status_code == 200, answer.text
        return str(answer.json()["client_secret"])

    async def chatkit(self, credential: str, kind: str, /, headers: dict[str, str] | None = None, **params: Any) -> Any:
        """``POST /api/chatkit``: the raw answer."""
        sent = {"authorization": f"Bearer {credential}", **(headers or {})}
        return await self.client.post("/api/chatkit", json={"type": kind, "params": params}, headers=sent)

    async def sign_in(self, token: str | None = None) -> dict[str, Any]:
        """Sign the client in to Canvas, as the holder of a service token; the owner session."""
        opened = await self.operation("canvas.open", token=token)
        assert opened.status_code == 200, opened.text
        ticket = opened.json()["address"].partition("#ticket=")[2]
        answer = await self.client.post("/api/canvas/session", json={"ticket": ticket})
        assert answer.status_code == 200, answer.text
        document: dict[str, Any] = answer.json()
        return document

    async def owner(self, name: str, *scopes: Scope) -> str:
        """A service token of another owner."""
        access = self.orcheo.core.owner_access
        return await access.issue(local_caller(), owner=Actor(name), scopes=frozenset(scopes or OWNER_SCOPES))


def events_of(answer: httpx2.Response) -> list[dict[str, Any]]:
    """The events of a stream, in order."""
    frames = [frame for frame in answer.text.split("\n\n") if frame and not frame.startswith(":")]
    return [orjson.loads(frame.partition("data: ")[2]) for frame in frames]


def assert_problem(answer: httpx2.Response, status: int, code: str) -> dict[str, Any]:
    """The answer is this problem, with a detail, a hint and a request id for people."""
    problem: dict[str, Any] = answer.json()
    assert (answer.status_code, problem["code"]) == (status, code), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem["detail"]
    assert problem["hint"]
    assert problem["request_id"].startswith("req_")
    return problem


def url_table() -> list[BaseRoute]:
    """The routes of a server that is not used otherwise."""
    secrets = ServerSecrets.generate(FakeEntropy().random_bytes)
    return assemble(MemoryStore(), secrets, _settings({})).routes


def _settings(environment: Mapping[str, str]) -> ServerSettings:
    return ServerSettings.load(environment={"ORCHEO_DATA_DIR": "unused", **HOSTS, **environment})


@asynccontextmanager
async def build_app_server(
    store: Store | None = None,
    static_folder: Path | None = None,
    telemetry: FakeTelemetry | None = None,
    environment: Mapping[str, str] = NO_LIMITS,
    address: str = "127.0.0.1",
    provider: BadProvider | None = None,
) -> AsyncIterator[TestServer]:
    """Build a server and take it down again; its client comes from ``address``, visitors sign in at ``provider``."""
    store, telemetry = store or MemoryStore(), telemetry or FakeTelemetry()
    clock, entropy = FakeClock(), FakeEntropy()
    files = MemoryAttachmentFiles()
    machine = Machine(
        clock=clock,
        entropy=entropy,
        runners=RunnerRegistry(),
        telemetry=telemetry,
        files=files,
        provider_http=ProviderHttp(httpx2.ASGITransport(provider.app)) if provider else None,
    )
    if provider is not None:
        provider.clock = clock
        environment = {**SIGN_IN, **environment}
    secrets = ServerSecrets.generate(entropy.random_bytes)
    folder = static_folder or Path("nowhere")
    orcheo = assemble(store, secrets, _settings(environment), machine=machine, static_folder=folder)
    token = await orcheo.core.owner_access.issue(local_caller(), owner=LOCAL_OWNER, scopes=frozenset(Scope))
    transport = httpx2.ASGITransport(orcheo.app, raise_app_exceptions=False, client=(address, 40_000))
    async with httpx2.AsyncClient(transport=transport, base_url=BASE_URL) as client:
        yield TestServer(
            orcheo=orcheo,
            store=store,
            files=files,
            clock=clock,
            telemetry=telemetry,
            client=client,
            owner_token=token,
        )
    orcheo.core.register.close()
    await orcheo.background.wait()
