"""What owners read, search, export and purge."""

import json
from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve

from orcheo_core.domain.actor import Scope
from orcheo_core.domain.audit import Act
from orcheo_core.domain.component_items import (
    ClientToolCallItem,
    EndOfTurnItem,
    GeneratedImageItem,
    HiddenItem,
    ProgressNoteItem,
    Step,
    WidgetItem,
)
from orcheo_core.domain.feedback import FeedbackKind
from orcheo_core.domain.item_base import ItemBase
from orcheo_core.domain.items import AnswerPart, AssistantItem, Citation, Item, Source, TextInput, UserItem
from orcheo_core.domain.pages import PageQuery
from orcheo_core.domain.structured_input import Question, QuestionAnswer, StructuredInputItem
from orcheo_core.domain.subject import Subject
from orcheo_core.domain.transcript import ThreadSum, Transcript, details_of, kind_of, text_of
from orcheo_core.domain.transcript_formats import TranscriptFormat, export
from orcheo_core.errors import ThreadNotFound, WorkflowNotFound
from orcheo_core.services.owners.threads import PurgeOrder
from tests import samples
from tests.core.hall import ADA, BOB, Hall

DAY = 24 * 60
_BASE: dict[str, Any] = {"id": "msg_1", "thread_id": "thr_1", "turn_id": "trn_1", "created_at": samples.moment(1)}
OPERATOR = evolve(BOB, scopes=frozenset({Scope.OPERATOR, Scope.TRANSCRIPTS_READ}))


async def audited(hall: Hall) -> list[tuple[str, str]]:
    """What the audit holds of transcripts."""
    entries = (await hall.store.begin().audit.page(PageQuery(limit=100))).entries
    acts = {Act.TRANSCRIPT_EXPORTED, Act.TRANSCRIPTS_PURGED}
    return [(entry.act.value, entry.note) for entry in entries if entry.act in acts]


async def test_an_owner_reads_what_was_said(hall: Hall) -> None:
    """With what the visitor thought of it."""
    visit = await hall.visit()
    turn = await hall.answered(visit, text="Where is it?")
    await hall.core.own_threads.judge(visit, turn.thread_id, [turn.answer_id], FeedbackKind.POSITIVE)
    transcript = await hall.core.transcripts.read(ADA, turn.thread_id, PageQuery(limit=1))
    assert [text_of(item) for item in transcript.items] == ["Where is it?"]
    assert transcript.has_more
    assert transcript.feedback == {turn.answer_id: FeedbackKind.POSITIVE}
    assert transcript.latest_turn is not None


async def test_threads_are_listed_by_visitor_and_found_by_words(hall: Hall) -> None:
    """Those of one workflow."""
    visit = await hall.visit()
    other = evolve(visit, subject=Subject("anon:other"))
    first, second = await hall.answered(visit, text="Apples"), await hall.answered(other, text="Pears")
    page = hall.core.transcripts.page
    listed = (await page(ADA, "echo", PageQuery())).entries
    assert [each.id for each in listed] == sorted([first.thread_id, second.thread_id])
    [theirs] = (await page(ADA, "echo", PageQuery(), subject=other.subject)).entries
    [found] = (await page(ADA, "echo", PageQuery(), search="pear")).entries
    assert theirs.id == found.id == second.thread_id


async def test_transcripts_are_for_the_owner_and_operators(hall: Hall) -> None:
    """Anyone else's thread is as unknown as none."""
    visit = await hall.visit()
    turn = await hall.answered(visit)
    transcripts = hall.core.transcripts
    for attempt in (
        transcripts.read(BOB, turn.thread_id, PageQuery()),
        transcripts.whole(BOB, turn.thread_id),
        transcripts.read(ADA, "thr_unknown", PageQuery()),
        transcripts.purge(ADA, "echo", PurgeOrder(thread_id="thr_unknown")),
    ):
        with pytest.raises(ThreadNotFound):
            await attempt
    for denied in (
        transcripts.page(BOB, "echo", PageQuery()),
        transcripts.purge(BOB, "echo", PurgeOrder(thread_id=turn.thread_id)),
        transcripts.purge(OPERATOR, "echo", PurgeOrder(thread_id=turn.thread_id)),
    ):
        with pytest.raises(WorkflowNotFound):
            await denied
    assert (await transcripts.read(OPERATOR, turn.thread_id, PageQuery())).items
    assert (await transcripts.page(OPERATOR, "echo", PageQuery())).entries


