"""Operations on workflows: register, read, edit, remove."""

from typing import Any

from attrs import asdict, evolve, frozen

from orcheo_core.domain.actor import Caller, Scope
from orcheo_core.domain.conduct import Conduct
from orcheo_core.domain.origins import exact_origins
from orcheo_core.domain.pages import DEFAULT_LIMIT, PAGE_LIMIT, PageQuery
from orcheo_core.domain.search import search_words
from orcheo_core.domain.usage_days import USAGE_DAYS_MOST
from orcheo_core.domain.workflow import (
    ANSWER_SECONDS,
    DESCRIPTION_LENGTH,
    HANDLE_PATTERN,
    HISTORY_LENGTH,
    HISTORY_MOST,
    NAME_LENGTH,
    RUNNER_KINDS,
    TIME_LIMIT_MOST,
    RunnerChange,
    RunnerSpec,
    Workflow,
    WorkflowFilter,
    check_texts,
)
from orcheo_core.errors import (
    ClosedUntilRestart,
    ConcurrentChange,
    FieldError,
    HandleTaken,
    InvalidInput,
    ScopeMissing,
    WorkflowCheckFailed,
    WorkflowNotFound,
)
from orcheo_core.operations.operation import VISIBLE, Effect, Operation, parameter
from orcheo_core.operations.services import OwnerServices
from orcheo_core.operations.views import (
    ActivityView,
    CheckResult,
    ConductView,
    UsageOfDaysView,
    WorkflowPage,
    WorkflowResult,
    WorkflowView,
    advised,
    view_of,
)

REF_HELP = "Workflow's id or handle."
REF_PATTERN = "^[A-Za-z0-9_-]{1,64}$"
ALL_LIMIT = 1_000


_TIME_LIMIT_HELP = f"Seconds without text or progress that end an answer; {ANSWER_SECONDS} if not set."
_HISTORY_HELP = f"How many earlier entries of a thread a run receives; {HISTORY_LENGTH} if not set."
_RESETS = ("time_limit", "history", "allowed_origins", "identity_secret")
_FIELDS: dict[str, tuple[str, Any]] = {
    "history": ("history_length", None),
    "allowed_origins": ("allowed_origins", ()),
    "identity_secret": ("identity_keys", ()),
}
"""Field and value of what is reset, where it is not None in the field of that name."""


@frozen(kw_only=True)
class AddWorkflow:
    """What registering needs."""

    handle: str = parameter(
        "Short name for links: lower-case letters, digits, hyphens.", argument=True, pattern=HANDLE_PATTERN
    )
    target: str = parameter(
        "What it calls: package.module:name or a URL (openai, http, ag-ui).",
        argument=True,
        option="--target",
    )
    runner: str | None = parameter(
        "Kind of runner; found if left out.", default=None, choices=RUNNER_KINDS, checked=False
    )
    name: str | None = parameter(
        "Name that visitors see; made from the handle if left out.", default=None, longest=NAME_LENGTH
    )
    description: str = parameter("Note for yourself; visitors do not see it.", default="", longest=DESCRIPTION_LENGTH)
    settings: dict[str, str] = parameter(
        "Settings of the runner, by name; docs/reference/runners.md lists them.",
        option="--setting",
        default={},
    )
    time_limit: int | None = parameter(
        _TIME_LIMIT_HELP, default=None, minimum=1, maximum=TIME_LIMIT_MOST, counts="seconds"
    )
    history: int | None = parameter(_HISTORY_HELP, default=None, minimum=0, maximum=HISTORY_MOST)
    check: bool = parameter("Run probe turns first; register nothing if one fails.", default=False)

    def __attrs_post_init__(self) -> None:
        """Check what can be checked without the server's data, so that a client can do so too."""
        check_texts(handle=self.handle, name=self.name or None, description=self.description)


@frozen(kw_only=True)
class ShowWorkflow:
    """Which workflow, and whether with its usage."""

    ref: str = parameter(REF_HELP, argument=True, pattern=REF_PATTERN)
    days: int = parameter(
        "Number of days to show usage of.", default=0, minimum=0, maximum=USAGE_DAYS_MOST, counts="days"
    )


@frozen(kw_only=True)
class CheckWorkflow:
    """Which workflow."""

    ref: str = parameter(REF_HELP, argument=True, pattern=REF_PATTERN)


