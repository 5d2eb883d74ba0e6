"""A program that chats over HTTP: ChatKit requests, and streams read as far as a test wants."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx2
import orjson
from attrs import define

Event = dict[str, Any]


def question(text: str) -> dict[str, Any]:
    """What a visitor says, as ``input`` of a ChatKit request."""
    return {"content": [{"type": "input_text", "text": text}], "attachments": [], "inference_options": {}}


def chatkit(client: httpx2.Client, kind: str, **params: Any) -> httpx2.Response:
    """``POST /api/chatkit`` for a request that is answered by one document, or for a whole stream."""
    return client.post("/api/chatkit", json={"type": kind, "params": params})


@contextmanager
def streaming(client: httpx2.Client, kind: str, **params: Any) -> Iterator["EventStream"]:
    """``POST /api/chatkit`` for a request that is answered by a stream, which stays open."""
    resumable = {"Orcheo-Resume": "1"}
    with client.stream("POST", "/api/chatkit", json={"type": kind, "params": params}, headers=resumable) as response:
        yield EventStream(response=response, lines=response.iter_lines())


@define(kw_only=True)
class EventStream:
    """A stream of thread events."""

    response: httpx2.Response
    lines: Iterator[str]
    thread_id: str = ""

    def until_text(self, text: str) -> str:
        """Read until the answer has said ``text``, by itself or in one piece with more; the thread's id."""
        assert self.response.status_code == 200, self.response.read()
        said = ""
        for event in self:
            said += event.get("update", {}).get("delta", "")
            if text in said:
                return self.thread_id
        message = f"the stream ended without {text!r}, after {said!r}"
        raise AssertionError(message)

    def __iter__(self) -> Iterator[Event]:
        """The events that are still to come."""
        for line in self.lines:
            if line.startswith("data: "):
                event: Event = orjson.loads(line[len("data: ") :])
                self.thread_id = self.thread_id or event.get("thread", {}).get("id", "")
                yield event


def answer_of(event: Event) -> str:
    """The text of a finished answer, out of the event that says so."""
    assert event["type"] == "thread.item.done", event
    return str(event["item"]["content"][0]["text"])
