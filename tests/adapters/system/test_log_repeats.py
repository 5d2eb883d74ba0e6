"""How many lines of a kind the log takes."""

from logging import ERROR, INFO, WARNING, LogRecord, NullHandler, getLogger

import pytest

from orcheo_adapters.system.log_repeats import LINES_OF_A_KIND, LogRepeats
from orcheo_adapters.system.logs import LogKeeper
from orcheo_adapters.system.running import Conducts, Running

AFTER_A_MINUTE = 60.0


def record(level: int = ERROR, name: str = "orcheo.http", line: int = 1, **options: object) -> LogRecord:
    """A record of this place in the code."""
    error = options.pop("error", None)
    assert error is None or isinstance(error, Exception)
    info = (type(error), error, None) if error else None
    made = LogRecord(name, level, "module.py", line, "request %d crashed", (line,), info)
    made.__dict__.update(options)
    return made


def test_a_line_that_comes_again_and_again_is_counted() -> None:
    """One line says so when the minute is over, and then they are written again."""
    now = [0.0]
    repeats = LogRepeats(lambda: now[0])
    written = [repeats.filter(record()) for _ in range(1_000)]
    assert written.count(True) == LINES_OF_A_KIND
    assert repeats.take() == []
    now[0] = AFTER_A_MINUTE
    assert repeats.take() == ["990 more lines like this in a minute were left out: request 1 crashed"]
    assert repeats.take() == []
    assert repeats.filter(record())


@pytest.mark.parametrize(
    "name", ["orcheo.http", "asyncio", "uvicorn.error", "python_multipart.multipart", "mcp.server.streamable_http"]
)
def test_lines_that_a_stranger_causes_are_counted(name: str) -> None:
    """Also those of the libraries that read what strangers send."""
    repeats = LogRepeats(lambda: 0.0)
    assert [repeats.filter(record(WARNING, name)) for _ in range(1_000)].count(True) == LINES_OF_A_KIND


def test_few_lines_are_written_without_a_count() -> None:
    """There is nothing to say of them."""
    now = [0.0]
    repeats = LogRepeats(lambda: now[0])
    assert all(repeats.filter(record()) for _ in range(LINES_OF_A_KIND))
    now[0] = AFTER_A_MINUTE
    assert repeats.take() == []


def test_lines_of_another_place_error_or_workflow_are_of_another_kind() -> None:
    """A flood of one does not hide the others."""
    repeats = LogRepeats(lambda: 0.0)
    others = [
        record(line=2),
        record(error=ValueError()),
        record(error=KeyError()),
        record(workflow_id="wf_1"),
        record(workflow_id="wf_2"),
        record(WARNING, "asyncio", line=3),
    ]
    for _ in range(LINES_OF_A_KIND + 1):
        repeats.filter(record())
    assert all(repeats.filter(each) for each in others)


def test_information_and_lines_of_workflows_are_not_counted_here() -> None:
    """There is a line for each turn, and a workflow has a bound of its own."""
    repeats = LogRepeats(lambda: 0.0)
    assert all(repeats.filter(record(INFO)) for _ in range(100))
    with Running("helper", "wf_1", Conducts()):
        assert all(repeats.filter(record(ERROR, "my_workflow")) for _ in range(100))
        assert not all(repeats.filter(record(ERROR)) for _ in range(100))


def test_the_kinds_are_bounded() -> None:
    """However they are told apart."""
    repeats = LogRepeats(lambda: 0.0)
    assert [repeats.filter(record(line=number)) for number in range(1_002)].count(False) == 2


async def test_the_keeper_of_the_log_says_what_was_left_out(caplog: pytest.LogCaptureFixture) -> None:
    """A few seconds after the minute is over."""
    now = [0.0]
    handler = NullHandler()
    handler.addFilter(LogRepeats(lambda: now[0]))
    getLogger().addHandler(handler)
    try:
        keeper = LogKeeper()
        for _ in range(LINES_OF_A_KIND + 7):
            handler.filter(record())
        now[0] = AFTER_A_MINUTE
        await keeper.look()
    finally:
        getLogger().removeHandler(handler)
    assert "7 more lines like this in a minute were left out: request 1 crashed" in caplog.messages
