"""The answer of an endpoint that speaks the Responses API: bytes in, run events out; pure, as for chat completions.

Source of the events and items: OpenAI's API reference, and the types of the package ``openai`` (``types.responses``).
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar

from orcheo_adapters.runners import endpoint_answers as endpoint
from orcheo_adapters.runners.agents.approvals import asked
from orcheo_adapters.runners.endings import CUT, FILTERED, cut_short
from orcheo_adapters.runners.endpoint_answers import plain
from orcheo_adapters.runners.pieces import at
from orcheo_adapters.runners.steps import StepNotes, nested, readable, words
from orcheo_adapters.runners.text import WholeCharacters, encodable
from orcheo_core.domain.component_items import StepKind, StepState
from orcheo_core.domain.items import Citation
from orcheo_core.domain.run import AnswerEnded, CutShort, ImageShown, RunEvent, SourceCited, TextDelta, UsageReported
from orcheo_core.domain.sources import Source
from orcheo_core.domain.usage import Usage

Json = Mapping[str, Any]

_CALLS = {
    "web_search_call": "Web search",
    "file_search_call": "File search",
    "code_interpreter_call": "Code",
    "image_generation_call": "Image",
    "computer_call": "Computer",
    "local_shell_call": "Shell",
    "shell_call": "Shell",
    "apply_patch_call": "Patch",
    "mcp_list_tools": "",
    "mcp_call": "",
}
"""Items of tools that the endpoint calls itself, and what visitors read of each; empty for the tool's own name."""

_FUNCTIONS = ("function_call", "custom_tool_call")
"""Items of tools that the workflow would have to call."""


