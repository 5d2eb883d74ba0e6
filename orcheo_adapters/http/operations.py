"""The owner's routes: each carries out one operation of the catalogue."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import nullcontext
from typing import Any

from attrs import field, frozen
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp

from orcheo_adapters.http.answers import FileAnswer
from orcheo_adapters.http.callers import Callers
from orcheo_adapters.http.requests import json_object
from orcheo_adapters.wire.chatkit_answers import encode_json
from orcheo_adapters.wire.operations import decode_request, encode_result
from orcheo_core.domain.actor import Caller
from orcheo_core.errors import FieldError, InvalidInput
from orcheo_core.operations.catalogue import find_operation, perform, question
from orcheo_core.operations.operation import Operation
from orcheo_core.operations.services import OwnerServices

Handler = Callable[[Request], Awaitable[ASGIApp]]
_WHOLE_NUMBER = re.compile(r"-?[0-9]+")
_MOST_DIGITS = 18
_NO_STORE = {"cache-control": "no-store"}


@frozen
class OwnerApi:
    """Carries out operations for the owners whose service tokens, or owner sessions, requests carry."""

    _services: OwnerServices
    callers: Callers
    _parts: asyncio.Lock = field(factory=asyncio.Lock)
    """Held while a part of an export is made: many at once would each take their milliseconds in one round of the
    event loop."""

    async def any_operation(self, request: Request) -> Response:
        """``POST /api/operations/{name}``: the arguments are the body."""
        name, arguments = request.path_params["name"], await json_object(request)
        return _json(await self.perform(await self.callers.by_any(request), name, arguments))

    async def question_before(self, request: Request) -> Response:
        """``POST /api/operations/{name}/question``: what to ask before the operation with the body's arguments."""
        name, arguments = request.path_params["name"], await json_object(request)
        return _json({"question": await self.question(await self.callers.by_any(request), name, arguments)})

    def by_body(self, name: str, *, status: int = 200, in_browser: bool = False) -> Handler:
        """The handler of a route whose arguments are its path and its body.

        ``in_browser`` says whether Canvas uses it, so that an owner session is a credential there.
        """
        operation = find_operation(name)
        return OperationHandler(api=self, operation=operation, status=status, in_browser=in_browser).answer

    def by_query(self, name: str) -> Handler:
        """The handler of a route whose arguments are its path and its query."""
        return OperationHandler(api=self, operation=find_operation(name), from_query=True).answer

    def by_export(self, name: str) -> Handler:
        """The same where the answer is the document of an export, as a file."""
        return OperationHandler(api=self, operation=find_operation(name), from_query=True, as_file=True).answer

    async def perform(self, caller: Caller, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """The result of an operation as JSON values."""
        operation = find_operation(name)
        decoded = decode_request(operation, arguments)
        async with self._parts if operation.is_document else nullcontext():
            return encode_result(await perform(self._services, caller, operation, decoded))

    async def question(self, caller: Caller, name: str, arguments: dict[str, Any]) -> str | None:
        """What to ask before :meth:`perform`; raises as that does, and changes nothing."""
        operation = find_operation(name)
        return await question(self._services, caller, operation, decode_request(operation, arguments))


@frozen(kw_only=True)
class OperationHandler:
    """Carries out one operation; its arguments are the path and the body, or the query."""

    api: OwnerApi
    operation: Operation[Any, Any]
    status: int = 200
    from_query: bool = False
    in_browser: bool = False
    """Whether an owner session is a credential here."""
    as_file: bool = False
    """Whether the answer is the whole document whose parts the operation gives, instead of the result."""

    async def answer(self, request: Request) -> ASGIApp:
        """The handler of a route."""
        arguments = self._query(request) if self.from_query else await json_object(request)
        arguments = _with_path(arguments, request)
        callers = self.api.callers
        caller = await (callers.by_any(request) if self.in_browser else callers.by_token(request))
        result = await self.api.perform(caller, self.operation.name, arguments)
        return self._file(caller, arguments, result) if self.as_file else _json(result, self.status)

    def _file(self, caller: Caller, arguments: dict[str, Any], first: dict[str, Any]) -> ASGIApp:
        """Never shown by a browser as a page of this origin: it is to be saved."""
        headers = {
            **_NO_STORE,
            "content-type": f"{first['media_type']}; charset=utf-8",
            "content-disposition": f'attachment; filename="{first["file_name"]}"',
        }
        rest = self._rest(caller, arguments, first["next_after"])
        return FileAnswer(first["content"].encode(), rest, headers=headers)

    async def _rest(self, caller: Caller, arguments: dict[str, Any], after: str | None) -> AsyncIterator[bytes]:
        """The other parts: each is made when the client has room for it, and others have their turn before it is."""
        while after is not None:
            await asyncio.sleep(0)
            part = await self.api.perform(caller, self.operation.name, arguments | {"after": after})
            yield part["content"].encode()
            after = part["next_after"]

    def _query(self, request: Request) -> dict[str, Any]:
        return {key: _query_value(self.operation, key, text) for key, text in request.query_params.items()}


def _json(result: dict[str, Any], status: int = 200) -> Response:
    return Response(encode_json(result), status, _NO_STORE, media_type="application/json")


def _with_path(arguments: dict[str, Any], request: Request) -> dict[str, Any]:
    for name in request.path_params:
        if name in arguments:
            raise InvalidInput(FieldError(name, "is already named in the address; leave it out here"))
    return arguments | request.path_params


def _query_value(operation: Operation[Any, Any], name: str, text: str) -> str | int | float | bool:
    """Query values are texts; whole numbers, ``true`` and ``false`` are the only others that these routes take.

    A number with more digits than any of them takes becomes what JSON makes of it, so that it is refused as such.
    """
    wanted = operation.request.__annotations__.get(name)
    if wanted in (bool, bool | None) and text in {"true", "false"}:
        return text == "true"
    if wanted not in (int, int | None) or not _WHOLE_NUMBER.fullmatch(text):
        return text
    return int(text) if len(text.lstrip("-")) <= _MOST_DIGITS else float(text)
