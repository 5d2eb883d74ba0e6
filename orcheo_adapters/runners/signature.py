"""How others know that a request comes from this server: HMAC-SHA-256 over time and body."""

import base64
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


def standard_webhook_headers(key: bytes, body: bytes, *, message_id: str, at: datetime) -> dict[str, str]:
    """The headers of the Standard Webhooks specification: ``v1,`` and the HMAC of ``id.seconds.body`` in Base64."""
    timestamp = str(int(at.timestamp()))
    digest = hmac.digest(key, f"{message_id}.{timestamp}.".encode() + body, "sha256")
    signature = f"v1,{base64.b64encode(digest).decode()}"
    return {"webhook-id": message_id, "webhook-timestamp": timestamp, "webhook-signature": signature}
