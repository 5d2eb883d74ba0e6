"""Attachments: announced, uploaded, sent, removed."""

import re
from collections.abc import AsyncIterator

import pytest
from attrs import evolve

from orcheo_core.domain.attachments import Attachment, AttachmentRules
from orcheo_core.domain.items import TextInput
from orcheo_core.domain.subject import Subject
from orcheo_core.errors import AttachmentNotFound, ConcurrentChange, InvalidInput
from orcheo_core.services.visitors.admitting import Visit
from orcheo_core.services.visitors.chatting import VisitorInput
from tests.core.hall import Hall


async def chunks(content: bytes) -> AsyncIterator[bytes]:
    yield content


async def announced(hall: Hall, visit: Visit, name: str = "a.txt") -> Attachment:
    return await hall.core.attaching.announce(visit, name=name, size=3, mime_type="text/plain")


async def uploaded(hall: Hall, visit: Visit) -> Attachment:
    attachment = await announced(hall, visit)
    return await hall.core.attaching.receive(attachment.id, chunks(b"abc"))


def sending(attachment: Attachment) -> VisitorInput:
    return VisitorInput(content=(TextInput(text="look"),), attachment_ids=(attachment.id,))


async def test_a_sent_file_reaches_the_workflow(hall: Hall) -> None:
    """With its name, its type and its bytes; from then on it belongs to the thread."""
    visit = await hall.visit()
    attachment = await uploaded(hall, visit)
    turn = await hall.core.chatting.create_thread(visit, sending(attachment))
    (sent,) = hall.runners.runs[-1].request.context.attachments
    assert (sent.name, sent.mime_type, sent.size, sent.read()) == ("a.txt", "text/plain", 3, b"abc")
    assert (await hall.core.attaching.find(attachment.id)).thread_id == turn.thread_id
    assert [each async for each in hall.core.attaching.pieces(attachment.id)] == [b"abc"]


async def test_an_attachment_is_uploaded_once(hall: Hall) -> None:
    """A second upload would change what was sent."""
    attachment = await uploaded(hall, await hall.visit())
    with pytest.raises(AttachmentNotFound):
        await hall.core.attaching.receive(attachment.id, chunks(b"xyz"))


async def test_an_attachment_removed_while_it_is_uploaded_stays_gone(hall: Hall) -> None:
    """Its bytes too."""
    visit = await hall.visit()
    attachment = await announced(hall, visit)

    async def removed_meanwhile() -> AsyncIterator[bytes]:
        await hall.core.attaching.remove(visit, attachment.id)
        yield b"abc"

    with pytest.raises(AttachmentNotFound):
        await hall.core.attaching.receive(attachment.id, removed_meanwhile())
    assert list(hall.files.ids()) == []


async def test_only_uploaded_files_of_ones_own_can_be_sent(hall: Hall) -> None:
    """Not an announced one, not an unknown one, not a stranger's, not one of another thread."""
    visit = await hall.visit()
    stranger = evolve(visit, subject=Subject("anon:other"))
    mine = await uploaded(hall, visit)
    await hall.core.chatting.create_thread(visit, sending(mine))
    for who, attachment in (
        (visit, await announced(hall, visit)),
        (visit, evolve(mine, id="atc_unknown")),
        (stranger, mine),
        (visit, mine),
    ):
        with pytest.raises(AttachmentNotFound):
            await hall.core.chatting.create_thread(who, sending(attachment))


async def test_an_unsent_attachment_can_be_removed(hall: Hall) -> None:
    """By its visitor; its bytes go too."""
    visit = await hall.visit()
    attachment = await uploaded(hall, visit)
    with pytest.raises(AttachmentNotFound):
        await hall.core.attaching.remove(evolve(visit, subject=Subject("anon:other")), attachment.id)
    await hall.core.attaching.remove(visit, attachment.id)
    assert list(hall.files.ids()) == []
    with pytest.raises(AttachmentNotFound):
        await hall.core.attaching.find(attachment.id)


async def test_a_sent_attachment_stays_with_its_thread(hall: Hall) -> None:
    """Until the thread is deleted."""
    visit = await hall.visit()
    attachment = await uploaded(hall, visit)
    turn = await hall.core.chatting.create_thread(visit, sending(attachment))
    with pytest.raises(AttachmentNotFound):
        await hall.core.attaching.remove(visit, attachment.id)
    await hall.core.own_threads.delete(visit, turn.thread_id)
    assert list(hall.files.ids()) == []


async def test_bytes_without_a_row_are_swept(hall: Hall) -> None:
    """What a crash left behind."""
    visit = await hall.visit()
    kept = await uploaded(hall, visit)
    await hall.files.write("atc_orphan", chunks(b"abc"), size=3)
    assert await hall.core.attaching.sweep() == 1
    assert list(hall.files.ids()) == [kept.id]


async def test_an_image_is_one_by_its_type(hall: Hall) -> None:
    """A page shows it as a picture."""
    visit = await hall.visit()
    picture = await hall.core.attaching.announce(visit, name="a.png", size=3, mime_type="image/png")
    assert (picture.is_image, (await announced(hall, visit)).is_image) == (True, False)


@pytest.mark.parametrize("name", ["", "  ", "/", "..\\", "a\nb", "x" * 256])
async def test_a_name_is_a_file_name(hall: Hall, name: str) -> None:
    """No path without a name, no control characters."""
    with pytest.raises(InvalidInput) as caught:
        await announced(hall, await hall.visit(), name)
    assert [each.path for each in caught.value.fields] == ["name"]


@pytest.mark.parametrize("mime_type", ["zip", "image/*", "text/html", "image/svg+xml"])
def test_no_type_is_allowed_that_a_browser_would_execute(mime_type: str) -> None:
    """Nor what is not a media type."""
    with pytest.raises(ValueError, match=re.escape(mime_type)):
        AttachmentRules().with_types(frozenset({mime_type}))


def test_further_types_may_be_sent() -> None:
    """They are checked like the others from then on."""
    AttachmentRules().with_types(frozenset({"application/zip"})).check(size=1, mime_type="application/zip")


@pytest.mark.parametrize(
    ("size", "mime_type", "path"),
    [(0, "text/plain", "size"), (11, "text/plain", "size"), (1, "text/html", "mime_type")],
)
def test_the_operator_says_what_may_be_sent(size: int, mime_type: str, path: str) -> None:
    """Sizes and types."""
    with pytest.raises(InvalidInput) as caught:
        AttachmentRules(max_size=10).check(size=size, mime_type=mime_type)
    assert [each.path for each in caught.value.fields] == [path]


async def test_an_attachment_is_sent_by_one_request_at_a_time(hall: Hall) -> None:
    """A second one would write into the same file; when the first has failed, it may be sent again."""
    attachment = await announced(hall, await hall.visit())
    receive = hall.core.attaching.receive

    async def broken_off() -> AsyncIterator[bytes]:
        yield b"a"
        with pytest.raises(ConcurrentChange):
            await receive(attachment.id, chunks(b"xyz"))

    with pytest.raises(InvalidInput):
        await receive(attachment.id, broken_off())
    assert (await receive(attachment.id, chunks(b"abc"))).is_uploaded
    assert [each async for each in hall.core.attaching.pieces(attachment.id)] == [b"abc"]
