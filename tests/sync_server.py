"""A test server on an event loop of its own, for programs that ask from other threads: the CLI and the MCP server."""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any, ClassVar, TypeVar

from anyio.from_thread import BlockingPortal, start_blocking_portal
from attrs import frozen

from orcheo_adapters.client.remote import Answer, RemoteOperations
from orcheo_adapters.client.settings import ClientSettings
from orcheo_core.domain.actor import Channel, Scope
from tests.app_server import BASE_URL, USER_INPUT, TestServer, build_app_server, events_of

_Result = TypeVar("_Result")


@frozen
class ServerSend:
    """Carries the requests of a synchronous client to a test server, without a socket."""

    portal: BlockingPortal
    app_server: TestServer

    def __call__(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        """Send a request, as over HTTP."""
        return self.portal.call(self._carry, method, url, headers, body)

    async def _carry(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        answer = await self.app_server.client.request(method, url, headers=headers, content=body)
        return Answer(answer.status_code, answer.content)


@frozen
class SyncTestServer:
    """A test server, and what synchronous code needs to ask it."""

    __test__: ClassVar[bool] = False
    """It is no class of tests."""

    portal: BlockingPortal
    app_server: TestServer

    def call(self, function: Callable[..., Awaitable[_Result]], *arguments: Any, **named: Any) -> _Result:
        """Call an async function on the loop of the server."""
        return self.portal.call(partial(function, *arguments, **named))

    def operations(self, channel: Channel = Channel.CLI, token: str | None = None) -> RemoteOperations:
        """The operations of the server as a program of the owner sees them."""
        settings = ClientSettings(url=BASE_URL, service_token=token or self.app_server.owner_token)
        return RemoteOperations(settings, channel, ServerSend(self.portal, self.app_server))

    def result(self, name: str, /, **arguments: Any) -> dict[str, Any]:
        """The result of an operation that succeeds."""
        return self.call(self.app_server.result, name, **arguments)

    def add(self, handle: str = "echo", **options: Any) -> dict[str, Any]:
        """Register a workflow out of ``tests.workflows``."""
        return self.result("workflows.add", handle=handle, runner="python", target="tests.workflows:echo", **options)

    def publish(self, handle: str = "echo", **options: Any) -> dict[str, Any]:
        """Register and publish a workflow."""
        self.add(handle)
        return self.result("workflows.publish", ref=handle, **options)

    def chat(self, ref: str, text: str = "Hello") -> str:
        """Publish a workflow and say something to it; the id of the thread."""
        token = self.result("workflows.publish", ref=ref)["publish_token"]
        said = {**USER_INPUT, "content": [{"type": "input_text", "text": text}]}
        answer = self.call(self.app_server.chatkit, token, "threads.create", input=said)
        return str(events_of(answer)[0]["thread"]["id"])

    def sign_in(self) -> None:
        """Sign the owner in to Canvas in the client of the server."""
        self.call(self.app_server.sign_in)

    def token(self, *scopes: Scope) -> str:
        """A service token of another owner with these scopes."""
        return self.call(self.app_server.owner, "ada", *scopes)


@contextmanager
def build_sync_server() -> Iterator[SyncTestServer]:
    """Build a test server on a loop in a thread, and take both down again."""
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(build_app_server()) as app_server:
        yield SyncTestServer(portal, app_server)
