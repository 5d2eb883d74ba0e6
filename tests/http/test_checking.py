"""Probe turns: an owner finds out whether a workflow answers, and why not."""

from typing import Any

import pytest

from orcheo_core.domain.actor import Scope
from orcheo_core.domain.pages import PageQuery
from orcheo_core.domain.subject import Subject
from orcheo_core.domain.transcript import ThreadFilter
from orcheo_core.services.owners.probing import PROBE_SECONDS
from tests.house import House, assert_problem


async def test_a_workflow_that_answers(house: House) -> None:
    """The beginning of its answer is shown, and nothing is stored."""
    added = await house.add()
    checked = await house.result("workflows.check", ref="echo")
    assert checked["workflow"] == added["workflow"]
    assert (checked["ok"], checked["answer"], checked["seconds"]) == (True, "Hello", 0.0)
    assert checked["message"] == "echo answered in 0.0 s: Hello"
    subject = Subject(checked["workflow"]["owner"])
    threads = await house.store.begin().threads.page(ThreadFilter(subject=subject), PageQuery())
    assert threads.entries == ()
    assert house.telemetry.ended == []


async def test_the_route_of_its_own(house: House) -> None:
    """``POST /api/workflows/{ref}/check``."""
    await house.add(call="twenty")
    headers = {"authorization": f"Bearer {house.owner_token}"}
    answer = await house.client.post("/api/workflows/echo/check", headers=headers)
    assert answer.json()["answer"].startswith("tok00 tok01 ")
    assert len(answer.json()["answer"]) <= 200


@pytest.mark.parametrize(
    ("call", "cause"),
    [
        ("broken", "failed to answer 'Hello': RuntimeError: the secret reason"),
        ("fails_for_a_reason", "LookupError: no such thing; because of KeyError: 'thing'"),
        ("fails_without_words", "failed to answer 'Hello': ValueError"),
        ("silent", "without any text in answer to 'Hello'"),
        ("talkative", "longer than 1,000,000 characters"),
        ("takes_too_long", "did not finish its answer to 'Hello' within 30 s"),
    ],
)
async def test_a_workflow_that_does_not_answer(house: House, call: str, cause: str) -> None:
    """The owner is told the cause; adding it with a check registers nothing."""
    await house.add(call=call)
    problem = assert_problem(await house.operation("workflows.check", ref="echo"), 424, "workflow_check_failed")
    assert cause in problem["detail"]

    target = f"tests.workflows:{call}"
    again = await house.operation("workflows.add", handle="again", runner="python", target=target, check=True)
    assert_problem(again, 424, "workflow_check_failed")
    assert_problem(await house.operation("workflows.show", ref="again"), 404, "workflow_not_found")


@pytest.mark.parametrize(
    ("call", "cause"),
    [
        (
            "shares_its_memory",
            "came back to another: the workflow keeps the conversation in an object that all visitors",
        ),
        ("serves_one_at_a_time", "not two at the same time. The workflow failed to answer"),
    ],
)
async def test_a_workflow_that_does_not_keep_visitors_apart(house: House, call: str, cause: str) -> None:
    """The owner is told what to write."""
    await house.add(call=call)
    problem = assert_problem(await house.operation("workflows.check", ref="echo"), 424, "workflow_check_failed")
    assert cause in problem["detail"]
    assert "def answer(text, history)" in problem["hint"]


async def test_failures_go_to_the_log_in_full(house: House) -> None:
    """As those of visitors' turns do."""
    await house.add(call="broken")
    await house.operation("workflows.check", ref="echo")
    assert [str(error.__cause__) for error in house.telemetry.run_failures] == ["the secret reason"]


async def test_adding_with_a_check_says_so(house: House) -> None:
    """One request for both."""
    added = await house.result(
        "workflows.add", handle="echo", runner="python", target="tests.workflows:echo", check=True
    )
    assert added["message"] == (
        "Registered echo. It answered a probe turn. It is private; publish it to get a share link."
    )


async def test_only_the_owner_may_check(house: House) -> None:
    """Someone else's workflow is as unknown as none."""
    await house.add()
    stranger = await house.owner("eve")
    assert_problem(await house.operation("workflows.check", stranger, ref="echo"), 404, "workflow_not_found")
    reader = await house.owner("local", Scope.WORKFLOWS_READ)
    assert_problem(await house.operation("workflows.check", reader, ref="echo"), 403, "scope_missing")


@pytest.mark.parametrize(
    ("arguments", "missing"),
    [
        ({"runner": "python", "target": "tests.workflows:echo"}, "python workflow executes code"),
        ({"runner": "langgraph", "target": "tests.workflows:echo"}, "langgraph workflow executes code"),
        (
            {"runner": "http", "target": "https://example.org/", "settings": {"secret_env": "PATH"}},
            "ends in _env reads a variable",
        ),
        (
            {
                "runner": "openai",
                "target": "https://example.org/",
                "settings": {"model": "m", "api_key_env": "PATH"},
            },
            "ends in _env reads a variable",
        ),
    ],
)
async def test_code_and_secrets_of_the_server_need_their_scope(
    house: House, arguments: dict[str, Any], missing: str
) -> None:
    """Otherwise an owner could have any variable of the server sent to an address of their own."""
    other = await house.owner("eve", Scope.WORKFLOWS_WRITE)
    answer = await house.operation("workflows.add", other, handle="mine", **arguments)
    assert missing in assert_problem(answer, 403, "scope_missing")["detail"]


async def test_other_owners_may_register_services(house: House) -> None:
    """What needs neither code nor secrets."""
    other = await house.owner("eve", Scope.WORKFLOWS_WRITE)
    answer = await house.operation(
        "workflows.add", other, handle="mine", runner="http", target="https://example.org/answer"
    )
    assert answer.status_code == 200


async def test_settings_of_python_are_refused(house: House) -> None:
    """It takes none."""
    answer = await house.operation(
        "workflows.add", handle="echo", runner="python", target="tests.workflows:echo", settings={"tone": "calm"}
    )
    problem = assert_problem(answer, 422, "invalid_input")
    assert problem["errors"] == [{"path": "settings.tone", "message": "is not known here"}]


def test_a_probe_turn_has_less_time_than_a_client_waits() -> None:
    """Or the CLI would give up before the answer."""
    from orcheo_adapters.client.remote import TIMEOUT_SECONDS

    assert PROBE_SECONDS < TIMEOUT_SECONDS
