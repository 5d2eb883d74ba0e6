"""ChatKit's thread items and growths, as JSON of its own server's types, decoded to those of the core."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from attrs import evolve

from orcheo_core.domain import thread_events as growths
from orcheo_core.domain.component_items import (
    ClientToolCallItem,
    EndOfTurnItem,
    GeneratedImageItem,
    HiddenItem,
    ProgressNoteItem,
    Step,
    StepItem,
    StepKind,
    StepState,
    WidgetItem,
)
from orcheo_core.domain.item_base import ItemBase
from orcheo_core.domain.items import (
    AnswerPart,
    AssistantItem,
    Citation,
    InferenceOptions,
    InputPart,
    Item,
    TagInput,
    TextInput,
    UserItem,
)
from orcheo_core.domain.sources import Source
from orcheo_core.domain.structured_input import InputStatus, Question, QuestionAnswer, StructuredInputItem

Json = dict[str, Any]
SDK_HIDDEN = "orcheo.sdk_hidden_context"
"""Key in hidden context that holds a text of the SDK's own, such as that a stream was cancelled."""


def moment_of(given: datetime) -> datetime:
    """The SDK's moments are of the local time, and mostly do not say so."""
    return given.astimezone(UTC)


def local(moment: datetime) -> datetime:
    """A moment as the SDK subtracts it from its own."""
    return moment.astimezone().replace(tzinfo=None)


def item_of(document: Json, base: ItemBase, before: Item | None) -> Item:
    """The item of ``document``, which takes the place of ``before``."""
    fields = _FIELDS[document["type"]](document)
    if isinstance(before, UserItem) and document["type"] == "user_message":
        return evolve(before, **fields)
    return _CLASSES[document["type"]](
        id=base.id, thread_id=base.thread_id, turn_id=base.turn_id, created_at=base.created_at, **fields
    )


def growth_of(item_id: str, update: Json) -> growths.Growth:
    """What makes the item with this id grow."""
    return _GROWTHS[update["type"]](item_id, update)


def part_of(document: Json) -> AnswerPart:
    """A piece of an answer."""
    return AnswerPart(text=document["text"], citations=tuple(map(_citation, document.get("annotations", ()))))


def _citation(document: Json) -> Citation:
    return Citation(source=_source(document["source"]), index=document.get("index"))


def _source(document: Json) -> Source:
    same = ("description", "group", "icon", "label", "inline_label", "attribution", "timestamp", "url", "filename")
    given = {name: document[name] for name in same if name in document}
    if document["type"] == "entity":
        given |= {"entity_id": document["id"], "interactive": document.get("interactive", False)}
        given["data"] = document.get("data", {})
    return Source(title=document["title"], **given)


def step_of(document: Json) -> Step:
    """A task."""
    return Step(
        kind=StepKind(document["type"]),
        title=document.get("title"),
        content=document.get("content"),
        icon=document.get("icon"),
        queries=tuple(document.get("queries", ())),
        state=StepState(document.get("status_indicator", "none")),
        sources=tuple(map(_source, document.get("sources", ()))),
        title_query=document.get("title_query"),
    )


def _user(document: Json) -> Json:
    wished = document["inference_options"]
    return {
        "content": tuple(map(_input, document["content"])),
        "quoted_text": document.get("quoted_text"),
        "inference_options": InferenceOptions(
            model=wished.get("model"), tool_id=(wished.get("tool_choice") or {}).get("id")
        ),
    }


def _input(document: Json) -> InputPart:
    if document["type"] == "input_text":
        return TextInput(text=document["text"])
    return TagInput(**{name: value for name, value in document.items() if name != "type"})


def _call(document: Json) -> Json:
    return {
        "call_id": document["call_id"],
        "name": document["name"],
        "arguments": document["arguments"],
        "is_pending": document["status"] == "pending",
        "output": document.get("output"),
    }


