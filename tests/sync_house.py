"""A house on an event loop of its own, for programs that ask from other threads: the CLI and the MCP server."""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any, TypeVar

from anyio.from_thread import BlockingPortal, start_blocking_portal
from attrs import frozen

from orcheo_adapters.client.remote import Answer, RemoteOperations
from orcheo_adapters.client.settings import ClientSettings
from orcheo_core.domain.actor import Channel, Scope
from tests.house import BASE_URL, USER_INPUT, House, build_house, events_of

_Result = TypeVar("_Result")


@frozen
class HouseSend:
    """Carries the requests of a synchronous client to a house, without a socket."""

    portal: BlockingPortal
    house: House

    def __call__(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        """Send a request, as over HTTP."""
        return self.portal.call(self._carry, method, url, headers, body)

    async def _carry(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        answer = await self.house.client.request(method, url, headers=headers, content=body)
        return Answer(answer.status_code, answer.content)


@frozen
class SyncHouse:
    """A house, and what synchronous code needs to ask it."""

    portal: BlockingPortal
    house: House

    def call(self, function: Callable[..., Awaitable[_Result]], *arguments: Any, **named: Any) -> _Result:
        """Call an async function on the loop of the house."""
        return self.portal.call(partial(function, *arguments, **named))

    def operations(self, channel: Channel = Channel.CLI, token: str | None = None) -> RemoteOperations:
        """The operations of the house as a program of the owner sees them."""
        settings = ClientSettings(url=BASE_URL, service_token=token or self.house.owner_token)
        return RemoteOperations(settings, channel, HouseSend(self.portal, self.house))

    def result(self, name: str, /, **arguments: Any) -> dict[str, Any]:
        """The result of an operation that succeeds."""
        return self.call(self.house.result, name, **arguments)

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
        answer = self.call(self.house.chatkit, token, "threads.create", input=said)
        return str(events_of(answer)[0]["thread"]["id"])

    def token(self, *scopes: Scope) -> str:
        """A service token of another owner with these scopes."""
        return self.call(self.house.owner, "ada", *scopes)


@contextmanager
def build_sync_house() -> Iterator[SyncHouse]:
    """Build a house on a loop in a thread, and take both down again."""
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(build_house()) as house:
        yield SyncHouse(portal, house)