@frozen(kw_only=True)
class ListWorkflows:
    """Which workflows, and which page of them."""

    search: str | None = parameter(
        "Only those with all these words in their handle or name.", default=None, pattern=VISIBLE
    )
    public: bool | None = parameter(
        "Only public ones, or only private ones.", option="--public/--private", default=None
    )
    include_archived: bool = parameter("Archived ones, too.", default=False)
    limit: int = parameter("How many at most.", default=DEFAULT_LIMIT, minimum=1, maximum=PAGE_LIMIT)
    after: str | None = parameter("Start after this workflow id, the last of the previous page.", default=None)
    days: int = parameter(
        "Number of days to count turns of.", default=0, minimum=0, maximum=USAGE_DAYS_MOST, counts="days"
    )
    all: bool = parameter(f"Up to {ALL_LIMIT:,} at once, whatever the limit.", default=False)

    def __attrs_post_init__(self) -> None:
        """Check the search."""
        _ = self.words

    @property
    def words(self) -> tuple[str, ...]:
        """What is searched for; :class:`InvalidInput` for no words and for too many."""
        return () if self.search is None else search_words(self.search)


@frozen(kw_only=True)
class EditWorkflow:
    """Which workflow, and what to change; what is left out stays."""

    ref: str = parameter(REF_HELP, argument=True, pattern=REF_PATTERN)
    handle: str | None = parameter(
        "New handle; the old share link stops working.", default=None, pattern=HANDLE_PATTERN
    )
    name: str | None = parameter("New name.", default=None, longest=NAME_LENGTH, pattern=VISIBLE)
    description: str | None = parameter("New note for yourself.", default=None, longest=DESCRIPTION_LENGTH)
    runner: str | None = parameter(
        "Another kind of runner; it needs a target, and its settings start empty.",
        choices=RUNNER_KINDS,
        checked=False,
        default=None,
    )
    target: str | None = parameter("What it calls from now on.", default=None)
    settings: dict[str, str] = parameter(
        "Settings to change, by name; an empty value removes one, the others stay.",
        option="--setting",
        default={},
    )
    time_limit: int | None = parameter(
        _TIME_LIMIT_HELP, default=None, minimum=1, maximum=TIME_LIMIT_MOST, counts="seconds"
    )
    history: int | None = parameter(_HISTORY_HELP, default=None, minimum=0, maximum=HISTORY_MOST)
    allowed_origins: tuple[str, ...] | None = parameter(
        "Sites that may show the chat in a bubble, such as https://shop.example.org; others are removed.",
        option="--allowed-origin",
        default=None,
    )
    reset: tuple[str, ...] = parameter("What to reset to the server's default or remove.", choices=_RESETS, default=())
    check: bool = parameter("Run probe turns of the change first; change nothing if one fails.", default=False)

    def __attrs_post_init__(self) -> None:
        """Check that there is something to change, and nothing in two ways."""
        if not (self.fields or self.runner_change or self.reset):
            raise InvalidInput(
                FieldError("", "Nothing to change was given."),
                hint="Name at least one thing to change, such as the name, the target or a setting.",
            )
        for name in set(self.reset).intersection(_RESETS):
            if getattr(self, name, None) not in {None, ()}:
                raise InvalidInput(FieldError(name, "cannot be set and reset at the same time"))
        check_texts(handle=self.handle, name=self.name, description=self.description)

    @property
    def fields(self) -> dict[str, Any]:
        """The workflow's fields that change, by their names."""
        given = {
            "handle": self.handle,
            "name": self.name,
            "description": self.description,
            "time_limit": self.time_limit,
            "history_length": self.history,
            "allowed_origins": self._origins,
        }
        resets = {_FIELDS.get(name, (name, None)) for name in self.reset if name in _RESETS}
        return {name: value for name, value in given.items() if value is not None} | dict(resets)

    @property
    def _origins(self) -> tuple[str, ...] | None:
        """All sites from now on; an empty list removes them, as the help says."""
        return None if self.allowed_origins is None else exact_origins("allowed_origins", self.allowed_origins)

    @property
    def runner_change(self) -> RunnerChange | None:
        """What changes of how it is executed."""
        if self.runner is None and self.target is None and not self.settings:
            return None
        return RunnerChange(kind=self.runner, target=self.target, settings=self.settings)


@frozen(kw_only=True)
class RemoveWorkflow:
    """Which workflow."""

    ref: str = parameter(REF_HELP, argument=True, pattern=REF_PATTERN)


