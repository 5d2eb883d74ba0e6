"""The one tree of errors: what happened, why, and what to do next.

Every error has a stable ``code`` (part of the contract: HTTP, CLI, MCP and Python all show it), a ``detail`` for
this occurrence and a ``hint`` that names the next step. None of them ever carries a secret. Adapters map the
family of an error to an HTTP status and an exit code in one table each.
"""

from datetime import datetime
from typing import ClassVar

from attrs import frozen


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


# --- what was asked for is not there -------------------------------------------------------------------------------


class NotFoundError(OrcheoError):
    """What the caller named does not exist, or not for this caller."""

    code = "not_found"
    summary = "There is nothing at this address."
    hint = "Check the address."


class WorkflowNotFound(NotFoundError):
    """No workflow of this owner has that id or handle."""

    code = "workflow_not_found"
    summary = "No workflow has this id or handle."
    hint = "See `orcheo workflow list` for the ones you have."


class ChatUnavailable(NotFoundError):
    """Unknown, private and unpublished workflows look the same to a visitor."""

    code = "chat_unavailable"
    summary = "This chat is not available."
    hint = "Its owner may have closed it, or the link is wrong. Ask the person who gave you the link."


class ThreadNotFound(NotFoundError):
    """No thread of this subject has that id."""

    code = "thread_not_found"
    summary = "No thread with this id is visible to you."
    hint = "List your threads with `threads.list`, or begin one with `threads.create`."


class ItemNotFound(NotFoundError):
    """The thread has no such item, or it is of another kind than the request needs."""

    code = "item_not_found"
    summary = "The thread has no such item."
    hint = "List the items of the thread with `items.list`."


class AttachmentNotFound(NotFoundError):
    """No attachment of this subject has that id, or its bytes were never uploaded."""

    code = "attachment_not_found"
    summary = "You have no attachment with this id."
    hint = "Create the attachment with `attachments.create`, then upload its bytes."


class ServiceTokenNotFound(NotFoundError):
    """No service token of this owner has that id."""

    code = "service_token_not_found"
    summary = "No service token has this id."
    hint = "See `orcheo token list` for the ones you have."


class OperationNotFound(NotFoundError):
    """The catalogue has no operation of that name."""

    code = "operation_not_found"
    summary = "There is no operation of this name."
    hint = "The reference lists all operations: docs/reference/operations.md."


class LoginNotSetUp(NotFoundError):
    """The server knows no identity provider, or none of that name."""

    code = "login_not_set_up"
    summary = "This server does not offer this way to sign in."
    hint = "Ask the person who gave you the link. Operators: docs/how-to/ask-visitors-to-sign-in.md."


# --- what was asked for does not fit the present state -------------------------------------------------------------


class ConflictError(OrcheoError):
    """The request is well-formed, but the present state does not allow it."""

    code = "conflict"
    summary = "The current state does not allow this."
    hint = "Read the current state, then decide again."


class AlreadyPublished(ConflictError):
    """Publishing a public workflow again would silently replace its publish token."""

    code = "already_published"
    summary = "This workflow is already public."
    hint = (
        "`orcheo workflow rotate-token` issues a new publish token, `orcheo workflow set-login` changes who may "
        "come in."
    )


class NotPublished(ConflictError):
    """Rotate, revoke and set-login need a public workflow."""

    code = "not_published"
    summary = "This workflow is private."
    hint = "A private workflow has no publish token and no login rule; `orcheo workflow publish` gives it both."


class NoIdentityProvider(ConflictError):
    """Visitors would have to sign in on a server that has no identity provider."""

    code = "no_identity_provider"
    summary = "This server has no identity provider, so no visitor could sign in."
    hint = "Set one up first (docs/how-to/ask-visitors-to-sign-in.md), or add --anyway."


class WorkflowArchived(ConflictError):
    """An archived workflow is not opened to visitors."""

    code = "workflow_archived"
    summary = "This workflow is archived."
    hint = "`orcheo workflow unarchive` brings it back; it can be published then."


class AlreadyArchived(ConflictError):
    """It was put aside before."""

    code = "already_archived"
    summary = "This workflow is already archived."
    hint = "`orcheo workflow unarchive` brings it back."


class NotArchived(ConflictError):
    """There is nothing to bring back."""

    code = "not_archived"
    summary = "This workflow is not archived."
    hint = "See its current state with `orcheo workflow show`."


class HandleTaken(ConflictError):
    """Handles are unique on a server."""

    code = "handle_taken"
    summary = "Another workflow has this handle."
    hint = "Choose another handle."


class ConcurrentChange(ConflictError):
    """The same thing was changed between the read and the write of this request; nothing was written."""

    code = "concurrent_change"
    summary = "Another request changed this at the same time, so your change was not made."
    hint = "Read the current state, then decide again."


class AuditBroken(ConflictError):
    """The hash chain of the audit is broken: the database was changed by hand."""

    code = "audit_broken"
    summary = "The audit was changed outside Orcheo."
    hint = "Keep the database file as evidence, and compare it with a backup."


