"""The OpenAPI document is true: of the routes, of the catalogue, and of what the server answers to anything."""

import re
from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from openapi_pydantic.v3.v3_1 import OpenAPI
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from starlette.routing import Match, Route

from orcheo_adapters.http.openapi import openapi_document
from orcheo_adapters.wire.operations import decode_request
from orcheo_core.domain.durations import parse_moment
from orcheo_core.errors import InvalidInput, SharedBudgetExceeded
from orcheo_core.operations.catalogue import CATALOGUE
from orcheo_core.operations.operation import parameters_of
from tests.app_server import TestServer, url_table
from tests.http.process import ServerProcess, server_process

ROUTES = url_table()
DOCUMENT = openapi_document(ROUTES)
OPERATIONS = [(path, method.upper()) for path, methods in DOCUMENT["paths"].items() for method in methods]
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
EXAMPLES = 20
"""For each operation, valid and not; about 12 seconds in all."""


def leads_to(path: str, method: str) -> Route:
    """The route that answers this path."""
    scope = {"type": "http", "path": path, "method": method}
    found = next(route for route in ROUTES if route.matches(scope)[0] is Match.FULL)
    assert isinstance(found, Route)
    return found


@pytest.mark.parametrize(
    "route", [each for each in ROUTES if isinstance(each, Route) and each.include_in_schema], ids=lambda each: each.path
)
def test_every_route_is_in_the_document(route: Route) -> None:
    """With each of its methods; what is missing has no row in orcheo_adapters/http/descriptions.py."""
    reached = [(leads_to(path, method), method) for path, method in OPERATIONS]
    assert all((route, method) in reached for method in (route.methods or set()) - {"HEAD"})


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_everything_in_the_document_is_a_route(path: str, method: str) -> None:
    """Nothing is promised that is not there, and the names in braces are those of the route."""
    document = DOCUMENT["paths"][path][method.lower()]
    in_path = {each["name"] for each in document.get("parameters", ()) if each["in"] == "path"}
    assert in_path <= set(leads_to(path, method).param_convertors)
    assert in_path == set(re.findall(r"{(\w+)}", path))


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_operation_has_its_parameters_in_the_document(name: str) -> None:
    """By name, and the needed ones as needed."""
    body = DOCUMENT["paths"][f"/api/operations/{name}"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert set(body["properties"]) == set(parameters_of(CATALOGUE[name].request))
    assert body["additionalProperties"] is False


@pytest.mark.parametrize("name", CATALOGUE)
def test_what_may_be_null_says_so(name: str) -> None:
    """What a client generated from the document sends for a field that is not set is what the server takes."""
    operation = CATALOGUE[name]
    body = DOCUMENT["paths"][f"/api/operations/{name}"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    for field, schema in body["properties"].items():
        try:
            decode_request(operation, {field: None})
            wrong = []
        except InvalidInput as error:
            wrong = [each.path for each in error.fields if each.message.startswith("must be")]
        says_null = "null" in schema["type"]
        assert says_null is (field not in wrong), field
        assert not says_null or None in schema.get("enum", [None])


def test_the_query_of_an_address_has_no_null() -> None:
    """There every value is text, and what is not said is left out."""
    for each in DOCUMENT["paths"]["/api/workflows"]["get"]["parameters"]:
        assert isinstance(each["schema"]["type"], str)


def test_the_names_in_a_path_have_the_patterns_of_the_checks() -> None:
    """As the arguments of the operation have."""
    (ref, *_) = DOCUMENT["paths"]["/api/workflows/{ref}"]["get"]["parameters"]
    argument = DOCUMENT["paths"]["/api/operations/workflows.show"]["post"]["requestBody"]["content"]
    assert (ref["in"], ref["name"]) == ("path", "ref")
    assert ref["schema"] == argument["application/json"]["schema"]["properties"]["ref"]
    assert "pattern" in ref["schema"]


def test_times_have_the_formats_that_are_taken() -> None:
    """In the query as in the body; a client that checks formats sends nothing that is refused."""
    formats = [{"format": "date"}, {"format": "date-time"}]
    query = {each["name"]: each["schema"] for each in DOCUMENT["paths"]["/api/audit"]["get"]["parameters"]}
    body = DOCUMENT["paths"]["/api/operations/audit.list"]["post"]["requestBody"]["content"]["application/json"]
    for schema in (query, body["schema"]["properties"]):
        assert [schema[name]["anyOf"] for name in ("since", "until")] == [formats] * 2
    for text in ("2026-11-23", "2026-11-23T14:30:00Z", "2026-11-23T14:30:00.5+02:00"):
        assert parse_moment("since", text)


def test_the_forms_of_a_share_link_are_listed() -> None:
    """In the path, where they are taken."""
    parameters = DOCUMENT["paths"]["/api/workflows/{ref}/share-link.{form}"]["get"]["parameters"]
    assert [each["schema"]["enum"] for each in parameters if each["name"] == "form"] == [["svg", "png"]]


def test_chatkit_requests_have_the_bounds_of_the_checks() -> None:
    """Of every text of a visitor, and of a page."""
    body = DOCUMENT["paths"]["/api/chatkit"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    params = {each["properties"]["type"]["const"]: each["properties"]["params"]["properties"] for each in body["oneOf"]}
    text = params["threads.create"]["input"]["properties"]["content"]["items"]["oneOf"][0]["properties"]["text"]
    assert text == {"type": "string", "maxLength": 100_000}
    said = params["threads.create"]["input"]["properties"]
    assert said["quoted_text"] == {"type": ["string", "null"], "maxLength": 100_000}
    wished = said["inference_options"]["properties"]
    assert wished["model"] == {"type": ["string", "null"], "maxLength": 128}
    assert wished["tool_choice"]["anyOf"][0]["properties"]["id"] == {"type": "string", "maxLength": 128}
    tag = said["content"]["items"]["oneOf"][1]["properties"]
    assert {tag[name]["maxLength"] for name in ("id", "text", "group")} == {100_000}
    answers = params["threads.add_structured_input"]["input"]["properties"]["answers"]["additionalProperties"]
    assert answers["properties"]["values"] == {"type": "array", "items": text}
    for kind in ("threads.list", "items.list"):
        assert params[kind]["limit"] == {"type": ["integer", "null"], "minimum": 1, "maximum": 100}


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_who_may_be_wrong_too_often_is_told_in_the_document(path: str, method: str) -> None:
    """Wherever a credential is checked, as wrong ones are counted."""
    found = DOCUMENT["paths"][path][method.lower()]
    assert not found.get("security") or "429" in found["responses"]


@pytest.mark.parametrize(
    ("path", "method"),
    [
        ("/api/chat/{ref}/session", "post"),
        ("/v1/chatkit/sessions", "post"),
        ("/auth/callback", "get"),
        ("/v1/chatkit/threads/{thread_id}/items", "get"),
    ],
)
def test_who_comes_in_reads_in_the_document_that_there_may_be_no_room(path: str, method: str) -> None:
    """Of which all visitors together have a part: :meth:`Holding.check_entry`."""
    said = DOCUMENT["paths"][path][method]["responses"]["503"]["description"]
    assert SharedBudgetExceeded.code in said


def test_texts_that_must_not_be_blank_have_a_pattern() -> None:
    """The refusal of a blank one is no surprise for who reads the document."""
    for name, field in (("workflows.ask", "text"), ("workflows.edit", "name"), ("threads.list", "search")):
        body = DOCUMENT["paths"][f"/api/operations/{name}"]["post"]["requestBody"]
        assert body["content"]["application/json"]["schema"]["properties"][field]["pattern"] == r"\S"


def test_answers_link_to_what_they_name() -> None:
    """To the workflow that was changed, and to the thread in which a workflow was asked."""
    operations = {each["operationId"] for methods in DOCUMENT["paths"].values() for each in methods.values()}
    for path, method, status, name in (
        ("/api/workflows", "post", "201", "workflow"),
        ("/api/workflows/{ref}/ask", "post", "200", "thread_id"),
    ):
        link = DOCUMENT["paths"][path][method]["responses"][status]["links"][name]
        assert link["operationId"] in operations
    assert "links" not in DOCUMENT["paths"]["/api/workflows/{ref}"]["get"]["responses"]["200"]


async def test_the_document_is_served_and_valid(app_server: TestServer) -> None:
    """OpenAPI 3.1."""
    answer = await app_server.client.get("/openapi.json")
    assert answer.json() == DOCUMENT
    assert OpenAPI.model_validate(DOCUMENT).openapi == "3.1.0"


# --- anything is sent ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A server of its own."""
    with server_process(tmp_path_factory.mktemp("openapi"), ORCHEO_LIMITS="off") as running:
        yield running


@pytest.fixture(scope="module")
def session() -> Iterator[requests.Session]:
    """One connection for all."""
    with requests.Session() as opened:
        opened.trust_env = False
        yield opened


@pytest.fixture
def credentials(server: ServerProcess) -> dict[str, str]:
    """A public workflow ``echo`` and a private one ``quiet``, and what opens the server: anything may have happened."""
    with server.client() as client:
        for handle in ("echo", "quiet"):
            body = {"handle": handle, "runner": "python", "target": "tests.workflows:echo"}
            client.post("/api/workflows", json=body)
            client.post(f"/api/workflows/{handle}/unarchive")
        client.post("/api/workflows/quiet/publish/revoke")
        client.post("/api/workflows/echo/publish")
        client.post("/api/workflows/echo/publish/login", json={"require_login": False})
        token = client.post("/api/workflows/echo/publish/rotate").json()["publish_token"]
    return {"/api/chat": token, "/v1/": token, "/api/": server.owner_token, "/": ""}


def name_workflows_that_exist(case: schemathesis.Case[Any], turn: int) -> None:
    """Every other time, or all that is ever met would be unknown workflows."""
    ref = ("echo", "", "quiet", "")[turn % 4]
    if ref and "ref" in (case.path_parameters or {}):
        case.path_parameters["ref"] = ref
    if ref and isinstance(case.body, dict) and isinstance(case.body.get("ref"), str):
        case.body["ref"] = ref


config = schemathesis.Config.from_dict({"generation": {"database": "none"}})
schema = schemathesis.openapi.from_dict(openapi_document(ROUTES), config=config)
turns = count()


@pytest.mark.network
@schema.parametrize()
@settings(
    max_examples=EXAMPLES,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_nothing_that_is_sent_is_answered_by_what_the_document_does_not_say(
    case: schemathesis.Case[Any], server: ServerProcess, session: requests.Session, credentials: dict[str, str]
) -> None:
    """No 5xx, no status, content type or shape of an answer that the document leaves out."""
    name_workflows_that_exist(case, next(turns))
    credential = next(each for start, each in credentials.items() if case.path.startswith(start))
    headers = {"authorization": f"Bearer {credential}"} if credential else {}
    case.call_and_validate(base_url=server.url, session=session, headers=headers, checks=CHECKS, timeout=10)


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
async def test_who_shows_no_credential_is_answered_by_the_document_as_well(
    app_server: TestServer, path: str, method: str
) -> None:
    """And gets nothing where one is needed."""
    document = DOCUMENT["paths"][path][method.lower()]
    answer = await app_server.client.request(method, path.replace("{", "").replace("}", ""))
    if "security" in document and path != "/api/chat/{ref}/session":
        assert answer.status_code == 401
    assert str(answer.status_code) in document["responses"] or path.startswith(("/chat/", "/embed/"))
