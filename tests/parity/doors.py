"""The doors of a server: Python, HTTP twice, MCP and the command line. Each takes and tells the same."""

import json
from collections.abc import Callable
from typing import Any

import httpx2
from attrs import frozen

from orcheo_adapters.client.remote import problem_of
from orcheo_adapters.mcp.offer import Offer
from orcheo_adapters.wire.operations import decode_request, encode_result
from orcheo_core.domain.actor import Channel
from orcheo_core.errors import OrcheoError
from orcheo_core.operations.catalogue import find_operation, perform
from orcheo_core.operations.operation import parameters_of
from orcheo_core.operations.words import for_assistants, for_programs
from orcheo_mcp.server import create_server
from tests.app_server import BASE_URL
from tests.cli.command_line import CommandLine
from tests.mcp.answers import connect
from tests.sync_server import SyncTestServer

REST_ROUTES = {
    "workflows.list": ("GET", "/api/workflows"),
    "workflows.add": ("POST", "/api/workflows"),
    "workflows.show": ("GET", "/api/workflows/{ref}"),
    "workflows.edit": ("PATCH", "/api/workflows/{ref}"),
    "workflows.set_look": ("POST", "/api/workflows/{ref}/look"),
    "workflows.remove": ("DELETE", "/api/workflows/{ref}"),
    "workflows.check": ("POST", "/api/workflows/{ref}/check"),
    "workflows.publish": ("POST", "/api/workflows/{ref}/publish"),
    "workflows.rotate_identity_secret": ("POST", "/api/workflows/{ref}/identity-secret"),
    "workflows.rotate_publish_token": ("POST", "/api/workflows/{ref}/publish/rotate"),
    "workflows.unpublish": ("POST", "/api/workflows/{ref}/publish/revoke"),
    "workflows.set_login": ("POST", "/api/workflows/{ref}/publish/login"),
    "workflows.archive": ("POST", "/api/workflows/{ref}/archive"),
    "workflows.unarchive": ("POST", "/api/workflows/{ref}/unarchive"),
    "audit.list": ("GET", "/api/audit"),
    "server.space": ("GET", "/api/server/space"),
    "server.telemetry": ("GET", "/api/server/telemetry"),
    "audit.verify": ("GET", "/api/audit/verify"),
    "workflows.ask": ("POST", "/api/workflows/{ref}/ask"),
    "workflows.open_chat_session": ("POST", "/api/workflows/{ref}/chatkit/session"),
    "threads.list": ("GET", "/api/workflows/{ref}/threads"),
    "threads.purge": ("POST", "/api/workflows/{ref}/threads/purge"),
    "threads.show": ("GET", "/api/threads/{id}"),
}


@frozen(kw_only=True)
class Answer:
    """What a door tells: a result, or the parts of a problem that do not differ from call to call."""

    result: dict[str, Any] | None = None
    problem: dict[str, Any] | None = None

    @classmethod
    def refused(cls, problem: dict[str, Any]) -> "Answer":
        """The parts of a problem that every door tells."""
        return cls(problem={name: problem[name] for name in ("code", "detail", "hint", "errors") if name in problem})

    def for_assistants(self) -> "Answer":
        """The same in the words of an assistant, who knows tools and no commands."""
        return Answer(result=_reworded(self.result, for_assistants), problem=_reworded(self.problem, for_assistants))

    def for_programs(self) -> "Answer":
        """The same with the problem in the words of a program that calls over HTTP."""
        return Answer(result=self.result, problem=_reworded(self.problem, for_programs))


def _reworded(told: dict[str, Any] | None, say: Callable[[str], str]) -> dict[str, Any] | None:
    if told is None:
        return None
    new: dict[str, Any] = {name: say(told[name]) for name in ("detail", "hint", "message") if name in told}
    if "errors" in told:
        new["errors"] = [each | {"message": say(each["message"])} for each in told["errors"]]
    return told | new


_EVERYTHING = Offer(tokens=True, shows_secrets=True)
_OF_MCP_ALONE = {"untrusted", "page", "pages"}
Door = Callable[[SyncTestServer, str, str, dict[str, Any]], Answer]


def by_python(app_server: SyncTestServer, token: str, name: str, arguments: dict[str, Any]) -> Answer:
    """The operation's handler, as a program calls it that embeds the core."""
    operation, core = find_operation(name), app_server.app_server.orcheo.core
    caller = app_server.call(core.owner_access.authenticate, token, Channel.PYTHON)
    try:
        request = decode_request(operation, arguments)
        return Answer(result=encode_result(app_server.call(perform, core.owner_services, caller, operation, request)))
    except OrcheoError as error:
        return Answer.refused(problem_of(error))