async def _add(services: OwnerServices, caller: Caller, request: AddWorkflow) -> WorkflowResult:
    found = await services.registering.kind_of(caller, request.target) if request.runner is None else None
    kind = request.runner if found is None else found.kind
    try:
        workflow, advice = await services.registering.add(
            caller,
            handle=request.handle,
            name=request.name,
            description=request.description,
            runner=RunnerSpec(kind=kind or "", target=request.target, settings=request.settings),
            time_limit=request.time_limit,
            history_length=request.history,
            probing=services.probing if request.check else None,
        )
    except InvalidInput as error:
        if found is None:
            raise
        raise _of_the_target(error) from None
    except WorkflowCheckFailed as error:
        raise WorkflowCheckFailed(f"Nothing was registered. {error.detail}", hint=error.hint) from error
    checked = " It passed its check." if request.check else ""
    runner = "" if found is None else f" with the runner {found.kind}, as {found.why}"
    return WorkflowResult(
        workflow=await view_of(services, workflow),
        message=advised(
            f"Registered {workflow.handle}{runner}.{checked} It is private; publish it to get a share link.", advice
        ),
    )


def _of_the_target(error: InvalidInput) -> InvalidInput:
    """The error of a runner that was found by the target: what was given is named, not what was left out."""
    fields = [evolve(each, path="target") if each.path == "runner" else each for each in error.fields]
    return InvalidInput(*fields, hint=error.hint)


async def _check(services: OwnerServices, caller: Caller, request: CheckWorkflow) -> CheckResult:
    workflow, probe = await services.registering.check(caller, request.ref, services.probing)
    return CheckResult.of(await view_of(services, workflow), probe)


async def _show(services: OwnerServices, caller: Caller, request: ShowWorkflow) -> WorkflowView:
    workflow = await services.registering.get(caller, request.ref)
    sums = await services.transcripts.activity(workflow)
    usage = UsageOfDaysView.of(*await services.usage.of(workflow, request.days)) if request.days else None
    return evolve(
        await view_of(services, workflow),
        activity=ActivityView.of(*sums, usage),
        running=services.registering.running(workflow),
        conduct=_conduct(services, workflow),
    )


def _conduct(services: OwnerServices, workflow: Workflow) -> ConductView | None:
    conduct = services.registering.conduct(workflow)
    return None if conduct == Conduct() else ConductView(**asdict(conduct))


async def _list(services: OwnerServices, caller: Caller, request: ListWorkflows) -> WorkflowPage:
    wanted = WorkflowFilter(
        is_public=request.public,
        words=request.words,
        include_archived=request.include_archived,
    )
    query = PageQuery(limit=PAGE_LIMIT if request.all else request.limit, after=request.after, newest_first=True)
    found: list[Workflow] = []
    page = await services.registering.page(caller, wanted, query)
    found += page.entries
    while request.all and page.has_more and len(found) < ALL_LIMIT:
        page = await services.registering.page(caller, wanted, evolve(query, after=found[-1].id))
        found += page.entries
    turns = await services.usage.turns(found, request.days) if request.days else {}
    views = [
        evolve(await view_of(services, each), conduct=_conduct(services, each), turns_by_day=turns.get(each.id))
        for each in found
    ]
    return WorkflowPage(workflows=tuple(views), next_after=views[-1].id if page.has_more else None)


async def _before_edit(services: OwnerServices, caller: Caller, request: EditWorkflow) -> str | None:
    """Ask only about a change that ends what others use."""
    if not {"handle", "identity_keys", "allowed_origins"}.intersection(request.fields):
        return None
    before, after = await services.registering.before_edit(
        caller, request.ref, request.fields, runner=request.runner_change
    )
    ends = []
    if before.is_public and after.handle != before.handle:
        ends.append(f"Links, pages and programs that name {before.handle} stop working.")
    if before.identity_keys and not after.identity_keys:
        ends.append("Sites can no longer sign who their visitors are, and the chats of such visitors end.")
    if before.is_public and (origins := sorted({*before.allowed_origins} - {*after.allowed_origins})):
        ends.append(f"Its bubble no longer works on {', '.join(origins)}.")
    return " ".join([f"Change {before.handle}?", *ends]) if ends else None


async def _edit(services: OwnerServices, caller: Caller, request: EditWorkflow) -> WorkflowResult:
    try:
        before, workflow, advice = await services.registering.edit(
            caller,
            request.ref,
            request.fields,
            runner=request.runner_change,
            probing=services.probing if request.check else None,
        )
    except WorkflowCheckFailed as error:
        raise WorkflowCheckFailed(f"Nothing was changed. {error.detail}", hint=error.hint) from error
    done = (
        f"Changed {workflow.handle}." if workflow != before else f"Nothing to change: {workflow.handle} is so already."
    )
    checked = " It passed its check." if request.check else ""
    return WorkflowResult(workflow=await view_of(services, workflow), message=advised(done + checked, advice))


