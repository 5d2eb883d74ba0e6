"""Attachments: announced, uploaded, sent, removed."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from attrs import evolve

from orcheo_core.domain.attachments import Attachment, AttachmentRules
from orcheo_core.domain.budget import BUDGETS, UNSENT_FILES, BudgetPlan, Per
from orcheo_core.domain.items import TextInput, UserItem
from orcheo_core.domain.subject import Subject
from orcheo_core.errors import (
    AttachmentNotFound,
    ChatSessionEnded,
    ChatUnavailable,
    ClosedUntilRestart,
    ConcurrentChange,
    InvalidInput,
    SharedBudgetExceeded,
    StorageUnavailable,
)
from orcheo_core.services.visitors.admitting import Leave, Visit
from orcheo_core.services.visitors.chatting import VisitorInput
from tests.core.harness import ADA, CoreHarness, build_hall
from tests.fakes.entropy import FakeEntropy


async def chunks(content: bytes) -> AsyncIterator[bytes]:
    yield content


async def announced(harness: CoreHarness, visit: Visit, name: str = "a.txt") -> Attachment:
    return await harness.core.attaching.announce(visit, name=name, size=3, mime_type="text/plain")


async def uploaded(harness: CoreHarness, visit: Visit) -> Attachment:
    attachment = await announced(harness, visit)
    return await harness.core.attaching.receive(attachment.id, chunks(b"abc"), visit.leave)


def sending(attachment: Attachment) -> VisitorInput:
    return VisitorInput(content=(TextInput(text="look"),), attachment_ids=(attachment.id,))


async def test_a_sent_file_reaches_the_workflow(harness: CoreHarness) -> None:
    """With its name, its type and its bytes; from then on it belongs to the thread."""
    visit = await harness.visit()
    attachment = await uploaded(harness, visit)
    turn = await harness.core.chatting.create_thread(visit, sending(attachment))
    (sent,) = harness.runners.runs[-1].request.context.attachments
    assert (sent.name, sent.mime_type, sent.size, sent.read()) == ("a.txt", "text/plain", 3, b"abc")
    assert (await harness.core.attaching.find(attachment.id)).thread_id == turn.thread_id
    assert [each async for each in harness.core.attaching.pieces(attachment.id)] == [b"abc"]


async def test_an_attachment_that_a_message_names_often_is_sent_once(harness: CoreHarness) -> None:
    """Named thousands of times, it would make megabytes of one small message."""
    visit = await harness.visit()
    attachment = await uploaded(harness, visit)
    said = VisitorInput(content=(TextInput(text="look"),), attachment_ids=(attachment.id,) * 9_000)
    turn = await harness.core.chatting.create_thread(visit, said)
    assert len(harness.runners.runs[-1].request.context.attachments) == 1
    (item, *_) = await harness.items(turn.thread_id)
    assert isinstance(item, UserItem)
    assert [each.id for each in item.attachments] == [attachment.id]


async def test_a_message_has_no_more_attachments_than_a_visitor_may_have_unsent(harness: CoreHarness) -> None:
    """Each is looked up, which takes the server's time."""
    visit = await harness.visit()
    said = VisitorInput(content=(TextInput(text="look"),), attachment_ids=tuple(map(str, range(101))))
    with pytest.raises(InvalidInput, match="at most 100 attachments"):
        await harness.core.chatting.create_thread(visit, said)


async def test_an_attachment_is_uploaded_once(harness: CoreHarness) -> None:
    """A second upload would change what was sent."""
    visit = await harness.visit()
    attachment = await uploaded(harness, visit)
    with pytest.raises(AttachmentNotFound):
        await harness.core.attaching.receive(attachment.id, chunks(b"xyz"), visit.leave)


async def test_an_attachment_removed_while_it_is_uploaded_stays_gone(harness: CoreHarness) -> None:
    """Its bytes too."""
    visit = await harness.visit()
    attachment = await announced(harness, visit)

    async def removed_meanwhile() -> AsyncIterator[bytes]:
        await harness.core.attaching.remove(visit, attachment.id)
        yield b"abc"

    with pytest.raises(AttachmentNotFound):
        await harness.core.attaching.receive(attachment.id, removed_meanwhile(), visit.leave)
    assert list(harness.files.ids()) == []


