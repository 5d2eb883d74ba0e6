"""Attachments that are there: sent, read by the workflow, shown, and gone with what they belong to."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from orcheo_adapters.wire.chatkit_answers import ChatKitEncoder
from tests.app_server import TestServer, assert_problem, events_of
from tests.http.sending import TEXT, Visitor


@pytest.fixture
async def visitor(app_server: TestServer) -> Visitor:
    """A visitor of a workflow that reads what was sent."""
    await app_server.result("workflows.add", handle="echo", runner="python", target="tests.http.sending:contents")
    await app_server.result("workflows.publish", ref="echo")
    return await Visitor.of(app_server)


def kept(app_server: TestServer) -> list[str]:
    """The ids of all attachments whose bytes the server has."""
    return sorted(app_server.orcheo.core.attaching._files.ids())


async def test_the_workflow_reads_what_was_sent(visitor: Visitor) -> None:
    """All files of the message, in the order in which the visitor names them."""
    one = await visitor.uploaded(content=b"One", name="one.txt")
    two = await visitor.uploaded(content=b"Two", name="two.csv", mime_type="text/csv")
    _, item, answer = await visitor.sent(two, one)
    assert answer == "two.csv text/csv 3 Two | one.txt text/plain 3 One"
    assert [each["id"] for each in item["attachments"]] == [two, one]


async def test_a_message_may_be_files_alone(visitor: Visitor) -> None:
    """A picture needs no words; but neither words nor files is no message."""
    attachment_id = await visitor.uploaded()
    assert (await visitor.send(attachment_id, text="")).status_code == 200
    assert_problem(await visitor.send(text=""), 422, "invalid_input")


async def test_a_retry_reads_the_files_again(visitor: Visitor) -> None:
    """The same message is answered, with all that came with it."""
    thread_id, item, answer = await visitor.sent(await visitor.uploaded())
    retried = await visitor.ask("threads.retry_after_item", thread_id=thread_id, item_id=item["id"])
    said = [each["item"] for each in events_of(retried) if each["type"] == "thread.item.done"]
    assert said[-1]["content"][0]["text"] == answer


async def test_a_file_is_sent_again_in_its_own_thread_only(visitor: Visitor) -> None:
    """An attachment belongs to the thread it was first sent in."""
    attachment_id = await visitor.uploaded()
    thread_id, _, _ = await visitor.sent(attachment_id)
    again = await visitor.send(attachment_id, thread_id=thread_id)
    assert events_of(again)[-1]["item"]["content"][0]["text"].endswith("Dear workflow")
    problem = assert_problem(await visitor.send(attachment_id), 404, "attachment_not_found")
    assert problem["detail"] == "The attachment was sent in another thread."


async def test_what_was_not_uploaded_cannot_be_sent(visitor: Visitor) -> None:
    """The refusal says why, and no thread stays behind."""
    announced = (await visitor.announce()).json()
    problem = assert_problem(await visitor.send(announced["id"]), 404, "attachment_not_found")
    assert "never uploaded" in problem["detail"]
    assert (await visitor.ask("threads.list")).json()["data"] == []


async def test_what_another_visitor_uploaded_is_unknown(visitor: Visitor) -> None:
    """Their id can neither be sent nor deleted."""
    attachment_id = await visitor.uploaded()
    stranger = await Visitor.of(visitor.app_server)
    assert_problem(await stranger.send(attachment_id), 404, "attachment_not_found")
    refused = await stranger.ask("attachments.delete", attachment_id=attachment_id)
    assert_problem(refused, 404, "attachment_not_found")
    assert kept(visitor.app_server) == [attachment_id]


async def test_deleting_what_was_not_sent(visitor: Visitor) -> None:
    """Row and bytes are gone, and it cannot be deleted twice."""
    attachment_id = await visitor.uploaded()
    assert (await visitor.ask("attachments.delete", attachment_id=attachment_id)).json() == {}
    assert kept(visitor.app_server) == []
    again = await visitor.ask("attachments.delete", attachment_id=attachment_id)
    assert_problem(again, 404, "attachment_not_found")
    assert_problem(await visitor.send(attachment_id), 404, "attachment_not_found")


async def test_deleting_what_was_only_announced(visitor: Visitor) -> None:
    """Its ticket opens nothing any more."""
    announced = (await visitor.announce()).json()
    await visitor.ask("attachments.delete", attachment_id=announced["id"])
    assert_problem(await visitor.put(announced), 404, "attachment_not_found")


async def test_what_was_sent_stays_with_its_thread(visitor: Visitor) -> None:
    """A sent attachment is deleted with the thread, not before; its bytes go too."""
    attachment_id, unsent = await visitor.uploaded(), await visitor.uploaded()
    thread_id, _, _ = await visitor.sent(attachment_id)
    refused = await visitor.ask("attachments.delete", attachment_id=attachment_id)
    problem = assert_problem(refused, 404, "attachment_not_found")
    assert problem["detail"] == "The attachment was sent with a message, so it stays as long as its thread."
    assert (await visitor.ask("threads.delete", thread_id=thread_id)).json() == {}
    assert kept(visitor.app_server) == [unsent]


async def test_bytes_go_with_their_workflow(visitor: Visitor) -> None:
    """Sent or not, nothing of a removed workflow's visitors stays."""
    await visitor.uploaded()
    await visitor.sent(await visitor.uploaded())
    await visitor.app_server.result("workflows.unpublish", ref="echo")
    await visitor.app_server.result("workflows.remove", ref="echo")
    assert kept(visitor.app_server) == []


