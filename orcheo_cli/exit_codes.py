"""The one table from errors to exit codes."""

from orcheo_core.errors import (
    ConflictError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    OrcheoError,
    UnauthenticatedError,
)

DONE = 0
FAILED = 1
USAGE = 2
NOT_FOUND = 3
REFUSED = 4
CONFLICT = 5
UNREACHABLE = 6
INTERRUPTED = 130
"""As a shell reports a program that Ctrl-C ended."""
READER_GONE = 141
"""As a shell reports a program whose output is read no longer, as by ``| head -1``."""

_UNREACHABLE_CODE = "server_unreachable"
_FAMILIES: tuple[tuple[type[OrcheoError], int], ...] = (
    (InvalidError, USAGE),
    (NotFoundError, NOT_FOUND),
    (UnauthenticatedError, REFUSED),
    (ForbiddenError, REFUSED),
    (ConflictError, CONFLICT),
)
_STATUSES = {400: USAGE, 405: USAGE, 413: USAGE, 422: USAGE, 404: NOT_FOUND, 401: REFUSED, 403: REFUSED, 409: CONFLICT}


def exit_code_of(error: OrcheoError | type[OrcheoError]) -> int:
    """The exit code that tells a script of an error, by its family or, from a server, by its HTTP status."""
    status = getattr(error, "status", None)
    if status is not None:
        return _STATUSES.get(status, FAILED)
    if error.code == _UNREACHABLE_CODE:
        return UNREACHABLE
    cls = error if isinstance(error, type) else type(error)
    return next((code for family, code in _FAMILIES if issubclass(cls, family)), FAILED)