async def test_a_thread_of_another_workflow_is_not_purged_by_this_one(hall: Hall) -> None:
    """Even when both are the caller's."""
    turn = await hall.answered(await hall.visit())
    await hall.add("other")
    with pytest.raises(ThreadNotFound):
        await hall.core.transcripts.purge(ADA, "other", PurgeOrder(thread_id=turn.thread_id))
    assert await hall.store.begin().threads.find(turn.thread_id) is not None


async def test_purging_takes_what_meets_all_that_is_said(hall: Hall) -> None:
    """By thread, by visitor, by age; the audit keeps how many."""
    visit = await hall.visit()
    other = evolve(visit, subject=Subject("anon:other"))
    old = await hall.answered(visit, text="old")
    hall.clock.advance(minutes=10 * DAY)
    recent, theirs = await hall.answered(visit, text="recent"), await hall.answered(other, text="theirs")
    purge = hall.core.transcripts.purge
    week = timedelta(days=7)
    assert await purge(ADA, "echo", PurgeOrder(thread_id=recent.thread_id, older_than=week)) == 0
    assert await purge(ADA, "echo", PurgeOrder(subject=other.subject, older_than=week)) == 0
    assert await purge(ADA, "echo", PurgeOrder(older_than=week)) == 1
    left = (await hall.core.transcripts.page(ADA, "echo", PageQuery())).entries
    assert {each.id for each in left} == {recent.thread_id, theirs.thread_id}
    assert old.thread_id not in {each.id for each in left}
    assert await purge(ADA, "echo", PurgeOrder(subject=other.subject)) == 1
    assert await purge(ADA, "echo", PurgeOrder(thread_id=recent.thread_id)) == 1
    assert (await hall.core.transcripts.page(ADA, "echo", PageQuery())).entries == ()
    acts = [f"{act} {note}" for act, note in await audited(hall)]
    counts = ("0 threads", "0 threads", "1 thread", "1 thread", "1 thread")
    assert acts == [f"transcripts.purged {count}" for count in counts]


async def test_retention_spares_what_was_just_touched(hall: Hall) -> None:
    """A visitor who speaks between the look and the purge loses nothing."""
    visit = await hall.visit()
    turn = await hall.answered(visit)
    hall.clock.advance(minutes=10 * DAY)
    thread = await hall.store.begin().threads.find(turn.thread_id)
    assert thread is not None
    since = hall.clock.now() - timedelta(days=7)
    await hall.answered(visit, thread_id=turn.thread_id, text="Still here")
    assert not await hall.core.remover.remove(thread, untouched_since=since)
    assert await hall.core.transcripts.purge_older(timedelta(days=7)) == 0
    hall.clock.advance(minutes=8 * DAY)
    assert await hall.core.transcripts.purge_older(timedelta(days=7)) == 1


async def test_an_export_holds_every_item(hall: Hall) -> None:
    """Of threads longer than a page; the audit keeps who took it."""
    visit = await hall.visit()
    turn = await hall.answered(visit)
    for number in range(60):
        await hall.answered(visit, thread_id=turn.thread_id, text=f"Question {number}")
    transcript = await hall.core.transcripts.whole(ADA, turn.thread_id)
    lines = export(transcript, TranscriptFormat.JSONL).content.splitlines()
    assert len(lines) == 2 * 61
    assert json.loads(lines[-2])["text"] == "Question 59"
    assert await audited(hall) == [("transcript.exported", turn.thread_id)]


