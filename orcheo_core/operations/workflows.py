"""Operations on workflows: register, read, edit, remove."""

from attrs import evolve, frozen

from orcheo_core.domain.actor import Caller, Scope
from orcheo_core.domain.pages import DEFAULT_LIMIT, PAGE_LIMIT, PageQuery
from orcheo_core.domain.search import search_words
from orcheo_core.domain.workflow import RunnerSpec, Workflow, WorkflowFilter
from orcheo_core.errors import (
    ConcurrentChange,
    FieldError,
    HandleTaken,
    InvalidInput,
    ScopeMissing,
    WorkflowCheckFailed,
    WorkflowNotFound,
)
from orcheo_core.operations.operation import Effect, Operation, parameter
from orcheo_core.operations.services import OwnerServices
from orcheo_core.operations.views import CheckResult, WorkflowPage, WorkflowResult, WorkflowView, view_of

REF_HELP = "Id or handle of the workflow."
ALL_LIMIT = 1_000


@frozen(kw_only=True)
class AddWorkflow:
    """What registering needs."""

    handle: str = parameter("Short name for links: lower-case letters, digits, hyphens.", argument=True)
    runner: str = parameter("Kind of runner: python, langgraph, openai or http.")
    target: str = parameter("What it calls: package.module:name (python, langgraph) or a URL (openai, http).")
    name: str | None = parameter("Name that visitors see; made from the handle if left out.", default=None)
    description: str = parameter("Note for yourself; visitors do not see it.", default="")
    settings: dict[str, str] = parameter(
        "A setting of the runner, NAME=VALUE; the reference lists them. May be repeated.",
        option="--setting",
        default={},
    )
    check: bool = parameter("Run a probe turn first; register nothing if it fails.", default=False)


@frozen(kw_only=True)
class ShowWorkflow:
    """Which workflow."""

    ref: str = parameter(REF_HELP, argument=True)


@frozen(kw_only=True)
class CheckWorkflow:
    """Which workflow."""

    ref: str = parameter(REF_HELP, argument=True)


@frozen(kw_only=True)
class ListWorkflows:
    """Which workflows, and which page of them."""

    search: str | None = parameter("Only those with all these words in their handle or name.", default=None)
    public: bool | None = parameter(
        "Only public ones, or only private ones.", option="--public/--private", default=None
    )
    include_archived: bool = parameter("Archived ones, too.", default=False)
    limit: int = parameter(f"How many at most (1 to {PAGE_LIMIT}).", default=DEFAULT_LIMIT)
    after: str | None = parameter("Id of the workflow after which the page begins.", default=None)
    all: bool = parameter(f"Up to {ALL_LIMIT:,} at once, whatever the limit.", default=False)


@frozen(kw_only=True)
class EditWorkflow:
    """Which workflow, and what to change; what is left out stays."""

    ref: str = parameter(REF_HELP, argument=True)
    handle: str | None = parameter("New handle; the old share link stops working.", default=None)
    name: str | None = parameter("New name.", default=None)
    description: str | None = parameter("New note for yourself.", default=None)

    def __attrs_post_init__(self) -> None:
        """Check that there is something to change."""
        if self.handle is None and self.name is None and self.description is None:
            raise InvalidInput(FieldError("body", "must change the handle, the name or the description"))


@frozen(kw_only=True)
class RemoveWorkflow:
    """Which workflow."""

    ref: str = parameter(REF_HELP, argument=True)


async def _add(services: OwnerServices, caller: Caller, request: AddWorkflow) -> WorkflowResult:
    workflow = await services.registering.add(
        caller,
        handle=request.handle,
        name=request.name,
        description=request.description,
        runner=RunnerSpec(kind=request.runner, target=request.target, settings=request.settings),
        probing=services.probing if request.check else None,
    )
    checked = " It answered a probe turn." if request.check else ""
    return WorkflowResult(
        workflow=await view_of(services, workflow),
        message=f"Registered {workflow.handle}.{checked} It is private; publish it to get a share link.",
    )


async def _check(services: OwnerServices, caller: Caller, request: CheckWorkflow) -> CheckResult:
    workflow, probe = await services.registering.check(caller, request.ref, services.probing)
    return CheckResult.of(await view_of(services, workflow), probe)


