"""Who is asking: service tokens, publish tokens, chat grants and logins that do not admit their holder."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from orcheo_core.errors.families import (
    ConflictError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    UnauthenticatedError,
    UnavailableError,
)


class ServiceTokenNotFound(NotFoundError):
    """No service token of this owner has that id."""

    code = "service_token_not_found"
    summary = "No service token has this id."
    hint = "See `orcheo token list` for the ones you have."


class ServiceTokenEnded(ConflictError):
    """A service token that was rotated, revoked or has expired cannot be rotated or revoked again."""

    code = "service_token_ended"
    summary = "This service token has already ended."
    hint = "Create a new one with `orcheo token create`."


class ServiceTokenInvalid(UnauthenticatedError):
    """The owner API takes a live service token and nothing else."""

    code = "service_token_invalid"
    summary = "This needs a valid service token."
    hint = "Use a service token of this server. To get one, run `orcheo token create` where a valid one is in use."


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
    hint = "Use another one. To get one, run `orcheo token create` where a valid one is in use."

    @classmethod
    def on(cls, expired_at: datetime) -> "ServiceTokenExpired":
        """Name the moment, in UTC."""
        return cls(f"This service token expired on {expired_at:%Y-%m-%d %H:%M} UTC.")


class ScopeMissing(ForbiddenError):
    """The service token lacks a scope."""

    code = "scope_missing"
    summary = "Your service token lacks the scope that this needs."
    hint = "Use a service token that has this scope."


class ServiceTokenNeeded(ForbiddenError):
    """Only the holder of a service token may do this: an owner session must not open another one."""

    code = "service_token_needed"
    summary = "This needs a service token."
    hint = "Run `orcheo canvas` on a machine that has a service token of this server."


class CanvasTicketInvalid(UnauthenticatedError):
    """A ticket that this server never issued, that was used, or that is older than 60 seconds."""

    code = "canvas_ticket_invalid"
    summary = "This one-time address of Canvas is not valid: it works once, within 60 seconds."
    hint = "Run `orcheo canvas` again for a new address."


class OwnerNotKnown(ForbiddenError):
    """The identity provider knows this person, and no rule of the operator's makes an owner of them."""

    code = "owner_not_known"
    summary = "You have signed in, but this server does not know you as an owner."
    hint = "Ask the operator of this server to add you to the rules for owners, or sign in with another account."


class OwnerSessionMissing(UnauthenticatedError):
    """The request carries no owner session of this server."""

    code = "owner_session_missing"
    summary = "You are not signed in to Canvas."
    hint = "Run `orcheo canvas` on a machine that has a service token of this server."
    providers: Sequence[Mapping[str, str]] | None = None
    """Where else owners can sign in, for a page that offers it."""


class OwnerSessionEnded(UnauthenticatedError):
    """The owner signed out, the session was idle or old, or the service token behind it has ended."""

    code = "owner_session_ended"
    summary = "Your owner session has ended."
    hint = "Run `orcheo canvas` to sign in again."
    providers: Sequence[Mapping[str, str]] | None = None
    """As of :class:`OwnerSessionMissing`."""


class OwnerSessionNotFound(NotFoundError):
    """This owner has no owner session with that id."""

    code = "owner_session_not_found"
    summary = "No owner session of yours has this id."
    hint = "Load the list of your owner sessions again."


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
        return cls(f"This publish token was rotated, and ended on {ended_at:%Y-%m-%d %H:%M} UTC.")


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
    either_hint = (
        "Send a publish token, which begins with orc_pt_, or get a chat grant from POST /api/chat/{ref}/session."
    )


class GrantExpired(UnauthenticatedError):
    """A genuine chat grant past its end (after 300 s at most, or as its app has set)."""

    code = "grant_expired"
    summary = "This chat grant has expired."
    hint = "Get a new one from POST /api/chat/{ref}/session."


class ChatSessionEnded(UnauthenticatedError):
    """The chat session behind a grant is over: its time is up, or the owner ended it."""

    code = "chat_session_ended"
    summary = "This chat session has ended."
    hint = "Open the chat again with its share link; a program opens a new chat session."


class ChatSessionNotFound(NotFoundError):
    """The app has opened no chat session with that id."""

    code = "chat_session_not_found"
    summary = "This program has opened no chat session with this id."
    hint = "Use the id from the answer of POST /v1/chatkit/sessions; an hour after it expired the server forgets it."


class IdentityInvalid(UnauthenticatedError):
    """Any identity that the workflow's identity secret has not signed, for whatever reason."""

    code = "identity_invalid"
    summary = "This identity of a visitor is not valid here."
    hint = (
        "The site around the chat must sign it with the workflow's identity secret: HS256, with sub, iat and exp, for "
        "10 minutes at most (docs/how-to/put-a-bubble-on-your-site.md)."
    )


class IdentityExpired(UnauthenticatedError):
    """A genuine identity past its end, or one that a logout has ended."""

    code = "identity_expired"
    summary = "This identity of a visitor has expired."
    hint = "The site around the chat must sign a new one."


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


class LoginNotSetUp(NotFoundError):
    """The server knows no identity provider, or none of that name."""

    code = "login_not_set_up"
    summary = "This server does not offer this way to sign in."
    hint = "Ask the person who gave you the link. Operators: docs/how-to/ask-visitors-to-sign-in.md."


class LoginDenied(ForbiddenError):
    """The identity provider said no, or the visitor turned back there."""

    code = "login_denied"
    summary = "The identity provider did not sign you in."
    hint = "Try again, perhaps with another account, or ask the owner of the chat which accounts are accepted."


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


class IdentityProviderUnavailable(UnavailableError):
    """Visitors cannot sign in through this identity provider now; existing logins stay valid."""

    code = "identity_provider_unavailable"
    summary = "The identity provider gives no usable answer, so visitors cannot sign in at the moment."
    hint = "Try again in a minute. Visitors who are signed in already are not affected."
