"""Bytes of attachments on their way to the server: in two phases, or directly as a form."""

import asyncio
import encodings
from collections.abc import AsyncIterator
from typing import Any

import pytest
from chatkit.types import Attachment
from pydantic import TypeAdapter

from tests.app_server import TestServer, assert_problem
from tests.http.sending import TEXT, Visitor

ATTACHMENT: TypeAdapter[Any] = TypeAdapter(Attachment)
MAX_SIZE = 10 * 1024 * 1024
SLACK = 16 * 1024
URL = "/api/chatkit/attachments"


@pytest.fixture
async def visitor(app_server: TestServer) -> Visitor:
    """A visitor of a workflow that reads what was sent."""
    await app_server.result("workflows.add", handle="echo", runner="python", target="tests.http.sending:contents")
    await app_server.result("workflows.publish", ref="echo")
    return await Visitor.of(app_server)


async def test_two_phases(visitor: Visitor) -> None:
    """Announcing says where the bytes go; sending them there makes the attachment whole."""
    announced = (await visitor.announce()).json()
    ATTACHMENT.validate_python(announced)
    assert announced["upload_descriptor"]["method"] == "PUT"
    answer = await visitor.put(announced)
    ATTACHMENT.validate_python(answer.json())
    assert answer.json() == {"type": "file", "id": announced["id"], "name": "a.txt", "mime_type": "text/plain"}
    assert answer.headers["cache-control"] == "no-store"
    assert (await visitor.sent(announced["id"]))[2] == "a.txt text/plain 13 Dear workflow"


async def test_a_form(visitor: Visitor) -> None:
    """One request does both; parameters of the media type do not count."""
    answer = await visitor.post(mime_type="Text/Plain; charset=utf-8")
    ATTACHMENT.validate_python(answer.json())
    assert answer.json()["mime_type"] == "text/plain"
    assert (await visitor.sent(answer.json()["id"]))[2] == "a.txt text/plain 13 Dear workflow"


async def test_a_form_under_a_publish_token(visitor: Visitor) -> None:
    """Programs send files with the credential they chat with."""
    published = await visitor.app_server.result("workflows.rotate_publish_token", ref="echo")
    program = Visitor(visitor.app_server, published["publish_token"])
    assert (await program.sent(await program.uploaded()))[2] == "a.txt text/plain 13 Dear workflow"


@pytest.mark.parametrize(
    ("about", "path"),
    [
        ({"mime_type": "text/html"}, "mime_type"),
        ({"mime_type": "image/svg+xml"}, "mime_type"),
        ({"size": 0}, "size"),
        ({"size": -1}, "size"),
        ({"size": MAX_SIZE + 1}, "size"),
        ({"name": "../.."}, "name"),
        ({"name": " "}, "name"),
        ({"name": "a\nb"}, "name"),
    ],
)
async def test_what_may_not_be_announced(visitor: Visitor, about: dict[str, Any], path: str) -> None:
    """The refusal names the field, and no descriptor is given."""
    problem = assert_problem(await visitor.announce(**about), 422, "invalid_input")
    assert [each["path"] for each in problem["errors"]] == [f"params.{path}"]


@pytest.mark.parametrize(
    ("about", "path"),
    [
        ({"mime_type": "text/html"}, "mime_type"),
        ({"mime_type": ""}, "mime_type"),
        ({"content": b""}, "size"),
        ({"content": bytes(MAX_SIZE + 1)}, "size"),
    ],
)
async def test_what_a_form_may_not_hold(visitor: Visitor, about: dict[str, Any], path: str) -> None:
    """The rules are the same, and nothing is kept."""
    problem = assert_problem(await visitor.post(**about), 422, "invalid_input")
    assert [each["path"] for each in problem["errors"]] == [path]


@pytest.mark.parametrize("form", [{"data": {"file": "just text"}}, {"files": {"other": b"x"}}, {"json": {}}])
async def test_a_form_without_a_file(visitor: Visitor, form: dict[str, Any]) -> None:
    """A field of text, a file of another name, no form at all: the field is named."""
    headers = {"authorization": f"Bearer {visitor.grant}"}
    problem = assert_problem(await visitor.app_server.client.post(URL, headers=headers, **form), 422, "invalid_input")
    assert problem["errors"][0]["path"] == "file"


