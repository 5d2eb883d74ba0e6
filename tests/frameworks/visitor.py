"""A visitor of a published workflow, over HTTP."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx2
from attrs import define, field

_SECONDS = 120.0
_DELTA = "assistant_message.content_part.text_delta"


@define
class Answer:
    """What one turn was answered with."""

    events: list[dict[str, Any]] = field(factory=list)

    @property
    def text(self) -> str:
        """The text of all assistant messages."""
        items = [each["item"] for each in self.events if each["type"] == "thread.item.done"]
        messages = [each for each in items if each["type"] == "assistant_message"]
        return "".join(part["text"] for each in messages for part in each["content"])

    @property
    def deltas(self) -> int:
        """In how many pieces the text came."""
        return sum(each.get("update", {}).get("type") == _DELTA for each in self.events)

    @property
    def errors(self) -> list[str]:
        """What went wrong, as the visitor reads it."""
        return [str(each.get("message") or each.get("code")) for each in self.events if each["type"] == "error"]

    def items(self, kind: str) -> list[dict[str, Any]]:
        """Whole items of this type."""
        done = (each["item"] for each in self.events if each["type"] == "thread.item.done")
        return [each for each in done if each["type"] == kind]


@define
class Visitor:
    """One user of an app, in one thread."""

    url: str
    grant: str
    thread_id: str | None = None

    @classmethod
    def of(cls, url: str, handle: str, publish_token: str, user: str) -> "Visitor":
        """Open a chat session as ``user``."""
        headers = {"authorization": f"Bearer {publish_token}"}
        answer = httpx2.post(f"{url}/api/chat/{handle}/session", json={"user": user}, headers=headers, trust_env=False)
        assert answer.status_code == 200, answer.text
        return cls(url, answer.json()["client_secret"])

    def says(self, text: str, *attachments: str, at_first_text: Callable[[], None] | None = None) -> Answer:
        """Send a message, and read the answer to its end."""
        content = [{"type": "input_text", "text": text}]
        said = {"content": content, "attachments": list(attachments), "inference_options": {}}
        if self.thread_id is None:
            return self.asks("threads.create", at_first_text=at_first_text, input=said)
        return self.asks("threads.add_user_message", at_first_text=at_first_text, thread_id=self.thread_id, input=said)

    def asks(self, kind: str, /, *, at_first_text: Callable[[], None] | None = None, **params: Any) -> Answer:
        """Send any request of the protocol."""
        answer = Answer()
        for event in self._events({"type": kind, "params": params, "metadata": {}}):
            answer.events.append(event)
            if event["type"] == "thread.created":
                self.thread_id = event["thread"]["id"]
            if at_first_text is not None and answer.deltas == 1:
                at_first_text()
                at_first_text = None
        return answer

    def stops(self) -> None:
        """Stop the answer that is being written."""
        for _ in self._events({"type": "threads.cancel", "params": {"thread_id": self.thread_id}, "metadata": {}}):
            pass

    def sends(self, name: str, mime_type: str, content: bytes) -> str:
        """The id of a file that was sent."""
        address, files = f"{self.url}/api/chatkit/attachments", {"file": (name, content, mime_type)}
        answer = httpx2.post(address, files=files, headers=self._headers, trust_env=False)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["id"])

    @property
    def _headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.grant}"}

    def _events(self, request: dict[str, Any]) -> Iterator[dict[str, Any]]:
        client = httpx2.Client(timeout=_SECONDS, trust_env=False)
        address = f"{self.url}/api/chatkit"
        with client, client.stream("POST", address, json=request, headers=self._headers) as answer:
            if answer.status_code != 200:
                raise AssertionError(answer.read().decode())
            for line in answer.iter_lines():
                if line.startswith("data:"):
                    yield json.loads(line.removeprefix("data:"))
