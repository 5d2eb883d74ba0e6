"""The owner's routes: each carries out one operation of the catalogue."""

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from orcheo_adapters.http.parts import parts_of
from orcheo_adapters.http.requests import json_object, owner
from orcheo_adapters.wire.chatkit_answers import encode_json
from orcheo_adapters.wire.operations import decode_request, encode_result
from orcheo_core.errors import FieldError, InvalidInput
from orcheo_core.operations.catalogue import find_operation, perform
from orcheo_core.operations.operation import Operation

Handler = Callable[[Request], Awaitable[Response]]
_NO_STORE = {"cache-control": "no-store"}


async def any_operation(request: Request) -> Response:
    """``POST /api/operations/{name}``: the arguments are the body."""
    return await _answer(request, request.path_params["name"], await json_object(request))


def body_operation(name: str, *, status: int = 200) -> Handler:
    """A route whose arguments are its path and its body."""

    async def handler(request: Request) -> Response:
        arguments = await json_object(request)
        return await _answer(request, name, _with_path(arguments, request), status)

    return handler


def query_operation(name: str) -> Handler:
    """A route whose arguments are its path and its query."""

    async def handler(request: Request) -> Response:
        operation = find_operation(name)
        arguments = {key: _query_value(operation, key, text) for key, text in request.query_params.items()}
        return await _answer(request, name, _with_path(arguments, request))

    return handler


async def _answer(request: Request, name: str, arguments: dict[str, Any], status: int = 200) -> Response:
    caller = await owner(request)
    operation = find_operation(name)
    result = await perform(
        parts_of(request).core.owner_services, caller, operation, decode_request(operation, arguments)
    )
    return Response(encode_json(encode_result(result)), status, _NO_STORE, media_type="application/json")


def _with_path(arguments: dict[str, Any], request: Request) -> dict[str, Any]:
    for name in request.path_params:
        if name in arguments:
            raise InvalidInput(FieldError(name, "stands in the address already"))
    return arguments | request.path_params


def _query_value(operation: Operation[Any, Any], name: str, text: str) -> str | int:
    """Query values are texts; whole numbers are the only other type that these routes take."""
    wanted = operation.request.__annotations__.get(name)
    return int(text) if wanted is int and text.lstrip("-").isdecimal() and text.isascii() else text