def _note(document: Json) -> Json:
    note = document["workflow"]
    summary = note.get("summary") or {}
    return {
        "steps": tuple(map(step_of, note["tasks"])),
        "is_reasoning": note["type"] == "reasoning",
        "expanded": note.get("expanded", False),
        "title": summary.get("title"),
        "icon": summary.get("icon"),
        "duration": summary.get("duration"),
    }


def _questions(document: Json) -> Json:
    return {"status": InputStatus(document["status"]), "questions": tuple(map(_question, document["inputs"]))}


def _question(document: Json) -> Question:
    answer = document.get("answer")
    return Question(
        id=document["id"],
        question=document["question"],
        options=tuple(each["value"] for each in document.get("options", ())),
        multiple=document.get("multiple", False),
        description=document.get("description"),
        answer=None
        if answer is None
        else QuestionAnswer(values=tuple(answer.get("values", ())), skipped=answer.get("skipped", False)),
    )


_CLASSES: dict[str, Callable[..., Item]] = {
    "user_message": UserItem,
    "assistant_message": AssistantItem,
    "client_tool_call": ClientToolCallItem,
    "widget": WidgetItem,
    "generated_image": GeneratedImageItem,
    "structured_input": StructuredInputItem,
    "task": StepItem,
    "workflow": ProgressNoteItem,
    "end_of_turn": EndOfTurnItem,
    "hidden_context_item": HiddenItem,
    "sdk_hidden_context": HiddenItem,
}
_FIELDS: dict[str, Callable[[Json], Json]] = {
    "user_message": _user,
    "assistant_message": lambda item: {"content": tuple(map(part_of, item["content"]))},
    "client_tool_call": _call,
    "widget": lambda item: {"widget": item["widget"], "copy_text": item.get("copy_text")},
    "generated_image": lambda item: {"url": (item.get("image") or {}).get("url")},
    "structured_input": _questions,
    "task": lambda item: {"step": step_of(item["task"])},
    "workflow": _note,
    "end_of_turn": lambda _item: {},
    "hidden_context_item": lambda item: {"content": item.get("content")},
    "sdk_hidden_context": lambda item: {"content": {SDK_HIDDEN: item["content"]}},
}
_GROWTHS: dict[str, Callable[[str, Json], growths.Growth]] = {
    "assistant_message.content_part.added": lambda item_id, update: growths.PartAdded(
        item_id=item_id, index=update["content_index"], part=part_of(update["content"])
    ),
    "assistant_message.content_part.text_delta": lambda item_id, update: growths.PartDelta(
        item_id=item_id, index=update["content_index"], delta=update["delta"]
    ),
    "assistant_message.content_part.annotation_added": lambda item_id, update: growths.PartCited(
        item_id=item_id,
        index=update["content_index"],
        position=update["annotation_index"],
        citation=_citation(update["annotation"]),
    ),
    "assistant_message.content_part.done": lambda item_id, update: growths.PartDone(
        item_id=item_id, index=update["content_index"], part=part_of(update["content"])
    ),
    "widget.streaming_text.value_delta": lambda item_id, update: growths.WidgetTextGrew(
        item_id=item_id, component_id=update["component_id"], delta=update["delta"], is_whole=update["done"]
    ),
    "widget.root.updated": lambda item_id, update: growths.WidgetRedrawn(item_id=item_id, widget=update["widget"]),
    "widget.component.updated": lambda item_id, update: growths.WidgetPartRedrawn(
        item_id=item_id, component_id=update["component_id"], component=update["component"]
    ),
    "workflow.task.added": lambda item_id, update: growths.StepAdded(
        item_id=item_id, index=update["task_index"], step=step_of(update["task"])
    ),
    "workflow.task.updated": lambda item_id, update: growths.StepChanged(
        item_id=item_id, index=update["task_index"], step=step_of(update["task"])
    ),
    "generated_image.updated": lambda item_id, update: growths.ImageGrew(
        item_id=item_id, url=update["image"]["url"], progress=update.get("progress")
    ),
}