@pytest.mark.parametrize(
    "body",
    [
        b"junk",
        b"--B\r\nX: 1\r\n\r\n",
        b'--B\r\nContent-Disposition: form-data; name="f"\r\n\r\n\r\n' * 9 + b"--B--\r\n",
    ],
    ids=["no form", "a part without a name", "many fields"],
)
async def test_a_form_that_cannot_be_read(visitor: Visitor, body: bytes) -> None:
    """It is said of the form, not of the address."""
    headers = {"authorization": f"Bearer {visitor.grant}", "content-type": "multipart/form-data; boundary=B"}
    answer = await visitor.app_server.client.post(URL, headers=headers, content=body)
    assert "multipart form cannot be read" in assert_problem(answer, 400, "malformed_request")["detail"]


@pytest.mark.parametrize("charset", ["undefined", "punycode", "utf-16", "no-such-encoding"])
async def test_a_form_is_in_utf_8_whatever_it_says(visitor: Visitor, charset: str) -> None:
    """The name of an encoding is not looked up: Python would keep it for good, and two of its own always raise."""
    body = '--B\r\nContent-Disposition: form-data; name="file"; filename="é.txt"\r\nContent-Type: text/plain\r\n\r\nx'
    kind = f"multipart/form-data; charset={charset}; boundary=B"
    headers = {"authorization": f"Bearer {visitor.grant}", "content-type": kind}
    answer = await visitor.app_server.client.post(URL, headers=headers, content=f"{body}\r\n--B--\r\n".encode())
    assert (answer.status_code, answer.json()["name"]) == (200, "é.txt")
    assert not any("such" in name for name in encodings._cache)


@pytest.mark.parametrize("parameter", ["", "; boundary=", '; boundary="a\\"b"', "; boundary=ä"])
async def test_a_form_has_a_boundary(visitor: Visitor, parameter: str) -> None:
    """Without a valid one it is no form."""
    kind = f"multipart/form-data{parameter}".encode()
    headers = {b"authorization": f"Bearer {visitor.grant}".encode(), b"content-type": kind}
    answer = await visitor.app_server.client.post(URL, headers=headers, content=b"x")
    assert "boundary" in assert_problem(answer, 400, "malformed_request")["detail"]


async def test_a_form_needs_a_credential(visitor: Visitor) -> None:
    """No one fills the disk without being let in."""
    visitor.app_server.client.cookies.clear()
    answer = await visitor.app_server.client.post(URL, files={"file": ("a.txt", TEXT, "text/plain")})
    assert answer.status_code == 401, answer.text


@pytest.mark.parametrize("content", [b"", TEXT[:-1], TEXT + b"!"])
async def test_another_number_of_bytes_than_announced(visitor: Visitor, content: bytes) -> None:
    """Too few and too many are refused; the right bytes may be sent afterwards."""
    announced = (await visitor.announce()).json()
    assert_problem(await visitor.put(announced, content), 422, "invalid_input")
    assert_problem(await visitor.send(announced["id"]), 404, "attachment_not_found")
    assert (await visitor.put(announced)).status_code == 200


async def test_bytes_are_sent_once(visitor: Visitor) -> None:
    """What was uploaded cannot be exchanged."""
    announced = (await visitor.announce()).json()
    await visitor.put(announced)
    assert_problem(await visitor.put(announced, b"Other content"), 404, "attachment_not_found")
    assert "Dear workflow" in (await visitor.sent(announced["id"]))[2]


@pytest.mark.parametrize("ticket", ["", "x", "é", "atc_1.AAAA.BBBB", "x" * 300])
async def test_a_ticket_that_is_none(visitor: Visitor, ticket: str) -> None:
    """Made-up, empty and endless ones open nothing."""
    descriptor = (await visitor.announce()).json()["upload_descriptor"]
    headers = {b"orcheo-ticket": ticket.encode()}
    answer = await visitor.app_server.client.put(descriptor["url"], headers=headers, content=TEXT)
    assert_problem(answer, 404, "attachment_not_found")


async def test_a_ticket_opens_its_own_attachment_only(visitor: Visitor) -> None:
    """The ticket of one does not upload another."""
    one, other = [(await visitor.announce()).json()["upload_descriptor"] for _ in range(2)]
    answer = await visitor.app_server.client.put(other["url"], headers=one["headers"], content=TEXT)
    assert_problem(answer, 404, "attachment_not_found")


