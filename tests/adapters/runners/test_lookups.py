"""Targets are looked up in threads, once each."""

import asyncio
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from orcheo_adapters.runners.lookups import Lookups
from orcheo_adapters.runners.packages import imported
from orcheo_adapters.runners.registry import RunnerRegistry
from orcheo_core.domain.workflow import RunnerSpec
from orcheo_core.errors import InvalidInput


class Imports:
    """Counts imports, each of which waits until it is let through."""

    def __init__(self) -> None:
        self.count = 0
        self.gate = threading.Event()

    def __call__(self, target: str) -> str:
        self.count += 1
        self.gate.wait(10)
        return target.upper()


@pytest.fixture
def imports() -> Iterator[Imports]:
    """Imports that end with the test at the latest."""
    made = Imports()
    yield made
    made.gate.set()


async def test_the_loop_runs_while_a_target_is_imported(imports: Imports) -> None:
    """Other chats continue."""
    finding = asyncio.create_task(Lookups(imports).fresh("a"))
    for _ in range(10):
        await asyncio.sleep(0)
    assert not finding.done()
    imports.gate.set()
    assert await finding == "A"


async def test_many_first_turns_share_one_import(imports: Imports) -> None:
    """One that leaves does not take the others along, and what was found is kept."""
    lookups = Lookups(imports)
    first, *others = (asyncio.create_task(lookups.known("a")) for _ in range(5))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.sleep(0)
    imports.gate.set()
    assert await asyncio.gather(*others) == ["A"] * 4
    assert await lookups.known("a") == "A"
    assert imports.count == 1


async def test_a_failed_import_is_tried_again() -> None:
    """Also when all who waited for it have left."""
    outcomes: list[str | Exception] = [LookupError("first"), "found"]

    def look_up(_target: str) -> str:
        outcome = outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    lookups = Lookups(look_up)
    with pytest.raises(InvalidInput):
        await lookups.known("a")
    assert await lookups.known("a") == "found"


async def test_an_import_that_does_not_end_is_refused_in_time(imports: Imports) -> None:
    """The owner reads what to change, before the client gives up."""
    with pytest.raises(InvalidInput, match=r"importing 'a' did not end within 0.01 s") as caught:
        await Lookups(imports, seconds=0.01).fresh("a")
    assert "into the callable" in caught.value.hint


@pytest.mark.parametrize("kind", ["python", "langgraph"])
async def test_registering_imports_in_a_thread(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The module sees another thread than the event loop's."""
    name = f"threaded_{kind}"
    (tmp_path / f"{name}.py").write_text(
        "import threading\nWHERE = threading.get_ident()\ndef answer(text): return text\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    try:
        await RunnerRegistry().get(kind).check(RunnerSpec(kind=kind, target=f"{name}:answer"))
    except InvalidInput:  # a graph factory that takes a text
        assert kind == "langgraph"
    assert threading.get_ident() != sys.modules[name].WHERE


async def test_a_module_that_is_being_imported_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A half-made module is never given out."""
    (tmp_path / "half_made.py").write_text(
        "import tests.adapters.runners.test_lookups as t\nt.GATE.wait(10)\nWHOLE = 1\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setitem(sys.modules, "tests.adapters.runners.test_lookups", sys.modules[__name__])
    first = asyncio.create_task(imported("half_made"))
    while "half_made" not in sys.modules:  # noqa: ASYNC110 - the import has no event to await
        await asyncio.sleep(0)
    second = asyncio.create_task(imported("half_made"))
    await asyncio.sleep(0)
    assert not second.done()
    GATE.set()
    assert (await first).WHOLE == (await second).WHOLE == 1
    assert (await imported("half_made")).WHOLE == 1


GATE = threading.Event()


@pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt(), RuntimeError("not now")])
async def test_a_target_that_raises_when_it_is_looked_at_is_refused(error: BaseException) -> None:
    """Whatever it raises: the owner reads what, and the server continues."""

    def look_up(_target: str) -> str:
        raise error

    with pytest.raises(InvalidInput, match=f"looking at 'a' failed with {type(error).__name__}"):
        await Lookups(look_up).fresh("a")
