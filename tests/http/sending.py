"""A visitor who sends files along, and the workflows that look at them."""

from typing import Any

import httpx2
from attrs import frozen

from orcheo_core import RunContext
from tests.app_server import USER_INPUT, TestServer, events_of

TEXT = b"Dear workflow"


def contents(_text: str, context: RunContext) -> str:
    """A workflow: what was sent, and what is in it."""
    return " | ".join(
        f"{each.name} {each.mime_type} {each.size} {each.read().decode()}" for each in context.attachments
    )


@frozen
class Visitor:
    """A visitor of the server and their grant."""

    app_server: TestServer
    grant: str

    @classmethod
    async def of(cls, app_server: TestServer) -> "Visitor":
        """Another one each time."""
        app_server.client.cookies.clear()
        return cls(app_server, await app_server.grant())

    async def announce(
        self, name: str = "a.txt", size: int = len(TEXT), mime_type: str = "text/plain"
    ) -> httpx2.Response:
        """``attachments.create``."""
        answer: httpx2.Response = await self.app_server.chatkit(
            self.grant, "attachments.create", name=name, size=size, mime_type=mime_type
        )
        return answer

    async def put(self, announced: dict[str, Any], content: bytes = TEXT) -> httpx2.Response:
        """Send the bytes as the descriptor says."""
        to = announced["upload_descriptor"]
        return await self.app_server.client.request(to["method"], to["url"], headers=to["headers"], content=content)

    async def post(self, content: bytes = TEXT, *, name: str = "a.txt", mime_type: str = "text/plain") -> Any:
        """Send a form."""
        headers = {"authorization": f"Bearer {self.grant}"}
        files = {"file": (name, content, mime_type)}
        return await self.app_server.client.post("/api/chatkit/attachments", headers=headers, files=files)

    async def uploaded(self, **about: Any) -> str:
        """The id of an attachment whose bytes are there."""
        answer = await self.post(**about)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["id"])

    async def send(self, *ids: str, thread_id: str | None = None, text: str = "Look") -> Any:
        """Say something with these attachments: the raw answer."""
        said = USER_INPUT | {"content": [{"type": "input_text", "text": text}], "attachments": list(ids)}
        if thread_id is None:
            return await self.app_server.chatkit(self.grant, "threads.create", input=said)
        return await self.app_server.chatkit(self.grant, "threads.add_user_message", thread_id=thread_id, input=said)

    async def sent(self, *ids: str) -> tuple[str, dict[str, Any], str]:
        """A new thread with these: its id, the visitor's item, the answer."""
        events = events_of(await self.send(*ids))
        return events[0]["thread"]["id"], events[1]["item"], events[-1]["item"]["content"][0]["text"]

    async def ask(self, kind: str, /, **params: Any) -> Any:
        """Any other request: the raw answer."""
        return await self.app_server.chatkit(self.grant, kind, **params)