async def test_a_ticket_ends_after_an_hour(visitor: Visitor) -> None:
    """At the hour it still works, a second later it does not."""
    announced = (await visitor.announce()).json()
    visitor.app_server.clock.advance(seconds=3601)
    assert_problem(await visitor.put(announced), 404, "attachment_not_found")
    visitor.app_server.clock.advance(seconds=-1)
    assert (await visitor.put(announced)).status_code == 200


async def test_an_announced_length_over_the_limit_is_refused_unread(visitor: Visitor) -> None:
    """The largest file and the form around it pass, a byte more does not."""
    announced = (await visitor.announce()).json()
    assert_problem(await visitor.put(announced, bytes(MAX_SIZE + SLACK + 1)), 413, "body_too_large")
    assert (await visitor.post(bytes(MAX_SIZE))).status_code == 200


async def test_a_length_that_is_not_announced_is_counted(visitor: Visitor) -> None:
    """A form that comes in pieces is refused as soon as it is too long, and nothing is kept."""

    async def endless() -> AsyncIterator[bytes]:
        yield b'--b\r\ncontent-disposition: form-data; name="file"; filename="a"\r\ncontent-type: text/plain\r\n\r\n'
        while True:
            yield bytes(1024 * 1024)

    headers = {"authorization": f"Bearer {visitor.grant}", "content-type": "multipart/form-data; boundary=b"}
    answer = await visitor.app_server.client.post(URL, headers=headers, content=endless())
    assert assert_problem(answer, 413, "body_too_large")["limit"] == MAX_SIZE + SLACK


async def test_an_upload_under_way_ends_with_the_chat(visitor: Visitor) -> None:
    """Its client is told, and nothing of it is kept."""
    announced = (await visitor.announce()).json()

    async def content() -> AsyncIterator[bytes]:
        yield b"Dear"
        await visitor.app_server.result("workflows.unpublish", ref="echo", end_sessions=True)
        await asyncio.Event().wait()

    to = announced["upload_descriptor"]
    answer = await visitor.app_server.client.request("PUT", to["url"], headers=to["headers"], content=content())
    assert_problem(answer, 401, "chat_session_ended")
    assert list(visitor.app_server.files.ids()) == []
    assert visitor.app_server.orcheo.core.register.running() == []


@pytest.mark.parametrize("is_program", [False, True], ids=["visitor", "program"])
@pytest.mark.parametrize(
    ("operation", "arguments"),
    [
        ("workflows.unpublish", {"end_sessions": True}),
        ("workflows.archive", {}),
        ("workflows.remove", {}),
    ],
)
async def test_a_ticket_ends_with_the_chat(
    visitor: Visitor, operation: str, arguments: dict[str, Any], *, is_program: bool
) -> None:
    """It was good a moment before; nothing of what is sent is stored, also not under the next publication.

    Findings: nothing begins under an end.
    """
    app_server = visitor.app_server
    if is_program:
        rotated = await app_server.result("workflows.rotate_publish_token", ref="echo")
        visitor = Visitor(app_server, rotated["publish_token"])
    announced = (await visitor.announce()).json()
    await app_server.result(operation, ref="echo", **arguments)
    for _ in range(2):
        answer = await visitor.put(announced)
        assert answer.status_code in {401, 404}, answer.text
        assert list(app_server.files.ids()) == []
        await app_server.operation("workflows.unarchive", ref="echo")
        await app_server.operation("workflows.publish", ref="echo")


async def test_a_ticket_for_a_removed_attachment_opens_nothing(visitor: Visitor) -> None:
    """Removed by its visitor, or deleted with the thread that it was sent to."""
    announced = (await visitor.announce()).json()
    await visitor.ask("attachments.delete", attachment_id=announced["id"])
    assert_problem(await visitor.put(announced), 404, "attachment_not_found")
    announced = (await visitor.announce()).json()
    await visitor.put(announced)
    thread_id, _, _ = await visitor.sent(announced["id"])
    await visitor.ask("threads.delete", thread_id=thread_id)
    assert_problem(await visitor.put(announced), 404, "attachment_not_found")
    assert list(visitor.app_server.files.ids()) == []
