"""Workflows: register, find, list, edit, remove."""

from collections.abc import Iterator, Mapping
from typing import Any

from attrs import define, evolve

from orcheo_core.domain.actor import Caller, Scope
from orcheo_core.domain.audit import Act
from orcheo_core.domain.conduct import Conduct
from orcheo_core.domain.ids import IdKind
from orcheo_core.domain.look import LookChange
from orcheo_core.domain.pages import Page, PageQuery, unknown_cursor
from orcheo_core.domain.workflow import TIME_LIMIT_MOST, RunnerChange, RunnerSpec, Workflow, WorkflowFilter
from orcheo_core.errors import FieldError, HandleTaken, InvalidInput, ScopeMissing, WorkflowNotFound
from orcheo_core.ports.attachment_files import AttachmentFiles
from orcheo_core.ports.clock import Clock
from orcheo_core.ports.runner import FoundKind, Runners
from orcheo_core.ports.unit_of_work import Store, UnitOfWork
from orcheo_core.services.owners.probing import Probe, Probing
from orcheo_core.services.shared.audit_trail import AuditTrail
from orcheo_core.services.shared.closing import Closing
from orcheo_core.services.shared.identifiers import Identifiers
from orcheo_core.services.shared.removing import forget, ids_of_threads
from orcheo_core.turns.register import ENDED, REMOVED, VISITORS_WORK, Place, Register, WorkKind

_NAMES_FOR_OWNERS = {"history_length": "history", "identity_keys": "identity_secret"}
"""What the audit calls fields that owners know by another name."""


def _noted(name: str, before: Workflow, after: Workflow) -> Iterator[str]:
    """A changed field for the audit; a new handle with the old one, as links and other entries name it."""
    if name == "handle":
        yield f"handle from {before.handle} to {after.handle}"
    elif name == "runner":
        parts = {"runner": "kind", "target": "target", "settings": "settings"}
        yield from (
            part for part, field in parts.items() if getattr(before.runner, field) != getattr(after.runner, field)
        )
    else:
        yield _NAMES_FOR_OWNERS.get(name, name)


async def find_own(change: UnitOfWork, caller: Caller, ref: str) -> Workflow:
    """The caller's workflow with this id or handle; another owner's is reported as unknown."""
    workflow = await change.workflows.find(ref)
    if workflow is None or workflow.owner != caller.actor:
        raise WorkflowNotFound(f"No workflow of yours has the id or handle {ref!r}.")
    return workflow


async def find_visible(change: UnitOfWork, caller: Caller, ref: str) -> Workflow:
    """The workflow with this id or handle, if the caller may see it: their own, an operator any."""
    workflow = await change.workflows.find(ref)
    if workflow is None or not (caller.is_operator or workflow.owner == caller.actor):
        raise WorkflowNotFound(f"No workflow of yours has the id or handle {ref!r}.")
    return workflow


async def _commit_handle(change: UnitOfWork, handle: str) -> None:
    """Commit; a handle that is taken is named."""
    try:
        await change.commit()
    except HandleTaken:
        raise _taken(handle) from None


def _taken(handle: str) -> HandleTaken:
    return HandleTaken(f"Another workflow has the handle {handle!r}.")


async def _check_cursor(change: UnitOfWork, caller: Caller, after: str) -> None:
    try:
        found = await find_visible(change, caller, after)
    except WorkflowNotFound:
        found = None
    if found is None or found.id != after:
        raise unknown_cursor("workflow")


