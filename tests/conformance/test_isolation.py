"""Workflows in processes of their own: what they break is not the server, and the next message works."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from orcheo_adapters.runners.isolation import runner as isolation_runner
from orcheo_adapters.runners.isolation.runner import IsolatingRunner
from orcheo_core.domain.component_items import ClientToolCallItem
from orcheo_core.domain.items import TagInput
from orcheo_core.domain.run import PastMessage, RunRequest, SentFile, TextDelta
from orcheo_core.domain.workflow import RunnerSpec
from orcheo_core.errors import InvalidInput
from orcheo_core.ports.runner import Run, RunFailed, Runner
from tests.conformance.runner_kinds import (
    CONTEXT,
    LANGGRAPH_PROCESS,
    PYTHON_PROCESS,
    Subjected,
    collect,
    everything,
    said,
    text_of,
)
from tests.fakes.clock import FakeClock

pytestmark = [
    pytest.mark.processes,
    pytest.mark.usefixtures("closed_runners"),
    pytest.mark.skipif(sys.platform != "linux", reason="what it promises elsewhere is less"),
]


def hostile(name: str, **settings: str) -> Subjected:
    """A hostile workflow in a process of its own."""
    return Subjected.of(PYTHON_PROCESS, f"tests.conformance.runner_hostile:{name}", **settings)


def run_in(runner: Runner, workflow: Subjected, text: str = "hi") -> Run:
    """A run on a server that runs already."""
    return runner.run(workflow.request(text))


async def answer(runner: Runner, workflow: Subjected, text: str = "hi") -> str:
    """The whole answer."""
    return text_of(await everything(run_in(runner, workflow, text)))


async def failure(run: Run) -> RunFailed:
    """Why the run failed."""
    with pytest.raises(RunFailed) as caught:
        await collect(run, [])
    return caught.value


def is_there(pid: int) -> bool:
    """Whether the process runs; one that waits for its parent to look does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


async def until(condition: Callable[[], bool]) -> None:
    """Return when this is so; fails after a while."""
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110 - another process has no event
            await asyncio.sleep(0.01)


# --- what ends a process -------------------------------------------------------------------------------------------

ENDS = {
    "exits": "It ended itself with exit status 7.",
    "exits_in_thread": "exit status 7",
    "kills_itself": "It was ended by SIGKILL",
    "crashes": "It was ended by SIGSEGV.",
    "closes_everything": "It was ended by SIGABRT.",
    "closes_link": "It closed its connection to the server.",
    "says_garbage": "It sent a frame of 4294967295 bytes.",
    "says_too_much": "It sent a frame of 2147483648 bytes.",
    "says_no_event": "It sent what cannot be read as a run event.",
    "floods_with_nothing": "It sent an empty piece.",
    "floods_about_nothing": "It sent frames without end.",
    "floods_about_itself": "It sent frames without end.",
    "wants_no_file": "It sent a question for an attachment that was not sent.",
}


@pytest.mark.parametrize("name", ENDS)
async def test_a_process_that_ends_fails_the_turn_and_the_next_message_works(name: str) -> None:
    """The owner reads how it ended; the visitor reads the usual sentence."""
    workflow = hostile(name)
    runner = workflow.runner()
    failed = await failure(run_in(runner, workflow))
    assert failed.code == "process_ended"
    assert ENDS[name] in failed.reason
    assert "started again with the next message" in failed.reason
    assert failed.visitor_message is None
    again = evolve(workflow, spec=evolve(workflow.spec, target="tests.conformance.runner_hostile:pid"))
    assert int(await answer(runner, again)) > 0
    assert (await failure(run_in(runner, workflow))).code == "process_ended"


async def test_what_was_said_before_the_end_is_kept() -> None:
    """It came first."""
    events: list[Any] = []
    with pytest.raises(RunFailed):
        await collect(hostile("exits").run(), events)
    assert events == [TextDelta("a")]


async def test_a_process_that_says_more_than_it_may_is_ended() -> None:
    """Nothing of it fills the server's memory."""

    async def read_slowly() -> None:
        async for _ in said(hostile("says_more_than_allowed").run()):
            await asyncio.sleep(0.1)  # slower than any process says it

    with pytest.raises(RunFailed, match="more than it was allowed to"):
        await read_slowly()


