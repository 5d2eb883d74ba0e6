"""Requests and results of operations as JSON."""

from datetime import datetime
from typing import Any

from cattrs import Converter

from orcheo_adapters.wire.strict import StrictDecoder
from orcheo_core.operations.operation import Operation

_REQUESTS = StrictDecoder(forbid_extra_keys=True)


def _make_results() -> Converter:
    converter = Converter()
    converter.register_unstructure_hook(datetime, datetime.isoformat)
    return converter


_RESULTS = _make_results()


def decode_request(operation: Operation[Any, Any], arguments: dict[str, Any]) -> Any:
    """The request of an operation out of its JSON arguments; :class:`InvalidInput` names each wrong field."""
    return _REQUESTS.decode(arguments, operation.request)


def encode_result(result: object) -> dict[str, Any]:
    """A result as JSON-ready values: every field present, times in ISO 8601 with offset."""
    document: dict[str, Any] = _RESULTS.unstructure(result)
    return document
