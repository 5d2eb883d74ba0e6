"""Each request gets an id that its answer, its problem and its log lines carry."""

from collections.abc import MutableMapping
from itertools import count
from secrets import token_hex
from typing import Any

from orcheo_adapters.http.scope import REQUEST_ID
from orcheo_adapters.system.logs import REQUEST_ID as LOGGED_ID

_PROCESS = token_hex(8)
_NUMBERS = count()


def new_request_id() -> str:
    """An id for a request: the process's own part and a number."""
    return f"req_{_PROCESS}{next(_NUMBERS):08x}"


def set_request_id(scope: MutableMapping[str, Any]) -> str:
    """Give the request of this ASGI scope a new id; the log lines of what it begins carry it too."""
    request_id = scope[REQUEST_ID] = new_request_id()
    LOGGED_ID.set(request_id)
    return request_id


def request_id_of(scope: MutableMapping[str, Any]) -> str:
    """The id of the request of this ASGI scope."""
    request_id: str = scope.get(REQUEST_ID, "req_unknown")
    return request_id
