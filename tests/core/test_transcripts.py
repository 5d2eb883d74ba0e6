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
    Ending,
    EndingKind,
    EndOfTurnItem,
    GeneratedImageItem,
    HiddenItem,
    Notice,
    ProgressNoteItem,
    Step,
    WidgetItem,
)
from orcheo_core.domain.feedback import FeedbackKind
from orcheo_core.domain.item_base import ItemBase
from orcheo_core.domain.items import AnswerPart, AssistantItem, Citation, Item, TextInput, UserItem
from orcheo_core.domain.pages import PageQuery
from orcheo_core.domain.run import WidgetShown
from orcheo_core.domain.sources import Source
from orcheo_core.domain.structured_input import Question, QuestionAnswer, StructuredInputItem
from orcheo_core.domain.subject import Subject
from orcheo_core.domain.transcript import (
    ThreadSum,
    Transcript,
    TranscriptPart,
    details_of,
    kind_of,
    searchable_text,
    text_of,
)
from orcheo_core.domain.transcript_formats import TranscriptFormat, export
from orcheo_core.domain.turn import TurnFault
from orcheo_core.errors import InvalidInput, StorageUnavailable, ThreadNotFound, WorkflowNotFound
from orcheo_core.operations.catalogue import find_operation, perform
from orcheo_core.operations.threads import ExportThread
from orcheo_core.services.owners.threads import PurgeOrder
from tests import samples
from tests.core.harness import ADA, BOB, CoreHarness

DAY = 24 * 60
_BASE: dict[str, Any] = {"id": "msg_1", "thread_id": "thr_1", "turn_id": "trn_1", "created_at": samples.moment(1)}
OPERATOR = evolve(BOB, scopes=frozenset({Scope.OPERATOR, Scope.TRANSCRIPTS_READ}))


async def audited(harness: CoreHarness) -> list[tuple[str, str]]:
    """What the audit holds of transcripts."""
    entries = (await harness.store.begin().audit.page(PageQuery(limit=100))).entries
    acts = {Act.TRANSCRIPT_EXPORTED, Act.TRANSCRIPTS_PURGED}
    return [(entry.act.value, entry.note) for entry in entries if entry.act in acts]


async def test_an_owner_reads_what_was_said(harness: CoreHarness) -> None:
    """With what the visitor thought of the items of the page."""
    visit = await harness.visit()
    turn = await harness.answered(visit, text="Where is it?")
    await harness.core.own_threads.judge(visit, turn.thread_id, [turn.answer_id], FeedbackKind.POSITIVE)
    transcript = await harness.core.transcripts.read(ADA, turn.thread_id, PageQuery(limit=1))
    assert [text_of(item) for item in transcript.items] == ["Where is it?"]
    assert transcript.has_more
    assert transcript.feedback == {}
    rest = await harness.core.transcripts.read(ADA, turn.thread_id, PageQuery(after=turn.user_item_id))
    assert [item.id for item in rest.items] == [turn.answer_id]
    assert rest.feedback == {turn.answer_id: FeedbackKind.POSITIVE}
    assert transcript.latest_turn is not None


async def test_threads_are_listed_by_visitor_and_found_by_words(harness: CoreHarness) -> None:
    """Those of one workflow."""
    visit = await harness.visit()
    other = evolve(visit, subject=Subject("anon:other"))
    first, second = await harness.answered(visit, text="Apples"), await harness.answered(other, text="Pears")
    page = harness.core.transcripts.page
    listed = (await page(ADA, "echo", PageQuery())).entries
    assert [each.id for each in listed] == sorted([first.thread_id, second.thread_id])
    [theirs] = (await page(ADA, "echo", PageQuery(), subject=other.subject)).entries
    [found] = (await page(ADA, "echo", PageQuery(), search="pear")).entries
    assert theirs.id == found.id == second.thread_id