class IdempotencyKeyReused(ConflictError):
    """A request with this idempotency key asked for something else; nothing of this one was done."""

    code = "idempotency_key_reused"
    summary = "This idempotency key was already used for a different request."
    hint = "Use a new key for each request; repeat a key only with exactly the same request."


class TurnInProgress(ConflictError):
    """A thread has at most one running turn."""

    code = "turn_in_progress"
    summary = "An answer is still being written in this thread."
    hint = "Wait for it, or stop it with `threads.cancel`."


class ServiceTokenEnded(ConflictError):
    """A service token that was rotated, revoked or has expired cannot be rotated or revoked again."""

    code = "service_token_ended"
    summary = "This service token has already ended."
    hint = "Create a new one with `orcheo token create`."


class NothingPending(ConflictError):
    """The thread waits for no client tool output, or these questions have already been answered."""

    code = "nothing_pending"
    summary = "The thread is not waiting for this."
    hint = "Read the thread again with `threads.get_by_id`."


# --- who is asking is unknown --------------------------------------------------------------------------------------


class UnauthenticatedError(OrcheoError):
    """The caller did not show a valid credential."""

    code = "unauthenticated"
    summary = "A valid credential is needed."
    hint = "Send it as `Authorization: Bearer …`."


class ServiceTokenInvalid(UnauthenticatedError):
    """The owner API takes a live service token and nothing else."""

    code = "service_token_invalid"
    summary = "This needs a valid service token."
    hint = "Set ORCHEO_SERVICE_TOKEN, or run the command on the server's machine, where the local owner token is used."


class ServiceTokenRevoked(UnauthenticatedError):
    """Was valid until it was rotated or revoked; only a holder of the whole token learns this."""

    code = "service_token_revoked"
    summary = "This service token was revoked."
    hint = "Use the service token that replaced it, or ask its owner for a new one."

    @classmethod
    def on(cls, ended_at: datetime) -> "ServiceTokenRevoked":
        """Name the moment, in UTC."""
        return cls(f"This service token was rotated or revoked on {ended_at:%Y-%m-%d %H:%M} UTC.")


class ServiceTokenExpired(UnauthenticatedError):
    """Was valid until its time was up; only a holder of the whole token learns this."""

    code = "service_token_expired"
    summary = "This service token has expired."
    hint = "Create a new one with `orcheo token create`."

    @classmethod
    def on(cls, expired_at: datetime) -> "ServiceTokenExpired":
        """Name the moment, in UTC."""
        return cls(f"This service token expired on {expired_at:%Y-%m-%d %H:%M} UTC.")


class PublishTokenInvalid(UnauthenticatedError):
    """Not a publish token of this server; strangers learn no more than that."""

    code = "publish_token_invalid"
    summary = "This publish token is not valid here."
    hint = "Ask the owner of the workflow for the current publish token."


class PublishTokenRotated(UnauthenticatedError):
    """Was valid until the owner rotated it; only a holder of the whole token learns this."""

    code = "publish_token_rotated"
    summary = "This publish token was rotated."
    hint = "Ask the owner of the workflow for the new publish token."

    @classmethod
    def on(cls, ended_at: datetime) -> "PublishTokenRotated":
        """Name the moment, in UTC."""
        return cls(f"This publish token was rotated on {ended_at:%Y-%m-%d %H:%M} UTC.")


class PublishTokenRevoked(UnauthenticatedError):
    """Was valid until the owner unpublished the workflow; only a holder of the whole token learns this."""

    code = "publish_token_revoked"
    summary = "This publish token was revoked."
    hint = "The owner has closed this chat. Ask the owner if it will open again."

    @classmethod
    def on(cls, ended_at: datetime) -> "PublishTokenRevoked":
        """Name the moment, in UTC."""
        return cls(f"This publish token was revoked on {ended_at:%Y-%m-%d %H:%M} UTC.")


class GrantInvalid(UnauthenticatedError):
    """Any chat grant that does not verify, for whatever reason."""

    code = "grant_invalid"
    summary = "This chat grant is not valid here."
    hint = "Get a new one from POST /api/chat/{ref}/session."


class GrantExpired(UnauthenticatedError):
    """A genuine chat grant past its end (300 s at most)."""

    code = "grant_expired"
    summary = "This chat grant has expired."
    hint = "Get a new one from POST /api/chat/{ref}/session."


class ChatSessionEnded(UnauthenticatedError):
    """The chat session behind a grant is over: its time is up, or the owner ended it."""

    code = "chat_session_ended"
    summary = "This chat session has ended."
    hint = "Open the chat again with its share link."


class LoginRequired(UnauthenticatedError):
    """The owner asks visitors to sign in first."""

    code = "login_required"
    summary = "The owner of this chat asks visitors to sign in."
    hint = "Sign in, then open the chat again."


class LoginNotVerified(UnauthenticatedError):
    """What came back from the identity provider does not prove who it is; the log says why."""

    code = "login_not_verified"
    summary = "The identity provider's answer could not be verified."
    hint = "Try to sign in again. If it happens again, the operator can find the reason in the server's log."


# --- who is asking may not -----------------------------------------------------------------------------------------