@pytest.mark.parametrize(
    ("name", "settings", "words"),
    [
        ("eats_memory", {"memory_mb": "300"}, "MemoryError"),
        ("uses_cpu", {"cpu_seconds": "1"}, "SIGXCPU: it used up its CPU time"),
        ("keeps_no_json", {}, "ContextKept holds something that is not JSON"),
    ],
)
async def test_limits_of_a_process_fail_the_turn(name: str, settings: dict[str, str], words: str) -> None:
    """The owner reads which."""
    workflow = hostile(name, **settings)
    assert words in (await failure(workflow.run())).reason


async def test_what_it_changes_is_its_own() -> None:
    """Environment, folder, modules, handlers of signals."""
    before, modules = (Path.cwd(), dict(os.environ)), set(sys.modules)
    assert await answer(hostile("changes_everything").runner(), hostile("changes_everything")) == "changed"
    assert (Path.cwd(), dict(os.environ)) == before
    assert modules <= set(sys.modules)


async def test_a_process_that_ends_again_and_again_rests() -> None:
    """A stranger's messages do not start one process after the other."""
    workflow = hostile("exits_in_thread")
    runner = workflow.runner()
    for _ in range(3):
        assert (await failure(run_in(runner, workflow))).code == "process_ended"
    resting = await failure(run_in(runner, workflow))
    assert (resting.code, resting.retry_after) == ("process_restarting", 5)
    assert "exit status 7" in resting.reason
    assert resting.visitor_message is not None


# --- runs that do not end ------------------------------------------------------------------------------------------


async def test_a_run_that_ignores_its_stop_costs_its_process_but_not_the_other_runs() -> None:
    """New runs begin in a new process at once, the others come to their end in the old one, and then that ends."""
    workflow = hostile("waits_or_swallows")
    runner = workflow.runner()
    waiting, swallowing = said(run_in(runner, workflow, "wait")), run_in(runner, workflow, "swallow")
    old = await anext(waiting)
    async for event in said(swallowing):
        assert event == old
        asyncio.get_running_loop().call_soon(swallowing.stop)
    assert isinstance(old, TextDelta)
    assert await answer(runner, workflow) != old.text
    assert text_of([event async for event in waiting]) == "waited"
    await until(lambda: not is_there(int(old.text)))


async def test_a_run_that_blocks_the_event_loop_is_ended_with_its_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """The others in that process could not come to an end anyway; they say why."""
    monkeypatch.setattr("orcheo_adapters.runners.isolation.worker._PING_SECONDS", 0.1)
    workflow = hostile("waits_or_swallows")
    runner = workflow.runner()
    waiting, blocking = said(run_in(runner, workflow, "wait")), run_in(runner, workflow, "block")
    old = await anext(waiting)
    async for _ in said(blocking):
        asyncio.get_running_loop().call_soon(blocking.stop)
    with pytest.raises(RunFailed, match="Its event loop was blocked"):
        async for _ in waiting:
            pass
    assert isinstance(old, TextDelta)
    await until(lambda: not is_there(int(old.text)))
    assert await answer(runner, workflow) != old.text


# --- what it gets --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["knows", "knows_async"])
async def test_text_files_history_and_cause_reach_the_process(name: str) -> None:
    """Attachments are read when they are asked for, by sync and by async code."""
    data = bytes(range(256)) * 10_000
    cause = ClientToolCallItem(
        id="cal_1",
        thread_id="thr_1",
        turn_id="trn_1",
        created_at=FakeClock().now(),
        call_id="c",
        name="locate",
        arguments={"a": [1]},
        output={"b": None},
    )
    workflow = hostile(name).with_attachments(("a.png", "image/png", data), ("b.txt", "text/plain", b""))
    tag = TagInput(id="cat-1", text="the cat", data={"age": 3})
    earlier = SentFile(name="c.txt", mime_type="text/plain", size=1, read=lambda: b"c")
    history = (
        PastMessage(said_by="visitor", text="ü", tags=(tag,), files=(earlier,)),
        PastMessage(said_by="workflow", text="", item=cause),
        PastMessage(said_by="workflow", text="", hidden=[]),
    )
    page: dict[str, Any] = {"tags": (tag,), "metadata": {"page": ["/", None]}, "locale": "de-at"}
    context = evolve(workflow.context, history=history, cause=cause, quoted_text="said", **page)
    given = [("a.png", "image/png", data), ("b.txt", "text/plain", b"")]
    past = [(history[0], [b"c"]), (history[1], []), (history[2], [])]
    told = repr(("hi", given, past, cause, CONTEXT.subject, "said", tuple(page.values())))
    assert await answer(workflow.runner(), evolve(workflow, context=context)) == told


