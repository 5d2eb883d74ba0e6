"""A workflow in a program of its own: an HTTP service that counts words and streams its answer as JSON lines.

Start it with ``uvicorn examples.http_service:app --port 9000``. With ``WORD_COUNTER_SECRET`` set it answers signed
requests only.
"""

import hashlib
import hmac
import json
import os
import time
from collections import Counter
from collections.abc import Iterator, Mapping

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

MAX_AGE = 300
"""Seconds after which a signed request is too old to be taken."""


def is_genuine(headers: Mapping[str, str], body: bytes, *, secret: str, now: float) -> bool:
    """Whether a request was signed with ``secret``, not long ago."""
    timestamp = headers.get("orcheo-timestamp", "")
    if not timestamp.isdecimal() or abs(now - int(timestamp)) > MAX_AGE:
        return False
    expected = hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(f"v1={expected}", headers.get("orcheo-signature", ""))


async def answer(request: Request) -> Response:
    """``POST /``: the turn comes as JSON, the answer goes as JSON lines."""
    body = await request.body()
    secret = os.environ.get("WORD_COUNTER_SECRET")
    if secret and not is_genuine(request.headers, body, secret=secret, now=time.time()):
        return Response("The signature is missing, wrong or too old.", 401)
    turn = json.loads(body)
    lines = (json.dumps(event) + "\n" for event in count_words(turn["text"]))
    return StreamingResponse(lines, media_type="application/x-ndjson")


def count_words(text: str) -> Iterator[dict[str, object]]:
    """The events of an answer."""
    yield {"type": "progress", "text": "Counting"}
    words = text.split()
    yield {"type": "text", "text": f"{len(words)} {'word' if len(words) == 1 else 'words'}."}
    for word, times in Counter(words).most_common(1):
        if times > 1:
            yield {"type": "text", "text": f" The most frequent is *{word}*, {times} times."}
    yield {"type": "done"}


app = Starlette(routes=[Route("/", answer, methods=["POST"])])
