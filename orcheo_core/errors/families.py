"""The root of the tree and its families: each family has one HTTP status and one exit code."""

from typing import ClassVar


class OrcheoError(Exception):
    """Root of the tree. ``str(error)`` is the detail."""

    code: ClassVar[str] = "internal_error"
    summary: ClassVar[str] = "Something went wrong on the server."
    hint: ClassVar[str] = "Try again; if it happens again, look up the request id in the server's log."

    def __init__(self, detail: str | None = None, *, hint: str | None = None) -> None:
        """Describe this occurrence; what is left out is said in the class's general words."""
        super().__init__(detail or self.summary)
        if hint is not None:
            self.hint = hint  # type: ignore[misc]  # an instance may be more exact than its class

    @property
    def detail(self) -> str:
        """What happened and why, for people."""
        return str(self)


class NotFoundError(OrcheoError):
    """What the caller named does not exist, or not for this caller."""

    code = "not_found"
    summary = "There is nothing at this address."
    hint = "Check the address."


class ConflictError(OrcheoError):
    """The request is well-formed, but the present state does not allow it."""

    code = "conflict"
    summary = "The current state does not allow this."
    hint = "Read the current state, then decide again."


class UnauthenticatedError(OrcheoError):
    """The caller did not show a valid credential."""

    code = "unauthenticated"
    summary = "A valid credential is needed."
    hint = "Send it as `Authorization: Bearer …`."


class ForbiddenError(OrcheoError):
    """The caller is known but may not do this."""

    code = "forbidden"
    summary = "You are not allowed to do this."
    hint = "Ask the operator of the server."


class InvalidError(OrcheoError):
    """The request can never work as it stands."""

    code = "invalid_request"
    summary = "The request is not valid."
    hint = "Correct the request and send it again."


class UnavailableError(OrcheoError):
    """The request is fine and the server cannot carry it out now."""

    code = "unavailable"
    summary = "The server cannot do this at the moment."
    hint = "Try again a little later."