async def test_only_uploaded_files_of_ones_own_can_be_sent(harness: CoreHarness) -> None:
    """Not an announced one, not an unknown one, not a stranger's, not one of another thread."""
    visit = await harness.visit()
    stranger = evolve(visit, subject=Subject("anon:other"))
    mine = await uploaded(harness, visit)
    await harness.core.chatting.create_thread(visit, sending(mine))
    for who, attachment in (
        (visit, await announced(harness, visit)),
        (visit, evolve(mine, id="atc_unknown")),
        (stranger, mine),
        (visit, mine),
    ):
        with pytest.raises(AttachmentNotFound):
            await harness.core.chatting.create_thread(who, sending(attachment))


async def test_an_unsent_attachment_can_be_removed(harness: CoreHarness) -> None:
    """By its visitor; its bytes go too."""
    visit = await harness.visit()
    attachment = await uploaded(harness, visit)
    with pytest.raises(AttachmentNotFound):
        await harness.core.attaching.remove(evolve(visit, subject=Subject("anon:other")), attachment.id)
    await harness.core.attaching.remove(visit, attachment.id)
    assert list(harness.files.ids()) == []
    with pytest.raises(AttachmentNotFound):
        await harness.core.attaching.find(attachment.id)


async def test_a_sent_attachment_stays_with_its_thread(harness: CoreHarness) -> None:
    """Until the thread is deleted."""
    visit = await harness.visit()
    attachment = await uploaded(harness, visit)
    turn = await harness.core.chatting.create_thread(visit, sending(attachment))
    with pytest.raises(AttachmentNotFound):
        await harness.core.attaching.remove(visit, attachment.id)
    await harness.core.own_threads.delete(visit, turn.thread_id)
    assert list(harness.files.ids()) == []


async def test_bytes_without_a_row_are_swept(harness: CoreHarness) -> None:
    """What a crash left behind."""
    visit = await harness.visit()
    kept = await uploaded(harness, visit)
    await harness.files.write("atc_orphan", chunks(b"abc"), size=3)
    assert await harness.core.attaching.sweep() == 1
    assert list(harness.files.ids()) == [kept.id]


async def test_an_image_is_one_by_its_type(harness: CoreHarness) -> None:
    """A page shows it as a picture."""
    visit = await harness.visit()
    picture = await harness.core.attaching.announce(visit, name="a.png", size=3, mime_type="image/png")
    assert (picture.is_image, (await announced(harness, visit)).is_image) == (True, False)


@pytest.mark.parametrize("name", ["", "  ", "/", "..\\", "a\nb", "x" * 256])
async def test_a_name_is_a_file_name(harness: CoreHarness, name: str) -> None:
    """No path without a name, no control characters."""
    with pytest.raises(InvalidInput) as caught:
        await announced(harness, await harness.visit(), name)
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
    assert [each.limit for each in caught.value.fields] == [10 if path == "size" else None]


async def test_an_attachment_is_sent_by_one_request_at_a_time(harness: CoreHarness) -> None:
    """A second one would write into the same file; when the first has failed, it may be sent again."""
    visit = await harness.visit()
    attachment = await announced(harness, visit)
    receive = harness.core.attaching.receive

    async def broken_off() -> AsyncIterator[bytes]:
        yield b"a"
        with pytest.raises(ConcurrentChange):
            await receive(attachment.id, chunks(b"xyz"), visit.leave)

    with pytest.raises(InvalidInput):
        await receive(attachment.id, broken_off(), visit.leave)
    assert (await receive(attachment.id, chunks(b"abc"), visit.leave)).is_uploaded
    assert [each async for each in harness.core.attaching.pieces(attachment.id)] == [b"abc"]


OPEN = "by grant", "by publish token"


async def _visitor(harness: CoreHarness, way: str) -> Visit:
    """A visitor, or a program."""
    token = await harness.publish()
    if way == "by publish token":
        return await harness.core.admitting.visit_by_publish_token(token)
    grant = await harness.core.admitting.by_link("echo", Subject.anonymous("vis_eve"))
    return await harness.core.admitting.visit_by_grant(grant.text)


