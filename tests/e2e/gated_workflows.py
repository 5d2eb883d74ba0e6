"""Workflows that wait, inside a server's process, for a file that a test makes: see :class:`Gates`."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from orcheo_core import (
    Citation,
    ImageShown,
    InputAsked,
    NoticeGiven,
    Question,
    RunContext,
    Source,
    SourceCited,
    StructuredInputItem,
    TextDelta,
    WidgetShown,
)

_POLL_SECONDS = 0.01
_EVERYTHING = """
# A heading

**Bold**, *slanted*, ~~gone~~, `code` and a [link](https://example.org/).

> A quotation with `code` in it

1. One
   - nested
2. Two

```python
print("Hello")
```

| name | value |
|------|------:|
| one  |     1 |

---
"""


def _is_open(text: str) -> bool:
    return Path(os.environ["ORCHEO_TEST_GATES"], text).exists()


async def held(text: str) -> AsyncIterator[str]:
    """One piece, then waits for its gate, then another."""
    yield "before "
    while not _is_open(text):  # noqa: ASYNC110 - what is waited for happens in another process
        await asyncio.sleep(_POLL_SECONDS)
    yield "after"


async def counts(_text: str) -> AsyncIterator[str]:
    """Says 150 numbers, one after the other, over a third of a second."""
    for number in range(150):
        yield f"{number} "
        await asyncio.sleep(0.002)


async def fails_until_open(text: str) -> AsyncIterator[str]:
    """Half an answer and an error, until its gate is open; then a whole answer."""
    yield "half "
    if not _is_open(text):
        message = "the secret reason"
        raise RuntimeError(message)
    yield "and half"


async def everything(_text: str) -> AsyncIterator[TextDelta | SourceCited]:
    """Every kind of markup that an answer may have, and both kinds of source."""
    yield TextDelta(_EVERYTHING)
    yield SourceCited(Citation(source=Source(title="Manual", filename="manual.md")))
    yield SourceCited(Citation(source=Source(title="Site", url="https://example.org/")))


async def long_lines(_text: str) -> AsyncIterator[str]:
    """What is too wide for a narrow screen: a word, a line of code and a table."""
    yield "W" * 200 + "\n\n```sh\n" + "x" * 200 + "\n```\n\n"
    yield "| " + " | ".join("column" for _ in range(12)) + " |\n" + "|---" * 12 + "|\n"


def deaf(text: str) -> Iterator[str]:
    """One piece, then blocks its thread until its gate opens."""
    yield "before "
    while not _is_open(text):
        time.sleep(_POLL_SECONDS)


async def asks(_text: str, context: RunContext) -> AsyncIterator[InputAsked | TextDelta]:
    """Asks for a size and a name, and says what was answered; it never takes a message for an answer."""
    if not isinstance(context.cause, StructuredInputItem):
        size = Question(id="size", question="Which size?", options=("S", "M"))
        yield InputAsked(questions=(size, Question(id="name", question="For whom?")))
        return
    given = {each.id: each.answer for each in context.cause.questions if each.answer}
    yield TextDelta(" and ".join(f"{name}: {', '.join(each.values) or 'skipped'}" for name, each in given.items()))


async def widget_and_picture(_text: str) -> AsyncIterator[WidgetShown | ImageShown]:
    """A widget, and a picture from elsewhere."""
    yield WidgetShown(widget={"type": "Card", "children": [{"type": "Text", "value": "Hello"}]})
    yield ImageShown(url="https://example.org/cat.png")


async def warns(_text: str) -> AsyncIterator[str | WidgetShown | NoticeGiven]:
    """An answer that cannot be understood without its notices."""
    yield "It is 42."
    yield NoticeGiven(message="Prices of **yesterday**", level="warning", title="Mind")
    yield WidgetShown(widget={"type": "Unknown"})


def linked(_text: str) -> str:
    """A link that is meant for the page around the chat."""
    return "See [the order](chatkit-link://orders/open?id=3)."


async def both_ways(_text: str) -> AsyncIterator[str]:
    """Paragraphs that run from left to right and from right to left, in text, list, quote and table."""
    yield "English first.\n\nمرحبا بكم في API.\n\n- البند الأول\n- Second\n\n"
    yield "> اقتباس قصير.\n\n| اسم | Wert |\n|---|---|\n| واحد | 1 |\n"


async def says_much(text: str) -> AsyncIterator[str]:
    """Five paragraphs that name the message."""
    yield "\n\n".join(f"{text}, paragraph {number}." for number in range(1, 6))


def length(text: str) -> str:
    """How many characters it was sent."""
    return str(len(text))


def options(_text: str) -> str:
    """Sentences of options, so that some of them meet the end of a line."""
    return " and ".join(f"`--option-{number}`" for number in range(12))


async def acts_until_the_end(_text: str, context: RunContext) -> AsyncIterator[str]:
    """Answers messages; an action lasts until the server ends, which it is asked to do just then."""
    if context.cause is not None:
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.Event().wait()
    yield "Hello"


def forks(_text: str) -> Iterator[str]:
    """Forks a child that outlives the server, and says its number."""
    child = os.fork()
    if not child:
        time.sleep(60)
        os._exit(0)
    yield str(child)
    time.sleep(60)


async def tells_the_time(_text: str) -> AsyncIterator[str]:
    """Says the milliseconds since 1970 forty times, twenty times a second."""
    for _ in range(40):
        yield f"{time.time() * 1000:.0f} "
        await asyncio.sleep(0.05)


_FAILED: set[str] = set()
"""Threads in which :func:`asks_and_fails_once` has failed."""


async def asks_and_fails_once(_text: str, context: RunContext) -> AsyncIterator[InputAsked | TextDelta]:
    """Asks for a size, and fails the first time with the answer."""
    if context.cause is None:
        yield InputAsked(questions=(Question(id="size", question="Which size?", options=("Small", "Large")),))
        return
    yield TextDelta("Let me see")
    if context.thread_id not in _FAILED:
        _FAILED.add(context.thread_id)
        message = "the first time"
        raise RuntimeError(message)
    yield TextDelta(": it is there.")
