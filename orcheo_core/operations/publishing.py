"""Operations on the publish state: publish, unpublish, rotate the publish token, set the login rule."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from attrs import evolve, field, frozen

from orcheo_core.domain.actor import Caller, Scope
from orcheo_core.domain.durations import PATTERN, in_words, parse_duration
from orcheo_core.errors import (
    AlreadyArchived,
    AlreadyPublished,
    ClosedUntilRestart,
    ConcurrentChange,
    FeatureDisabled,
    FieldError,
    InvalidInput,
    NoIdentityProvider,
    NotArchived,
    NotPublished,
    WorkflowArchived,
    WorkflowNotFound,
)
from orcheo_core.operations.operation import Effect, Operation, parameter
from orcheo_core.operations.services import OwnerServices
from orcheo_core.operations.views import PublishResult, WorkflowResult, WorkflowView, view_of
from orcheo_core.operations.workflows import REF_HELP, REF_PATTERN

if TYPE_CHECKING:
    from orcheo_core.services.owners.publishing import Published

MAX_GRACE_SECONDS = 7 * 24 * 3600
_ANYWAY_HELP = "Require sign-in even without an identity provider; no visitor can then come in."


def grace_parameter(secret: str) -> Any:
    """How long an old ``secret`` still works, as people write it."""
    return parameter(
        f"How long the old {secret} keeps working: 90s, 15m, 1h or 2d.",
        default=None,
        pattern=PATTERN,
        form_of="grace_seconds",
    )


def grace_seconds_parameter(secret: str) -> Any:
    """The same as a whole number, as programs and assistants write lengths of time."""
    return parameter(
        f"How many seconds the old {secret} keeps working.",
        default=0,
        minimum=0,
        maximum=MAX_GRACE_SECONDS,
        counts="seconds",
    )


@frozen(kw_only=True)
class PublishWorkflow:
    """Which workflow to open, and to whom."""

    ref: str = parameter(REF_HELP, argument=True, pattern=REF_PATTERN)
    require_login: bool = parameter(
        "Visitors must sign in first.", option="--require-login/--no-require-login", default=False
    )
    anyway: bool = parameter(_ANYWAY_HELP, default=False)

    def __attrs_post_init__(self) -> None:
        """Check that the two agree."""
        _check_anyway(require_login=self.require_login, anyway=self.anyway)


@frozen(kw_only=True)
class UnpublishWorkflow:
    """Which workflow to close, and how abruptly."""

    ref: str = parameter(REF_HELP, argument=True, pattern=REF_PATTERN)
    end_sessions: bool = parameter(
        "End open chat sessions and running answers at once instead of letting them run out.", default=False
    )


@frozen(kw_only=True)
class RotatePublishToken:
    """Whose publish token to replace, and how long the old one still works."""

    ref: str = parameter(REF_HELP, argument=True, pattern=REF_PATTERN)
    grace: str | None = grace_parameter("publish token")
    grace_seconds: int = grace_seconds_parameter("publish token")

    def __attrs_post_init__(self) -> None:
        """Check the range."""
        grace_of(self.grace, self.grace_seconds)


@frozen(kw_only=True)
class RotateIdentitySecret:
    """Whose identity secret to make or replace, and how long the old one still counts."""

    ref: str = parameter(REF_HELP, argument=True, pattern=REF_PATTERN)
    grace: str | None = grace_parameter("secret")
    grace_seconds: int = grace_seconds_parameter("secret")

    def __attrs_post_init__(self) -> None:
        """Check the range."""
        grace_of(self.grace, self.grace_seconds)


@frozen(kw_only=True)
class IdentitySecretResult:
    """A workflow and its new identity secret, which is shown only this once."""

    workflow: WorkflowView
    identity_secret: str = field(repr=False)
    message: str


@frozen(kw_only=True)
class SetLogin:
    """Which public workflow, and whether its visitors must sign in."""

    ref: str = parameter(REF_HELP, argument=True, pattern=REF_PATTERN)
    require_login: bool = parameter("Whether visitors must sign in first.", option="--require-login/--no-require-login")
    anyway: bool = parameter(_ANYWAY_HELP, default=False)

    def __attrs_post_init__(self) -> None:
        """Check that the two agree."""
        _check_anyway(require_login=self.require_login, anyway=self.anyway)


@frozen(kw_only=True)
class ArchiveWorkflow:
    """Which workflow to put aside."""

    ref: str = parameter(REF_HELP, argument=True, pattern=REF_PATTERN)


@frozen(kw_only=True)
class UnarchiveWorkflow:
    """Which archived workflow to bring back."""

    ref: str = parameter(REF_HELP, argument=True, pattern=REF_PATTERN)


def _check_anyway(*, require_login: bool, anyway: bool) -> None:
    if anyway and not require_login:
        raise InvalidInput(FieldError("anyway", "is for `require_login` only"))


def grace_of(grace: str | None, grace_seconds: int) -> timedelta:
    """The grace period that is asked for in one of two ways; :class:`InvalidInput` for both, and for too long a one."""
    if grace is not None and grace_seconds:
        raise InvalidInput(FieldError("grace", "must be left out when `grace_seconds` is given"))
    if not 0 <= grace_seconds <= MAX_GRACE_SECONDS:
        raise InvalidInput(FieldError("grace_seconds", f"must be between 0 and {MAX_GRACE_SECONDS}"))
    length = timedelta(seconds=grace_seconds) if grace is None else parse_duration("grace", grace)
    if length > timedelta(seconds=MAX_GRACE_SECONDS):
        raise InvalidInput(FieldError("grace", f"must be at most {in_words(timedelta(seconds=MAX_GRACE_SECONDS))}"))
    return length


def ends_in(grace: timedelta) -> str:
    """When something with this grace period ends, for a sentence."""
    return f"in {in_words(grace)}" if grace else "now"


async def _shown_once(services: OwnerServices, published: "Published", message: str) -> PublishResult:
    return PublishResult(
        workflow=await view_of(services, published.workflow),
        publish_token=published.publish_token,
        share_url=services.share_links.of(published.workflow),
        message=message,
    )


async def _publish(services: OwnerServices, caller: Caller, request: PublishWorkflow) -> PublishResult:
    published = await services.publishing.publish(
        caller, request.ref, require_login=request.require_login, anyway=request.anyway
    )
    audience = "Visitors who sign in can chat" if request.require_login else "Anyone with the share link can chat"
    result = await _shown_once(services, published, "")
    who = _NO_PROVIDER if result.workflow.obstacle else f"{audience} with it."
    message = f"{result.workflow.handle} is public. {who} Keep the publish token safe: it is shown only this once."
    return evolve(result, message=message)


async def _before_publish(services: OwnerServices, caller: Caller, request: PublishWorkflow) -> str:
    found = await services.publishing.before_publish(
        caller, request.ref, require_login=request.require_login, anyway=request.anyway
    )
    return f"Publish {found.handle}? {_who(services, request)} can then chat with it{_why_none(services, request)}."


async def _before_rotate(services: OwnerServices, caller: Caller, request: RotatePublishToken) -> str:
    found = await services.publishing.before_rotate(caller, request.ref)
    grace = grace_of(request.grace, request.grace_seconds)
    until = f", which works {in_words(grace)} longer," if grace else ""
    return f"Replace the publish token of {found.handle}? Programs that hold the old one{until} must get the new one."


async def _before_unpublish(services: OwnerServices, caller: Caller, request: UnpublishWorkflow) -> str:
    found = await services.publishing.before_unpublish(caller, request.ref, end_sessions=request.end_sessions)
    ends = "Its open chats and running answers end at once."
    if not found.is_public:
        return f"End what is left of the chats of {found.handle}? {ends}"
    return (
        f"Unpublish {found.handle}? Its share link and publish token stop working."
        f"{f' {ends}' if request.end_sessions else ''}"
    )


async def _before_set_login(services: OwnerServices, caller: Caller, request: SetLogin) -> str | None:
    found = await services.publishing.before_set_login(
        caller, request.ref, require_login=request.require_login, anyway=request.anyway
    )
    if found.require_publication().require_login == request.require_login:
        return None
    who, why = _who(services, request), _why_none(services, request)
    without = "" if request.require_login else ", without signing in"
    return f"Change who may chat with {found.handle}? {who} can then chat with it{without}{why}."


def _who(services: OwnerServices, request: PublishWorkflow | SetLogin) -> str:
    if not request.require_login:
        return "Anyone with its share link"
    return "Only visitors who sign in" if services.publishing.can_sign_in else "No visitor"


def _why_none(services: OwnerServices, request: PublishWorkflow | SetLogin) -> str:
    is_none = request.require_login and not services.publishing.can_sign_in
    return ": they must sign in, and this server has no identity provider" if is_none else ""


async def _before_archive(services: OwnerServices, caller: Caller, request: ArchiveWorkflow) -> str:
    found = await services.publishing.before_archive(caller, request.ref)
    stops = "Its share link and publish token stop working" if found.is_public else "It is left out of lists"
    return f"Archive {found.handle}? {stops}, and its chats end at once."


async def _rotate(services: OwnerServices, caller: Caller, request: RotatePublishToken) -> PublishResult:
    grace = grace_of(request.grace, request.grace_seconds)
    published = await services.publishing.rotate(caller, request.ref, grace=grace)
    handle = published.workflow.handle
    message = f"New publish token for {handle}, shown only this once; the old one ends {ends_in(grace)}."
    return await _shown_once(services, published, message)


async def _unpublish(services: OwnerServices, caller: Caller, request: UnpublishWorkflow) -> PublishResult:
    workflow = await services.publishing.unpublish(caller, request.ref, end_sessions=request.end_sessions)
    rest = (
        "The remaining chat sessions and running answers were ended."
        if request.end_sessions
        else (
            "Running answers are completed; open chat sessions end within 5 minutes, "
            "those of OpenAI's session API within 10."
        )
    )
    return PublishResult(
        workflow=await view_of(services, workflow),
        share_url=None,
        message=f"{workflow.handle} is private. {rest}",
    )


async def _set_login(services: OwnerServices, caller: Caller, request: SetLogin) -> PublishResult:
    workflow = await services.publishing.set_login(
        caller, request.ref, require_login=request.require_login, anyway=request.anyway
    )
    rule = "Visitors must sign in" if request.require_login else "Visitors need not sign in"
    view = await view_of(services, workflow)
    rest = f" {_NO_PROVIDER}" if view.obstacle == NoIdentityProvider.code else ""
    return PublishResult(
        workflow=view,
        share_url=services.share_links.of(workflow),
        message=f"{rule} to chat with {workflow.handle}.{rest}",
    )


async def _archive(services: OwnerServices, caller: Caller, request: ArchiveWorkflow) -> WorkflowResult:
    workflow = await services.publishing.archive(caller, request.ref)
    return WorkflowResult(
        workflow=await view_of(services, workflow),
        message=f"{workflow.handle} is archived: private, its chats ended, its threads kept.",
    )


async def _unarchive(services: OwnerServices, caller: Caller, request: UnarchiveWorkflow) -> WorkflowResult:
    workflow = await services.publishing.unarchive(caller, request.ref)
    return WorkflowResult(
        workflow=await view_of(services, workflow),
        message=f"{workflow.handle} is back. It is private; publish it to open it to visitors again.",
    )


async def _rotate_identity(
    services: OwnerServices, caller: Caller, request: RotateIdentitySecret
) -> IdentitySecretResult:
    grace = grace_of(request.grace, request.grace_seconds)
    made = await services.identity_secrets.rotate(caller, request.ref, grace=grace)
    old = f" The old one ends {ends_in(grace)}." if len(made.workflow.identity_keys) > 1 else ""
    return IdentitySecretResult(
        workflow=await view_of(services, made.workflow),
        identity_secret=made.text,
        message=f"New identity secret for {made.workflow.handle}, shown only this once.{old}",
    )


async def _before_rotate_identity(services: OwnerServices, caller: Caller, request: RotateIdentitySecret) -> str | None:
    found = await services.identity_secrets.before_rotate(caller, request.ref)
    if not found.identity_keys:
        return None
    grace = grace_of(request.grace, request.grace_seconds)
    until = f", which counts {in_words(grace)} longer," if grace else ""
    sites = f"Sites that sign with the old one{until} must get the new one."
    return f"Replace the identity secret of {found.handle}? {sites}"


_NO_PROVIDER = "No visitor can sign in yet: this server has no identity provider."


PUBLISHING_OPERATIONS = (
    Operation(
        name="workflows.publish",
        command=("workflow", "publish"),
        summary="Open a workflow to visitors and issue its publish token.",
        guide=(
            "Use it when the owner wants others to chat with a workflow. Try it with `orcheo workflow check` first. "
            "Returns the share link, for people. Programs need the publish token, which is shown only this once."
        ),
        request=PublishWorkflow,
        result=PublishResult,
        scope=Scope.WORKFLOWS_PUBLISH,
        effect=Effect.WRITE,
        handle=_publish,
        errors=(
            WorkflowNotFound,
            FeatureDisabled,
            AlreadyPublished,
            WorkflowArchived,
            NoIdentityProvider,
            ConcurrentChange,
        ),
        secret="publish_token",  # noqa: S106 - the name of a field
        confirmation="Publish the workflow? Anyone with its share link can then chat with it.",
        question=_before_publish,
        open_world=True,
    ),
    Operation(
        name="workflows.unpublish",
        command=("workflow", "unpublish"),
        summary="Close a workflow to visitors and revoke its publish token.",
        guide=(
            "Use it to close a chat: its share link and publish token stop working. Open chats run out within 10 "
            "minutes; end_sessions ends them at once. Returns the workflow, now private."
        ),
        request=UnpublishWorkflow,
        result=PublishResult,
        scope=Scope.WORKFLOWS_PUBLISH,
        effect=Effect.DESTRUCTIVE,
        handle=_unpublish,
        errors=(WorkflowNotFound, NotPublished, ConcurrentChange, ClosedUntilRestart),
        confirmation="Unpublish the workflow? Its share link and publish token stop working.",
        question=_before_unpublish,
    ),
    Operation(
        name="workflows.rotate_publish_token",
        command=("workflow", "rotate-token"),
        summary="Replace the publish token of a public workflow.",
        guide=(
            "Use it when the publish token is lost or has leaked; the share link stays. "
            "Returns the new publish token, which is shown only this once."
        ),
        request=RotatePublishToken,
        result=PublishResult,
        scope=Scope.WORKFLOWS_PUBLISH,
        effect=Effect.DESTRUCTIVE,
        handle=_rotate,
        errors=(WorkflowNotFound, FeatureDisabled, NotPublished, InvalidInput, ConcurrentChange),
        secret="publish_token",  # noqa: S106 - the name of a field
        confirmation="Replace the publish token? Programs that hold the old one must get the new one.",
        question=_before_rotate,
        open_world=True,
    ),
    Operation(
        name="workflows.rotate_identity_secret",
        command=("workflow", "rotate-identity-secret"),
        summary="Make or replace a workflow's identity secret.",
        guide="Use it to let a site sign who its visitors are. Returns the secret, which is shown only this once.",
        request=RotateIdentitySecret,
        result=IdentitySecretResult,
        scope=Scope.WORKFLOWS_PUBLISH,
        effect=Effect.DESTRUCTIVE,
        handle=_rotate_identity,
        errors=(WorkflowNotFound, InvalidInput, ConcurrentChange),
        secret="identity_secret",  # noqa: S106 - the name of a field
        confirmation="Replace the identity secret?",
        question=_before_rotate_identity,
    ),
    Operation(
        name="workflows.set_login",
        command=("workflow", "set-login"),
        summary="Set whether visitors of a public workflow must sign in.",
        guide=("Use it to change who may chat, without replacing the publish token. Returns the workflow."),
        request=SetLogin,
        result=PublishResult,
        scope=Scope.WORKFLOWS_PUBLISH,
        effect=Effect.WRITE,
        handle=_set_login,
        errors=(WorkflowNotFound, NotPublished, NoIdentityProvider, ConcurrentChange),
        confirmation="Change who may chat with the workflow?",
        question=_before_set_login,
        open_world=True,
        idempotent=True,
    ),
    Operation(
        name="workflows.archive",
        command=("workflow", "archive"),
        summary="Make a workflow private and leave it out of lists; its threads are kept.",
        guide=(
            "Use it for a workflow that is not needed now; its chats end at once. "
            "`orcheo workflow unarchive` brings it back."
        ),
        request=ArchiveWorkflow,
        result=WorkflowResult,
        scope=Scope.WORKFLOWS_PUBLISH,
        effect=Effect.DESTRUCTIVE,
        handle=_archive,
        errors=(WorkflowNotFound, AlreadyArchived, ConcurrentChange, ClosedUntilRestart),
        confirmation="Archive the workflow? Its share link and publish token stop working, and its chats end at once.",
        question=_before_archive,
    ),
    Operation(
        name="workflows.unarchive",
        command=("workflow", "unarchive"),
        summary="Bring an archived workflow back; it stays private.",
        guide="Use it after `orcheo workflow archive`; `orcheo workflow publish` opens it to visitors again.",
        request=UnarchiveWorkflow,
        result=WorkflowResult,
        scope=Scope.WORKFLOWS_PUBLISH,
        effect=Effect.WRITE,
        handle=_unarchive,
        errors=(WorkflowNotFound, NotArchived, ConcurrentChange),
    ),
)
