"""ChatKit's thread items, encoded; null fields are left out, as ChatKit's own server does."""

from collections.abc import Callable
from typing import Any

from attrs import frozen

from orcheo_core.domain.attachments import Attachment
from orcheo_core.domain.component_items import (
    ClientToolCallItem,
    EndOfTurnItem,
    GeneratedImageItem,
    ProgressNoteItem,
    Step,
    StepItem,
    StepKind,
    WidgetItem,
)
from orcheo_core.domain.items import (
    NO_WISHES,
    AnswerPart,
    AssistantItem,
    Citation,
    InputPart,
    Item,
    TextInput,
    UserItem,
)
from orcheo_core.domain.sources import Source
from orcheo_core.domain.structured_input import Question, StructuredInputItem
from orcheo_core.domain.widgets import widget_fault

Json = dict[str, Any]

ENDING_KEY = "orcheo.ending"
"""Key in an ``end_of_turn`` item that says why the answer before it is not whole (our addition to the protocol)."""
NOTICE_KEY = "orcheo.notice"
"""Key in an ``end_of_turn`` item that holds a notice of the turn, for those who open the thread later."""


_UNSHOWABLE: Json = {"type": "Basic", "children": [{"type": "Text", "value": "This part cannot be shown."}]}
"""Stands for a widget that was stored before widgets were checked: one of them must not make a thread unreadable."""


@frozen(kw_only=True)
class AttachmentLinks:
    """Where a page finds attachments: ``preview`` gives the URL of an image by attachment id."""

    preview: Callable[[str], str]


def present(**fields: Any) -> Json:
    """The fields that are not None."""
    return {name: value for name, value in fields.items() if value is not None}


def item_json(item: Item, links: AttachmentLinks) -> Json:
    """``ThreadItem``; a hidden item has none."""
    base: Json = {"id": item.id, "thread_id": item.thread_id, "created_at": item.created_at}
    if type(item) is AssistantItem:  # the two that every turn has
        base["type"], base["content"] = "assistant_message", [*map(part_json, item.content)]
    elif type(item) is UserItem:
        base |= _user_fields(item, links)
    else:
        base |= _FIELDS[type(item)](item)
    return base


def attachment_json(attachment: Attachment, links: AttachmentLinks, upload: Json | None = None) -> Json:
    """``Attachment``; ``upload`` says how its bytes are sent, while they are missing."""
    return present(
        type="image" if attachment.is_image else "file",
        id=attachment.id,
        name=attachment.name,
        mime_type=attachment.mime_type,
        upload_descriptor=upload,
        thread_id=attachment.thread_id,
        preview_url=links.preview(attachment.id) if attachment.is_image else None,
    )


def part_json(part: AnswerPart) -> Json:
    """``AssistantMessageContent``."""
    return {"type": "output_text", "text": part.text, "annotations": [*map(citation_json, part.citations)]}


def citation_json(citation: Citation) -> Json:
    """``Annotation``."""
    return present(type="annotation", source=_source_json(citation.source), index=citation.index)


def step_json(step: Step) -> Json:
    """``Task``."""
    shown = present(type=step.kind.value, title=step.title, status_indicator=step.state.value)
    if step.kind is StepKind.CUSTOM:
        return shown | present(content=step.content, icon=step.icon)
    if step.kind is StepKind.THOUGHT:
        return shown | {"content": step.content or ""}
    if step.kind is StepKind.WEB_SEARCH:
        found = [_source_json(each) for each in step.sources if each.url is not None]
        return shown | present(title_query=step.title_query) | {"queries": list(step.queries), "sources": found}
    files = [_source_json(each) for each in step.sources if each.filename is not None]
    return shown | ({"sources": files} if step.kind is StepKind.FILE else {})


def _call_fields(item: ClientToolCallItem) -> Json:
    return present(
        type="client_tool_call",
        status="pending" if item.is_pending else "completed",
        call_id=item.call_id,
        name=item.name,
        arguments=item.arguments,
        output=item.output,
    )


def _input_fields(item: StructuredInputItem) -> Json:
    questions = [_question_json(each) for each in item.questions]
    return {"type": "structured_input", "status": item.status.value, "inputs": questions}


def _widget_fields(item: WidgetItem) -> Json:
    widget = _UNSHOWABLE if widget_fault(item.widget) else item.widget
    return present(type="widget", widget=widget, copy_text=item.copy_text)


def _image_fields(item: GeneratedImageItem) -> Json:
    return present(type="generated_image", image={"id": item.id, "url": item.url} if item.url else None)


def _note_fields(item: ProgressNoteItem) -> Json:
    steps = [step_json(step) for step in item.steps]
    summary = present(title=item.title, icon=item.icon) if item.title else present(duration=item.duration)
    note = present(
        type="reasoning" if item.is_reasoning else "custom",
        tasks=steps,
        summary=summary or None,
        expanded=item.expanded,
    )
    return {"type": "workflow", "workflow": note}


def _step_fields(item: StepItem) -> Json:
    return {"type": "task", "task": step_json(item.step)}


def _ending_fields(item: EndOfTurnItem) -> Json:
    told: Json = {"type": "end_of_turn"}
    if ending := item.ending:
        told[ENDING_KEY] = present(
            kind=ending.kind.value,
            message=ending.message,
            allow_retry=ending.allow_retry,
            retry_after=ending.retry_after,
        )
    if notice := item.notice:
        told[NOTICE_KEY] = present(level=notice.level, message=notice.message, title=notice.title)
    return told


_FIELDS: dict[type, Callable[[Any], Json]] = {
    ClientToolCallItem: _call_fields,
    StructuredInputItem: _input_fields,
    WidgetItem: _widget_fields,
    GeneratedImageItem: _image_fields,
    ProgressNoteItem: _note_fields,
    StepItem: _step_fields,
    EndOfTurnItem: _ending_fields,
}


def _user_fields(item: UserItem, links: AttachmentLinks) -> Json:
    wished = item.inference_options
    told: Json = {
        "type": "user_message",
        "content": [*map(_input_json, item.content)],
        "attachments": [attachment_json(each, links) for each in item.attachments] if item.attachments else [],
        "inference_options": {},
    }
    if item.quoted_text is not None:
        told["quoted_text"] = item.quoted_text
    if wished is not NO_WISHES:
        tool = {"id": wished.tool_id} if wished.tool_id else None
        told["inference_options"] = present(model=wished.model, tool_choice=tool)
    return told


def _input_json(part: InputPart) -> Json:
    if isinstance(part, TextInput):
        return {"type": "input_text", "text": part.text}
    return present(
        type="input_tag",
        id=part.id,
        text=part.text,
        data=part.data,
        group=part.group,
        interactive=part.interactive,
    )


def _question_json(question: Question) -> Json:
    given = question.answer
    base = present(
        id=question.id,
        question=question.question,
        answer={"values": list(given.values), "skipped": given.skipped} if given else None,
    )
    if not question.options:
        return base | present(type="freeform", description=question.description)
    options = [{"value": each} for each in question.options]
    return base | {"type": "multiple_choice", "options": options, "multiple": question.multiple}


def _source_json(source: Source) -> Json:
    base = present(title=source.title, description=source.description, timestamp=source.timestamp, group=source.group)
    if source.url is not None:
        return base | present(type="url", url=source.url, attribution=source.attribution)
    if source.entity_id is not None:
        entity = present(
            id=source.entity_id,
            icon=source.icon,
            label=source.label,
            inline_label=source.inline_label,
            interactive=source.interactive,
            data=source.data,
        )
        return base | {"type": "entity"} | entity
    return base | {"type": "file", "filename": source.filename or source.title}
