"""What an OpenAI-compatible endpoint is sent: the fields of a request, of chat completions and the Responses API."""

from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from attrs import evolve, field, frozen

from orcheo_adapters.runners.agents.approvals import Decision
from orcheo_adapters.runners.endings import not_read
from orcheo_adapters.runners.endpoint_answers import ToolCall
from orcheo_adapters.runners.failures import ErrorAnswer
from orcheo_adapters.runners.openai_settings import OpenAiSettings
from orcheo_adapters.runners.openai_waiting import memory_of
from orcheo_adapters.runners.reasoning import without_thoughts
from orcheo_adapters.runners.task_run import Writer
from orcheo_adapters.runners.text import decoded
from orcheo_adapters.runners.worker_thread import in_thread
from orcheo_core.domain.run import PastMessage, RunRequest, SentFile, conversation
from orcheo_core.domain.structured_input import StructuredInputItem

Json = dict[str, Any]


@frozen
class Dialect:
    """How an endpoint takes what not all take alike."""

    reports_usage: bool = True
    limit: str = "max_tokens"
    takes_system: bool = True
    """Whether instructions may be a message of their own: the templates of some models refuse that role."""
    summarises: bool = True
    """Whether it gives summaries of what the model thinks; some give them to known accounts only."""
    stores: bool = True
    """Whether it knows the field ``store``."""

    def without_refused(self, answer: ErrorAnswer, settings: OpenAiSettings, *, is_known: bool) -> "Dialect | None":
        """How to ask again after this refusal, None when nothing of this is its reason.

        An endpoint that has not answered yet may refuse ``stream_options`` without naming it.
        """
        if answer.status not in (400, 422):
            return None
        if settings.api == "responses":
            return self._without_response_field(answer)
        if settings.max_tokens and self.limit == "max_tokens" and answer.names("max_completion_tokens"):
            return evolve(self, limit="max_completion_tokens")
        if settings.instructions and self.takes_system and answer.names("ystem role", "role: system", "role 'system'"):
            return evolve(self, takes_system=False)
        if self.reports_usage and (not is_known or answer.names("stream_options")):
            return evolve(self, reports_usage=False)
        return None

    def _without_response_field(self, answer: ErrorAnswer) -> "Dialect | None":
        if self.summarises and answer.names("summary", "summaries"):
            return evolve(self, summarises=False)
        if self.stores and answer.names('"store"', "'store'", "parameter: store"):
            return evolve(self, stores=False)
        return None


@frozen(kw_only=True)
class Order:
    """One question to an endpoint."""

    settings: OpenAiSettings
    messages: Sequence[Json]
    """The conversation, with the visitor's message last if one begins the turn."""
    previous_id: str | None = None
    """The response after which the endpoint continues, as it remembers what came before."""
    news: Sequence[Json] = ()
    """What of the conversation came after that response."""
    before: Sequence[Json] = ()
    """What the model said on the way to the calls that the visitor has decided about, which that response knows."""
    said: Sequence[Json] = ()
    """What came in this turn: calls of tools, their results, and what the visitor decided."""
    calls: Sequence[ToolCall] = ()
    """Calls that the visitor has decided about; their results come next."""
    refused: Mapping[str, str] = field(factory=dict)
    """What the model reads of those that are not approved, by their ids."""
    then: Sequence[Json] = ()
    """What comes after these results."""
    tools: Sequence[Json] = ()
    """The tools that the model may call, as the endpoint reads them."""

    def body(self, dialect: Dialect) -> Json:
        """The fields of the request but for the model."""
        fields = self._response(dialect) if self.settings.api == "responses" else self._completion(dialect)
        return fields | ({"tools": [*self.tools, *fields.get("tools", ())]} if self.tools else {})

    def after(self, answer: ErrorAnswer) -> "Order | None":
        """How to ask again an endpoint that has forgotten the response: with the history; None for another answer."""
        if self.previous_id is None or answer.status not in (400, 404, 410, 422):
            return None
        if not answer.names("previous_response", "revious response", self.previous_id):
            return None
        return evolve(self, previous_id=None)

    def followed_by(self, said: Sequence[Json]) -> "Order":
        """The question with what came after it in this turn: calls of tools and their results."""
        return evolve(self, said=[*self.said, *said])

    def decided(self, results: Sequence[Json]) -> "Order":
        """With the results of the calls that the visitor has decided about."""
        return evolve(self, said=[*self.said, *results, *self.then], calls=(), then=())

    @property
    def _conversation(self) -> list[Json]:
        known = [*self.messages, *self.before] if self.previous_id is None else self.news
        return [*known, *self.said]

    def _completion(self, dialect: Dialect) -> Json:
        settings, messages = self.settings, self._conversation
        if settings.instructions:
            messages.insert(0, {"role": "system", "content": settings.instructions})
        fields: Json = {"messages": messages if dialect.takes_system else _without_system(messages), **settings.more}
        if dialect.reports_usage:
            fields["stream_options"] = {"include_usage": True}
        if settings.max_tokens is not None:
            fields[dialect.limit] = settings.max_tokens
        return fields

    def _response(self, dialect: Dialect) -> Json:
        settings = self.settings
        fields: Json = {"input": self._conversation}
        if dialect.stores:
            fields["store"] = settings.remembers_there
        if self.previous_id is not None:
            fields["previous_response_id"] = self.previous_id
        if settings.instructions:
            fields["instructions"] = settings.instructions
        if settings.max_tokens is not None:
            fields["max_output_tokens"] = settings.max_tokens
        if self.tools and not settings.remembers_there:  # thoughts are sent back with the calls that they led to
            fields["include"] = ["reasoning.encrypted_content"]
        more = dict(settings.more)
        if effort := more.pop("reasoning_effort", None):
            summary = {"summary": "auto"} if settings.shows_reasoning and dialect.summarises else {}
            fields["reasoning"] = {"effort": effort} | summary
        return fields | more


