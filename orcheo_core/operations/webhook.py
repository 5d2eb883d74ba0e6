"""Operations on the webhook: how it is doing."""

from attrs import frozen

from orcheo_core.domain.actor import Caller, Scope
from orcheo_core.domain.durations import counted
from orcheo_core.operations.operation import Effect, Operation
from orcheo_core.operations.services import OwnerServices


@frozen(kw_only=True)
class ShowWebhook:
    """That of this server."""


@frozen(kw_only=True)
class WebhookView:
    """Where messages go (null without a webhook), how many wait, and how many may.

    ``failing`` is for how many of them the last attempt failed, ``attempts`` how often at most.
    """

    receiver: str | None
    waiting: int
    failing: int
    attempts: int
    most: int
    message: str


_NOT_SET_UP = "No webhook is set up: the server was started without ORCHEO_WEBHOOK_URL."


async def _show(services: OwnerServices, _caller: Caller, _request: ShowWebhook) -> WebhookView:
    outbox = await services.notices.outbox()
    if outbox is None:
        return WebhookView(receiver=None, waiting=0, failing=0, attempts=0, most=0, message=_NOT_SET_UP)
    waiting, failing = outbox.sum.waiting, outbox.sum.failing
    message = f"{counted(waiting, 'message')} to {outbox.receiver} {'waits' if waiting == 1 else 'wait'}"
    if failing:
        message += f", {failing} of them after failed attempts"
    if waiting >= outbox.most:
        message += "; no more are kept"
    return WebhookView(
        receiver=outbox.receiver,
        waiting=waiting,
        failing=failing,
        attempts=outbox.sum.attempts,
        most=outbox.most,
        message=f"{message}.",
    )


WEBHOOK_OPERATIONS = (
    Operation(
        name="webhook.show",
        command=("webhook", "show"),
        summary="Show whether messages reach the webhook.",
        guide="Use it when messages are missing; the server's log has the reasons.",
        request=ShowWebhook,
        result=WebhookView,
        scope=Scope.OPERATOR,
        effect=Effect.READ,
        handle=_show,
        idempotent=True,
    ),
)
