"""What any request may meet: a wrong field, a limit, another change at the same time, a server that cannot now."""

from attrs import frozen

from orcheo_core.errors.families import (
    ConflictError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    OrcheoError,
    UnavailableError,
)


class MalformedRequest(InvalidError):
    """Not JSON, not UTF-8, or not of the expected outer form."""

    code = "malformed_request"
    summary = "The request body is not valid JSON."
    hint = "Send one JSON object, encoded as UTF-8, with `Content-Type: application/json`."


class BodyTooLarge(InvalidError):
    """Longer than this server accepts."""

    code = "body_too_large"
    summary = "The request body is too large."
    hint = "Send a smaller request."

    def __init__(self, limit: int) -> None:
        """Name the limit, in bytes."""
        super().__init__(f"The request body is larger than {limit} bytes.")
        self.limit = limit


@frozen
class FieldError:
    """One wrong field: its path in the request (``input.content[0].text``) and what is expected there.

    The path is empty where the request as a whole is wrong. ``limit`` is the largest value that is allowed, where the
    message names one: a page says it in the language of its visitor.
    """

    path: str
    message: str
    limit: int | None = None

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


MOST_NAMED = 20
"""Wrong fields that an error names."""


class InvalidInput(InvalidError):
    """Fields of the right document have wrong types or values; ``fields`` names each."""

    code = "invalid_input"
    summary = "Some fields are not valid."
    hint = "Correct the named values and try again."

    def __init__(self, *fields: FieldError, hint: str | None = None) -> None:
        """List each wrong field, up to a number: a small request can have a hundred thousand of them."""
        self.fields = fields[:MOST_NAMED]
        more = [f"{len(fields) - MOST_NAMED} more"] if len(fields) > MOST_NAMED else []
        super().__init__("; ".join([*map(str, self.fields), *more]) or None, hint=hint)


class ConfirmationNeeded(InvalidError):
    """A public change was asked for, and there was no terminal on which to ask first."""

    code = "confirmation_needed"
    summary = "This needs a confirmation, and there is no terminal to ask on."
    hint = "Add --yes to confirm."


class Declined(ForbiddenError):
    """The owner was asked before a public change and said no."""

    code = "declined"
    summary = "The owner did not agree."
    hint = "Nothing was changed. Ask the owner what they want instead."


class FeatureDisabled(ForbiddenError):
    """The operator has switched this off, for everybody or for this owner."""

    code = "feature_disabled"
    summary = "This feature is switched off on this server."
    hint = "Ask the operator of the server if and when it will be available."


class TelemetryOff(NotFoundError):
    """The operator does not want pages to report anything."""

    code = "telemetry_off"
    summary = "This server takes no telemetry."
    hint = "Operators switch it on with ORCHEO_TELEMETRY=on; send nothing as long as it is off."


class OperationNotFound(NotFoundError):
    """The catalogue has no operation of that name."""

    code = "operation_not_found"
    summary = "There is no operation of this name."
    hint = "The reference lists all operations: docs/reference/operations.md."


class ConcurrentChange(ConflictError):
    """The same thing was changed between the read and the write of this request; nothing was written."""

    code = "concurrent_change"
    summary = "Another request changed this at the same time, so your change was not made."
    hint = "Read the current state, then decide again."


class IdempotencyKeyReused(ConflictError):
    """A request with this idempotency key asked for something else; nothing of this one was done."""

    code = "idempotency_key_reused"
    summary = "This idempotency key was already used for a different request."
    hint = "Use a new key for each request; repeat a key only with exactly the same request."


class RateLimited(OrcheoError):
    """More than a rate of the server allows; after ``retry_after`` seconds the same request may pass."""

    code = "rate_limited"
    summary = "There were too many requests in a short time."
    hint = "Wait as long as the answer says, then try again."

    def __init__(self, *, policy: str, amount: int, window_seconds: int, retry_after: int) -> None:
        """Name the rate and the wait; what is counted is not secret, whose share it was is not revealed."""
        super().__init__(
            f"More than {amount} in {window_seconds} s ({policy.replace('-', ' ')}).",
            hint=f"Try again in {retry_after} s.",
        )
        self.policy = policy
        self.amount = amount
        self.window_seconds = window_seconds
        self.retry_after = retry_after


class BudgetExceeded(OrcheoError):
    """One visitor, publish token or network address has, or keeps open, all that it may."""

    code = "budget_exceeded"
    summary = "You already have as much of this as one visitor may have at a time."
    hint = "Send, remove or end some of it, then try again."

    def __init__(self, detail: str, *, hint: str, policy: str, retry_after: int) -> None:
        """Name the budget; ``retry_after`` is the number of seconds after which to ask again."""
        super().__init__(detail, hint=hint)
        self.policy = policy
        self.retry_after = retry_after


class SharedBudgetExceeded(BudgetExceeded):
    """All visitors of a workflow, or of the server, have together what they may."""

    code = "shared_budget_exceeded"
    summary = "All visitors together already have as much of this as the server allows."
    hint = "Try again in a little while; the operator of the server sets this limit."


class StorageUnavailable(UnavailableError):
    """The database did not take a write (disk full, file gone); nothing was changed."""

    code = "storage_unavailable"
    summary = "The server could not save this; nothing was changed."
    hint = "The operator should look at the free space and the permissions of the data folder, then try again."


class ClosedUntilRestart(UnavailableError):
    """The chat is closed in the server's memory; the database did not take it."""

    code = "closed_until_restart"
    summary = "The chat is closed and its chats are ended, but this could not be stored."
    hint = (
        "The chat stays closed as long as the server runs, which keeps trying to store it. The operator should look at "
        "the free space and the permissions of the data folder, and not restart the server before."
    )


class NotErasedYet(UnavailableError):
    """The threads are deleted; the disk had no room for the work that overwrites what was said in them."""

    code = "not_erased_yet"
    summary = "The threads are deleted, but what was said in them is still in the database file."
    hint = (
        "Nothing finds it any more. The server erases it as soon as it can, once a minute at most; the operator should "
        "look at the free space and the permissions of the data folder."
    )


class ServerStopping(UnavailableError):
    """No new turn begins while the server shuts down."""

    code = "server_stopping"
    summary = "The server is restarting."
    hint = "Try again in a few seconds."
