"""How soon the first of many visitors' answers begin when one sync agent answers them all at once.

Run as `python -m bench.visitors`. Each round asks once for one visitor and once for many, so that a slow moment of the
machine meets both; the agent waits as a model does before its first word. What counts is the ratio of the medians.
"""

import asyncio
import time
from collections.abc import Iterator
from statistics import median

from orcheo_adapters.runners.registry import RunnerRegistry
from orcheo_core.domain.run import RunContext, RunEvent, RunRequest, TextDelta
from orcheo_core.domain.subject import Subject
from orcheo_core.domain.workflow import RunnerSpec
from orcheo_core.ports.runner import Runner, RunSink

VISITORS = 32
ROUNDS = 15
MODEL_SECONDS = 0.1
"""How long the agent waits for the first word of its model."""
MOST_RATIO = 1.5
SPEC = RunnerSpec(kind="python", target="bench.visitors:agent")


def agent(_text: str) -> Iterator[str]:
    """A sync agent: it blocks its thread while its model thinks, and between the words."""
    for word in ("one ", "two ", "three "):
        time.sleep(MODEL_SECONDS)
        yield word


class FirstWord(RunSink):
    """Notes when the first word came, and stops there."""

    def __init__(self) -> None:
        """Nothing has come."""
        self.at: float | None = None

    def text(self, text: str) -> bool:
        """See :meth:`RunSink.text`."""
        return self.event(TextDelta(text))

    def event(self, event: RunEvent) -> bool:
        """See :meth:`RunSink.event`."""
        if self.at is None and isinstance(event, TextDelta):
            self.at = time.perf_counter()
        return True

    async def room(self) -> None:
        """There always is."""

    def abandoned(self, error: Exception | None) -> None:
        """Nothing is abandoned here."""


async def first_words(runner: Runner, visitors: int) -> list[float]:
    """Seconds until each visitor's first word, all of them asking at the same moment."""
    sinks = [FirstWord() for _ in range(visitors)]
    began = time.perf_counter()
    runs = [runner.run(_request(number)) for number in range(visitors)]
    await asyncio.gather(*(run.execute(sink) for run, sink in zip(runs, sinks, strict=True)))
    return [(sink.at or time.perf_counter()) - began for sink in sinks]


def _request(number: int) -> RunRequest:
    subject = Subject.anonymous(f"vis_{number}")
    context = RunContext(workflow_id="wf_1", thread_id=f"thr_{number}", turn_id=f"trn_{number}", subject=subject)
    return RunRequest(spec=SPEC, text="Hello", context=context)


async def measure() -> tuple[list[float], list[float]]:
    """The first words of one visitor, and those of many, over all rounds."""
    registry = RunnerRegistry()
    runner = registry.get(SPEC.kind)
    await first_words(runner, 1)  # imports
    alone, together = list[float](), list[float]()
    for _ in range(ROUNDS):
        alone += await first_words(runner, 1)
        together += await first_words(runner, VISITORS)
    await registry.close()
    return alone, together


def main() -> None:
    """Measure, print, and fail when many visitors wait too long."""
    alone, together = asyncio.run(measure())
    ratio = median(together) / median(alone)
    print(f"first word, one visitor        {median(alone) * 1000:7.1f} ms")
    print(f"first word, {VISITORS} visitors at once {median(together) * 1000:6.1f} ms")
    print(f"the last of them in any round  {max(together) * 1000:7.1f} ms")
    print(f"ratio of the medians           {ratio:7.2f} (at most {MOST_RATIO:g})")
    if ratio > MOST_RATIO:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
