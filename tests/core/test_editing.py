"""Changing what a workflow runs, and its limits."""

from typing import Any

import pytest

from orcheo_core.domain.actor import Actor, Caller, Channel, Scope
from orcheo_core.domain.run import TextDelta
from orcheo_core.domain.workflow import RunnerChange, RunnerSpec
from orcheo_core.errors import InvalidInput, ScopeMissing, WorkflowCheckFailed
from orcheo_core.services.owners.probing import Probing
from tests.core.hall import ADA, Hall

HTTP = RunnerSpec(kind="http", target="https://a.example.org", settings={"a": "1", "b": "2"})
WITHOUT_CODE = Caller(actor=Actor("ada"), channel=Channel.HTTP, scopes=frozenset({Scope.WORKFLOWS_WRITE}))


async def added(hall: Hall, runner: RunnerSpec = HTTP) -> None:
    await hall.core.registering.add(ADA, handle="echo", name=None, description="", runner=runner)


async def edited(hall: Hall, caller: Caller = ADA, *, probing: Probing | None = None, **change: Any) -> RunnerSpec:
    workflow = await hall.core.registering.edit(caller, "echo", {}, runner=RunnerChange(**change), probing=probing)
    return workflow.runner


@pytest.mark.parametrize(
    ("change", "spec"),
    [
        ({"target": "https://b.example.org"}, ("http", "https://b.example.org", {"a": "1", "b": "2"})),
        ({"settings": {"b": "3", "c": "4"}}, ("http", "https://a.example.org", {"a": "1", "b": "3", "c": "4"})),
        ({"settings": {"a": "", "z": ""}}, ("http", "https://a.example.org", {"b": "2"})),
        ({"kind": "http"}, ("http", "https://a.example.org", {"a": "1", "b": "2"})),
        (
            {"kind": "openai", "target": "https://m.org", "settings": {"m": "x"}},
            ("openai", "https://m.org", {"m": "x"}),
        ),
    ],
)
async def test_what_is_not_named_stays(
    hall: Hall, change: dict[str, Any], spec: tuple[str, str, dict[str, str]]
) -> None:
    """Settings are merged by name, an empty value takes one out, another kind begins without settings."""
    await added(hall)
    runner = await edited(hall, **change)
    assert (runner.kind, runner.target, runner.settings) == spec


async def test_another_kind_needs_a_target(hall: Hall) -> None:
    """That of the old kind is a target of another sort."""
    await added(hall)
    with pytest.raises(InvalidInput, match="target: must be given together with another runner"):
        await edited(hall, kind="openai")


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
    hall: Hall, runner: RunnerSpec, change: dict[str, Any]
) -> None:
    """A key that the server holds must not be sent to another address by someone who could not have named it."""
    await added(hall, runner)
    with pytest.raises(ScopeMissing):
        await edited(hall, WITHOUT_CODE, **change)
    assert (await hall.core.registering.get(ADA, "echo")).runner == runner


async def test_a_name_can_be_changed_without_the_scope(hall: Hall) -> None:
    """Nothing of what runs is touched."""
    await added(hall, RunnerSpec(kind="python", target="m:f"))
    assert (await hall.core.registering.edit(WITHOUT_CODE, "echo", {"name": "E"})).name == "E"


async def test_a_change_that_fails_its_check_is_not_made(hall: Hall) -> None:
    """The probe turn runs what would run."""
    await added(hall)
    hall.runners.script = (ValueError("gone"),)
    with pytest.raises(WorkflowCheckFailed):
        await edited(hall, target="https://b.example.org", probing=hall.core.owner_services.probing)
    assert hall.runners.runs[-1].request.spec.target == "https://b.example.org"
    assert (await hall.core.registering.get(ADA, "echo")).runner == HTTP


async def test_a_change_loses_no_thread_and_no_token_and_running_turns_end_as_they_began(hall: Hall) -> None:
    """The next message runs the new target."""
    token = await hall.publish()
    visit = await hall.core.admitting.visit_by_publish_token(token)
    turn = await hall.ask(visit, [TextDelta("old")])
    await edited(hall, target="tests.workflows:other")
    await hall.background.run_all()
    visit = await hall.core.admitting.visit_by_publish_token(token)
    await hall.answered(visit, [TextDelta("new")], thread_id=turn.thread_id)
    targets = [run.request.spec.target for run in hall.runners.runs]
    assert targets == ["tests.workflows:echo", "tests.workflows:other"]
    assert len(await hall.items(turn.thread_id)) == 4


@pytest.mark.parametrize(("length", "said"), [(None, 4), (3, 3), (0, 0)])
async def test_a_workflow_is_given_as_much_history_as_it_wants(hall: Hall, length: int | None, said: int) -> None:
    """The newest entries."""
    token = await hall.publish()
    await hall.core.registering.edit(ADA, "echo", {"history_length": length})
    visit = await hall.core.admitting.visit_by_publish_token(token)
    turn = await hall.answered(visit, text="one")
    await hall.answered(visit, text="two", thread_id=turn.thread_id)
    await hall.ask(visit, text="three", thread_id=turn.thread_id)
    history = hall.runners.runs[-1].request.context.history
    assert [past.text for past in history] == ["one", "Hello", "two", "Hello"][4 - said :]


@pytest.mark.parametrize(("seconds", "limit"), [(None, 120), (600, 600)])
async def test_the_time_for_an_answer_is_the_workflows(hall: Hall, seconds: int | None, limit: int) -> None:
    """Counted from its last sign of life; two minutes for those that say nothing."""
    await hall.add()
    await hall.core.registering.edit(ADA, "echo", {"time_limit": seconds})
    published = await hall.core.publishing.publish(ADA, "echo")
    await hall.answered(await hall.core.admitting.visit_by_publish_token(published.publish_token))
    assert hall.runners.runs[-1].request.silence_limit == limit


async def test_the_operator_bounds_the_time_for_an_answer(hall: Hall) -> None:
    """At registering and at each change."""
    await added(hall)
    hall.core.registering._longest_answer = 300
    with pytest.raises(InvalidInput, match="time_limit: must be at most 300"):
        await hall.core.registering.edit(ADA, "echo", {"time_limit": 301})
    with pytest.raises(InvalidInput, match="time_limit: must be at most 300"):
        await hall.core.registering.add(
            ADA, handle="two", name=None, description="", runner=HTTP, time_limit=301, history_length=1
        )


@pytest.mark.parametrize(
    "fields", [{"time_limit": 0}, {"time_limit": 86_401}, {"history_length": -1}, {"history_length": 101}]
)
async def test_limits_have_bounds_of_their_own(hall: Hall, fields: dict[str, int]) -> None:
    """Whatever the operator allows."""
    await added(hall)
    with pytest.raises(InvalidInput):
        await hall.core.registering.edit(ADA, "echo", fields)
