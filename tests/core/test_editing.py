"""Changing what a workflow runs, and its limits."""

from typing import Any

import pytest
from attrs import evolve

from orcheo_core.domain.actor import Actor, Caller, Channel, Scope
from orcheo_core.domain.run import TextDelta
from orcheo_core.domain.workflow import RunnerChange, RunnerSpec
from orcheo_core.errors import InvalidInput, ScopeMissing, WorkflowCheckFailed
from orcheo_core.operations.workflows import EditWorkflow
from orcheo_core.services.owners.probing import Probing
from tests.core.harness import ADA, CoreHarness

HTTP = RunnerSpec(kind="http", target="https://a.example.org", settings={"a": "1", "b": "2"})
WITHOUT_CODE = Caller(actor=Actor("ada"), channel=Channel.HTTP, scopes=frozenset({Scope.WORKFLOWS_WRITE}))


async def added(harness: CoreHarness, runner: RunnerSpec = HTTP) -> None:
    await harness.core.registering.add(ADA, handle="echo", name=None, description="", runner=runner)


async def edited(
    harness: CoreHarness, caller: Caller = ADA, *, probing: Probing | None = None, **change: Any
) -> RunnerSpec:
    _, workflow, _ = await harness.core.registering.edit(
        caller, "echo", {}, runner=RunnerChange(**change), probing=probing
    )
    return workflow.runner


@pytest.mark.parametrize(
    ("change", "spec"),
    [
        ({"target": "https://b.example.org"}, ("http", "https://b.example.org", {"a": "1", "b": "2"})),
        ({"settings": {"b": "3", "c": "4"}}, ("http", "https://a.example.org", {"a": "1", "b": "3", "c": "4"})),
        ({"settings": {"a": ""}}, ("http", "https://a.example.org", {"b": "2"})),
        ({"kind": "http"}, ("http", "https://a.example.org", {"a": "1", "b": "2"})),
        (
            {"kind": "openai", "target": "https://m.org", "settings": {"m": "x"}},
            ("openai", "https://m.org", {"m": "x"}),
        ),
    ],
)
async def test_what_is_not_named_stays(
    harness: CoreHarness, change: dict[str, Any], spec: tuple[str, str, dict[str, str]]
) -> None:
    """Settings are merged by name, an empty value takes one out, another kind begins without settings."""
    await added(harness)
    runner = await edited(harness, **change)
    assert (runner.kind, runner.target, runner.settings) == spec


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({"settings": {"a": "", "z": "", "y": ""}}, ["settings.z", "settings.y"]),
        ({"kind": "openai", "target": "https://m.org", "settings": {"a": ""}}, ["settings.a"]),
    ],
)
async def test_only_a_setting_that_exists_can_be_removed(
    harness: CoreHarness, change: dict[str, Any], wrong: list[str]
) -> None:
    """Another kind begins with none; nothing is changed."""
    await added(harness)
    with pytest.raises(InvalidInput, match=r"is not set, so it cannot be removed") as refused:
        await edited(harness, **change)
    assert [each.path for each in refused.value.fields] == wrong
    assert (await harness.core.registering.get(ADA, "echo")).runner == HTTP


async def test_another_kind_needs_a_target(harness: CoreHarness) -> None:
    """That of the old kind is a target of another sort."""
    await added(harness)
    with pytest.raises(InvalidInput, match="target: is needed when the runner changes"):
        await edited(harness, kind="openai")


@pytest.mark.parametrize(
    ("change", "changed"),
    [
        ({"target": ""}, RunnerSpec(kind="python", target="", settings={"a": "1"})),
        ({"kind": "", "target": "m:g"}, RunnerSpec(kind="", target="m:g")),
    ],
)
def test_an_empty_value_is_not_taken_for_one_that_was_left_out(change: dict[str, Any], changed: RunnerSpec) -> None:
    """The check of the runner refuses it then, as it does when a workflow is registered."""
    before = RunnerSpec(kind="python", target="m:f", settings={"a": "1"})
    assert before.changed(RunnerChange(**change)) == changed


@pytest.mark.parametrize(
    ("runner", "change"),
    [
        (HTTP, {"kind": "python", "target": "m:f"}),
        (RunnerSpec(kind="python", target="m:f"), {"target": "m:g"}),
        (
            RunnerSpec(kind="openai", target="https://m.org", settings={"key_env": "KEY"}),
            {"target": "https://evil.org"},
        ),
        (HTTP, {"settings": {"secret_env": "PATH"}}),
    ],
)
async def test_changing_code_or_what_reads_the_environment_needs_the_scope(
    harness: CoreHarness, runner: RunnerSpec, change: dict[str, Any]
) -> None:
    """A key that the server holds must not be sent to another address by someone who could not have named it."""
    await added(harness, runner)
    with pytest.raises(ScopeMissing):
        await edited(harness, WITHOUT_CODE, **change)
    assert (await harness.core.registering.get(ADA, "echo")).runner == runner


async def test_a_change_that_can_do_no_harm_does_not_need_the_scope(harness: CoreHarness) -> None:
    """Another address, with nothing of the server's to send there."""
    await added(harness, HTTP)
    assert (await edited(harness, WITHOUT_CODE, target="https://b.example.org")).target == "https://b.example.org"


