"""What an owner reads of an error in their workflow."""

import sys
import tracemalloc

import pytest

from orcheo_adapters.runners.owner_errors import told_to_owner
from orcheo_core.ports.runner import RunFailed
from tests.fakes.clock import FakeClock


class _Refused(Exception):
    """An error of a model client, with the status that its endpoint answered."""

    status_code = 429


def test_the_base_install_says_the_error_of_a_model_client_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """What reads answers of endpoints needs a library that only a server has."""
    monkeypatch.setitem(sys.modules, "orcheo_adapters.runners.failures", None)
    with pytest.raises(RunFailed) as failed, told_to_owner(FakeClock()):
        raise _Refused("busy")
    assert failed.value.code == "workflow_error"
    assert "_Refused: busy" in failed.value.reason


def test_only_the_beginning_of_a_long_error_is_read() -> None:
    """Read whole, megabytes took seconds, and eight times their size of memory."""
    text = "a" * 2_000_000
    tracemalloc.start()
    try:
        with pytest.raises(RunFailed) as failed, told_to_owner(FakeClock()):
            raise LookupError(text)
        assert tracemalloc.get_traced_memory()[1] < 6_000_000
    finally:
        tracemalloc.stop()
    assert failed.value.reason.startswith("LookupError: aaa")


def _tool() -> None:
    raise LookupError("no such room")


def _raised_in_a_package(how: str) -> Exception:
    """The error that a framework raises upon that of a tool, in code that is not the owner's."""
    code = {
        "from": "raise RuntimeError('agent failed') from error",
        "inside": "raise RuntimeError('agent failed')",
        "group": "raise ExceptionGroup('agents failed', [error])",
    }
    source = f"try:\n    tool()\nexcept Exception as error:\n    {code[how]}\n"
    try:
        exec(compile(source, "/lib/site-packages/framework.py", "exec"), {"tool": _tool})
    except Exception as error:  # noqa: BLE001 - of this or that class
        return error.with_traceback(None)
    raise AssertionError


@pytest.mark.parametrize("how", ["from", "inside", "group"])
def test_the_line_of_a_tool_is_named_when_its_framework_raises_an_error_of_its_own(how: str) -> None:
    """However the framework has joined the two."""
    line = r"agents? failed.*\(test_owner_errors\.py, line \d+, in _tool\)"
    with pytest.raises(RunFailed, match=line):
        told_to_owner(FakeClock()).__exit__(None, _raised_in_a_package(how), None)
