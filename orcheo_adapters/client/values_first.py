"""What is wrong with a request itself, said by a client that reaches no server."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from orcheo_adapters.client.remote import ServerUnreachable
from orcheo_adapters.client.settings import NoServiceToken


@contextmanager
def values_first(name: str, arguments: dict[str, Any]) -> Iterator[None]:
    """Report wrong values in place of a server that cannot be asked: starting it would not help.

    A server that answers says so itself. Then nothing of this is imported, and a newer server may take what this
    program does not know.
    """
    try:
        yield
    except (ServerUnreachable, NoServiceToken):
        check_values(name, arguments)
        raise


def check_values(name: str, arguments: dict[str, Any]) -> None:
    """Raise what any server would refuse of these arguments, whatever it has stored.

    That is :class:`InvalidInput`, and :class:`WorkflowNotFound` for what no workflow can be called.
    """
    from orcheo_adapters.runners.registry import find_kind
    from orcheo_adapters.wire.operations import decode_request
    from orcheo_core.errors import InvalidInput, WorkflowNotFound
    from orcheo_core.operations.catalogue import find_operation
    from orcheo_core.operations.operation import broken_rules
    from orcheo_core.operations.workflows import REF_PATTERN

    request = decode_request(find_operation(name), json.loads(json.dumps(arguments)))
    if wrong := broken_rules(request):
        raise InvalidInput(*wrong)
    if (kind := getattr(request, "runner", None)) is not None:
        find_kind(kind)
    if (ref := getattr(request, "ref", None)) is not None and not re.fullmatch(REF_PATTERN, ref):
        raise WorkflowNotFound(f"No workflow of yours has the id or handle {ref!r}.")