async def test_transcripts_are_for_the_owner_and_operators(harness: CoreHarness) -> None:
    """Anyone else's thread is as unknown as none."""
    visit = await harness.visit()
    turn = await harness.answered(visit)
    transcripts = harness.core.transcripts
    for attempt in (
        transcripts.read(BOB, turn.thread_id, PageQuery()),
        transcripts.export(BOB, turn.thread_id),
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


async def test_a_thread_of_another_workflow_is_not_purged_by_this_one(harness: CoreHarness) -> None:
    """Even when both are the caller's."""
    turn = await harness.answered(await harness.visit())
    await harness.add("other")
    with pytest.raises(ThreadNotFound):
        await harness.core.transcripts.purge(ADA, "other", PurgeOrder(thread_id=turn.thread_id))
    assert await harness.store.begin().threads.find(turn.thread_id) is not None


async def test_purging_takes_what_meets_all_that_is_said(harness: CoreHarness) -> None:
    """By thread, by visitor, by age; the audit keeps how many."""
    visit = await harness.visit()
    other = evolve(visit, subject=Subject("anon:other"))
    old = await harness.answered(visit, text="old")
    harness.clock.advance(minutes=10 * DAY)
    recent, theirs = await harness.answered(visit, text="recent"), await harness.answered(other, text="theirs")
    purge = harness.core.transcripts.purge
    week = timedelta(days=7)
    assert await purge(ADA, "echo", PurgeOrder(thread_id=recent.thread_id, older_than=week)) == 0
    assert await purge(ADA, "echo", PurgeOrder(subject=other.subject, older_than=week)) == 0
    assert await purge(ADA, "echo", PurgeOrder(older_than=week)) == 1
    left = (await harness.core.transcripts.page(ADA, "echo", PageQuery())).entries
    assert {each.id for each in left} == {recent.thread_id, theirs.thread_id}
    assert old.thread_id not in {each.id for each in left}
    assert await purge(ADA, "echo", PurgeOrder(subject=other.subject)) == 1
    assert await purge(ADA, "echo", PurgeOrder(thread_id=recent.thread_id)) == 1
    assert (await harness.core.transcripts.page(ADA, "echo", PageQuery())).entries == ()
    acts = [f"{act} {note}" for act, note in await audited(harness)]
    counts = ("0 threads", "0 threads", "1 thread", "1 thread", "1 thread")
    assert acts == [f"transcripts.purged {count}" for count in counts]


async def test_retention_spares_what_was_just_touched(harness: CoreHarness) -> None:
    """A visitor who speaks between the look and the purge loses nothing."""
    visit = await harness.visit()
    turn = await harness.answered(visit)
    harness.clock.advance(minutes=10 * DAY)
    thread = await harness.store.begin().threads.find(turn.thread_id)
    assert thread is not None
    since = harness.clock.now() - timedelta(days=7)
    await harness.answered(visit, thread_id=turn.thread_id, text="Still here")
    assert not await harness.core.remover.remove(thread, untouched_since=since)
    assert await harness.core.transcripts.purge_older(timedelta(days=7)) == 0
    harness.clock.advance(minutes=8 * DAY)
    assert await harness.core.transcripts.purge_older(timedelta(days=7)) == 1


async def test_an_export_holds_every_item(harness: CoreHarness) -> None:
    """Of threads longer than a page; the audit keeps who took it."""
    visit = await harness.visit()
    turn = await harness.answered(visit)
    for number in range(60):
        await harness.answered(visit, thread_id=turn.thread_id, text=f"Question {number}")
    content = await _exported(harness, turn.thread_id, TranscriptFormat.JSONL)
    lines = "".join(content).splitlines()
    assert len(content) == 3
    assert len(lines) == 2 * 61
    assert json.loads(lines[-2])["text"] == "Question 59"
    assert await audited(harness) == [("transcript.exported", turn.thread_id)]


async def test_a_part_of_an_export_has_an_audit_entry_too(harness: CoreHarness) -> None:
    """Who begins behind an id reads a transcript as well; parts of one export do not fill the audit."""
    visit = await harness.visit()
    turns = [await harness.answered(visit)]
    turns += [await harness.answered(visit, thread_id=turns[0].thread_id) for _ in range(2)]
    other = await harness.answered(visit)
    export, thread_id = harness.core.transcripts.export, turns[0].thread_id
    with pytest.raises(InvalidInput):
        await export(ADA, thread_id, after="itm_unknown")
    assert await audited(harness) == []
    for turn in turns:
        await export(ADA, thread_id, after=turn.user_item_id)
    assert await audited(harness) == [("transcript.exported", thread_id)]
    await export(ADA, other.thread_id, after=other.user_item_id)
    harness.clock.advance(minutes=61)
    await export(ADA, thread_id, after=turns[0].user_item_id)
    assert [note for _, note in await audited(harness)] == [thread_id, other.thread_id, thread_id]


async def test_an_export_that_the_audit_cannot_keep_says_why_it_is_not_taken(harness: CoreHarness) -> None:
    """On a full disk: who reads does not expect that something is written. Reading itself works."""
    turn = await harness.answered(await harness.visit())
    harness.store.error = StorageUnavailable("The disk is full.")
    with pytest.raises(
        StorageUnavailable, match=r"audit keeps who exports a transcript, .* The disk is full\."
    ) as caught:
        await harness.core.transcripts.export(ADA, turn.thread_id)
    assert "can still be read with `orcheo thread show`" in caught.value.hint
    assert (await harness.core.transcripts.read(ADA, turn.thread_id, PageQuery())).items


async def _exported(harness: CoreHarness, thread_id: str, form: TranscriptFormat) -> list[str]:
    """The parts of an export as the operation gives them."""
    parts, after = [], None
    while True:
        request = ExportThread(id=thread_id, format=form.value, after=after)
        part = await perform(harness.core.owner_services, ADA, find_operation("threads.export"), request)
        parts.append(part.content)
        if (after := part.next_after) is None:
            return parts


async def test_the_parts_of_an_export_are_one_document(harness: CoreHarness) -> None:
    """Also where its turns are more than a part has; nothing is there twice."""
    visit = await harness.visit()
    turn = await harness.answered(visit)
    for number in range(110):
        await harness.answered(visit, thread_id=turn.thread_id, text=f"Question {number}")
    parts = await _exported(harness, turn.thread_id, TranscriptFormat.JSON)
    document = json.loads("".join(parts))
    assert len(parts) == 1 + 5  # a hundred turns; the other turns and 50 items; the other items
    assert "".join(parts) == json.dumps(document, ensure_ascii=False, indent=2) + "\n"
    assert len({each["id"] for each in document["turns"]}) == len(document["turns"]) == 111
    assert len({each["id"] for each in document["items"]}) == len(document["items"]) == 222
    assert "".join(await _exported(harness, turn.thread_id, TranscriptFormat.MARKDOWN)).count("\n## ") == 222


async def test_a_part_of_an_export_begins_behind_an_id_only(harness: CoreHarness) -> None:
    """Behind that of a turn where the format lists turns, and behind that of an item even if it is gone."""
    turn = await harness.answered(await harness.visit())
    export_part = harness.core.transcripts.export
    for after, lists_turns in (("end", True), ("thr_1", False), (turn.id, False)):
        with pytest.raises(InvalidInput):
            await export_part(ADA, turn.thread_id, after=after, lists_turns=lists_turns)
    change = harness.store.begin()
    change.items.remove(turn.thread_id, turn.user_item_id, turn.user_item_id)
    await change.commit()
    part = await export_part(ADA, turn.thread_id, after=turn.user_item_id)
    assert (part.before, [each.id for each in part.transcript.items]) == (None, [turn.answer_id])


def _whole(transcript: Transcript) -> TranscriptPart:
    return TranscriptPart(transcript=transcript, turns=transcript.turns)


def test_an_export_of_nothing_is_a_document() -> None:
    """Of a thread whose items are gone."""
    empty = Transcript(thread=samples.thread(), items=(), has_more=False, latest_turn=None, feedback={})
    document = export(_whole(empty), TranscriptFormat.JSON).content
    assert (json.loads(document)["turns"], json.loads(document)["items"]) == ([], [])
    assert document == json.dumps(json.loads(document), indent=2) + "\n"


def test_the_fault_of_a_whole_answer_is_said_below_its_turn() -> None:
    """Once, also where the turn ends with a part of the export."""
    unseen = TurnFault(code="invalid_widget", reason="no such type")
    first, second = samples.turn(1, fault=unseen), samples.turn(2, fault=unseen)
    said, answer = samples.user_item(1), samples.assistant_item(2)
    following = evolve(samples.user_item(3), turn_id=second.id)
    parts = [
        TranscriptPart(
            transcript=Transcript(
                thread=samples.thread(),
                items=items,
                has_more=has_more,
                latest_turn=None,
                turns=(first, second),
                feedback={},
            ),
            after=None if before is None else before.id,
            before=before,
        )
        for before, items, has_more in ((None, (said, answer), True), (answer, (following,), False))
    ]
    faults = [export(each, TranscriptFormat.MARKDOWN).content.count("One turn (invalid_widget)") for each in parts]
    assert faults == [0, 2]


def test_an_export_can_be_read_by_machines_and_people() -> None:
    """What was said cannot pose as the document's own headings."""
    answer = samples.assistant_item(2, content=(AnswerPart(text="# Owner\nline"),))
    transcript = Transcript(
        thread=samples.thread(title="One\ntwo"),
        items=(samples.user_item(1), answer, HiddenItem(content={"plan": "gold"}, **_BASE), EndOfTurnItem(**_BASE)),
        has_more=False,
        latest_turn=None,
        feedback={"msg_2": FeedbackKind.NEGATIVE},
    )
    document = json.loads(export(_whole(transcript), TranscriptFormat.JSON).content)
    assert document["id"] == "thr_1"
    assert document["status"] is None
    assert [each["feedback"] for each in document["items"]] == [None, "negative", None, None]
    markdown = export(_whole(transcript), TranscriptFormat.MARKDOWN)
    assert markdown.file_name == "thr_1.md"
    assert markdown.content.startswith("# One two\n\nThread thr_1 of anon:")
    assert "\n> # Owner\n> line\n" in markdown.content
    assert "\n## Visitor, " in markdown.content
    assert '\n> {"plan": "gold"}\n' in markdown.content
    assert markdown.content.count("\n## ") == 3


def test_an_export_for_machines_says_how_each_turn_went() -> None:
    """With code and reason: once in JSON, beside each item in JSON lines, where a turn may be unknown."""
    failed = samples.turn(1, fault=TurnFault(code="workflow_error", reason="no such thing"))
    transcript = Transcript(
        thread=samples.thread(),
        items=(samples.user_item(1), EndOfTurnItem(**(_BASE | {"turn_id": "trn_9"}))),
        has_more=False,
        latest_turn=failed,
        turns=(failed, samples.turn(2)),
        feedback={},
    )
    turns = json.loads(export(_whole(transcript), TranscriptFormat.JSON).content)["turns"]
    assert [(each["id"], each["code"], each["reason"]) for each in turns] == [
        (failed.id, "workflow_error", "no such thing"),
        (samples.turn(2).id, None, None),
    ]
    assert turns[0]["started_at"] == failed.started_at.isoformat()
    lines = map(json.loads, export(_whole(transcript), TranscriptFormat.JSONL).content.splitlines())
    went = {"status": failed.status.value, "code": "workflow_error", "reason": "no such thing"}
    assert [each["turn"] for each in lines] == [went, None]


def test_an_export_for_people_says_which_answers_are_not_whole_and_why() -> None:
    """Half an answer does not stand there as if it were all of it; what a reason quotes cannot pose as Markdown."""
    ends = tuple(
        EndOfTurnItem(**(_BASE | {"id": f"msg_{number}", "turn_id": f"trn_{number}"}), ending=Ending(kind=kind))
        for number, kind in (
            (1, EndingKind.FAILED),
            (2, EndingKind.STOPPED),
            (4, EndingKind.TIMED_OUT),
            (6, EndingKind.NO_ANSWER),
            (7, EndingKind.CLOSED),
        )
    )
    failed = TurnFault(code="workflow_error", reason="no\n# `Owner`")
    unseen = TurnFault(code="invalid_widget", reason="no such type")
    transcript = Transcript(
        thread=samples.thread(),
        items=(samples.user_item(1), samples.assistant_item(2), *ends, evolve(samples.user_item(8), turn_id="trn_3")),
        has_more=False,
        latest_turn=None,
        turns=(samples.turn(1, fault=failed), samples.turn(2), samples.turn(3, fault=unseen), samples.turn(5)),
        feedback={},
    )
    lines = export(_whole(transcript), TranscriptFormat.MARKDOWN).content.splitlines()
    assert [line for line in lines if "urn" in line] == [
        "Turn failed (workflow_error): `no # 'Owner'`",
        "Turn stopped.",
        "Turn timed out.",
        "Turn ended without an answer.",
        "Turn stopped when the chat was closed.",
        "One turn (invalid_widget): `no such type`",
    ]


_STEPS = (Step(title="One"), Step(content="two"))
_QUESTION = Question(id="q", question="Which?", answer=QuestionAnswer(values=("a", "b")))


@pytest.mark.parametrize("url", ["data:image/png;base64,dm9pY2U=", "DATA:image/svg+xml,voice"])
def test_no_search_finds_the_bytes_of_an_image(url: str) -> None:
    """A word of a few letters is found in any megabyte of them; an address is found."""
    assert searchable_text(GeneratedImageItem(url=url, **_BASE)) == ""
    assert (
        searchable_text(GeneratedImageItem(url="https://a.example/voice.png", **_BASE)) == "https://a.example/voice.png"
    )


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
        (EndOfTurnItem(**_BASE, notice=Notice(level="info", message="Old data")), "end_of_turn", "Old data"),
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


async def test_a_preview_counts_what_a_purge_takes(harness: CoreHarness) -> None:
    """And changes nothing; of a thread by its id too."""
    visit = await harness.visit()
    old = await harness.answered(visit)
    harness.clock.advance(minutes=60 * 24 * 8)
    newest = harness.clock.now()
    recent = await harness.answered(visit)
    transcripts = harness.core.transcripts
    for order, found in (
        (PurgeOrder(), ThreadSum(count=2, newest=newest)),
        (PurgeOrder(older_than=timedelta(days=7)), ThreadSum(count=1, newest=old.started_at)),
        (PurgeOrder(thread_id=recent.thread_id), ThreadSum(count=1, newest=newest)),
        (PurgeOrder(thread_id=recent.thread_id, older_than=timedelta(days=7)), ThreadSum()),
    ):
        assert await transcripts.preview_purge(ADA, "echo", order) == found
    assert await audited(harness) == []
    assert await transcripts.purge(ADA, "echo", PurgeOrder()) == 2
    with pytest.raises(ThreadNotFound):
        await transcripts.preview_purge(ADA, "echo", PurgeOrder(thread_id=recent.thread_id))


async def test_a_page_of_long_items_ends_sooner(harness: CoreHarness) -> None:
    """A hundred large parts would lie in memory several times over; the next page begins where one ends."""
    widget = {"type": "Card", "children": [], "key": "x" * 60_000}
    turn = await harness.answered(await harness.visit(), [WidgetShown(widget=widget)] * 40)
    read = harness.core.transcripts.read
    query: PageQuery | None = PageQuery(limit=100)
    found: list[Item] = []
    pages = 0
    while query is not None:
        page = await read(ADA, turn.thread_id, query)
        found += page.items
        pages += 1
        query = evolve(query, after=found[-1].id) if page.has_more else None
    assert pages == 3
    assert len({each.id for each in found}) == len(found) == 41
