"""What reading AG-UI costs for each text event, against the pieces that the runner python reads.

Run as `python -m bench.agui`. Process time of one loop over many events, the median of several rounds; both readers
take turns, so that a slow moment of the machine meets both.
"""

import time
from collections.abc import Callable
from statistics import median

import orjson

from orcheo_adapters.runners.agui.events import AgentEvents
from orcheo_adapters.runners.agui.options import Options
from orcheo_adapters.runners.agui.reading import EventReader
from orcheo_adapters.runners.answer_pieces import AnswerPieces

EVENTS = 20_000
ROUNDS = 15
MOST_MICROSECONDS = 15.0
"""What an event may cost on top of a piece of the runner python."""
_PIECE = "Some words of text. "


def _event() -> dict[str, str]:
    return {"type": "TEXT_MESSAGE_CONTENT", "messageId": "m1", "delta": _PIECE}


def read_pieces() -> None:
    """As the runner python does with text."""
    pieces = AnswerPieces()
    for _ in range(EVENTS):
        pieces.take(_PIECE)


def read_events() -> None:
    """Events as dicts, from an agent in the same process."""
    events = AgentEvents(Options())
    for _ in range(EVENTS):
        events.take(_event())


def read_payloads() -> None:
    """Events as JSON, from an agent behind an address."""
    reader, payload = EventReader(AgentEvents(Options())), orjson.dumps(_event())
    for _ in range(EVENTS):
        reader.payload(payload)


READERS: dict[str, Callable[[], None]] = {
    "a piece of text, runner python": read_pieces,
    "an AG-UI event as a dict": read_events,
    "an AG-UI event as JSON": read_payloads,
}


def microseconds(read: Callable[[], None]) -> float:
    """Process time for one event, in one round."""
    began = time.process_time()
    read()
    return (time.process_time() - began) / EVENTS * 1e6


def main() -> None:
    """Measure, print, and fail when an event costs more than it may."""
    found: dict[str, list[float]] = {name: [] for name in READERS}
    for _ in range(ROUNDS):
        for name, read in READERS.items():
            found[name].append(microseconds(read))
    medians = {name: median(times) for name, times in found.items()}
    for name, each in medians.items():
        print(f"{name:32} {each:6.2f} µs")
    base, *others = medians.values()
    overhead = max(others) - base
    print(f"{'overhead of an event':32} {overhead:6.2f} µs (at most {MOST_MICROSECONDS:g})")
    if overhead > MOST_MICROSECONDS:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
