"""The owner's routes: each carries out one operation of the catalogue."""

import re
from collections.abc import Awaitable, Callable
from typing import Any

from attrs import frozen
from starlette.requests import Request
from starlette.responses import Response

from orcheo_adapters.http.parts import parts_of
from orcheo_adapters.http.requests import json_object, owner
from orcheo_adapters.wire.chatkit_answers import encode_json
from orcheo_adapters.wire.operations import decode_request, encode_result
from orcheo_core.domain.actor import Caller
from orcheo_core.errors import FieldError, InvalidInput
from orcheo_core.operations.catalogue import find_operation, perform, question
from orcheo_core.operations.operation import Operation

Handler = Callable[[Request], Awaitable[Response]]
_WHOLE_NUMBER = re.compile(r"-?[0-9]{1,18}")
_NO_STORE = {"cache-control": "no-store"}


async def any_operation(request: Request) -> Response:
    """``POST /api/operations/{name}``: the arguments are the body."""
    return _json(await _perform(request, request.path_params["name"], await json_object(request)))


async def question_before(request: Request) -> Response:
    """``POST /api/operations/{name}/question``: what to ask before the operation with the body's arguments."""
    name, arguments = request.path_params["name"], await json_object(request)
    return _json({"question": await question_of(request, await owner(request), name, arguments)})


@frozen(kw_only=True)
class OperationHandler:
    """Carries out one operation; its arguments are the path and the body, or the query."""

    operation: Operation[Any, Any]
    status: int = 200
    from_query: bool = False
    as_file: bool = False
    """Whether the answer is the document in the result instead of the result."""

    async def answer(self, request: Request) -> Response:
        """The handler of a route."""
        arguments = self._query(request) if self.from_query else await json_object(request)
        result = await _perform(request, self.operation.name, _with_path(arguments, request))
        return _file(result) if self.as_file else _json(result, self.status)

    def _query(self, request: Request) -> dict[str, Any]:
        return {key: _query_value(self.operation, key, text) for key, text in request.query_params.items()}


def body_operation(name: str, *, status: int = 200) -> Handler:
    """A route whose arguments are its path and its body."""
    return OperationHandler(operation=find_operation(name), status=status).answer


def query_operation(name: str) -> Handler:
    """A route whose arguments are its path and its query."""
    return OperationHandler(operation=find_operation(name), from_query=True).answer


def export_operation(name: str) -> Handler:
    """A route that answers the document of an export as a file; its arguments are its path and its query."""
    return OperationHandler(operation=find_operation(name), from_query=True, as_file=True).answer


async def _perform(request: Request, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    return await perform_operation(request, await owner(request), name, arguments)


async def perform_operation(request: Request, caller: Caller, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """The result of an operation as JSON values, for a caller who is known."""
    operation = find_operation(name)
    services = parts_of(request).core.owner_services
    return encode_result(await perform(services, caller, operation, decode_request(operation, arguments)))


async def question_of(request: Request, caller: Caller, name: str, arguments: dict[str, Any]) -> str | None:
    """What to ask before :func:`perform_operation`; raises as that does, and changes nothing."""
    operation = find_operation(name)
    services = parts_of(request).core.owner_services
    return await question(services, caller, operation, decode_request(operation, arguments))


def _json(result: dict[str, Any], status: int = 200) -> Response:
    return Response(encode_json(result), status, _NO_STORE, media_type="application/json")


def _file(result: dict[str, Any]) -> Response:
    """Never shown by a browser as a page of this origin: it is to be saved."""
    headers = {**_NO_STORE, "content-disposition": f'attachment; filename="{result["file_name"]}"'}
    return Response(result["content"], headers=headers, media_type=result["media_type"])


def _with_path(arguments: dict[str, Any], request: Request) -> dict[str, Any]:
    for name in request.path_params:
        if name in arguments:
            raise InvalidInput(FieldError(name, "is already named in the address; leave it out here"))
    return arguments | request.path_params


def _query_value(operation: Operation[Any, Any], name: str, text: str) -> str | int | bool:
    """Query values are texts; whole numbers, ``true`` and ``false`` are the only others that these routes take."""
    wanted = operation.request.__annotations__.get(name)
    if wanted in (bool, bool | None) and text in {"true", "false"}:
        return text == "true"
    return int(text) if wanted in (int, int | None) and _WHOLE_NUMBER.fullmatch(text) else text
