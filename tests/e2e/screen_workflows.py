"""One workflow that answers in whatever way the message names, so that one page comes into every state."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterable
from pathlib import Path

from orcheo_core import Citation, InputAsked, NoticeGiven, ProgressNote, Question, RunContext, Source, SourceCited
from orcheo_core.domain.component_items import Step, StepKind, StepState
from orcheo_core.domain.run import (
    ClientToolCalled,
    CutShort,
    ImageShown,
    RunEvent,
    StepNoted,
    TextDelta,
    WidgetShown,
)
from tests.e2e.widget_workflows import ICON, cities, everything, order_form

_POLL_SECONDS = 0.01
_RICH = r"""
# Opening hours

We are open on **all** days, *also* on ~~Sundays~~ holidays: see [the calendar](https://example.org/), press `Ctrl`
or write to ada@example.org.[^1] A formula is $a^2 + b^2 = c^2$, and one of its own:

$$\int_0^1 x^2\,dx = \frac{1}{3}$$

> Whoever comes late finds the `back door` open.
>
> - and a light on

1. Ring the bell
   - twice
   - [ ] wait
   - [x] knock
2. Come in

## In code

```python
def is_open(hour: int) -> bool:
    "Whether the shop is open at this hour, which counts from 0 to 23 and never from 1 to 24 as some would have it."
    return 9 <= hour < 18  # every day
```

    indented code

| day | from | to | remark |
|:----|-----:|:--:|--------|
| Mon | 9 | 18 | |
| Tue | 9 | 20 | `late` |

### Smaller

![A cat](https://example.org/cat.png)

---

[^1]: On workdays.
"""
_SOURCES = (
    Source(title="Manual, with `code`", filename="manual.md"),
    Source(title="Site", url="https://example.org/"),
    Source(title="Blog", url="https://blog.example.org/2026"),
    Source(title="Prices", filename="prices.pdf"),
)
_SIZE = Question(id="size", question="Which **size**?", options=("Small", "Medium", "Large, of which there are few"))
_EXTRAS = Question(id="extras", question="Anything with it?", options=("Milk", "Sugar", "Lemon"), multiple=True)
_NAME = Question(id="name", question="For whom?", description="It is written on the cup.")


def _rich() -> Iterable[RunEvent]:
    return (TextDelta(_RICH), *(SourceCited(Citation(source=each)) for each in _SOURCES))


def _steps(state: StepState) -> Iterable[RunEvent]:
    kinds = ((StepKind.WEB_SEARCH, "Search"), (StepKind.CUSTOM, "Compare"), (StepKind.FILE, "Read"))
    for index, (kind, title) in enumerate(kinds):
        queries = ("opening hours", "holidays") if kind is StepKind.WEB_SEARCH else ()
        step = Step(kind=kind, title=title, queries=queries, content="Some *words*.", state=state)
        yield StepNoted(index=index, step=step)


def _notices() -> Iterable[RunEvent]:
    yield TextDelta("It is 42.")
    yield NoticeGiven(message="Prices of **yesterday**", title="Mind")
    yield NoticeGiven(message="See [the list](https://example.org/).", level="warning")
    yield NoticeGiven(message="Do `not` buy.", level="danger", title="Danger")


def _fails() -> Iterable[RunEvent]:
    yield TextDelta("Half of an answer")
    message = "the secret reason"
    raise RuntimeError(message)


_SAID: dict[str, Callable[[], Iterable[RunEvent]]] = {
    "wait": lambda: [ProgressNote(text="Looking into the calendar")],
    "write": lambda: [TextDelta("The first words of an answer")],
    "run": lambda: _steps(StepState.LOADING),
    "fail": _fails,
    "rich": _rich,
    "steps": lambda: (*_steps(StepState.COMPLETE), TextDelta("Done.")),
    "notices": _notices,
    "long notice": lambda: [TextDelta("Mind:"), NoticeGiven(message="M" * 200, title="T" * 200)],
    "form": lambda: [WidgetShown(widget=order_form())],
    "all": lambda: [WidgetShown(widget=everything())],
    "list": lambda: [WidgetShown(widget=cities())],
    "odd": lambda: [WidgetShown(widget={"type": "Card", "children": [{"type": "Hologram"}]})],
    "asks": lambda: [InputAsked(questions=(_SIZE, _EXTRAS, _NAME))],
    "image": lambda: [ImageShown(url=ICON)],
    "image elsewhere": lambda: [ImageShown(url="https://example.org/cat.png")],
    "tool": lambda: [TextDelta("Let me look."), ClientToolCalled(name="where")],
    "cut": lambda: [TextDelta("As I was saying"), CutShort(code="length", reason="limit")],
    "nothing": list,
}
_HELD = ("wait", "write", "run")


def _is_open(text: str) -> bool:
    return Path(os.environ["ORCHEO_TEST_GATES"], text).exists()


async def answer(text: str, context: RunContext) -> AsyncIterator[RunEvent]:
    """What the message names; ``wait``, ``write`` and ``run`` wait for their gate, ``fail`` breaks."""
    if context.cause is not None:
        yield TextDelta("Thank you.")
        return
    for event in _SAID.get(text, lambda: [TextDelta(f"You said: {text}")])():
        yield event
    if text not in _HELD:
        return
    while not _is_open(text):  # noqa: ASYNC110 - what is waited for happens in another process
        await asyncio.sleep(_POLL_SECONDS)
    yield TextDelta(" and the last ones.")
