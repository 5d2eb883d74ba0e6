"""The runner ``openai`` with MCP servers that are programs, and with calls that the visitor approves."""

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest
from attrs import evolve

from orcheo_adapters.runners import openai
from orcheo_adapters.runners.mcp_programs import McpProgram
from orcheo_adapters.runners.registry import RunnerRegistry
from orcheo_core.domain.component_items import Ending, EndingKind, EndOfTurnItem, StepState
from orcheo_core.domain.run import ContextKept, InputAsked, PastMessage, RunEvent, StepNoted
from orcheo_core.domain.structured_input import InputStatus, QuestionAnswer, StructuredInputItem
from orcheo_core.errors import InvalidInput
from tests import samples
from tests.conformance.runner_kinds import OPENAI, Subjected, collect, everything, fails_as, text_of
from tests.servers import mcp_program

PROGRAM = f"{sys.executable} {mcp_program.__file__}"
CALL = 'look_up {"order": "7"}'
Model = Callable[..., Subjected]
pytestmark = [pytest.mark.network, pytest.mark.usefixtures("closed_runners")]


@pytest.fixture
def model(server_url: Callable[[str], str]) -> Model:
    """Makes a workflow whose model calls what the visitor says."""
    assert OPENAI.server is not None
    url = server_url(OPENAI.server)
    return lambda **settings: Subjected.of(OPENAI, "calls-tools", url, **{"mcp_stdio": PROGRAM, **settings})


def told(events: list[RunEvent]) -> Any:
    """What the model was asked last, which it repeats."""
    return orjson.loads(text_of(events))


# --- programs ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("api", ["completions", "responses"])
async def test_a_program_is_called(model: Model, api: str) -> None:
    """As a server over HTTP is."""
    said = told(await everything(model(api=api).run(CALL)))
    assert "Order 7 was sent." in str(said["messages" if api == "completions" else "input"][-1])


async def test_a_program_gets_nothing_of_the_servers_but_what_is_named(model: Model, tmp_path: Path) -> None:
    """No socket, no lock, no variable; it is in a session of its own."""
    with (tmp_path / "lock").open("w") as lock:
        os.set_inheritable(lock.fileno(), True)
        secret = model(mcp_stdio_env="TEST_KEY")
        said = [told(await everything(each.run("state {}"))) for each in (model(), secret)]
    plain, named = (orjson.loads(each["messages"][-1]["content"]) for each in said)
    assert "TEST_KEY" not in plain["variables"]
    assert set(named["variables"]) - set(plain["variables"]) == {"TEST_KEY"}
    assert plain["files"] == []
    assert plain["sid"] == plain["pid"] != os.getsid(0)


@pytest.mark.parametrize(
    ("text", "code", "reason"),
    [
        ("die {}", "tools_failed", "It wrote: KeyError: 'TOOLS_KEY'"),
        ("write_for_ever {}", "tools_failed", "mcp_program.py failed: "),
        ("hang {}", "tools_silent", "did not answer within 2 s. It wrote: waiting for "),
    ],
)
async def test_a_program_that_dies_or_hangs_ends_the_turn_and_the_next_message_works(
    model: Model, text: str, code: str, reason: str
) -> None:
    """The owner reads which one and what it wrote; whatever it started is ended too."""
    workflow = model(tool_seconds="2" if "hang" in text else "30")
    with fails_as(code, match=reason) as failure:
        await everything(workflow.run(text))
    if "hang" in text:
        assert await is_gone(int(failure.value.reason.split()[-1]))
    assert "was sent" in text_of(await everything(workflow.run(CALL)))


@pytest.mark.parametrize(
    ("argument", "code", "reason"),
    [("dies", "tools_failed", "It wrote: KeyError"), ("is-silent", "tools_silent", "did not answer within 1 s")],
)
async def test_a_program_that_does_not_begin_ends_the_turn(model: Model, argument: str, code: str, reason: str) -> None:
    """Before the model is asked."""
    seconds = "1" if code == "tools_silent" else "30"
    with fails_as(code, match=reason):
        await everything(model(mcp_stdio=f"{PROGRAM} {argument}", tool_seconds=seconds).run(CALL))