class ResponseAnswer:
    """One answer while it comes in."""

    def __init__(self, *, shows_reasoning: bool, steps: str, has_tools: bool = False) -> None:
        """``steps`` is one of :data:`~orcheo_adapters.runners.steps.STEPS`; ``has_tools``: calls can be carried out."""
        self._has_tools = has_tools
        self.calls: list[endpoint.ToolCall] = []
        """The calls to carry out before the model continues."""
        self.items: list[Json] = []
        """What the model has to find again then: thoughts and calls."""
        self.is_ended = False
        """Whether the endpoint said that the answer is whole."""
        self.is_over = False
        """Whether nothing that follows counts."""
        self.id = ""
        """Of the response, by which the endpoint remembers it."""
        self.approvals: list[Json] = []
        """Calls of remote tools that wait for the visitor (``mcp_approval_request``)."""
        self._documents = endpoint.Documents()
        self._notes = StepNotes(detail=steps, shows_thoughts=shows_reasoning)
        self._characters = WholeCharacters()
        self._thought_characters = WholeCharacters()
        self._message = ""
        """The item whose text is being said."""
        self._said: set[str] = set()
        """Parts whose text came in pieces, and items that are done: neither is read again."""
        self._has_text = self._has_thought = self._is_response = self._is_failed = False
        self._has_shown = False
        self._reason = ""
        self._tools: list[str] = []
        self._usage: Json | None = None
        self._odd: Any = None

    def push(self, chunk: bytes) -> Iterator[RunEvent]:
        """More of the body; :class:`RunFailed` for anything else, or an error of the endpoint."""
        if not self.is_over:
            for document in self._documents.push(chunk):
                yield from self._document(document)
            self._note_end()

    def finish(self) -> Iterator[RunEvent]:
        """Nothing follows: the last events.

        Raises :class:`RunFailed` for an answer that broke off, holds nothing, or only calls tools.
        """
        for document in () if self.is_over else self._documents.end():
            yield from self._document(document)
        self._note_end()
        yield from self._close()
        if self._usage is not None:
            inward, outward = endpoint.counted(self._usage, "input_tokens", "output_tokens")
            yield UsageReported(Usage(input_tokens=inward, output_tokens=outward))
        self._check()
        yield from self._last()

    def _last(self) -> Iterator[RunEvent]:
        if self.calls:
            return
        if self.approvals:
            yield asked([(each["id"], str(each.get("name")), each.get("arguments")) for each in self.approvals])
        elif not (self._has_text or self._has_shown):
            endpoint.fail_without_text(self._reason, self._tools, has_thought=self._has_thought)
        yield from cut_short(self._reason)
        if self._tools and self._reason not in CUT | FILTERED:
            yield CutShort(code="tools_missing", reason=f"The model also wanted to call {', '.join(self._tools)}.")

    def _check(self) -> None:
        if not self._is_response and self._odd is not None:
            raise endpoint.AnswerNotUnderstood(str(self._odd))
        if not self.is_ended:
            raise endpoint.AnswerBrokenOff(has_begun=self._is_response)

    def _note_end(self) -> None:
        if self._documents.is_over:
            self.is_ended = self.is_over = True

    def _document(self, document: Any) -> Iterator[RunEvent]:
        if not isinstance(document, dict):
            raise endpoint.AnswerNotUnderstood(str(document))
        kind = document.get("type")
        if document.get("object") == "response":
            yield from self._ended({"response": document})
        elif kind == "error" or (document.get("error") and not kind):
            raise endpoint.said_error(document.get("error") or document)
        elif isinstance(kind, str) and kind.startswith("response."):
            self._is_response = True
            read = self._EVENTS.get(kind.removeprefix("response."))
            yield from read(self, document) if read else ()
        elif self._odd is None:
            self._odd = document

    # --- the response ------------------------------------------------------------------------------------------------

    def _begun(self, event: Json) -> Iterator[RunEvent]:
        self.id = plain(at(event, "response", "id")) or self.id
        yield from ()

    def _ended(self, event: Json) -> Iterator[RunEvent]:
        """The whole response: what did not stream of it, and how it ended."""
        response = event.get("response")
        if not isinstance(response, dict):
            raise endpoint.AnswerNotUnderstood(str(event))
        self._is_response = True
        yield from self._begun(event)
        if response.get("error") or response.get("status") == "failed":
            raise endpoint.said_error(response.get("error") or "it failed")
        for item in response.get("output") or ():
            yield from self._item_done({"item": item})
        self._reason = plain(at(response, "incomplete_details", "reason")).lower()
        if isinstance(response.get("usage"), dict):
            self._usage = response["usage"]
        self.is_ended = self.is_over = True

    # --- text --------------------------------------------------------------------------------------------------------

    def _text(self, event: Json) -> Iterator[RunEvent]:
        """A piece of text, or of a refusal."""
        self._said.add(_part_of(event))
        yield from self._write(plain(event.get("item_id")), plain(event.get("delta")))

    def _part_done(self, event: Json) -> Iterator[RunEvent]:
        """The whole text of a part, for endpoints that do not stream it."""
        if _part_of(event) not in self._said:
            text = plain(event.get("text") or event.get("refusal"))
            yield from self._text({**event, "delta": text})

    def _write(self, item: str, text: str) -> Iterator[RunEvent]:
        if not text:
            return
        yield from self._notes.close()
        if self._message not in ("", item):
            yield AnswerEnded()
        self._message = item
        self._has_text = self._has_text or bool(text.strip())
        if whole := self._characters.take(text):
            yield TextDelta(whole)

    def _annotated(self, event: Json) -> Iterator[RunEvent]:
        """A source of what was said."""
        note = event.get("annotation")
        if (
            not isinstance(note, dict)
            or (key := f"cited {self._message} {sorted(note.items(), key=str)}") in self._said
        ):
            return
        if (source := _source(note)) is not None and self._message:
            self._said.add(key)
            index = note.get("end_index", note.get("index"))
            yield SourceCited(Citation(source=source, index=index if type(index) is int and index >= 0 else None))

    def _close(self) -> Iterator[RunEvent]:
        if rest := self._characters.rest():
            yield TextDelta(rest)
        yield from self._notes.close()

    # --- thoughts ----------------------------------------------------------------------------------------------------

    def _thought(self, event: Json) -> Iterator[RunEvent]:
        self._said.add(plain(event.get("item_id")))
        if text := self._thought_characters.take(plain(event.get("delta"))):
            self._has_thought = True
            yield from self._notes.think(text)

    def _thought_part(self, event: Json) -> Iterator[RunEvent]:
        """A summary has several parts, each a paragraph."""
        if event.get("summary_index"):
            yield from self._notes.think("\n\n")

    # --- items -------------------------------------------------------------------------------------------------------

    def _item_begun(self, event: Json) -> Iterator[RunEvent]:
        item = event.get("item")
        if isinstance(item, dict) and item.get("type") in _CALLS:
            yield from self._call(item, StepState.LOADING)

    def _item_done(self, event: Json) -> Iterator[RunEvent]:
        """An item is whole: what of it did not stream."""
        item = event.get("item")
        if not isinstance(item, dict) or (key := f"done {item.get('id')}") in self._said:
            return
        if item.get("id"):
            self._said.add(key)
        kind = item.get("type")
        if (read := self._ITEMS.get(str(kind))) is not None:
            yield from read(self, item)
        elif kind == "mcp_approval_request" and isinstance(item.get("id"), str):
            self.approvals.append(item)
        elif kind in _FUNCTIONS:
            if len(self._tools) == endpoint.MOST_CALLS:
                raise endpoint.TooManyCalls
            self._tools.append(encodable(plain(item.get("name"))[:100]))
        if self._has_tools:
            self._keep(item)

    def _keep(self, item: Json) -> None:
        if item.get("type") in ("reasoning", "function_call"):
            self.items.append(item)
        if item.get("type") == "function_call":
            call_id, name, arguments = (plain(item.get(key)) for key in ("call_id", "name", "arguments"))
            self.calls.append(endpoint.ToolCall(call_id, name, arguments))

    def _whole_message(self, item: Json) -> Iterator[RunEvent]:
        for place, part in enumerate(item.get("content") or ()):
            if isinstance(part, dict):
                where = {"item_id": plain(item.get("id")) or f"item {len(self._said)}", "content_index": place}
                yield from self._part_done({**part, **where})
                for note in part.get("annotations") or ():
                    yield from self._annotated({"annotation": note})

    def _whole_thought(self, item: Json) -> Iterator[RunEvent]:
        if plain(item.get("id")) not in self._said:
            parts = item.get("summary") or item.get("content") or ()
            text = "\n\n".join(plain(at(each, "text")) for each in parts)
            self._has_thought = self._has_thought or bool(text.strip())
            yield from self._notes.think(encodable(text)) if text else ()
        yield from self._notes.end_thought()

    def _call(self, item: Json, state: StepState) -> Iterator[RunEvent]:
        """A tool that the endpoint calls, as a step."""
        kind = str(item["type"])
        if kind == "mcp_list_tools":
            return
        title = _CALLS[kind] or nested(words(plain(item.get("server_label"))), words(plain(item.get("name"))))
        action = item.get("action")
        asked_for = (at(action, "query"), *(at(action, "queries") or ()), *(item.get("queries") or ()))
        queries = tuple(dict.fromkeys(plain(each) for each in asked_for if each))
        given = (item.get("arguments"), item.get("code"), at(action, "url"), item.get("output"))
        detail = " → ".join(readable(each) for each in (*queries, *given) if each)
        shown = StepKind.WEB_SEARCH if kind == "web_search_call" else StepKind.CUSTOM
        self._message = self._message and "-"  # text that follows is another item
        yield from self._notes.note(
            f"call {item.get('id')}", title, detail, state, kind=shown, queries=queries if shown != "custom" else ()
        )

    def _called(self, item: Json) -> Iterator[RunEvent]:
        yield from self._call(item, StepState.NONE if _has_failed(item) else StepState.COMPLETE)
        yield from self._image(item)

    def _image(self, item: Json) -> Iterator[RunEvent]:
        if item["type"] == "image_generation_call" and isinstance(item.get("result"), str):
            self._has_shown = True
            yield from self._notes.close()
            yield ImageShown(url=f"data:image/{plain(item.get('output_format')) or 'png'};base64,{item['result']}")

    _ITEMS: ClassVar[Mapping[str, Callable[["ResponseAnswer", Json], Iterator[RunEvent]]]] = {
        "message": _whole_message,
        "reasoning": _whole_thought,
        **dict.fromkeys(_CALLS, _called),
    }
    """Readers of whole items."""

    _EVENTS: ClassVar[Mapping[str, Callable[["ResponseAnswer", Json], Iterator[RunEvent]]]] = {
        "created": _begun,
        "in_progress": _begun,
        "output_text.delta": _text,
        "refusal.delta": _text,
        "output_text.done": _part_done,
        "refusal.done": _part_done,
        "output_text.annotation.added": _annotated,
        "reasoning_summary_text.delta": _thought,
        "reasoning_text.delta": _thought,
        "reasoning_summary_part.added": _thought_part,
        "output_item.added": _item_begun,
        "output_item.done": _item_done,
        "completed": _ended,
        "incomplete": _ended,
        "failed": _ended,
    }
    """Readers of events; others say nothing to a visitor."""


def _part_of(event: Json) -> str:
    """A part of a message, by its item and its place there."""
    return f"part {event.get('item_id')} {event.get('content_index', 0)}"


def _has_failed(item: Json) -> bool:
    return bool(item.get("error")) or item.get("status") in ("failed", "incomplete")


def _source(note: Json) -> Source | None:
    """``url_citation``, ``file_citation``, ``container_file_citation`` and ``file_path``."""
    url, filename = (encodable(plain(note.get(name))) for name in ("url", "filename"))
    title = encodable(plain(note.get("title"))) or filename or url
    if url.startswith(("https://", "http://")):
        return Source(title=title, url=url)
    return Source(title=title, filename=filename) if filename else None