async def test_a_file_that_cannot_be_read_is_an_error_in_the_workflow() -> None:
    """Not in the server."""

    def read() -> bytes:
        raise PermissionError

    workflow = hostile("cannot_read")
    sent = SentFile(name="a", mime_type="text/plain", size=1, read=read)
    context = evolve(workflow.context, attachments=(sent,))
    assert (
        await answer(workflow.runner(), evolve(workflow, context=context))
        == "the server could not read this attachment"
    )


async def test_a_process_that_asks_for_files_without_taking_them_is_ended() -> None:
    """What it asked for does not pile up in the server."""
    workflow = hostile("floods_with_questions").with_attachments(("a", "text/plain", b"x" * 1_000_000))
    assert "too many questions for attachments" in (await failure(workflow.run())).reason


async def test_nothing_of_the_server_is_inherited(tmp_path: Path) -> None:
    """No file, no variable besides the usual and the named ones; the named folder is first on the import path."""
    with (tmp_path / "orcheo.db").open("w") as database:
        os.set_inheritable(database.fileno(), True)
        workflow = hostile("surroundings", variables="TEST_KEY", path=str(tmp_path), memory_mb="512")
        names, files, limit, first = eval(await answer(workflow.runner(), workflow))
    assert "TEST_KEY" in names
    assert not {"TEST_LINE_KEY", "HOME"} & set(names)
    assert set(files) <= {"/dev/null"}
    assert limit == 512
    assert first == str(tmp_path)


async def test_what_it_has_started_ends_with_it() -> None:
    """Programs in its session."""
    workflow = hostile("starts_child")
    runner = workflow.runner()
    child = int(await answer(runner, workflow))
    assert is_there(child)
    await runner.close()
    await until(lambda: not is_there(child))


PROGRAM = """
import asyncio, os, signal, sys
sys.path.insert(0, os.getcwd())
from tests.conformance.test_isolation import answer, hostile

async def main():
    workflow = hostile("pid")
    print(await answer(workflow.runner(), workflow), flush=True)
    os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""


async def test_it_dies_with_the_server() -> None:
    """Also when that is killed."""
    said_ = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=120
    )
    pid = int(said_.stdout)
    await until(lambda: not is_there(pid))


# --- what is counted and shown -------------------------------------------------------------------------------------


async def test_output_is_bounded_and_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """100 MB cost neither the disk of the log nor the server's time."""
    written = StringIO()
    monkeypatch.setattr(sys, "stdout", written)
    workflow = hostile("prints")
    runner = workflow.runner()
    run = runner.run(evolve(workflow.request(), handle="chatty", silence_limit=2.0))
    with pytest.raises(RunFailed, match="for 2 s"):
        await collect(run, [])
    lines = written.getvalue().splitlines()
    assert lines[0] == "chatty | " + "x" * 1_000
    assert lines[-1] == "chatty | … the rest of what this run writes is left out"
    assert len(written.getvalue()) < 100_000


async def test_its_memory_and_its_ends_are_counted() -> None:
    """For the owner."""
    workflow = hostile("exits")
    runner = workflow.runner()
    assert isinstance(runner, IsolatingRunner)
    conducts = runner._conditions.conducts
    fine = evolve(workflow, spec=evolve(workflow.spec, target="tests.conformance.runner_hostile:pid"))
    await answer(runner, fine)
    memory = conducts.of("wf_1").process_memory
    assert memory is not None
    assert 10 * 2**20 < memory < 500 * 2**20
    await failure(run_in(runner, workflow))
    conduct = conducts.of("wf_1")
    assert conduct.process_ends == 1
    assert conduct.process_memory is None


# --- how many, how long --------------------------------------------------------------------------------------------


async def test_idle_processes_make_room_and_busy_ones_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """The one that was not used for longest ends."""
    monkeypatch.setattr(isolation_runner, "MOST_PROCESSES", 1)
    one, two = hostile("pid"), hostile("waits_or_swallows")
    runner = one.runner()
    first = await answer(runner, one)
    waiting = said(run_in(runner, two, "wait"))
    assert await anext(waiting)
    await until(lambda: not is_there(int(first)))
    full = await failure(run_in(runner, one))
    assert full.code == "too_many_processes"
    assert full.visitor_message is not None
    assert text_of([event async for event in waiting]) == "waited"


async def test_a_process_that_nothing_is_asked_of_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """While a run is at work it stays."""
    monkeypatch.setattr(isolation_runner, "IDLE_SECONDS", 0.1)
    workflow = hostile("waits_or_swallows")
    runner = workflow.runner()
    pid, rest = (await answer(runner, workflow, "wait")).split()
    assert rest == "waited"
    await until(lambda: not is_there(int(pid)))
    assert (await answer(runner, workflow)).strip() != pid


