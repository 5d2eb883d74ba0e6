"""Streams of AG-UI, judged by ``ag-ui-validate``, and those that it brings with it."""

import json
import subprocess
from pathlib import Path

import pytest

from orcheo_adapters.runners.agui.wire import AgentNotUnderstood
from orcheo_core.ports.runner import RunFailed
from tests.adapters.runners.agui_streams import NEXT, STREAMS, VALID, Stream
from tests.fakes.conversation import Conversation
from tests.frameworks.environments import VARIABLE, environment_with

pytestmark = pytest.mark.processes
_WHERE = "import ag_ui_validate; print(ag_ui_validate.__path__[0])"


@pytest.fixture(scope="module")
def programs() -> Path:
    """The folder of the environment's programs."""
    environment = environment_with(("ag-ui-validate",))
    if environment is None:
        pytest.fail(f"No environment of {VARIABLE} has ag-ui-validate: name one that has, or leave this file out.")
    return environment / "bin"


@pytest.mark.parametrize("name", STREAMS)
def test_our_streams_are_what_we_say(programs: Path, name: str) -> None:
    """The validator finds nothing wrong in the right ones, and in each wrong one what is wrong with it."""
    command = [str(programs / "ag-ui-validate"), "-", "--json"]
    said = subprocess.run(command, input=STREAMS[name].lines, capture_output=True, text=True).stdout
    found = {each["rule"] for each in json.loads(said)["diagnostics"] if each["severity"] == "error"}
    assert STREAMS[name].rule in found if name not in VALID else not found


@pytest.fixture(scope="module")
def brought(programs: Path) -> dict[str, Stream]:
    """What the validator's package brings with it to try implementations with."""
    where = subprocess.run([programs / "python", "-c", _WHERE], capture_output=True, text=True, check=True).stdout
    files = sorted(Path(where.strip(), "spec", "fixtures").rglob("*.jsonl"))
    return {f"{each.parent.name}/{each.name}": Stream(tuple(each.read_text("utf-8").splitlines())) for each in files}


async def test_its_own_streams_are_read_or_refused_with_a_reason(
    brought: dict[str, Stream], monkeypatch: pytest.MonkeyPatch
) -> None:
    """All that are right are understood; after each of the others the next message is answered too."""
    assert len(brought) > 30
    not_understood = []
    for name, stream in brought.items():
        monkeypatch.setitem(STREAMS, name, stream)
        thread = Conversation.of("tests.adapters.runners.agui_streams:agent", kind="ag-ui")
        try:
            await thread.say(name)
        except AgentNotUnderstood:
            not_understood.append(name)
        except RunFailed:  # nothing to show, or the agent's own error
            pass
        assert await thread.say(NEXT) == "next", name
    assert [each for each in not_understood if each.startswith("valid/")] == []