class ForbiddenError(OrcheoError):
    """The caller is known but may not do this."""

    code = "forbidden"
    summary = "You are not allowed to do this."
    hint = "Ask the operator of the server."


class FeatureDisabled(ForbiddenError):
    """The operator has switched this off, for everybody or for this owner."""

    code = "feature_disabled"
    summary = "This feature is switched off on this server."
    hint = "Ask the operator of the server if and when it will be available."


class LoginDenied(ForbiddenError):
    """The identity provider said no, or the visitor turned back there."""

    code = "login_denied"
    summary = "The identity provider did not sign you in."
    hint = "Try again, perhaps with another account, or ask the owner of the chat which accounts are accepted."


class ScopeMissing(ForbiddenError):
    """The service token lacks a scope."""

    code = "scope_missing"
    summary = "Your service token lacks the scope that this needs."
    hint = "Use a service token that has this scope."


class Declined(ForbiddenError):
    """The owner was asked before a public change and said no."""

    code = "declined"
    summary = "The owner did not agree."
    hint = "Nothing was changed. Ask the owner what they want instead."


# --- the request itself is wrong -----------------------------------------------------------------------------------


class InvalidError(OrcheoError):
    """The request can never work as it stands."""

    code = "invalid_request"
    summary = "The request is not valid."
    hint = "Correct the request and send it again."


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


@frozen
class FieldError:
    """One wrong field: its path in the request (``input.content[0].text``) and what is expected there.

    The path is empty where the request as a whole is wrong.
    """

    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


class InvalidInput(InvalidError):
    """Fields of the right document have wrong types or values; ``fields`` names each."""

    code = "invalid_input"
    summary = "Some fields are not valid."
    hint = "Correct the named values and try again."

    def __init__(self, *fields: FieldError, hint: str | None = None) -> None:
        """List each wrong field."""
        super().__init__("; ".join(map(str, fields)) or None, hint=hint)
        self.fields = fields


class ConfirmationNeeded(InvalidError):
    """A public change was asked for, and there was no terminal on which to ask first."""

    code = "confirmation_needed"
    summary = "This needs a confirmation, and there is no terminal to ask on."
    hint = "Add --yes to confirm."


class TranscriptionOff(InvalidError):
    """This server has no speech recognition."""

    code = "transcription_off"
    summary = "This server cannot turn speech into text."
    hint = "Type the message, or ask the operator to set up a transcriber."


# --- what the owner built does not work -----------------------------------------------------------------------------


class WorkflowCheckFailed(OrcheoError):
    """A probe turn got no answer; the detail names the cause, for the owner only."""

    code = "workflow_check_failed"
    summary = "The workflow did not answer a probe turn."
    hint = "Fix what the detail names, then check again. The full error is in the server's log."


class ActionNotTaken(OrcheoError):
    """The workflow takes messages only; a click is never answered as if the last message had been sent again."""

    code = "action_not_taken"
    summary = "This workflow does not handle actions."
    hint = "Send a message instead. Owners: docs/how-to/write-a-workflow.md explains how a workflow handles actions."


class NoAnswer(OrcheoError):
    """An owner asked a workflow, and its answer did not come to its end; the detail names the cause."""

    code = "no_answer"
    summary = "The workflow did not answer."
    hint = "`orcheo workflow check` tries it with one message; the server's log has the whole error."


class ActionFailed(OrcheoError):
    """The workflow could not carry out an action; its own words are in the log."""

    code = "action_failed"
    summary = "The workflow could not carry out this action."
    hint = "Try again; if it happens again, tell the owner of the chat."


# --- the caller asked for too much -----------------------------------------------------------------------------------


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


class LoginAttemptInvalid(InvalidError):
    """A way to the identity provider and back that did not begin in this browser, or is over already."""

    code = "login_attempt_invalid"
    summary = "This sign-in was not started in this browser, or it is already complete."
    hint = "Start it again from the chat, and allow cookies for this site."


class LoginAttemptExpired(InvalidError):
    """The visitor stayed away at the identity provider for too long (10 minutes)."""

    code = "login_attempt_expired"
    summary = "This sign-in took too long."
    hint = "Start it again from the chat."


# --- the server cannot, at the moment ------------------------------------------------------------------------------


class UnavailableError(OrcheoError):
    """The request is fine and the server cannot carry it out now."""

    code = "unavailable"
    summary = "The server cannot do this at the moment."
    hint = "Try again a little later."


class StorageUnavailable(UnavailableError):
    """The database did not take a write (disk full, file gone); nothing was changed."""

    code = "storage_unavailable"
    summary = "The server could not save this; nothing was changed."
    hint = "The operator should look at the free space and the permissions of the data folder, then try again."


class IdentityProviderUnavailable(UnavailableError):
    """Visitors cannot sign in through this identity provider now; existing logins stay valid."""

    code = "identity_provider_unavailable"
    summary = "The identity provider cannot be reached, so visitors cannot sign in at the moment."
    hint = "Try again in a minute. Visitors who are signed in already are not affected."


class ServerStopping(UnavailableError):
    """No new turn begins while the server shuts down."""

    code = "server_stopping"
    summary = "The server is restarting."
    hint = "Try again in a few seconds."