async def test_so_many_answers_have_programs_at_once(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    """Findings: abandoned runs count. Each message of a visitor would start programs of its own; others wait."""
    now = most = 0
    connected = McpProgram.connected

    @asynccontextmanager
    async def counted(program: McpProgram) -> AsyncIterator[Any]:
        nonlocal now, most
        now += 1
        most = max(most, now)
        async with connected(program) as streams:
            yield streams
        now -= 1

    monkeypatch.setattr(McpProgram, "connected", counted)
    monkeypatch.setattr(openai, "PROGRAMS_AT_ONCE", 1)
    workflow = model()
    runner = workflow.runner()
    answers = await asyncio.gather(*(everything(runner.run(workflow.request(CALL))) for _ in range(2)))
    assert all("was sent" in text_of(each) for each in answers)
    assert most == 1


async def test_prints_of_a_program_are_passed_over(model: Model) -> None:
    """They are in the way of its messages."""
    assert told(await everything(model().run("print {}")))["messages"][-1]["content"] == "printed"


async def test_a_program_ends_with_a_stopped_run(model: Model) -> None:
    """And what it has started."""
    workflow = model()
    run = workflow.run("hang {}")
    task = asyncio.create_task(collect(run, []))
    (pid,) = await asyncio.to_thread(started_by, os.getpid(), "sleep", 1)
    run.stop()
    await task
    assert await is_gone(pid)


def started_by(parent: int, name: str, generations: int) -> list[int]:
    """Wait for a program of this name, so many generations below a process; its ids."""
    end = time.monotonic() + 50
    while time.monotonic() < end:
        found = [parent]
        for _ in range(generations + 1):
            found = [child for each in found for child in children_of(each)]
        named = [each for each in found if status_of(each).startswith(f"{name})")]
        if named:
            return named
        time.sleep(0.01)
    return []


def children_of(pid: int) -> list[int]:
    """Of all threads of a process."""
    try:
        return [int(each) for task in Path(f"/proc/{pid}/task").iterdir() for each in children_text(task)]
    except OSError:
        return []


def children_text(task: Path) -> list[str]:
    """Empty for a thread that has just ended."""
    try:
        return (task / "children").read_text().split()
    except OSError:
        return []


def status_of(pid: int) -> str:
    """``name) state …``; empty for a process that is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().partition("(")[2]
    except OSError:
        return ""


async def is_gone(pid: int) -> bool:
    """Whether a process ends soon."""

    def wait() -> bool:
        end = time.monotonic() + 50
        while time.monotonic() < end:
            if status_of(pid).rpartition(") ")[2][:1] in ("", "Z"):
                return True
            time.sleep(0.01)
        return False

    return await asyncio.to_thread(wait)


async def test_a_program_ends_with_its_server() -> None:
    """Also with one that is killed: the kernel sees to it."""
    code = """
import asyncio, os
from orcheo_adapters.runners.mcp_programs import McpProgram
async def main():
    async with McpProgram(("sleep", "600"), {"PATH": os.environ["PATH"]}).connected():
        await asyncio.sleep(600)
asyncio.run(main())
"""
    server = await asyncio.create_subprocess_exec(sys.executable, "-c", code)
    (pid,) = await asyncio.to_thread(started_by, server.pid, "sleep", 0)
    server.kill()
    await server.wait()
    assert await is_gone(pid)


@pytest.mark.parametrize(
    ("settings", "path"),
    [
        ({"mcp_stdio": "no-such-program-here --fast"}, "mcp_stdio"),
        ({"mcp_stdio": "'unclosed"}, "mcp_stdio"),
        ({"mcp_stdio": "[1]"}, "mcp_stdio"),
        ({"mcp_stdio": '["sleep", " "]'}, "mcp_stdio"),
        ({"mcp_stdio": str(["sleep"] * 9).replace("'", '"')}, "mcp_stdio"),
        ({"mcp_stdio_env": "MISSING"}, "mcp_stdio_env"),
        ({"mcp_stdio": "", "mcp_stdio_env": "TEST_KEY"}, "mcp_stdio_env"),
        ({"mcp_stdio": "", "tool_approval": "all"}, "tool_approval"),
    ],
)
async def test_settings_are_checked(model: Model, settings: dict[str, str], path: str) -> None:
    """When the workflow is registered."""
    workflow = model(**settings)
    with pytest.raises(InvalidInput) as refused:
        await workflow.runner().check(workflow.spec)
    assert refused.value.fields[0].path == f"settings.{path}"


async def test_a_program_needs_the_scope_for_code(model: Model) -> None:
    """A list of commands is fine too."""
    workflow = model(mcp_stdio=orjson.dumps([PROGRAM, "sleep 1"]).decode())
    await workflow.runner().check(workflow.spec)
    registry = RunnerRegistry()
    assert registry.executes_code(workflow.spec)
    assert not registry.executes_code(evolve(workflow.spec, settings={"model": "m"}))


# --- approval ---------------------------------------------------------------------------------------------------------


def question_of(events: list[RunEvent]) -> StructuredInputItem:
    """What was asked, as the thread has it."""
    (asked,) = [each for each in events if isinstance(each, InputAsked)]
    return StructuredInputItem(
        id="itm_1", thread_id="t", turn_id="u", created_at=samples.moment(1), questions=asked.questions
    )


def answered(item: StructuredInputItem, answer: str) -> StructuredInputItem:
    """By a button."""
    answers = {each.id: QuestionAnswer(values=(answer,)) for each in item.questions}
    return item.submitted(InputStatus.ANSWERED, answers)


def thread_after(text: str, events: list[RunEvent], item: StructuredInputItem) -> list[PastMessage]:
    """The history that the next turn gets, as the server makes it."""
    (kept,) = [each for each in events if isinstance(each, ContextKept)]
    content = orjson.loads(orjson.dumps(kept.content))  # it has been in the database
    asked = [PastMessage(said_by="workflow", text=item.questions_text, item=item)]
    if item.answers_text:
        asked.append(PastMessage(said_by="visitor", text=item.answers_text))
    hidden = PastMessage(said_by="workflow", text="", hidden=content)
    return [PastMessage(said_by="visitor", text=text), *asked, hidden]


def with_thread(workflow: Subjected, history: Sequence[PastMessage], cause: Any = None) -> Subjected:
    """The workflow in its next turn."""
    return evolve(workflow, context=evolve(workflow.context, history=tuple(history), cause=cause))


def given_to(said: Any) -> list[Any]:
    """What the model was sent, whatever its API."""
    found: list[Any] = said.get("messages") or said["input"]
    return found


RESPONSES = {"api": "responses"}
REMEMBERED = {"api": "responses", "memory": "endpoint"}
SENT, REFUSED = "Order 7 was sent.", "The visitor did not approve this call."


@pytest.mark.parametrize(
    ("way", "typed", "button", "result", "more"),
    [
        ({}, None, "Approve", SENT, False),
        (RESPONSES, None, "Approve", SENT, False),
        (REMEMBERED, None, "Approve", SENT, False),
        ({}, None, "Reject", REFUSED, False),
        (REMEMBERED, "yes", None, SENT, False),
        ({}, "state {}", None, f"{REFUSED} state {{}}", True),
        (RESPONSES, "What for?", None, f"{REFUSED} What for?", True),
    ],
)
async def test_a_call_waits_for_the_visitor(
    model: Model, way: dict[str, str], typed: str | None, button: str | None, result: str, *, more: bool
) -> None:
    """The model finds its call and the result again; the server may have been restarted in between."""
    workflow = model(tool_approval="look_up", **way)
    events = await everything(workflow.run(CALL))
    item = question_of(events)
    assert [each.options for each in item.questions] == [("Approve", "Reject")]
    assert item.questions_text.endswith("Look up\n- order: 7")
    assert not any(isinstance(each, StepNoted) for each in events)
    cause = answered(item, button) if button else None
    later = with_thread(workflow, thread_after(CALL, events, cause or item), cause)
    events = await everything(later.run(typed or button or ""))
    given = given_to(told(events))
    outputs = [each.get("output") or each.get("content") for each in given if each.get("role", "tool") == "tool"]
    assert result in outputs
    assert any(each.get("content") == typed for each in given if typed) is more
    calls = [each for each in given if each.get("tool_calls") or each.get("type") == "function_call"]
    assert any("look_up" in str(each) for each in calls) is ("memory" not in way)
    steps = [each.step for each in events if isinstance(each, StepNoted)]
    assert steps[1].state is (StepState.COMPLETE if "sent" in result else StepState.NONE)


@pytest.mark.parametrize("way", [{}, REMEMBERED])
async def test_an_answer_counts_once(model: Model, way: dict[str, str]) -> None:
    """After it, whether its turn has failed or not, the next message begins afresh; a late answer is refused."""
    workflow = model(tool_approval="all", **way)
    events = await everything(workflow.run(CALL))
    item = question_of(events)
    done = answered(item, "Approve")
    ending = EndOfTurnItem(
        id="e", thread_id="t", turn_id="u", created_at=samples.moment(2), ending=Ending(kind=EndingKind.FAILED)
    )
    ends = [
        PastMessage(said_by="workflow", text="", item=ending),
        PastMessage(said_by="workflow", text="It was sent."),
    ]
    for end in ends:
        later = with_thread(workflow, [*thread_after(CALL, events, done), end])
        again = await everything(later.run(CALL))
        assert question_of(again).questions == item.questions
        assert not any(isinstance(each, StepNoted) for each in again)
    passed_over = [*thread_after(CALL, events, item), PastMessage(said_by="visitor", text="Forget it.")]
    with fails_as("answer_too_late"):
        await everything(with_thread(workflow, passed_over, done).run("Approve"))


async def test_an_older_question_with_the_same_id_is_too_late(model: Model) -> None:
    """Endpoints count calls from one in each answer."""
    workflow = model(tool_approval="all")
    events = await everything(workflow.run(CALL))
    item = question_of(events)
    older = evolve(item, id="itm_0")
    history = thread_after(CALL, events, older) + thread_after(CALL, events, item)
    with fails_as("answer_too_late"):
        await everything(with_thread(workflow, history, answered(older, "Approve")).run("Approve"))


async def test_without_history_the_model_gets_the_question_again(model: Model) -> None:
    """It would not know what its call was for."""
    workflow = model(tool_approval="all", history="0")
    events = await everything(workflow.run(CALL))
    done = answered(question_of(events), "Approve")
    said = told(await everything(with_thread(workflow, thread_after(CALL, events, done), done).run("Approve")))
    assert said["messages"][0] == {"role": "user", "content": CALL}


async def test_settings_may_change_while_a_call_waits(model: Model) -> None:
    """Without tools, and with another API, nothing waits any more."""
    workflow = model(tool_approval="all")
    events = await everything(workflow.run(CALL))
    done = answered(question_of(events), "Approve")
    history = thread_after(CALL, events, done)
    for changed in (model(mcp_stdio=""), model(api="responses")):
        with fails_as("answer_too_late"):
            await everything(with_thread(changed, history, done).run("Approve"))


async def test_other_tools_need_no_approval_and_unknown_names_are_told(model: Model) -> None:
    """A name with a slip must not let calls through."""
    assert "was sent" in text_of(await everything(model(tool_approval="state").run(CALL)))
    with fails_as("tools_unknown", match="tool_approval names send_mail, which"):
        await everything(model(tool_approval="send_mail,state").run(CALL))
