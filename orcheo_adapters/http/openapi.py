"""The OpenAPI 3.1 document, made of the URL table, the catalogue of operations and the descriptions beside them."""

import re
from collections.abc import Callable, Collection, Container, Iterable, Iterator
from importlib.metadata import version
from typing import Any

from attrs import define, evolve, field
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from orcheo_adapters.http.descriptions import DESCRIPTIONS, Description, Errors, Json, json_answer
from orcheo_adapters.http.operations import OperationHandler, OwnerApi
from orcheo_adapters.http.problems import (
    OPENAI,
    BodyCompressed,
    CrossSiteRequest,
    HeadersTooLarge,
    MethodNotAllowed,
    RequestTimedOut,
    status_of,
)
from orcheo_adapters.wire.chatkit_answers import encode_json
from orcheo_adapters.wire.json_schema import request_schema, result_schema
from orcheo_core.domain.transcript_formats import MEDIA_TYPES
from orcheo_core.errors import (
    BodyTooLarge,
    InvalidInput,
    MalformedRequest,
    NotFoundError,
    OrcheoError,
    OwnerSessionEnded,
    OwnerSessionMissing,
    RateLimited,
    ScopeMissing,
    ServiceTokenInvalid,
    StorageUnavailable,
)
from orcheo_core.operations.catalogue import CATALOGUE
from orcheo_core.operations.operation import Operation

_FILE_ANSWER: Json = {
    "description": "The document, to be saved.",
    "content": {each: {"schema": {"type": "string"}} for each in MEDIA_TYPES},
}
_LINKS: Json = {
    "workflow": {"operationId": "get /api/workflows/{ref}", "parameters": {"ref": "$response.body#/workflow/id"}},
    "thread_id": {"operationId": "get /api/threads/{id}", "parameters": {"id": "$response.body#/thread_id"}},
}
"""Where an answer leads on, by the name of what it holds."""
_ALWAYS: Errors = (RequestTimedOut, HeadersTooLarge)
_WITH_BODY: Errors = (MalformedRequest, BodyTooLarge, BodyCompressed, CrossSiteRequest)
_WITH_PATH: Errors = (NotFoundError, MethodNotAllowed)
_OWNER: Errors = (ServiceTokenInvalid, ScopeMissing, InvalidInput, RateLimited, StorageUnavailable)


@define(eq=False)
class OpenApi:
    """Answers the document, which is made with the first request for it."""

    _body: bytes | None = field(default=None, init=False)

    async def answer(self, request: Request) -> Response:
        """``/openapi.json``: this very server's routes."""
        if self._body is None:
            self._body = encode_json(openapi_document(request.app.routes))
        return Response(self._body, media_type="application/json")


def openapi_document(routes: Iterable[BaseRoute]) -> Json:
    """The document of these routes; files are left out."""
    paths: Json = {}
    for route in routes:
        if isinstance(route, Route) and route.include_in_schema:
            for path, method, described in _described(route):
                paths.setdefault(path, {})[method.lower()] = _operation(path, method, described)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Orcheo", "version": version("orcheo"), "license": {"name": "Apache-2.0"}},
        "paths": paths,
        "components": {"schemas": {"Problem": _PROBLEM, "OpenAIError": _OPENAI_ERROR}, "securitySchemes": _CREDENTIALS},
    }


def _described(route: Route) -> Iterator[tuple[str, str, Description]]:
    for method in sorted((route.methods or set()) - {"HEAD"}):
        handler = getattr(route.endpoint, "__self__", None)
        if isinstance(handler, OperationHandler):
            yield route.path, method, _of_handler(handler, route.param_convertors)
        elif (function := getattr(route.endpoint, "__func__", None)) in _OF_EACH:
            for name, operation in CATALOGUE.items():
                for description in _OF_EACH[function](operation):
                    yield route.path.replace("{name}", name), method, description
        elif (method, route.path) in DESCRIPTIONS:
            yield route.path, method, DESCRIPTIONS[method, route.path]


def _of_operation(operation: Operation[Any, Any], status: int = 200) -> Description:
    result = result_schema(operation.result)
    links = {name: link for name, link in _LINKS.items() if name in result["properties"]}
    return Description(
        summary=operation.summary,
        answers={str(status): json_answer("Done.", result) | ({"links": links} if links else {})},
        errors=(*operation.errors, *_OWNER),
        credentials=("serviceToken",),
        body=request_schema(operation.request, nulls=True),
    )


def _in_browser(described: Description) -> Description:
    """The same where an owner session is a credential too."""
    errors = (*described.errors, OwnerSessionMissing, OwnerSessionEnded)
    return evolve(described, credentials=(*described.credentials, "ownerSession"), errors=errors)


def _of_question(operation: Operation[Any, Any]) -> Iterator[Description]:
    if operation.question is None:
        return
    question: Json = {"question": {"type": ["string", "null"]}}
    asked: Json = {"type": "object", "properties": question, "required": ["question"]}
    yield evolve(
        _in_browser(_of_operation(operation)),
        summary=f"What to ask before {operation.name}, if it can be carried out; nothing is changed.",
        answers={"200": json_answer("The question; null when there is nothing to ask.", asked)},
    )


_OF_EACH: dict[Any, Callable[[Operation[Any, Any]], Iterable[Description]]] = {
    OwnerApi.any_operation: lambda operation: [_in_browser(_of_operation(operation))],
    OwnerApi.question_before: _of_question,
}
"""The routes that have the name of an operation in their path."""


