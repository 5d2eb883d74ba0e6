"""Operations on the publish state: publish, unpublish, rotate the publish token, set the login rule."""

from datetime import timedelta
from typing import TYPE_CHECKING

from attrs import frozen

from orcheo_core.domain.actor import Caller, Scope
from orcheo_core.errors import (
    AlreadyPublished,
    ConcurrentChange,
    FeatureDisabled,
    FieldError,
    InvalidInput,
    NotPublished,
    WorkflowNotFound,
)
from orcheo_core.operations.operation import Effect, Operation, parameter
from orcheo_core.operations.services import OwnerServices
from orcheo_core.operations.views import PublishResult, WorkflowView
from orcheo_core.operations.workflows import REF_HELP

if TYPE_CHECKING:
    from orcheo_core.services.publishing import Published

MAX_GRACE_SECONDS = 7 * 24 * 3600


@frozen(kw_only=True)
class PublishWorkflow:
    """Which workflow to open, and to whom."""

    ref: str = parameter(REF_HELP, argument=True)
    require_login: bool = parameter("Visitors must sign in first.", default=False)


@frozen(kw_only=True)
class UnpublishWorkflow:
    """Which workflow to close, and how abruptly."""

    ref: str = parameter(REF_HELP, argument=True)
    end_sessions: bool = parameter(
        "End open chat sessions and running answers at once instead of letting them run out.", default=False
    )


@frozen(kw_only=True)
class RotatePublishToken:
    """Whose publish token to replace, and how long the old one still works."""

    ref: str = parameter(REF_HELP, argument=True)
    grace_seconds: int = parameter(
        f"So many seconds the old publish token goes on working (0 to {MAX_GRACE_SECONDS}).", default=0
    )

    def __attrs_post_init__(self) -> None:
        """Check the range."""
        if not 0 <= self.grace_seconds <= MAX_GRACE_SECONDS:
            raise InvalidInput(FieldError("grace_seconds", f"must be between 0 and {MAX_GRACE_SECONDS}"))


@frozen(kw_only=True)
class SetLogin:
    """Which public workflow, and whether its visitors must sign in."""

    ref: str = parameter(REF_HELP, argument=True)
    require_login: bool = parameter("Whether visitors must sign in first.")


def _shown_once(services: OwnerServices, published: "Published", message: str) -> PublishResult:
    return PublishResult(
        workflow=WorkflowView.of(published.workflow, services.share_links),
        publish_token=published.publish_token,
        share_url=services.share_links.of(published.workflow),
        message=message,
    )


async def _publish(services: OwnerServices, caller: Caller, request: PublishWorkflow) -> PublishResult:
    published = await services.publishing.publish(caller, request.ref, require_login=request.require_login)
    audience = "Visitors who sign in" if request.require_login else "Anybody with the share link"
    return _shown_once(
        services,
        published,
        f"{published.workflow.handle} is public. {audience} can chat with it. "
        "Keep the publish token safe: it is shown only this once.",
    )


async def _rotate(services: OwnerServices, caller: Caller, request: RotatePublishToken) -> PublishResult:
    grace = timedelta(seconds=request.grace_seconds)
    published = await services.publishing.rotate(caller, request.ref, grace=grace)
    since = f"in {request.grace_seconds} seconds" if request.grace_seconds else "now"
    return _shown_once(
        services,
        published,
        f"New publish token for {published.workflow.handle}; the old one ends {since}. It is shown only this once.",
    )


async def _unpublish(services: OwnerServices, caller: Caller, request: UnpublishWorkflow) -> PublishResult:
    workflow = await services.publishing.unpublish(caller, request.ref, end_sessions=request.end_sessions)
    rest = (
        "Open chat sessions and running answers were ended."
        if request.end_sessions
        else "Running answers go on to their end; open chat sessions end within 5 minutes."
    )
    return PublishResult(
        workflow=WorkflowView.of(workflow, services.share_links),
        share_url=None,
        message=f"{workflow.handle} is private. {rest}",
    )


async def _set_login(services: OwnerServices, caller: Caller, request: SetLogin) -> PublishResult:
    workflow = await services.publishing.set_login(caller, request.ref, require_login=request.require_login)
    rule = "Visitors must sign in" if request.require_login else "Visitors need not sign in"
    return PublishResult(
        workflow=WorkflowView.of(workflow, services.share_links),
        share_url=services.share_links.of(workflow),
        message=f"{rule} to chat with {workflow.handle}.",
    )


PUBLISHING_OPERATIONS = (
    Operation(
        name="workflows.publish",
        command=("workflow", "publish"),
        tool="workflows.publish",
        summary="Open a workflow to visitors and issue its publish token.",
        request=PublishWorkflow,
        result=PublishResult,
        scope=Scope.WORKFLOWS_PUBLISH,
        effect=Effect.WRITE,
        handle=_publish,
        errors=(WorkflowNotFound, FeatureDisabled, AlreadyPublished, ConcurrentChange),
        secret="publish_token",  # noqa: S106 - the name of a field
        confirmation="Publish {ref}? Anybody with its share link can then reach it.",
    ),
    Operation(
        name="workflows.unpublish",
        command=("workflow", "unpublish"),
        tool="workflows.unpublish",
        summary="Close a workflow to visitors and revoke its publish token.",
        request=UnpublishWorkflow,
        result=PublishResult,
        scope=Scope.WORKFLOWS_PUBLISH,
        effect=Effect.DESTRUCTIVE,
        handle=_unpublish,
        errors=(WorkflowNotFound, NotPublished, ConcurrentChange),
        confirmation="Unpublish {ref}? Its share link and publish token stop working.",
    ),
    Operation(
        name="workflows.rotate_publish_token",
        command=("workflow", "rotate-token"),
        tool="workflows.rotate_publish_token",
        summary="Replace the publish token of a public workflow.",
        request=RotatePublishToken,
        result=PublishResult,
        scope=Scope.WORKFLOWS_PUBLISH,
        effect=Effect.DESTRUCTIVE,
        handle=_rotate,
        errors=(WorkflowNotFound, FeatureDisabled, NotPublished, InvalidInput, ConcurrentChange),
        secret="publish_token",  # noqa: S106 - the name of a field
        confirmation="Replace the publish token of {ref}? Programs that hold the old one must get the new one.",
    ),
    Operation(
        name="workflows.set_login",
        command=("workflow", "set-login"),
        tool="workflows.set_login",
        summary="Say whether visitors of a public workflow must sign in.",
        request=SetLogin,
        result=PublishResult,
        scope=Scope.WORKFLOWS_PUBLISH,
        effect=Effect.WRITE,
        handle=_set_login,
        errors=(WorkflowNotFound, NotPublished, ConcurrentChange),
        confirmation="Change who may chat with {ref}?",
    ),
)
