"""The operation on the look of a workflow's chat."""

from attrs import evolve, fields, frozen

from orcheo_core.domain.actor import Caller, Scope
from orcheo_core.domain.look import (
    DISCLAIMER_LENGTH,
    FILES,
    GREETING_LENGTH,
    NO_LOOK,
    PLACEHOLDER_LENGTH,
    SCHEMES,
    LookChange,
)
from orcheo_core.errors import ConcurrentChange, FieldError, InvalidInput, WorkflowNotFound
from orcheo_core.operations.operation import Effect, Operation, parameter
from orcheo_core.operations.services import OwnerServices
from orcheo_core.operations.views import WorkflowResult, view_of
from orcheo_core.operations.workflows import REF_HELP, REF_PATTERN


@frozen(kw_only=True)
class SetLook:
    """Which workflow, and what to change of its look; what is left out stays, an empty text removes."""

    ref: str = parameter(REF_HELP, argument=True, pattern=REF_PATTERN)
    greeting: str | None = parameter("Above an empty chat.", default=None, longest=GREETING_LENGTH)
    prompts: dict[str, str] = parameter("Starter prompts: button text to message.", option="--prompt", default={})
    icons: dict[str, str] = parameter(
        "Icons such as bolt or globe, by button text or tool id.",
        option="--icon",
        default={},
    )
    placeholder: str | None = parameter("In the empty message field.", default=None, longest=PLACEHOLDER_LENGTH)
    disclaimer: str | None = parameter("Below the message field.", default=None, longest=DISCLAIMER_LENGTH)
    accent: str | None = parameter("Colour of buttons and links, such as #0a7f5a.", default=None)
    scheme: str | None = parameter("Colour scheme; auto follows the visitor's browser.", choices=SCHEMES, default=None)
    contact: str | None = parameter("E-mail address or https link to reach the owner.", default=None)
    files: str | None = parameter("Offer to send files.", choices=FILES, default=None)
    models: dict[str, str] = parameter("Models to choose from: id to name.", option="--model", default={})
    tools: dict[str, str] = parameter("Tools to choose from: id to name.", option="--tool", default={})
    replace: bool = parameter("Start from an empty look.", default=False)

    def __attrs_post_init__(self) -> None:
        """Check that there is something to change, and what can be checked without the server's data."""
        if self.change == LookChange():
            raise InvalidInput(
                FieldError("", "Nothing to change was given."),
                hint="Name at least one thing to change, such as the greeting.",
            )
        NO_LOOK.changed(evolve(self.change.without_removals(), icons={}))

    @property
    def change(self) -> LookChange:
        """What changes."""
        return LookChange(**{each.name: getattr(self, each.name) for each in fields(LookChange)})


async def _set_look(services: OwnerServices, caller: Caller, request: SetLook) -> WorkflowResult:
    before, workflow, _ = await services.registering.edit(caller, request.ref, {}, look=request.change)
    message = (
        f"Changed the look of {workflow.handle}. Visitors see it when they open the chat the next time."
        if workflow != before
        else f"Nothing to change: the look of {workflow.handle} is so already."
    )
    return WorkflowResult(workflow=await view_of(services, workflow), message=message)


LOOK_OPERATIONS = (
    Operation(
        name="workflows.set_look",
        command=("workflow", "set-look"),
        summary="Change how a chat looks: greeting, starter prompts, colours, contact, files, models, tools.",
        guide="Use it to change only what is given; an empty text or value removes it. All of it is public.",
        request=SetLook,
        result=WorkflowResult,
        scope=Scope.WORKFLOWS_WRITE,
        effect=Effect.WRITE,
        handle=_set_look,
        errors=(WorkflowNotFound, InvalidInput, ConcurrentChange),
        idempotent=True,
        file_option="--look-file",
    ),
)
