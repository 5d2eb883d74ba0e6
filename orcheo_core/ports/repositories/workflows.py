"""The port to workflows that are kept."""

from abc import abstractmethod
from typing import Protocol

from orcheo_core.domain.pages import Page, PageQuery
from orcheo_core.domain.workflow import Workflow, WorkflowFilter


class WorkflowRepository(Protocol):
    """Workflows, unique by id and by handle."""

    @abstractmethod
    async def find(self, ref: str) -> Workflow | None:
        """The workflow with this id or handle."""

    @abstractmethod
    async def page(self, wanted: WorkflowFilter, query: PageQuery) -> Page[Workflow]:
        """The workflows that a filter wants, in the order of their ids."""

    @abstractmethod
    def add(self, workflow: Workflow) -> None:
        """Stage a new workflow; commit raises :class:`HandleTaken` when its handle is in use."""

    @abstractmethod
    def save(self, workflow: Workflow) -> None:
        """Stage a change; commit raises :class:`ConcurrentChange` unless the stored revision is one less."""

    @abstractmethod
    def remove(self, workflow: Workflow) -> None:
        """Stage a removal with all that belongs to the workflow (publish tokens, chat sessions, threads); the
        audit stays. Commit raises :class:`ConcurrentChange` unless the stored revision is the workflow's own."""

    @abstractmethod
    def check_unchanged(self, workflow: Workflow) -> None:
        """Stage a check: commit raises :class:`ConcurrentChange` unless the workflow is stored as it is here."""

    @abstractmethod
    def check_publication(self, workflow: Workflow) -> None:
        """Stage a check: commit raises :class:`ChatUnavailable` unless the stored publication number is this one."""
