"""Each request gets an id that its answer, its problem and its log lines carry."""

from collections.abc import MutableMapping
from secrets import token_hex
from typing import Any

_KEY = "orcheo.request_id"


def new_request_id() -> str:
    """An id for a request."""
    return f"req_{token_hex(12)}"


def set_request_id(scope: MutableMapping[str, Any]) -> str:
    """Give the request of this ASGI scope a new id."""
    request_id = scope[_KEY] = new_request_id()
    return request_id


def request_id_of(scope: MutableMapping[str, Any]) -> str:
    """The id of the request of this ASGI scope."""
    request_id: str = scope.get(_KEY, "req_unknown")
    return request_id
