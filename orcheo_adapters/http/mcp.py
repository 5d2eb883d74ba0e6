"""``/mcp``: the operations as MCP tools for assistants that connect over HTTP, with a service token."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from typing import Any

import anyio.to_thread
from attrs import evolve, frozen
from starlette.requests import Request
from starlette.types import ASGIApp

from orcheo_adapters.http.operations import OwnerApi
from orcheo_adapters.http.request_id import request_id_of
from orcheo_adapters.http.requests import check_json
from orcheo_adapters.installation import how_to_install, is_missing_package
from orcheo_core.domain.actor import Channel
from orcheo_core.errors import OrcheoError, UnavailableError
from orcheo_core.services.shared.tally import Tally

Perform = Callable[[str, dict[str, Any]], Awaitable[dict[str, Any]]]
QuestionOf = Callable[[str, dict[str, Any]], Awaitable[str | None]]
McpApp = Callable[[Perform, QuestionOf, str], ASGIApp]
"""What answers one request, with what stands for its caller."""


_OF_CONNECTION = (
    "Give your assistant's connection to this server a service token, in the header `Authorization: Bearer orc_st_…`; "
    "`orcheo token create` makes one."
)


class McpNotInstalled(UnavailableError):
    """The server runs without the library that speaks MCP."""

    code = "mcp_not_installed"
    summary = "This server does not speak MCP: a package is missing."
    hint = f"The operator can install it: {how_to_install('mcp')}, then start the server again."


@frozen
class McpEndpoint:
    """Offers the operations as tools over MCP."""

    _api: OwnerApi
    _tally: Tally
    _load: Callable[[], McpApp]
    """Imports the MCP application, which few servers need."""

    async def answer(self, request: Request) -> ASGIApp:
        """``POST /mcp``: one message of MCP over streamable HTTP, without a session."""
        caller = evolve(await self._api.callers.by_token(request, hint=_OF_CONNECTION), channel=Channel.MCP)
        check_json(request)

        async def perform(name: str, arguments: dict[str, Any]) -> dict[str, Any]:
            with self._counting(request):
                return await self._api.perform(caller, name, arguments)

        async def question(name: str, arguments: dict[str, Any]) -> str | None:
            with self._counting(request):
                return await self._api.question(caller, name, arguments)

        return (await _load(self._load))(perform, question, _caller(request))

    @contextmanager
    def _counting(self, request: Request) -> Iterator[None]:
        """Count what is refused, and let the problem have the request's id, as over HTTP and from ``orcheo-mcp``."""
        try:
            yield
        except OrcheoError as error:
            self._tally.count_refusal(error)
            error.request_id = request_id_of(request.scope)  # type: ignore[attr-defined]  # as a RemoteProblem has it
            raise


def _caller(request: Request) -> str:
    """The credential, so that the answer to a question is taken from whom it was asked."""
    return sha256(request.headers.get("authorization", "").encode("utf-8", "surrogateescape")).hexdigest()


async def _load(load: Callable[[], McpApp]) -> McpApp:
    """In a thread: the library takes a second to import, and visitors' answers must not wait for it."""
    try:
        return await anyio.to_thread.run_sync(load)
    except ModuleNotFoundError as error:
        if is_missing_package(error):
            raise McpNotInstalled from None
        raise