async def order_of(settings: OpenAiSettings, request: RunRequest, writer: Writer) -> Order | None:
    """The question of this turn, None where there is nothing that the model takes; the visitor reads what it does not
    get. Raises :class:`RunFailed` for an answer to a question that does not wait any more.
    """
    said = await _said(settings, request, writer)
    if request.context.attachments and not said["content"]:  # files alone, and none that the model takes
        return None
    memory = memory_of(settings, request)
    past = [*_past(request.context.history, limit=settings.history)]
    if memory.waiting is None:
        news = [*_past(memory.later, limit=settings.history), said]
        return Order(settings=settings, messages=[*past, said], previous_id=memory.response_id, news=news)
    waiting = memory.waiting
    decided = [_approval(each["id"], memory.decisions[each["id"]]) for each in waiting.approvals]
    return Order(
        settings=settings,
        messages=[*(past or _question(request.context.history)), *map(dict, waiting.approvals)],
        previous_id=memory.response_id,
        before=waiting.said,
        said=[*decided, *waiting.results],
        calls=waiting.calls,
        refused={
            each.id: _refusal(memory.decisions[each.id])
            for each in waiting.calls
            if not memory.decisions[each.id].is_approved
        },
        then=[said] if memory.says_more else [],
    )


def _question(history: Sequence[PastMessage]) -> list[Json]:
    """What the visitor said last before a call, for a workflow that sends no history."""
    answers = {place + 1 for place, past in enumerate(history) if isinstance(past.item, StructuredInputItem)}
    said = [past.text for place, past in enumerate(history) if past.said_by == "visitor" and place not in answers]
    return [{"role": "user", "content": text} for text in said[-1:]]


def _refusal(decided: Decision) -> str:
    return f"The visitor did not approve this call. {decided.reason}".strip()


def _approval(request_id: str, decided: Decision) -> Json:
    reason = {"reason": decided.reason} if decided.reason and not decided.is_approved else {}
    return {
        "type": "mcp_approval_response",
        "approval_request_id": request_id,
        "approve": decided.is_approved,
        **reason,
    }


def _past(history: Sequence[PastMessage], *, limit: int) -> Iterator[Json]:
    """Past messages in turns."""
    pairs = conversation(history, limit=limit)
    for question, answer in zip(pairs[::2], pairs[1::2], strict=True):
        if text := without_thoughts(answer.text):
            yield {"role": "user", "content": question.text}
            yield {"role": "assistant", "content": text}


async def _said(settings: OpenAiSettings, request: RunRequest, writer: Writer) -> Json:
    """The visitor's message; tells them of attachments that stay behind."""
    taken = [each for each in request.context.attachments if _kind(each) in settings.attachments]
    for notice in not_read(each for each in request.context.attachments if each not in taken):
        await writer.put(notice)
    content: str | list[Json] = request.text
    if taken:
        part = _RESPONSE_PARTS if settings.api == "responses" else _COMPLETION_PARTS
        content = [part["text"](request.text)] if request.text else []
        content += [await in_thread(partial(_part, part, each)) for each in taken]
    return {"role": "user", "content": content}


def _without_system(messages: list[Any]) -> list[Any]:
    """The instructions as the beginning of the first message that follows them."""
    system, first, *rest = messages
    said = first["content"]
    if isinstance(said, str):
        return [{**first, "content": f"{system['content']}\n\n{said}"}, *rest]
    return [{**first, "content": [{"type": "text", "text": system["content"]}, *said]}, *rest]


def _kind(file: SentFile) -> str:
    if file.mime_type.startswith("image/"):
        return "images"
    return "text" if file.mime_type.startswith("text/") or file.mime_type == "application/json" else "files"


def _part(forms: Mapping[str, Callable[..., Json]], file: SentFile) -> Json:
    kind, data = _kind(file), file.read()
    if kind == "text":
        return forms[kind](f"File {file.name}:\n\n{decoded(data)}")
    return forms[kind](file.name, f"data:{file.mime_type};base64,{b64encode(data).decode()}")


_COMPLETION_PARTS: Mapping[str, Callable[..., Json]] = {
    "text": lambda text: {"type": "text", "text": text},
    "images": lambda _name, url: {"type": "image_url", "image_url": {"url": url}},
    "files": lambda name, url: {"type": "file", "file": {"filename": name, "file_data": url}},
}
_RESPONSE_PARTS: Mapping[str, Callable[..., Json]] = {
    "text": lambda text: {"type": "input_text", "text": text},
    "images": lambda _name, url: {"type": "input_image", "image_url": url, "detail": "auto"},
    "files": lambda name, url: {"type": "input_file", "filename": name, "file_data": url},
}
