"""The catalogue: every operation by name."""

from typing import Any

from orcheo_core.domain.actor import Caller
from orcheo_core.errors import InvalidInput, OperationNotFound, ScopeMissing
from orcheo_core.operations.access import ACCESS_OPERATIONS
from orcheo_core.operations.audit import AUDIT_OPERATIONS
from orcheo_core.operations.canvas import CANVAS_OPERATIONS
from orcheo_core.operations.look import LOOK_OPERATIONS
from orcheo_core.operations.operation import Operation, broken_rules
from orcheo_core.operations.publishing import PUBLISHING_OPERATIONS
from orcheo_core.operations.services import OwnerServices
from orcheo_core.operations.space import SPACE_OPERATIONS
from orcheo_core.operations.telemetry import TELEMETRY_OPERATIONS
from orcheo_core.operations.threads import THREAD_OPERATIONS
from orcheo_core.operations.tokens import TOKEN_OPERATIONS
from orcheo_core.operations.webhook import WEBHOOK_OPERATIONS
from orcheo_core.operations.workflows import WORKFLOW_OPERATIONS

_SUBJECTS = (
    WORKFLOW_OPERATIONS,
    LOOK_OPERATIONS,
    PUBLISHING_OPERATIONS,
    THREAD_OPERATIONS,
    TOKEN_OPERATIONS,
    AUDIT_OPERATIONS,
    ACCESS_OPERATIONS,
    CANVAS_OPERATIONS,
    WEBHOOK_OPERATIONS,
    SPACE_OPERATIONS,
    TELEMETRY_OPERATIONS,
)
CATALOGUE: dict[str, Operation[Any, Any]] = {each.name: each for subject in _SUBJECTS for each in subject}
"""All operations, in the order in which help and reference show them."""


def find_operation(name: str) -> Operation[Any, Any]:
    """The operation of this name; :class:`OperationNotFound` when there is none."""
    if name not in CATALOGUE:
        raise OperationNotFound(f"There is no operation named {name!r}.")
    return CATALOGUE[name]


async def perform(services: OwnerServices, caller: Caller, operation: Operation[Any, Any], request: Any) -> Any:
    """Carry out an operation for a caller who has its scope; :class:`ScopeMissing` otherwise.

    Values that the rules of the request's parameters forbid are :class:`InvalidInput`.
    """
    _admit(caller, operation, request)
    return await operation.handle(services, caller, request)


async def question(services: OwnerServices, caller: Caller, operation: Operation[Any, Any], request: Any) -> str | None:
    """What to ask the owner before this call of :func:`perform`, None for nothing; raises as that does."""
    _admit(caller, operation, request)
    if operation.question is None or getattr(request, "dry_run", False):
        return None
    return await operation.question(services, caller, request)


def _admit(caller: Caller, operation: Operation[Any, Any], request: Any) -> None:
    if not caller.may(operation.scope):
        raise ScopeMissing(f"This needs a service token with the scope {operation.scope}.")
    if wrong := broken_rules(request):
        raise InvalidInput(*wrong)
