"""Small rules of the core that no other test meets."""

import pytest

from orcheo_core.domain.audit import Act, AuditFilter
from orcheo_core.domain.conduct import Conduct
from orcheo_core.domain.pages import PageQuery
from orcheo_core.ports.runner import Runners
from orcheo_core.services.visitors import admitting
from tests.core.harness import ADA, CoreHarness


def test_a_runner_that_looks_at_nothing_has_seen_no_harm(harness: CoreHarness) -> None:
    """The port's own answer."""
    assert Runners.conduct(harness.runners, "wf_1") == Conduct()


async def test_the_audit_of_a_removed_workflow_is_found_by_its_entries(harness: CoreHarness) -> None:
    """No one has to know that it was removed."""
    await harness.add("gone")
    await harness.core.registering.remove(ADA, "gone")
    wanted = AuditFilter(workflows=frozenset({"gone"}), act=Act.PUBLISHED)
    assert not (await harness.core.auditing.page(ADA, wanted, PageQuery())).entries


async def test_remembered_tokens_are_bounded(harness: CoreHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that are forgotten are matched again."""
    monkeypatch.setattr(admitting, "_MATCHED_KEPT", 1)
    tokens = [await harness.publish("one"), await harness.publish("two")]
    for token in (*tokens, *tokens):
        assert (await harness.core.admitting.visit_by_publish_token(token)).workflow.is_public