async def _show(services: OwnerServices, caller: Caller, request: ShowWorkflow) -> WorkflowView:
    return await view_of(services, await services.registering.get(caller, request.ref))


async def _list(services: OwnerServices, caller: Caller, request: ListWorkflows) -> WorkflowPage:
    wanted = WorkflowFilter(
        is_public=request.public,
        words=() if request.search is None else search_words(request.search),
        include_archived=request.include_archived,
    )
    query = PageQuery(limit=PAGE_LIMIT if request.all else request.limit, after=request.after, newest_first=True)
    found: list[Workflow] = []
    page = await services.registering.page(caller, wanted, query)
    found += page.entries
    while request.all and page.has_more and len(found) < ALL_LIMIT:
        page = await services.registering.page(caller, wanted, evolve(query, after=found[-1].id))
        found += page.entries
    views = [await view_of(services, each) for each in found]
    return WorkflowPage(workflows=tuple(views), next_after=views[-1].id if page.has_more else None)


async def _edit(services: OwnerServices, caller: Caller, request: EditWorkflow) -> WorkflowResult:
    wanted = {"handle": request.handle, "name": request.name, "description": request.description}
    fields = {name: value for name, value in wanted.items() if value is not None}
    workflow = await services.registering.edit(caller, request.ref, fields)
    return WorkflowResult(workflow=await view_of(services, workflow), message=f"Changed {workflow.handle}.")


async def _remove(services: OwnerServices, caller: Caller, request: RemoveWorkflow) -> WorkflowResult:
    workflow = await services.registering.remove(caller, request.ref)
    return WorkflowResult(
        workflow=await view_of(services, workflow),
        message=f"Removed {workflow.handle} with its publish tokens, chat sessions and threads.",
    )


WORKFLOW_OPERATIONS = (
    Operation(
        name="workflows.add",
        command=("workflow", "add"),
        tool="workflows.add",
        summary="Register a workflow; it stays private.",
        request=AddWorkflow,
        result=WorkflowResult,
        scope=Scope.WORKFLOWS_WRITE,
        effect=Effect.WRITE,
        handle=_add,
        errors=(InvalidInput, HandleTaken, ScopeMissing, WorkflowCheckFailed),
    ),
    Operation(
        name="workflows.check",
        command=("workflow", "check"),
        tool="workflows.check",
        summary="Run one probe turn of a workflow and say what is wrong; nothing of it is kept.",
        request=CheckWorkflow,
        result=CheckResult,
        scope=Scope.WORKFLOWS_WRITE,
        effect=Effect.WRITE,
        handle=_check,
        errors=(WorkflowNotFound, WorkflowCheckFailed),
    ),
    Operation(
        name="workflows.list",
        command=("workflow", "list"),
        tool="list_workflows",
        summary="List or search your workflows with their publish state, newest first.",
        request=ListWorkflows,
        result=WorkflowPage,
        scope=Scope.WORKFLOWS_READ,
        effect=Effect.READ,
        handle=_list,
        errors=(InvalidInput,),
    ),
    Operation(
        name="workflows.show",
        command=("workflow", "show"),
        tool="show_workflow",
        summary="Show one workflow with its publish state.",
        request=ShowWorkflow,
        result=WorkflowView,
        scope=Scope.WORKFLOWS_READ,
        effect=Effect.READ,
        handle=_show,
        errors=(WorkflowNotFound,),
    ),
    Operation(
        name="workflows.edit",
        command=("workflow", "edit"),
        tool="workflows.edit",
        summary="Change the name, handle or description of a workflow.",
        request=EditWorkflow,
        result=WorkflowResult,
        scope=Scope.WORKFLOWS_WRITE,
        effect=Effect.WRITE,
        handle=_edit,
        errors=(WorkflowNotFound, InvalidInput, HandleTaken, ConcurrentChange),
    ),
    Operation(
        name="workflows.remove",
        command=("workflow", "remove"),
        tool="workflows.remove",
        summary="Delete a workflow with its publish tokens, chat sessions and threads.",
        request=RemoveWorkflow,
        result=WorkflowResult,
        scope=Scope.WORKFLOWS_WRITE,
        effect=Effect.DESTRUCTIVE,
        handle=_remove,
        errors=(WorkflowNotFound, ConcurrentChange),
        confirmation="Delete {ref} with all its threads? This cannot be undone.",
    ),
)