def _of_handler(handler: OperationHandler, in_path: Collection[str]) -> Description:
    whole = _of_operation(handler.operation, handler.status)
    schema = request_schema(handler.operation.request, nulls=not handler.from_query)
    arguments, body = schema["properties"], _without(schema, in_path)
    whole = evolve(whole, parameters=tuple(_in_path(name, arguments[name]) for name in in_path))
    if handler.in_browser:
        whole = _in_browser(whole)
    if handler.as_file:
        whole = evolve(whole, answers={"200": _FILE_ANSWER})
    if not handler.from_query:
        return evolve(whole, body=body)
    in_query = tuple({"name": name, "in": "query", "schema": each} for name, each in body["properties"].items())
    return evolve(whole, body=None, parameters=(*whole.parameters, *in_query))


def _in_path(name: str, schema: Json) -> Json:
    return {"name": name, "in": "path", "required": True, "schema": schema}


def _without(schema: Json, in_path: Container[str]) -> Json:
    """What the address already names is not an argument of the body or the query."""
    properties = {name: each for name, each in schema["properties"].items() if name not in in_path}
    return schema | {"properties": properties, "required": [name for name in schema["required"] if name not in in_path]}


def _operation(path: str, method: str, described: Description) -> Json:
    names = re.findall(r"{(\w+)}", path)
    described_names = {each["name"] for each in described.parameters if each["in"] == "path"}
    in_path = [_in_path(name, {"type": "string"}) for name in names if name not in described_names]
    errors = (
        *described.errors,
        *_ALWAYS,
        *(_WITH_BODY if method != "GET" else ()),
        *(_WITH_PATH if names else ()),
    )
    document: Json = {
        "operationId": f"{method.lower()} {path}",
        "summary": described.summary,
        "responses": _both(described.answers, _openai_errors(errors) if path.startswith(OPENAI) else _problems(errors)),
    }
    if in_path or described.parameters:
        document["parameters"] = [*in_path, *described.parameters]
    if described.body is not None:
        content = {described.body_type: {"schema": described.body}}
        document["requestBody"] = {"required": bool(described.body.get("required")), "content": content}
    if described.credentials:
        document["security"] = [{name: []} for name in described.credentials]
    return document


def _both(answers: Json, problems: Json) -> Json:
    """A status may come as a page for people and as a problem for programs."""
    both = {
        status: answers[status] | {"content": answers[status]["content"] | problems[status]["content"]}
        for status in answers.keys() & problems.keys()
    }
    return {**answers, **problems, **both}


def _problems(errors: Iterable[type[OrcheoError]]) -> Json:
    """One answer for each status, which names the codes that it may carry."""
    codes: dict[str, set[str]] = {}
    for error in errors:
        codes.setdefault(str(status_of(error)), set()).add(error.code)
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        status: {
            "description": f"Code {', '.join(sorted(codes[status]))}.",
            "content": {"application/problem+json": {"schema": schema}},
        }
        for status in sorted(codes)
    }


def _openai_errors(errors: Iterable[type[OrcheoError]]) -> Json:
    """The same in OpenAI's form, in which what is wrong with the fields has the status 400 too."""
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/OpenAIError"}}}
    found = _problems(errors)
    wrong = [found.pop(status)["description"] for status in ("400", "422") if status in found]
    told = {status: each["description"] for status, each in found.items()} | ({"400": " ".join(wrong)} if wrong else {})
    return {status: {"description": said, "content": content} for status, said in sorted(told.items())}


_OPENAI_ERROR: Json = {
    "type": "object",
    "description": "An error as OpenAI's clients read it.",
    "properties": {
        "error": {
            "type": "object",
            "properties": {
                "message": {"type": "string"},
                "type": {"type": "string"},
                "param": {"type": ["string", "null"]},
                "code": {"type": "string"},
            },
            "required": ["message", "type", "param", "code"],
        }
    },
    "required": ["error"],
}

_PROBLEM: Json = {
    "type": "object",
    "description": "RFC 9457, with a stable code and the next step.",
    "properties": {
        **{name: {"type": "string"} for name in ("type", "title", "code", "detail", "hint", "request_id")},
        "status": {"type": "integer"},
        "retry_after": {
            "type": "integer",
            "description": "Seconds to wait, with the status 429 and with the code shared_budget_exceeded.",
        },
        "policy": {"type": "string", "description": "The limit that was reached, with retry_after."},
        "providers": {
            "type": "array",
            "description": "Where owners can sign in, with the codes owner_session_missing and owner_session_ended.",
            "items": {"type": "object"},
        },
        "limit": {"type": "integer", "description": "Bytes of a request body, with the code body_too_large."},
        "errors": {
            "type": "array",
            "description": "The wrong fields, with the code invalid_input.",
            "items": {
                "type": "object",
                "properties": {
                    **{name: {"type": "string"} for name in ("path", "message")},
                    "limit": {"type": "integer", "description": "The largest value that is allowed."},
                },
                "required": ["path", "message"],
            },
        },
    },
    "required": ["type", "title", "status", "code", "detail", "hint", "request_id"],
}

_CREDENTIALS: Json = {
    "serviceToken": {"type": "http", "scheme": "bearer", "description": "orc_st_…, of an owner or a program."},
    "publishToken": {"type": "http", "scheme": "bearer", "description": "orc_pt_…, of one public workflow."},
    "ownerSession": {
        "type": "apiKey",
        "in": "cookie",
        "name": "orcheo_owner",
        "description": "Of Canvas (over TLS `__Host-orcheo_owner`).",
    },
    "chatGrant": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": "Of one chat session."},
}
