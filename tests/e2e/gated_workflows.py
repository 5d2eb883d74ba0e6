"""Workflows that wait, inside a server's process, for a file that a test makes: see :class:`Gates`."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from orcheo_core import Citation, Source, SourceCited, TextDelta

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