async def shown(visitor: Visitor, **about: Any) -> tuple[str, dict[str, str]]:
    """The URL under which an uploaded image is shown, and the parameters of it."""
    answer = await visitor.post(**{"name": "ü b.png", "mime_type": "image/png", **about})
    url = answer.json()["preview_url"]
    return url, {name: value for name, (value,) in parse_qs(urlsplit(url).query).items()}


async def test_an_image_is_shown_to_whoever_has_its_ticket(visitor: Visitor) -> None:
    """An ``<img>`` sends no grant; the answer can do nothing in our origin but be looked at."""
    url, _ = await shown(visitor)
    visitor.app_server.client.cookies.clear()
    answer = await visitor.app_server.client.get(url)
    assert answer.content == TEXT
    headers = {
        "content-type": "image/png",
        "cache-control": "private, max-age=300",
        "content-disposition": "inline; filename*=UTF-8''%C3%BC%20b.png",
        "cross-origin-resource-policy": "cross-origin",
        "x-content-type-options": "nosniff",
    }
    assert {name: answer.headers[name] for name in headers} == headers
    assert "default-src 'none'; sandbox" in answer.headers["content-security-policy"]


async def test_what_is_no_image_is_not_shown_in_a_page(visitor: Visitor) -> None:
    """A text has no preview; under a ticket it would come as a download."""
    attachment_id = await visitor.uploaded()
    _, item, _ = await visitor.sent(attachment_id)
    assert "preview_url" not in item["attachments"][0]
    encoder = visitor.app_server.orcheo.core.engine._encoder
    assert isinstance(encoder, ChatKitEncoder)
    url = encoder.links.preview(attachment_id)
    answer = await visitor.app_server.client.get(url)
    assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''a.txt"


async def test_a_preview_ends_after_an_hour(visitor: Visitor) -> None:
    """Reading the thread again gives a fresh one."""
    attachment_id = await visitor.uploaded(mime_type="image/png")
    thread_id, item, _ = await visitor.sent(attachment_id)
    old = item["attachments"][0]["preview_url"]
    visitor.app_server.clock.advance(seconds=3601)
    assert_problem(await visitor.app_server.client.get(old), 404, "attachment_not_found")
    again = Visitor(visitor.app_server, await visitor.app_server.grant())
    thread = (await again.ask("threads.get_by_id", thread_id=thread_id)).json()
    fresh = thread["items"]["data"][0]["attachments"][0]["preview_url"]
    assert (await visitor.app_server.client.get(fresh)).status_code == 200


async def test_a_ticket_is_for_one_purpose(visitor: Visitor) -> None:
    """A preview's ticket uploads nothing, an upload's ticket shows nothing, none at all neither."""
    _, parameters = await shown(visitor)
    announced = (await visitor.announce(mime_type="image/png")).json()
    upload, ticket = urlsplit(announced["upload_descriptor"]["url"]).path, announced["upload_descriptor"]["headers"]
    for query in ({}, {"ticket": ticket["orcheo-ticket"]}, parameters):
        answer = await visitor.app_server.client.get(upload, params=query)
        assert_problem(answer, 404, "attachment_not_found")
    answer = await visitor.app_server.client.put(upload, headers={"orcheo-ticket": parameters["ticket"]}, content=TEXT)
    assert_problem(answer, 404, "attachment_not_found")


async def test_an_image_that_is_gone_is_not_shown(visitor: Visitor) -> None:
    """A genuine ticket for an attachment that was deleted, or never uploaded, opens nothing."""
    url, _ = await shown(visitor)
    attachment_id = urlsplit(url).path.rpartition("/")[2]
    await visitor.ask("attachments.delete", attachment_id=attachment_id)
    assert_problem(await visitor.app_server.client.get(url), 404, "attachment_not_found")
    announced = (await visitor.announce(mime_type="image/png")).json()
    assert_problem(await visitor.app_server.client.get(announced["preview_url"]), 404, "attachment_not_found")
