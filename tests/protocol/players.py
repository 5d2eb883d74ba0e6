"""The two servers behind one interface: send a request, get the events or the document."""

from itertools import pairwise
from typing import Any, Protocol

import orjson
from chatkit import types as wire
from chatkit.server import StreamingResult
from pydantic import TypeAdapter

from tests.app_server import TestServer, events_of
from tests.protocol.official import OfficialServer

Json = dict[str, Any]
EVENT: TypeAdapter[Any] = TypeAdapter(wire.ThreadStreamEvent)


class Player(Protocol):
    """A ChatKit server."""

    async def stream(self, kind: str, /, **params: Any) -> list[Json]:
        """The events of a request that streams."""

    async def ask(self, kind: str, /, **params: Any) -> Json:
        """The document that answers any other request."""


class Official(Player):
    """OpenAI's."""

    def __init__(self) -> None:
        self._server = OfficialServer()

    async def stream(self, kind: str, /, **params: Any) -> list[Json]:
        result = await self._server.process(orjson.dumps({"type": kind, "params": params}), None)
        assert isinstance(result, StreamingResult)
        return [orjson.loads(frame.removeprefix(b"data: ")) async for frame in result]

    async def ask(self, kind: str, /, **params: Any) -> Json:
        result = await self._server.process(orjson.dumps({"type": kind, "params": params}), None)
        document: Json = orjson.loads(result.json)  # type: ignore[union-attr]  # such requests do not stream
        return document


class Ours(Player):
    """Ours, over HTTP; each event must validate against the official types."""

    def __init__(self, app_server: TestServer, grant: str) -> None:
        self._app_server = app_server
        self._grant = grant

    async def stream(self, kind: str, /, **params: Any) -> list[Json]:
        answer = await self._app_server.chatkit(self._grant, kind, **params)
        assert answer.status_code == 200, answer.text
        events = events_of(answer)
        for event in events:
            EVENT.validate_python(event)
        return events

    async def ask(self, kind: str, /, **params: Any) -> Json:
        answer = await self._app_server.chatkit(self._grant, kind, **params)
        assert answer.status_code == 200, answer.text
        document: Json = answer.json()
        return document


def types_of(events: list[Json]) -> list[str]:
    """The types of events, updates and items: what a client sees of the course of a turn.

    Pieces of text that come together are one delta here and several there, so deltas in a row count as one.
    """
    kinds = [_type_of(event) for event in events]
    return [kind for before, kind in pairwise(["", *kinds]) if not (kind == before and kind.endswith("text_delta"))]


def _type_of(event: Json) -> str:
    inner = event.get("update") or event.get("item")
    return f"{event['type']} {inner['type']}" if inner else str(event["type"])


def message(text: str) -> Json:
    """``input`` of a visitor's message."""
    return {"content": [{"type": "input_text", "text": text}], "attachments": [], "inference_options": {}}