# --- what is asked of it besides runs ------------------------------------------------------------------------------


async def test_check_imports_in_the_process_only(tmp_path: Path) -> None:
    """The server never sees the module; what is wrong is named as elsewhere."""
    (tmp_path / "apart_only.py").write_text("def answer(text): return text\n")
    target = RunnerSpec(
        kind="python", target="apart_only:answer", settings={"isolation": "process", "path": str(tmp_path)}
    )
    runner = Subjected(PYTHON_PROCESS, target).runner()
    await runner.check(target)
    assert "apart_only" not in sys.modules
    with pytest.raises(InvalidInput, match="has no 'nothing'") as caught:
        await runner.check(evolve(target, target="apart_only:nothing"))
    assert [each.path for each in caught.value.fields] == ["target"]


async def test_check_says_when_the_import_ends_the_process(tmp_path: Path) -> None:
    """Or never ends."""
    (tmp_path / "ends_all.py").write_text("import os\nos._exit(3)\n")
    spec = RunnerSpec(kind="python", target="ends_all:answer", settings={"isolation": "process", "path": str(tmp_path)})
    with pytest.raises(InvalidInput, match="exit status 3"):
        await Subjected(PYTHON_PROCESS, spec).runner().check(spec)


async def test_check_does_not_wait_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An owner waits."""
    monkeypatch.setattr(isolation_runner, "IMPORT_SECONDS", 0.2)
    (tmp_path / "sleeps_long.py").write_text("import time\ntime.sleep(60)\n")
    spec = RunnerSpec(
        kind="python", target="sleeps_long:answer", settings={"isolation": "process", "path": str(tmp_path)}
    )
    with pytest.raises(InvalidInput, match=r"did not end within 0\.2 s"):
        await Subjected(PYTHON_PROCESS, spec).runner().check(spec)


@pytest.mark.parametrize(
    ("settings", "path", "words"),
    [
        ({"isolation": "thread"}, "isolation", "must be one of none, process"),
        ({"memory_mb": "1"}, "memory_mb", "from 64 to"),
        ({"cpu_seconds": "no"}, "cpu_seconds", "whole number"),
        ({"path": "/nowhere/at/all"}, "path", "there is no folder"),
        ({"variables": "NOT_SET"}, "variables", "no environment variable 'NOT_SET'"),
        ({"isolation": "none", "memory_mb": "512"}, "memory_mb", "needs isolation=process"),
    ],
)
@pytest.mark.parametrize("kind", [PYTHON_PROCESS, LANGGRAPH_PROCESS], ids=["python", "langgraph"])
async def test_wrong_settings_are_named(kind: Any, settings: dict[str, str], path: str, words: str) -> None:
    """When they are given."""
    workflow = Subjected.of(kind, "tests.conformance.runner_workflows:returns", **({"variables": ""} | settings))
    with pytest.raises(InvalidInput, match=words) as caught:
        await workflow.runner().check(workflow.spec)
    assert [each.path for each in caught.value.fields] == [f"settings.{path}"]
    assert ("(--setting memory_mb=)" in caught.value.hint) == words.startswith("needs")


async def test_actions_and_forgetting_reach_the_process() -> None:
    """A callable without a place for the context takes no actions; forgetting many threads is done in parts."""
    takes, takes_not, gone = (hostile(name) for name in ("knows", "pid", "not_there"))
    runner = takes.runner()
    assert await runner.takes_actions(takes.spec)
    assert await runner.takes_actions(takes.spec)
    assert not await runner.takes_actions(takes_not.spec)
    assert await runner.takes_actions(gone.spec)
    await runner.forget(takes.spec, ids(1_001))


async def ids(count: int) -> AsyncIterator[str]:
    """Ids of threads."""
    for number in range(count):
        yield f"thr_{number}"


async def test_a_message_that_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is sent."""
    monkeypatch.setattr("orcheo_adapters.runners.isolation.worker.MOST_TO_CHILD", 1_000)
    workflow = hostile("pid")
    request: RunRequest = evolve(workflow.request("x" * 2_000))
    assert (await failure(workflow.runner().run(request))).code == "process_busy"


async def test_a_process_that_cannot_be_started_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """For lack of memory, say."""
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    failed = await failure(hostile("pid").run())
    assert failed.code == "process_ended"
    assert "could not be started" in failed.reason