async def _unpublish(harness: CoreHarness) -> None:
    await harness.core.publishing.unpublish(ADA, "echo", end_sessions=True)


async def _archive(harness: CoreHarness) -> None:
    await harness.core.publishing.archive(ADA, "echo")


async def _remove(harness: CoreHarness) -> None:
    await harness.core.registering.remove(ADA, "echo")


async def _close_in_memory(harness: CoreHarness) -> None:
    harness.store.error = StorageUnavailable("The disk is broken.")
    with pytest.raises(ClosedUntilRestart):
        await harness.core.publishing.unpublish(ADA, "echo")
    harness.store.error = None


ENDS: dict[str, Callable[[CoreHarness], Awaitable[None]]] = {
    "unpublish": _unpublish,
    "archive": _archive,
    "remove": _remove,
    "closed in memory": _close_in_memory,
}
_OVER = (ChatSessionEnded, ChatUnavailable, AttachmentNotFound)


@pytest.mark.parametrize("way", OPEN)
@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
async def test_what_was_announced_before_an_end_is_not_taken_after_it(
    harness: CoreHarness, end: Callable[[CoreHarness], Awaitable[None]], way: str
) -> None:
    """Nothing of it is stored."""
    visit = await _visitor(harness, way)
    attachment = await announced(harness, visit)
    await end(harness)
    with pytest.raises(_OVER):
        await harness.core.attaching.receive(attachment.id, chunks(b"abc"), visit.leave)
    assert list(harness.files.ids()) == []
    assert harness.core.register.running() == []


@pytest.mark.parametrize("way", OPEN)
@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
async def test_bytes_whose_last_piece_meets_an_end_are_not_kept(
    harness: CoreHarness, end: Callable[[CoreHarness], Awaitable[None]], way: str
) -> None:
    """The end comes while they are made durable."""
    visit = await _visitor(harness, way)
    attachment = await announced(harness, visit)

    async def ends_in_between() -> AsyncIterator[bytes]:
        yield b"abc"
        await end(harness)

    with pytest.raises(_OVER):
        await harness.core.attaching.receive(attachment.id, ends_in_between(), visit.leave)
    assert list(harness.files.ids()) == []


async def test_the_end_of_a_publication_that_follows_is_no_end_of_a_chat(harness: CoreHarness) -> None:
    """Who chats when a workflow becomes private may finish, files too; a program may not."""
    visit = await _visitor(harness, "by grant")
    attachment = await announced(harness, visit)
    await harness.core.publishing.unpublish(ADA, "echo")
    assert (await harness.core.attaching.receive(attachment.id, chunks(b"abc"), visit.leave)).is_uploaded


async def test_a_leave_is_written_into_a_ticket_and_read_again(harness: CoreHarness) -> None:
    """That of a chat session, and that of a program."""
    for way in OPEN:
        leave = (await _visitor(harness, way)).leave
        assert Leave.parse(leave.text).text == leave.text
        await harness.core.registering.remove(ADA, "echo")


def _files_of_server(most: int) -> BudgetPlan:
    """So many unsent files in all, and nothing else is bounded."""
    row = next(each for each in BUDGETS if each.resource is UNSENT_FILES and each.per is Per.SERVER)
    return BudgetPlan(changed={**BudgetPlan.unlimited().changed, row: most})


async def test_a_restart_counts_what_is_there() -> None:
    """Also under a smaller budget: what is there stays, nothing more is taken until there is room."""
    before = build_hall(budgets=_files_of_server(3))
    visit = await before.visit()
    for _ in range(3):
        await announced(before, visit)
    after = build_hall(store=before.store, clock=before.clock, entropy=FakeEntropy(), budgets=_files_of_server(2))
    after.clock.advance(seconds=1)
    with pytest.raises(SharedBudgetExceeded):
        await announced(after, visit)
    after.clock.advance(seconds=86_401)
    await after.core.housekeeping.remove_aged(None)
    for _ in range(2):
        await announced(after, visit)
    with pytest.raises(SharedBudgetExceeded):
        await announced(after, visit)