def by_http(app_server: SyncTestServer, token: str, name: str, arguments: dict[str, Any]) -> Answer:
    """``POST /api/operations/{name}``."""
    return _told(_send(app_server, token, "POST", f"/api/operations/{name}", json=arguments))


def by_rest(app_server: SyncTestServer, token: str, name: str, arguments: dict[str, Any]) -> Answer:
    """The operation's own route, with the rest of the arguments in the query or the body."""
    method, path = REST_ROUTES[name]
    rest = {key: value for key, value in arguments.items() if f"{{{key}}}" not in path}
    query = {key: str(value).lower() if isinstance(value, bool) else value for key, value in rest.items()}
    content = {"params": query} if method == "GET" else {"json": rest}
    return _told(_send(app_server, token, method, path.format(**arguments), **content))


def by_mcp(app_server: SyncTestServer, token: str, name: str, arguments: dict[str, Any]) -> Answer:
    """The operation's tool, called by a real client."""
    agreed = {"confirm": True} if find_operation(name).confirmation else {}
    answer = app_server.call(_call_tool, app_server, token, find_operation(name).tool, arguments | agreed)
    told = answer.structured_content
    if told is None:
        return Answer.refused(json.loads(answer.content[0].text))
    return Answer(result={name: value for name, value in told.items() if name not in _OF_MCP_ALONE})


def by_cli(app_server: SyncTestServer, token: str, name: str, arguments: dict[str, Any]) -> Answer:
    """The operation's command with ``--json``."""
    said = CommandLine(connect=lambda: app_server.operations(token=token))(*words(name, arguments))
    if said.code != 0:
        assert said.out == ""
        return Answer.refused(json.loads(said.err))
    assert said.err == ""
    return Answer(result=json.loads(said.out))


def by_canvas(app_server: SyncTestServer, _token: str, name: str, arguments: dict[str, Any]) -> Answer:
    """``POST /api/operations/{name}`` as the page sends it, with the cookie of an owner who is signed in."""
    headers = {"origin": BASE_URL, "sec-fetch-site": "same-origin"}
    path = f"/api/operations/{name}"
    return _told(app_server.call(app_server.app_server.client.post, path, json=arguments, headers=headers))


BY_HTTP = ("http", "rest", "canvas")
"""The doors at which a problem names calls over HTTP in place of commands."""
DOORS: dict[str, Door] = {"python": by_python, "http": by_http, "rest": by_rest, "mcp": by_mcp, "cli": by_cli}


def words(name: str, arguments: dict[str, Any]) -> list[str]:
    """A request as someone types it."""
    operation = find_operation(name)
    typed = [*operation.command, "--json", *(["--yes"] if operation.asks_at_the_terminal else [])]
    positions: list[str] = []
    for key, (attribute, shown) in parameters_of(operation.request).items():
        flag = shown.option or f"--{attribute.name.replace('_', '-')}"
        if key not in arguments:
            continue
        if shown.argument:
            positions.append(arguments[key])
        else:
            typed += _option(flag, arguments[key])
    return [*typed, "--", *positions]


def _option(flag: str, value: object) -> list[str]:
    if isinstance(value, bool):
        on, _, off = flag.partition("/")
        return [on if value else off or f"--no-{flag[2:]}"]
    if isinstance(value, list):
        return [word for each in value for word in (flag, str(each))]
    if isinstance(value, dict):
        return [word for name, each in value.items() for word in (flag, f"{name}={each}")]
    return [flag, str(value)]


def _send(app_server: SyncTestServer, token: str, method: str, path: str, **content: Any) -> httpx2.Response:
    headers = {"authorization": f"Bearer {token}"}
    return app_server.call(app_server.app_server.client.request, method, path, headers=headers, **content)


def _told(answer: httpx2.Response) -> Answer:
    document: dict[str, Any] = answer.json()
    return Answer(result=document) if answer.is_success else Answer.refused(document)


async def _call_tool(app_server: SyncTestServer, token: str, tool: str, arguments: dict[str, Any]) -> Any:
    async with connect(create_server(app_server.operations(Channel.MCP, token), _EVERYTHING)) as client:
        return await client.call_tool(tool, arguments)