async def _remove(services: OwnerServices, caller: Caller, request: RemoveWorkflow) -> WorkflowResult:
    workflow = await services.registering.remove(caller, request.ref)
    return WorkflowResult(
        workflow=await view_of(services, workflow),
        message=f"Removed {workflow.handle} with its publish tokens, chat sessions and threads.",
    )


async def _before_remove(services: OwnerServices, caller: Caller, request: RemoveWorkflow) -> str:
    from orcheo_core.services.owners.threads import PurgeOrder

    found = await services.registering.before_remove(caller, request.ref)
    threads = await services.transcripts.preview_purge(caller, request.ref, PurgeOrder())
    with_it = f" with {threads.described('')}" if threads.count else ""
    public = " It is public." if found.is_public else ""
    return f"Delete {found.handle}{with_it}?{public} This cannot be undone."


WORKFLOW_OPERATIONS = (
    Operation(
        name="workflows.add",
        command=("workflow", "add"),
        summary="Register a workflow; it stays private.",
        guide=(
            "Use it for a Python callable, a graph, a model endpoint or an HTTP service of the owner. Pass check to "
            "try it at once. Visitors cannot reach it before "
            "`orcheo workflow publish`."
        ),
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
        summary="Run a few probe turns of a workflow and report any problem; nothing is stored.",
        guide=(
            "Use it after each change and before publishing. It runs the workflow up to six times, the first within "
            "its time limit. Returns the beginning of the answer, or what is wrong."
        ),
        request=CheckWorkflow,
        result=CheckResult,
        scope=Scope.WORKFLOWS_WRITE,
        effect=Effect.WRITE,
        handle=_check,
        errors=(WorkflowNotFound, WorkflowCheckFailed),
        open_world=True,
        strangers=("answer", "message"),
    ),
    Operation(
        name="workflows.list",
        command=("workflow", "list"),
        summary="List or search your workflows with their publish state, newest first.",
        guide=(
            "Use it first, to find the handle that the other operations take. Returns a page of workflows "
            "with their share links; next_after begins the next page."
        ),
        request=ListWorkflows,
        result=WorkflowPage,
        scope=Scope.WORKFLOWS_READ,
        effect=Effect.READ,
        handle=_list,
        errors=(InvalidInput,),
        idempotent=True,
    ),
    Operation(
        name="workflows.show",
        command=("workflow", "show"),
        summary="Show one workflow with its publish state.",
        guide=(
            "Use it to see whether a workflow is public, its share link, its live publish tokens (masked), its "
            "runner and its usage."
        ),
        request=ShowWorkflow,
        result=WorkflowView,
        scope=Scope.WORKFLOWS_READ,
        effect=Effect.READ,
        handle=_show,
        errors=(WorkflowNotFound,),
        idempotent=True,
        strangers=("activity.last_failure.reason",),
    ),
    Operation(
        name="workflows.edit",
        command=("workflow", "edit"),
        summary="Change a workflow: its names, what it runs, its limits.",
        guide=(
            "Use it to change only what is given; threads, publish tokens and running answers stay. Pass check to try "
            "another target or setting first."
        ),
        request=EditWorkflow,
        result=WorkflowResult,
        scope=Scope.WORKFLOWS_WRITE,
        effect=Effect.WRITE,
        handle=_edit,
        errors=(WorkflowNotFound, InvalidInput, HandleTaken, ConcurrentChange, ScopeMissing, WorkflowCheckFailed),
        confirmation="Change the workflow, although links, signed identities or bubbles stop working?",
        question=_before_edit,
        idempotent=True,
    ),
    Operation(
        name="workflows.remove",
        command=("workflow", "remove"),
        summary="Delete a workflow with its publish tokens, chat sessions and threads.",
        guide=(
            "Use it only when the owner wants all of it gone for good; `orcheo workflow archive` keeps the threads, "
            "`orcheo workflow unpublish` only closes it."
        ),
        request=RemoveWorkflow,
        result=WorkflowResult,
        scope=Scope.WORKFLOWS_WRITE,
        effect=Effect.DESTRUCTIVE,
        handle=_remove,
        errors=(WorkflowNotFound, ConcurrentChange, ClosedUntilRestart),
        confirmation="Delete the workflow with all its threads? This cannot be undone.",
        question=_before_remove,
    ),
)
