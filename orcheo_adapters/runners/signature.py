"""How a service knows that a request comes from this server: HMAC-SHA-256 over time and body."""

import hashlib
import hmac
from datetime import datetime

TIMESTAMP_HEADER = "orcheo-timestamp"
SIGNATURE_HEADER = "orcheo-signature"


def signature_headers(secret: str, body: bytes, *, at: datetime) -> dict[str, str]:
    """The headers that sign ``body``: seconds since 1970, and ``v1=`` with the HMAC of ``seconds.body`` in hex."""
    timestamp = str(int(at.timestamp()))
    digest = hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256)
    return {TIMESTAMP_HEADER: timestamp, SIGNATURE_HEADER: f"v1={digest.hexdigest()}"}
