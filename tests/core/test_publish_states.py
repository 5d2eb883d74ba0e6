"""A workflow's publish state against a model of the rules."""

from datetime import timedelta

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from orcheo_core.domain.actor import Actor
from orcheo_core.errors import AlreadyArchived, AlreadyPublished, NotArchived, NotPublished, WorkflowArchived
from tests import samples
from tests.fakes.clock import START

ACTORS = st.sampled_from([Actor("ada"), Actor("bob")])
TOKEN_IDS = st.sampled_from(["one", "two"])


class PublishStates(RuleBasedStateMachine):
    """The model is what a person would write on paper."""

    def __init__(self) -> None:
        super().__init__()
        self.now = START
        self.workflow = samples.workflow()
        self.is_public = False
        self.token_id: str | None = None
        self.by: Actor | None = None
        self.rotated = False
        self.login = False
        self.is_archived = False
        self.changes = 1

    @rule(minutes=st.integers(1, 100))
    def time_goes_by(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @rule(actor=ACTORS, token_id=TOKEN_IDS, login=st.booleans())
    def publish(self, actor: Actor, token_id: str, login: bool) -> None:
        try:
            self.workflow = self.workflow.published(actor, at=self.now, token_id=token_id, require_login=login)
        except AlreadyPublished:
            assert self.is_public
            return
        except WorkflowArchived:
            assert self.is_archived
            return
        assert not self.is_public
        assert not self.is_archived
        self.is_public, self.token_id, self.by, self.rotated, self.login = True, token_id, actor, False, login
        self.changes += 1

    @rule(token_id=TOKEN_IDS)
    def rotate(self, token_id: str) -> None:
        try:
            self.workflow = self.workflow.token_rotated(at=self.now, token_id=token_id)
        except NotPublished:
            assert not self.is_public
            return
        self.token_id, self.rotated = token_id, True
        self.changes += 1

    @rule(login=st.booleans())
    def set_login(self, login: bool) -> None:
        try:
            self.workflow = self.workflow.with_login(at=self.now, require_login=login)
        except NotPublished:
            assert not self.is_public
            return
        self.login = login
        self.changes += 1

    @rule()
    def unpublish(self) -> None:
        try:
            self.workflow = self.workflow.unpublished(at=self.now)
        except NotPublished:
            assert not self.is_public
            return
        assert self.is_public
        self.is_public, self.token_id, self.by = False, None, None
        self.changes += 1

    @rule()
    def archive(self) -> None:
        try:
            self.workflow = self.workflow.archived(at=self.now)
        except AlreadyArchived:
            assert self.is_archived
            return
        assert not self.is_archived
        self.is_archived, self.is_public, self.token_id, self.by = True, False, None, None
        self.changes += 1

    @rule()
    def unarchive(self) -> None:
        try:
            self.workflow = self.workflow.unarchived(at=self.now)
        except NotArchived:
            assert not self.is_archived
            return
        self.is_archived = False
        self.changes += 1

    @invariant()
    def an_archived_workflow_is_private(self) -> None:
        assert (self.workflow.archived_at is not None) is self.is_archived
        assert not (self.is_archived and self.workflow.is_public)

    @invariant()
    def state_is_as_on_paper(self) -> None:
        opened = self.workflow.publication
        assert self.workflow.is_public is self.is_public is (opened is not None)
        assert self.workflow.revision == self.changes
        if opened is not None:
            assert (opened.token_id, opened.published_by) == (self.token_id, self.by)
            assert (opened.rotated_at is not None, opened.require_login) == (self.rotated, self.login)
            assert opened.published_at <= self.now


TestPublishStates = PublishStates.TestCase
TestPublishStates.settings = settings(max_examples=60, stateful_step_count=30)
