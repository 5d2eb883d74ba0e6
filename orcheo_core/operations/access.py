"""Operations on access to chats: an owner's own chat session, and the keys behind all of them."""

from datetime import datetime

from attrs import field, frozen

from orcheo_core.domain.actor import Caller, Scope
from orcheo_core.errors import FeatureDisabled, WorkflowNotFound
from orcheo_core.operations.operation import Effect, Operation, parameter
from orcheo_core.operations.services import OwnerServices
from orcheo_core.operations.workflows import REF_HELP, REF_PATTERN


@frozen(kw_only=True)
class OpenChatSession:
    """With which workflow."""

    ref: str = parameter(REF_HELP, argument=True, pattern=REF_PATTERN)


@frozen(kw_only=True)
class RotateKeys:
    """All of them."""


@frozen(kw_only=True)
class ChatSessionResult:
    """A chat grant for the owner, good for ``expires_in`` seconds and not renewed."""

    client_secret: str | None = field(repr=False)
    expires_in: int
    expires_at: datetime
    message: str


@frozen(kw_only=True)
class KeysResult:
    """The public name of the new key."""

    kid: str
    message: str


async def _open(services: OwnerServices, caller: Caller, request: OpenChatSession) -> ChatSessionResult:
    grant = await services.admitting.by_owner(caller, request.ref)
    seconds = int((grant.claims.expires_at - grant.claims.issued_at).total_seconds())
    return ChatSessionResult(
        client_secret=grant.text,
        expires_in=seconds,
        expires_at=grant.claims.expires_at,
        message=f"A chat session with {request.ref} for {seconds} seconds.",
    )


async def _rotate(services: OwnerServices, caller: Caller, _request: RotateKeys) -> KeysResult:
    kid = await services.key_rotation.rotate(caller)
    return KeysResult(kid=kid, message=f"Chat grants are signed with the key {kid} from now on; running chats go on.")


ACCESS_OPERATIONS = (
    Operation(
        name="workflows.open_chat_session",
        command=("workflow", "chat-session"),
        summary="Open a chat session with a workflow of yours, public or not, to try it.",
        guide=(
            "Use it in a program that chats as the owner over ChatKit; to ask a workflow something, use `orcheo "
            "workflow ask`. Returns a chat grant, which expires within 5 minutes."
        ),
        request=OpenChatSession,
        result=ChatSessionResult,
        scope=Scope.CHATKIT_SESSION,
        effect=Effect.WRITE,
        handle=_open,
        errors=(WorkflowNotFound, FeatureDisabled),
        secret="client_secret",  # noqa: S106 - the name of a field
    ),
    Operation(
        name="keys.rotate",
        command=("keys", "rotate"),
        summary="Sign chat grants with a new key; running chats go on.",
        guide=(
            "Use it when the signing key of chat grants may have leaked. Nothing else changes for owners or visitors."
        ),
        request=RotateKeys,
        result=KeysResult,
        scope=Scope.OPERATOR,
        effect=Effect.WRITE,
        handle=_rotate,
        confirmation="Sign chat grants with a new key? Running chats go on.",
    ),
)
