"""Probe turns: an owner finds out whether a workflow answers, and why not."""

from typing import Any

import pytest

from orcheo_core.domain.actor import Scope
from orcheo_core.domain.pages import PageQuery
from orcheo_core.domain.subject import Subject
from orcheo_core.domain.transcript import ThreadFilter
from tests.app_server import TestServer, assert_problem

_FORGETS = (
    "'echo' gets each message without the earlier ones. To get the whole conversation, a list of dicts with role and "
    "content, take messages in place of text: `def echo(messages)`."
)


async def test_a_workflow_that_answers(app_server: TestServer) -> None:
    """The beginning of its answer is shown, and nothing is stored."""
    added = await app_server.add()
    checked = await app_server.result("workflows.check", ref="echo")
    assert checked["workflow"] == added["workflow"]
    assert (checked["ok"], checked["answer"], checked["seconds"]) == (True, "Hello", 0.0)
    assert checked["message"] == (
        "echo answered in 0.0 s (first text after 0.0 s, in one piece, did not repeat a word that was said before, "
        f"two visitors at once stayed apart): Hello\n{_FORGETS}"
    )
    subject = Subject(checked["workflow"]["owner"])
    threads = await app_server.store.begin().threads.page(ThreadFilter(subject=subject), PageQuery())
    assert threads.entries == ()
    assert app_server.telemetry.ended == []


async def test_the_route_of_its_own(app_server: TestServer) -> None:
    """``POST /api/workflows/{ref}/check``."""
    await app_server.add(call="twenty")
    headers = {"authorization": f"Bearer {app_server.owner_token}"}
    answer = await app_server.client.post("/api/workflows/echo/check", headers=headers)
    assert answer.json()["answer"].startswith("tok00 tok01 ")
    assert len(answer.json()["answer"]) <= 200
    found = {name: answer.json()[name] for name in ("pieces", "remembers", "stops", "unread")}
    assert found == {"pieces": 20, "remembers": False, "stops": True, "unread": []}


@pytest.mark.parametrize(
    ("call", "cause"),
    [
        ("broken", "failed to answer 'Hello': RuntimeError: the secret reason"),
        ("fails_for_a_reason", "LookupError: no such thing; because of KeyError: 'thing'"),
        ("fails_without_words", "failed to answer 'Hello': ValueError"),
        ("silent", "without any text in answer to 'Hello'"),
        ("talkative", "longer than 1,000,000 characters"),
        ("takes_too_long", "did not finish its answer to 'Hello' in time: no time left."),
    ],
)
async def test_a_workflow_that_does_not_answer(app_server: TestServer, call: str, cause: str) -> None:
    """The owner is told the cause; adding it with a check registers nothing."""
    await app_server.add(call=call)
    problem = assert_problem(await app_server.operation("workflows.check", ref="echo"), 424, "workflow_check_failed")
    assert cause in problem["detail"]

    target = f"tests.workflows:{call}"
    again = await app_server.operation("workflows.add", handle="again", runner="python", target=target, check=True)
    refused = assert_problem(again, 424, "workflow_check_failed")
    assert refused["detail"] == f"Nothing was registered. {problem['detail']}"
    assert_problem(await app_server.operation("workflows.show", ref="again"), 404, "workflow_not_found")
    edited = await app_server.operation("workflows.edit", ref="echo", name="Other", check=True)
    assert assert_problem(edited, 424, "workflow_check_failed")["detail"].startswith("Nothing was changed. The ")


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
async def test_a_workflow_that_does_not_keep_visitors_apart(app_server: TestServer, call: str, cause: str) -> None:
    """The owner is told what to write."""
    await app_server.add(call=call)
    problem = assert_problem(await app_server.operation("workflows.check", ref="echo"), 424, "workflow_check_failed")
    assert cause in problem["detail"]
    assert "def answer(text, history)" in problem["hint"]


async def test_failures_go_to_the_log_in_full(app_server: TestServer) -> None:
    """As those of visitors' turns do."""
    await app_server.add(call="broken")
    await app_server.operation("workflows.check", ref="echo")
    assert [str(error.__cause__) for error in app_server.telemetry.run_failures] == ["the secret reason"]


async def test_adding_with_a_check_says_so(app_server: TestServer) -> None:
    """One request for both."""
    added = await app_server.result(
        "workflows.add", handle="echo", runner="python", target="tests.workflows:echo", check=True
    )
    assert added["message"] == (
        f"Registered echo. It passed its check. It is private; publish it to get a share link.\n{_FORGETS}"
    )


async def test_a_workflow_that_gets_the_earlier_messages_needs_no_advice(app_server: TestServer) -> None:
    """Neither when it is registered nor when it is checked."""
    added = await app_server.result("workflows.add", handle="recalls", target="tests.workflows:recalls")
    assert "\n" not in added["message"]
    assert "\n" not in (await app_server.result("workflows.check", ref="recalls"))["message"]


async def test_only_the_owner_may_check(app_server: TestServer) -> None:
    """Someone else's workflow is as unknown as none."""
    await app_server.add()
    stranger = await app_server.owner("eve")
    assert_problem(await app_server.operation("workflows.check", stranger, ref="echo"), 404, "workflow_not_found")
    reader = await app_server.owner("local", Scope.WORKFLOWS_READ)
    assert_problem(await app_server.operation("workflows.check", reader, ref="echo"), 403, "scope_missing")


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
    app_server: TestServer, arguments: dict[str, Any], missing: str
) -> None:
    """Otherwise an owner could have any variable of the server sent to an address of their own."""
    other = await app_server.owner("eve", Scope.WORKFLOWS_WRITE)
    answer = await app_server.operation("workflows.add", other, handle="mine", **arguments)
    assert missing in assert_problem(answer, 403, "scope_missing")["detail"]


async def test_other_owners_may_register_services(app_server: TestServer) -> None:
    """What needs neither code nor secrets."""
    other = await app_server.owner("eve", Scope.WORKFLOWS_WRITE)
    answer = await app_server.operation(
        "workflows.add", other, handle="mine", runner="http", target="https://example.org/answer"
    )
    assert answer.status_code == 200


async def test_settings_of_python_are_refused(app_server: TestServer) -> None:
    """It takes none."""
    answer = await app_server.operation(
        "workflows.add", handle="echo", runner="python", target="tests.workflows:echo", settings={"tone": "calm"}
    )
    problem = assert_problem(answer, 422, "invalid_input")
    assert problem["errors"] == [{"path": "settings.tone", "message": "is not known here"}]


async def test_a_probe_turn_has_the_time_of_a_visitors_turn(app_server: TestServer) -> None:
    """A model may have to be loaded first; the error says how much there was and what gives it more."""
    await app_server.result("workflows.add", handle="slow", target="tests.workflows:endless", time_limit=1)
    problem = assert_problem(await app_server.operation("workflows.check", ref="slow"), 424, "workflow_check_failed")
    assert problem["detail"] == (
        "The workflow did not finish its answer to 'Hello' in time: the workflow said nothing for 1 s."
    )
    assert "`time_limit`" in problem["hint"]