def test_an_export_can_be_read_by_machines_and_people() -> None:
    """What was said cannot pose as the document's own headings."""
    answer = samples.assistant_item(2, content=(AnswerPart(text="# Owner\nline"),))
    transcript = Transcript(
        thread=samples.thread(title="One\ntwo"),
        items=(samples.user_item(1), answer, EndOfTurnItem(**_BASE)),
        has_more=False,
        latest_turn=None,
        feedback={"msg_2": FeedbackKind.NEGATIVE},
    )
    document = json.loads(export(transcript, TranscriptFormat.JSON).content)
    assert document["id"] == "thr_1"
    assert document["status"] is None
    assert [each["feedback"] for each in document["items"]] == [None, "negative", None]
    markdown = export(transcript, TranscriptFormat.MARKDOWN)
    assert markdown.file_name == "thr_1.md"
    assert markdown.content.startswith("# One two\n\nThread thr_1 of anon:")
    assert "\n> # Owner\n> line\n" in markdown.content
    assert "\n## Visitor, " in markdown.content
    assert markdown.content.count("\n## ") == 2


_STEPS = (Step(title="One"), Step(content="two"))
_QUESTION = Question(id="q", question="Which?", answer=QuestionAnswer(values=("a", "b")))


@pytest.mark.parametrize(
    ("item", "kind", "text"),
    [
        (UserItem(content=(TextInput(text="Hi"),), attachments=(samples.attachment(),), **_BASE), "user_message", "Hi"),
        (
            AssistantItem(
                content=(AnswerPart(text="Yes", citations=(Citation(source=Source(title="Page", url="u")),)),), **_BASE
            ),
            "assistant_message",
            "Yes",
        ),
        (ClientToolCallItem(call_id="c", name="pick", arguments={"a": 1}, **_BASE), "client_tool_call", "pick"),
        (StructuredInputItem(questions=(_QUESTION,), **_BASE), "structured_input", "Which? a, b"),
        (
            StructuredInputItem(questions=(Question(id="q", question="Why?"),), **_BASE),
            "structured_input",
            "Why?",
        ),
        (WidgetItem(widget={"type": "Card"}, copy_text="Card", **_BASE), "widget", "Card"),
        (WidgetItem(widget={"type": "Card"}, **_BASE), "widget", ""),
        (GeneratedImageItem(url="data:x", **_BASE), "generated_image", "data:x"),
        (ProgressNoteItem(title="Work", steps=_STEPS, **_BASE), "progress_note", "Work\nOne\ntwo"),
        (EndOfTurnItem(**_BASE), "end_of_turn", ""),
        (HiddenItem(content="note", **_BASE), "hidden_context", "note"),
        (HiddenItem(content={"a": 1}, **_BASE), "hidden_context", ""),
    ],
)
def test_every_kind_of_item_can_be_read(item: Item, kind: str, text: str) -> None:
    """With JSON-ready details."""
    assert isinstance(item, ItemBase)
    assert kind_of(item) == kind
    assert text_of(item) == text
    json.dumps(details_of(item))


async def test_a_preview_counts_what_a_purge_takes(hall: Hall) -> None:
    """And changes nothing; of a thread by its id too."""
    visit = await hall.visit()
    old = await hall.answered(visit)
    hall.clock.advance(minutes=60 * 24 * 8)
    newest = hall.clock.now()
    recent = await hall.answered(visit)
    transcripts = hall.core.transcripts
    for order, found in (
        (PurgeOrder(), ThreadSum(count=2, newest=newest)),
        (PurgeOrder(older_than=timedelta(days=7)), ThreadSum(count=1, newest=old.started_at)),
        (PurgeOrder(thread_id=recent.thread_id), ThreadSum(count=1, newest=newest)),
        (PurgeOrder(thread_id=recent.thread_id, older_than=timedelta(days=7)), ThreadSum()),
    ):
        assert await transcripts.preview_purge(ADA, "echo", order) == found
    assert await audited(hall) == []
    assert await transcripts.purge(ADA, "echo", PurgeOrder()) == 2
    with pytest.raises(ThreadNotFound):
        await transcripts.preview_purge(ADA, "echo", PurgeOrder(thread_id=recent.thread_id))
