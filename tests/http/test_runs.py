"""What becomes of a run: its limits, its usage, its traces in the log."""

import logging
from collections.abc import Iterator

import orjson
import pytest

from orcheo_adapters.system.logs import JsonLines, get_logger
from orcheo_adapters.system.telemetry import LoggingTelemetry
from orcheo_core.domain.run import OUTPUT_LIMIT
from orcheo_core.domain.turn import Turn, TurnStatus
from orcheo_core.domain.usage import Usage
from orcheo_core.ports.runner import RunTooLong
from tests.app_server import USER_INPUT, TestServer, build_app_server, events_of
from tests.fakes.telemetry import FakeTelemetry


async def test_a_run_that_says_too_much_is_stopped(app_server: TestServer) -> None:
    """The visitor keeps the text up to the limit and reads a fixed sentence, now and after a reload."""
    await app_server.publish(call="talkative")

    answer = await app_server.chatkit(await app_server.grant(), "threads.create", input=USER_INPUT)

    events = events_of(answer)
    sentence = "The answer became too long and was cut off here."
    assert events[-1] == {"type": "error", "code": "custom", "message": sentence, "allow_retry": True}
    assert events[-2]["item"]["orcheo.ending"] == {"kind": "cut_off", "message": sentence, "allow_retry": True}
    assert len(events[-3]["item"]["content"][0]["text"]) == OUTPUT_LIMIT
    assert [type(each) for each in app_server.telemetry.run_failures] == [RunTooLong]
    assert app_server.telemetry.ended[0].status is TurnStatus.FAILED


async def test_usage_is_added_up_on_the_turn_and_kept_from_visitors(app_server: TestServer) -> None:
    """The owner's figure; nothing of it is in the stream."""
    await app_server.publish(call="counted")

    answer = await app_server.chatkit(await app_server.grant(), "threads.create", input=USER_INPUT)

    assert app_server.telemetry.ended[0].usage == Usage(input_tokens=6, output_tokens=2)
    assert "tokens" not in answer.text


class LoggedTelemetry(FakeTelemetry):
    """Logs failures as a real server does."""

    def run_failed(self, turn: Turn, error: Exception) -> None:
        LoggingTelemetry().run_failed(turn, error)


class Lines(logging.Handler):
    """Keeps log lines as they would be written."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[dict[str, object]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.written.append(orjson.loads(JsonLines().format(record)))


@pytest.fixture
def lines() -> Iterator[Lines]:
    """What goes to the log of turns."""
    lines = Lines()
    get_logger("turns").addHandler(lines)
    yield lines
    get_logger("turns").removeHandler(lines)


async def test_log_lines_of_a_run_carry_the_id_of_the_request_that_began_it(lines: Lines) -> None:
    """A visitor who names the request id leads the operator to the traceback."""
    async with build_app_server(telemetry=LoggedTelemetry()) as app_server:
        await app_server.publish(call="broken")
        answer = await app_server.chatkit(await app_server.grant(), "threads.create", input=USER_INPUT)

    (failed,) = lines.written
    assert failed["request_id"] == answer.headers["x-request-id"]
    assert str(failed["turn_id"]).startswith("trn_")
    assert "the secret reason" in str(failed["traceback"])