@define(kw_only=True, eq=False)
class Registering:
    """Keeps the owners' workflows."""

    _store: Store
    _runners: Runners
    _files: AttachmentFiles
    _clock: Clock
    _identifiers: Identifiers
    _audit_trail: AuditTrail
    _register: Register
    _closing: Closing
    _longest_answer: int = TIME_LIMIT_MOST
    """Seconds; no workflow gets more."""

    async def add(
        self,
        caller: Caller,
        *,
        handle: str,
        name: str | None,
        description: str,
        runner: RunnerSpec,
        time_limit: int | None = None,
        history_length: int | None = None,
        probing: Probing | None = None,
    ) -> tuple[Workflow, str | None]:
        """Register a private workflow; its name is made from the handle when none is given.

        Beside it comes what its owner should know of it, in one line; see :meth:`Runner.check`.

        Raises :class:`InvalidInput`, :class:`HandleTaken`, :class:`ScopeMissing` for a runner that executes code or
        reads the server's environment, and, with ``probing``, :class:`WorkflowCheckFailed`; then nothing is registered.
        """
        advice = await self._check_runner(caller, runner)
        self._check_time_limit(time_limit)
        now = self._clock.now()
        workflow = Workflow(
            id=self._identifiers.new(IdKind.WORKFLOW),
            handle=handle,
            name=name or handle.replace("-", " ").capitalize(),
            description=description,
            owner=caller.actor,
            runner=runner,
            created_at=now,
            updated_at=now,
            time_limit=time_limit,
            history_length=history_length,
        )
        if probing is not None:
            await probing.probe(workflow)
        change = self._store.begin()
        change.workflows.add(workflow)
        self._audit_trail.record(change, Act.WORKFLOW_ADDED, caller, workflow=workflow, note=handle)
        await _commit_handle(change, workflow.handle)
        return workflow, advice

    async def kind_of(self, caller: Caller, target: str) -> FoundKind:
        """The kind of runner for a target that is to be registered, and why.

        Raises :class:`InvalidInput` when none is for it, and :class:`ScopeMissing` when code would have to be imported
        by a caller who may not register any.
        """
        if "://" not in target and not caller.may(Scope.WORKFLOWS_CODE):
            raise _needs_code("A target without --runner is imported to find out what it is")
        async with self._register.working(WorkKind.IMPORT):
            return await self._runners.find(target)

    async def check(self, caller: Caller, ref: str, probing: Probing) -> tuple[Workflow, Probe]:
        """Run a probe turn of one of the caller's workflows; :class:`WorkflowCheckFailed` says what is wrong."""
        workflow = await find_own(self._store.begin(), caller, ref)
        return workflow, await probing.probe(workflow)

    async def get(self, caller: Caller, ref: str) -> Workflow:
        """One workflow of the caller, for an operator of any owner, by id or handle."""
        return await find_visible(self._store.begin(), caller, ref)

    def conduct(self, workflow: Workflow) -> Conduct:
        """How a workflow has behaved towards the process since the start."""
        return self._runners.conduct(workflow.id)

    def running(self, workflow: Workflow) -> dict[str, int]:
        """How much of a workflow runs at this moment, by kind."""
        works = self._register.running(Place(workflow_id=workflow.id))
        kinds = [work.kind.value for work in works if work.kind is not WorkKind.FOLLOWING]
        return {kind: kinds.count(kind) for kind in sorted(set(kinds))}

    async def page(self, caller: Caller, wanted: WorkflowFilter, query: PageQuery) -> Page[Workflow]:
        """The caller's workflows, for an operator everybody's, a page at a time.

        Raises :class:`InvalidInput` for a cursor that names no workflow of the caller.
        """
        change = self._store.begin()
        if query.after is not None:
            await _check_cursor(change, caller, query.after)
        owner = None if caller.is_operator else caller.actor.name
        return await change.workflows.page(evolve(wanted, owner=owner), query)

    async def edit(
        self,
        caller: Caller,
        ref: str,
        fields: Mapping[str, Any],
        *,
        runner: RunnerChange | None = None,
        look: LookChange | None = None,
        probing: Probing | None = None,
    ) -> tuple[Workflow, Workflow, str | None]:
        """Change the named fields, the runner, and the look; the workflow before and after.

        Both are the same, and nothing is written down, when all of it is so already. Threads, share link and publish
        tokens stay; turns that run now end as they began. A new runner is followed by what its owner should know of it,
        as in :meth:`add`, and this raises as that does; then nothing is changed.
        """
        change = self._store.begin()
        before = await find_own(change, caller, ref)
        edited, advice = await self._edited(caller, before, fields, runner)
        if look is not None:
            edited["look"] = before.look.changed(look)
        workflow = before.edited(at=self._clock.now(), **edited)
        if probing is not None:
            await probing.probe(workflow)
        changed = [name for name, value in edited.items() if getattr(before, name) != value]
        if not changed:
            return before, before, None
        change.workflows.save(workflow)
        note = ", ".join(sorted(part for name in changed for part in _noted(name, before, workflow)))
        self._audit_trail.record(change, Act.WORKFLOW_EDITED, caller, workflow=workflow, note=note)
        await _commit_handle(change, workflow.handle)
        return before, workflow, advice

    async def before_edit(
        self, caller: Caller, ref: str, fields: Mapping[str, Any], *, runner: RunnerChange | None = None
    ) -> tuple[Workflow, Workflow]:
        """The workflow as it is and as :meth:`edit` would leave it; raises as that does."""
        change = self._store.begin()
        before = await find_own(change, caller, ref)
        edited, _ = await self._edited(caller, before, fields, runner)
        after = before.edited(at=self._clock.now(), **edited)
        if after.handle != before.handle and await change.workflows.find(after.handle) is not None:
            raise _taken(after.handle)
        return before, after

    async def _edited(
        self, caller: Caller, before: Workflow, fields: Mapping[str, Any], runner: RunnerChange | None
    ) -> tuple[dict[str, Any], str | None]:
        """The fields to change with their new values, checked, and what is to be known of a new runner."""
        edited, advice = dict(fields), None
        if runner is not None:
            if runner.kind is not None:  # a kind that there is not needs no target
                await self._runners.ready(runner.kind)
            edited["runner"] = before.runner.changed(runner)
            advice = await self._check_runner(caller, edited["runner"])
        if "identity_keys" in edited and not before.identity_keys:
            raise InvalidInput(FieldError("reset", "there is no identity secret to remove"))
        self._check_time_limit(edited.get("time_limit"))
        return edited, advice

    async def before_remove(self, caller: Caller, ref: str) -> Workflow:
        """The workflow that :meth:`remove` would delete; raises :class:`WorkflowNotFound` as that does."""
        return await find_own(self._store.begin(), caller, ref)

    async def remove(self, caller: Caller, ref: str) -> Workflow:
        """Delete a workflow with its publish tokens, chat sessions and threads; running turns are stopped.

        It is closed first, whatever comes of the rest. Then goes what the workflow itself keeps of its threads: if
        that fails (:class:`StorageUnavailable`), nothing is removed. The bytes of its attachments go too.
        """
        workflow = await find_own(self._store.begin(), caller, ref)
        if workflow.is_public:
            closed = workflow.unpublished(at=self._clock.now())
            workflow = await self._closing.close(caller, closed, Act.UNPUBLISHED, "to be removed", ends_chats=True)
        change = self._store.begin()
        await forget(self._runners, workflow, ids_of_threads(self._store, workflow.id))
        attachment_ids = await change.attachments.ids(workflow_id=workflow.id)
        change.workflows.remove(workflow)
        self._audit_trail.record(change, Act.WORKFLOW_REMOVED, caller, workflow=workflow, note=workflow.handle)
        await change.commit(must_land=True)
        self._register.stop(ENDED, Place(workflow_id=workflow.id), VISITORS_WORK)
        self._register.stop(REMOVED, Place(workflow_id=workflow.id))
        await self._files.remove(attachment_ids)
        return workflow

    def _check_time_limit(self, seconds: int | None) -> None:
        if seconds is not None and seconds > self._longest_answer:
            raise InvalidInput(
                FieldError("time_limit", f"must be at most {self._longest_answer} seconds"),
                hint="The operator sets this limit with ORCHEO_LONGEST_ANSWER_SECONDS.",
            )

    async def _check_runner(self, caller: Caller, spec: RunnerSpec) -> str | None:
        runner = await self._runners.ready(spec.kind)
        if not caller.may(Scope.WORKFLOWS_CODE):
            self._check_harmless(spec)
        async with self._register.working(WorkKind.IMPORT):
            return await runner.check(spec)

    def _check_harmless(self, spec: RunnerSpec) -> None:
        what = None
        if self._runners.executes_code(spec):
            what = f"A {spec.kind} workflow executes code of the server"
        elif spec.reads_environment:
            what = "A setting that ends in _env reads a variable of the server's environment"
        if what is not None:
            raise _needs_code(what)


def _needs_code(what: str) -> ScopeMissing:
    return ScopeMissing(
        f"{what}: this needs the scope {Scope.WORKFLOWS_CODE}.",
        hint=(
            "Use the local owner token of the data folder, which has this scope, "
            "or a service token that was created with it."
        ),
    )