async def test_a_name_can_be_changed_without_the_scope(harness: CoreHarness) -> None:
    """Nothing of what runs is touched."""
    await added(harness, RunnerSpec(kind="python", target="m:f"))
    _, edited, _ = await harness.core.registering.edit(WITHOUT_CODE, "echo", {"name": "E"})
    assert edited.name == "E"


async def test_a_change_that_fails_its_check_is_not_made(harness: CoreHarness) -> None:
    """The probe turn runs what would run."""
    await added(harness)
    harness.runners.script = (ValueError("gone"),)
    with pytest.raises(WorkflowCheckFailed):
        await edited(harness, target="https://b.example.org", probing=harness.core.owner_services.probing)
    assert harness.runners.runs[-1].request.spec.target == "https://b.example.org"
    assert (await harness.core.registering.get(ADA, "echo")).runner == HTTP


async def test_a_change_loses_no_thread_and_no_token_and_running_turns_end_as_they_began(harness: CoreHarness) -> None:
    """The next message runs the new target."""
    token = await harness.publish()
    visit = await harness.core.admitting.visit_by_publish_token(token)
    turn = await harness.ask(visit, [TextDelta("old")])
    await edited(harness, target="tests.workflows:other")
    await harness.background.run_all()
    visit = await harness.core.admitting.visit_by_publish_token(token)
    await harness.answered(visit, [TextDelta("new")], thread_id=turn.thread_id)
    targets = [run.request.spec.target for run in harness.runners.runs]
    assert targets == ["tests.workflows:echo", "tests.workflows:other"]
    assert len(await harness.items(turn.thread_id)) == 4


@pytest.mark.parametrize(("length", "said"), [(None, 4), (3, 3), (0, 0)])
async def test_a_workflow_is_given_as_much_history_as_it_wants(
    harness: CoreHarness, length: int | None, said: int
) -> None:
    """The newest entries."""
    token = await harness.publish()
    await harness.core.registering.edit(ADA, "echo", {"history_length": length})
    visit = await harness.core.admitting.visit_by_publish_token(token)
    turn = await harness.answered(visit, text="one")
    await harness.answered(visit, text="two", thread_id=turn.thread_id)
    await harness.ask(visit, text="three", thread_id=turn.thread_id)
    history = harness.runners.runs[-1].request.context.history
    assert [past.text for past in history] == ["one", "Hello", "two", "Hello"][4 - said :]


@pytest.mark.parametrize(("seconds", "limit"), [(None, 120), (600, 600)])
async def test_the_time_for_an_answer_is_the_workflows(harness: CoreHarness, seconds: int | None, limit: int) -> None:
    """Counted from its last sign of life; two minutes for those that say nothing."""
    await harness.add()
    await harness.core.registering.edit(ADA, "echo", {"time_limit": seconds})
    published = await harness.core.publishing.publish(ADA, "echo")
    await harness.answered(await harness.core.admitting.visit_by_publish_token(published.publish_token))
    assert harness.runners.runs[-1].request.silence_limit == limit


async def test_the_operator_bounds_the_time_for_an_answer(harness: CoreHarness) -> None:
    """At registering and at each change."""
    await added(harness)
    harness.core.registering._longest_answer = 300
    with pytest.raises(InvalidInput, match="time_limit: must be at most 300"):
        await harness.core.registering.edit(ADA, "echo", {"time_limit": 301})
    with pytest.raises(InvalidInput, match="time_limit: must be at most 300"):
        await harness.core.registering.add(
            ADA, handle="two", name=None, description="", runner=HTTP, time_limit=301, history_length=1
        )


@pytest.mark.parametrize(
    "fields", [{"time_limit": 0}, {"time_limit": 86_401}, {"history_length": -1}, {"history_length": 101}]
)
async def test_limits_have_bounds_of_their_own(harness: CoreHarness, fields: dict[str, int]) -> None:
    """Whatever the operator allows."""
    await added(harness)
    with pytest.raises(InvalidInput):
        await harness.core.registering.edit(ADA, "echo", fields)


@pytest.mark.parametrize(
    ("given", "fields"),
    [
        ({"name": "New"}, {"name": "New"}),
        ({"name": "New", "allowed_origins": None}, {"name": "New"}),
        ({"name": "New", "allowed_origins": ()}, {"name": "New", "allowed_origins": ()}),
        ({"allowed_origins": ()}, {"allowed_origins": ()}),
        ({"allowed_origins": (), "reset": ("allowed_origins",)}, {"allowed_origins": ()}),
        ({"allowed_origins": ("https://B.example/",)}, {"allowed_origins": ("https://b.example",)}),
    ],
)
def test_a_list_of_sites_replaces_the_old_one_even_when_it_is_empty(
    given: dict[str, Any], fields: dict[str, Any]
) -> None:
    """The help says that others are removed; only without the argument they stay."""
    assert EditWorkflow(ref="echo", **given).fields == fields


async def test_who_may_not_register_code_has_none_looked_up(harness: CoreHarness) -> None:
    """A target without a runner is imported; an address is not."""
    services = harness.core.owner_services
    stranger = evolve(ADA, scopes=frozenset({Scope.WORKFLOWS_WRITE}))
    with pytest.raises(ScopeMissing, match="without --runner is imported"):
        await services.registering.kind_of(stranger, "package.module:name")
    assert (await services.registering.kind_of(stranger, "https://a.example/answer")).kind == "http"
    assert (await services.registering.kind_of(ADA, "package.module:name")).kind == "python"
