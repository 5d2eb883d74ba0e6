"""Operations on access to chats: an owner's own chat session, and the keys behind all of them."""

from datetime import datetime

from attrs import field, frozen

from orcheo_core.domain.actor import Caller, Scope
from orcheo_core.errors import (
    FeatureDisabled,
    FieldError,
    InvalidInput,
    NoAnswer,
    ThreadNotFound,
    TurnInProgress,
    WorkflowNotFound,
)
from orcheo_core.operations.operation import VISIBLE, Effect, Operation, parameter
from orcheo_core.operations.services import OwnerServices
from orcheo_core.operations.workflows import REF_HELP, REF_PATTERN

TEXT_LENGTH = 100_000
THREAD_PATTERN = "^[A-Za-z0-9_]{1,64}$"


@frozen(kw_only=True)
class OpenChatSession:
    """With which workflow."""

    ref: str = parameter(REF_HELP, argument=True, pattern=REF_PATTERN)


@frozen(kw_only=True)
class AskWorkflow:
    """What to ask which workflow, in a new or an existing thread."""

    ref: str = parameter(REF_HELP, argument=True, pattern=REF_PATTERN)
    text: str = parameter("What to ask, as a visitor would.", argument=True, longest=TEXT_LENGTH, pattern=VISIBLE)
    thread_id: str | None = parameter("Continue this thread of yours.", default=None, pattern=THREAD_PATTERN)

    def __attrs_post_init__(self) -> None:
        """Check that something is asked."""
        if not self.text.strip() or len(self.text) > TEXT_LENGTH:
            raise InvalidInput(FieldError("text", f"must be 1 to {TEXT_LENGTH:,} characters, not all of them blank"))


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
class SourceView:
    """What an answer cites."""

    title: str
    url: str | None
    filename: str | None


@frozen(kw_only=True)
class AnswerResult:
    """What a workflow answered, and the thread in which the conversation can continue.

    ``notices`` are what has to be known of the answer, such as that it was cut off at the model's limit.
    """

    answer: str
    sources: tuple[SourceView, ...]
    notices: tuple[str, ...]
    thread_id: str


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


async def _ask(services: OwnerServices, caller: Caller, request: AskWorkflow) -> AnswerResult:
    asked = await services.asking.ask(caller, request.ref, request.text, request.thread_id)
    sources = (SourceView(title=each.title, url=each.url, filename=each.filename) for each in asked.sources)
    return AnswerResult(answer=asked.text, sources=tuple(sources), notices=asked.notices, thread_id=asked.thread_id)


async def _rotate(services: OwnerServices, caller: Caller, _request: RotateKeys) -> KeysResult:
    kid = await services.key_rotation.rotate(caller)
    return KeysResult(
        kid=kid, message=f"Chat grants are signed with the key {kid} from now on; running chats continue."
    )


_ROTATE_KEYS = "Sign chat grants with a new key? Running chats continue."


async def _before_rotate(_services: OwnerServices, _caller: Caller, _request: RotateKeys) -> str:
    return _ROTATE_KEYS


ACCESS_OPERATIONS = (
    Operation(
        name="workflows.ask",
        command=("workflow", "ask"),
        summary="Send a message to a workflow of yours, public or not, and get its whole answer.",
        guide=(
            "Use it to try or to use a workflow; it takes as long as the workflow does. "
            "Returns the answer, its sources, and the thread_id to continue with."
        ),
        request=AskWorkflow,
        result=AnswerResult,
        scope=Scope.CHATKIT_SESSION,
        effect=Effect.WRITE,
        handle=_ask,
        errors=(WorkflowNotFound, ThreadNotFound, FeatureDisabled, TurnInProgress, NoAnswer, InvalidInput),
        open_world=True,
        strangers=("answer", "sources", "notices"),
    ),
    Operation(
        name="workflows.open_chat_session",
        command=("workflow", "chat-session"),
        summary="Open a chat session with a workflow of yours, public or not, to try it.",
        guide=(
            "Use it in a program that chats as the owner over ChatKit; to ask a workflow something, use `orcheo "
            "workflow ask`. Returns a chat grant for 5 minutes, which is shown only this once."
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
        summary="Replace the key that signs chat grants; running chats continue.",
        guide="Use it when the signing key of chat grants may have leaked. Nothing else changes.",
        request=RotateKeys,
        result=KeysResult,
        scope=Scope.OPERATOR,
        effect=Effect.WRITE,
        handle=_rotate,
        confirmation=_ROTATE_KEYS,
        question=_before_rotate,
    ),
)
