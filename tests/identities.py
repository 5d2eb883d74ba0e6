"""Signed identities as the server of another site makes them: no code of Orcheo's signs here."""

import hmac
import json
from base64 import urlsafe_b64encode
from datetime import datetime
from typing import Any


def signed(secret: str, at: datetime, *, header: dict[str, Any] | None = None, **claims: Any) -> str:
    """A JSON Web Token under ``secret``; a claim of None is left out."""
    seconds = int(at.timestamp())
    said = {"sub": "ada", "iat": seconds, "exp": seconds + 300, **claims}
    head = {"alg": "HS256", "typ": "JWT"} if header is None else header
    parts = [head, {name: value for name, value in said.items() if value is not None}]
    text = ".".join(_encoded(json.dumps(each).encode()) for each in parts)
    return f"{text}.{_encoded(hmac.digest(secret.encode(), text.encode(), 'sha256'))}"


def _encoded(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()
