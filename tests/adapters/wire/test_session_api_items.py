"""Thread items as OpenAI's session API shows them: the official types are what decides."""

from typing import Any

import pytest
from attrs import evolve
from openai.types.beta.chatkit import ChatKitThreadItemList

from orcheo_adapters.wire.chatkit_items import AttachmentLinks
from orcheo_adapters.wire.session_api import item_json, page_json
from orcheo_core.domain.component_items import (
    ClientToolCallItem,
    Ending,
    EndingKind,
    EndOfTurnItem,
    GeneratedImageItem,
    Notice,
    ProgressNoteItem,
    Step,
    StepKind,
    WidgetItem,
)
from orcheo_core.domain.items import (
    AnswerPart,
    AssistantItem,
    Citation,
    InferenceOptions,
    Item,
    TagInput,
    TextInput,
    UserItem,
)
from orcheo_core.domain.pages import Page
from orcheo_core.domain.sources import Source
from orcheo_core.domain.structured_input import Question, QuestionAnswer, StructuredInputItem
from tests import samples

LINKS = AttachmentLinks(preview=lambda attachment_id: f"https://chat.example/{attachment_id}")
BASE: dict[str, Any] = {
    "id": "msg_1",
    "thread_id": "thr_1",
    "turn_id": "trn_1",
    "created_at": samples.moment(1),
}
NAMED = AnswerPart(
    text="So it is.",
    citations=(
        Citation(source=Source(title="A page", url="https://example.org/")),
        Citation(source=Source(title="A file", filename="a.pdf")),
        Citation(source=Source(title="Something of the page's", entity_id="e1")),
    ),
)
IMAGE = evolve(samples.attachment(), mime_type="image/png")
ITEMS: dict[str, tuple[Item, dict[str, Any]]] = {
    "message": (
        UserItem(
            **BASE,
            content=(TextInput(text="See "), TagInput(id="p1", text="Ada")),
            attachments=(samples.attachment(), IMAGE),
            quoted_text="As you said",
            inference_options=InferenceOptions(model="large", tool_id="web"),
        ),
        {
            "type": "chatkit.user_message",
            "content": [
                {"type": "quoted_text", "text": "As you said"},
                {"type": "input_text", "text": "See "},
                {"type": "input_text", "text": "Ada"},
            ],
            "inference_options": {"model": "large", "tool_choice": {"id": "web"}},
        },
    ),
    "plain message": (
        UserItem(**BASE, content=(TextInput(text="Hello"),)),
        {
            "content": [{"type": "input_text", "text": "Hello"}],
            "attachments": [],
            "inference_options": {"model": None, "tool_choice": None},
        },
    ),
    "answer": (
        AssistantItem(**BASE, content=(NAMED,)),
        {
            "type": "chatkit.assistant_message",
            "content": [
                {
                    "type": "output_text",
                    "text": "So it is.",
                    "annotations": [
                        {"type": "url", "source": {"type": "url", "url": "https://example.org/"}},
                        {"type": "file", "source": {"type": "file", "filename": "a.pdf"}},
                    ],
                }
            ],
        },
    ),
    "widget": (
        WidgetItem(**BASE, widget={"type": "Card", "children": []}),
        {"type": "chatkit.widget", "widget": '{"type":"Card","children":[]}'},
    ),
    "tool call": (
        ClientToolCallItem(**BASE, call_id="c1", name="where", arguments={"exact": True}),
        {
            "type": "chatkit.client_tool_call",
            "arguments": '{"exact":true}',
            "output": None,
            "status": "in_progress",
            "call_id": "c1",
        },
    ),
    "finished tool call": (
        ClientToolCallItem(**BASE, call_id="c1", name="where", arguments={}).completed({"city": "Oslo"}),
        {"output": '{"city":"Oslo"}', "status": "completed"},
    ),
    "progress": (
        ProgressNoteItem(
            **BASE,
            steps=(
                Step(kind=StepKind.THOUGHT, content="Hm."),
                Step(kind=StepKind.WEB_SEARCH, title="Looking", queries=("a", "b")),
            ),
        ),
        {
            "type": "chatkit.task_group",
            "tasks": [
                {"type": "thought", "heading": None, "summary": "Hm."},
                {"type": "custom", "heading": "Looking", "summary": "a, b"},
            ],
        },
    ),
    "questions": (
        StructuredInputItem(
            **BASE,
            questions=(Question(id="q1", question="Which?", answer=QuestionAnswer(values=("This",), skipped=False)),),
        ),
        {"type": "chatkit.task", "heading": "structured_input", "summary": "Which? This"},
    ),
    "picture": (
        GeneratedImageItem(**BASE, url="https://example.org/a.png"),
        {"type": "chatkit.task", "heading": "generated_image", "summary": "https://example.org/a.png"},
    ),
    "unfinished picture": (GeneratedImageItem(**BASE), {"summary": None}),
    "notice": (
        EndOfTurnItem(**BASE, notice=Notice(level="info", message="Closed today", title="Mind")),
        {"type": "chatkit.task", "heading": "Mind", "summary": "Closed today"},
    ),
    "end": (EndOfTurnItem(**BASE), {"type": "chatkit.task", "heading": "end_of_turn", "summary": None}),
    "end with words": (
        EndOfTurnItem(**BASE, ending=Ending(kind=EndingKind.FAILED, message="It failed.")),
        {"summary": "It failed."},
    ),
    "end without words": (EndOfTurnItem(**BASE, ending=Ending(kind=EndingKind.STOPPED)), {"summary": "stopped"}),
}


@pytest.mark.parametrize("name", ITEMS)
def test_an_item_is_of_a_type_that_openais_clients_know(name: str) -> None:
    """All its fields are valid by their types, and it says what it said."""
    item, expected = ITEMS[name]
    document = page_json(Page(entries=(item,), has_more=False), lambda each: item_json(each, LINKS))
    (read,) = ChatKitThreadItemList.model_validate(document).data
    assert (read.id, read.thread_id, read.object) == ("msg_1", "thr_1", "chatkit.thread_item")
    assert read.created_at == int(samples.moment(1).timestamp())
    shown = document["data"][0]
    assert {key: shown[key] for key in expected} == expected


def test_only_pictures_have_a_preview() -> None:
    """Its address has a ticket."""
    item, _ = ITEMS["message"]
    previews = [each["preview_url"] for each in item_json(item, LINKS)["attachments"]]
    assert previews == [None, f"https://chat.example/{IMAGE.id}"]


def test_an_empty_list_has_no_ends() -> None:
    """Both are null."""
    empty: Page[Item] = Page(entries=(), has_more=False)
    assert page_json(empty, lambda each: item_json(each, LINKS)) == {
        "object": "list",
        "data": [],
        "first_id": None,
        "last_id": None,
        "has_more": False,
    }
