"""A workflow that answers questions about Orcheo out of Orcheo's own documentation, offline.

It looks for the passages that fit best, quotes them, and names where they come from. It makes nothing up: when
nothing fits, it says so.
"""

import asyncio
import os
import re
from collections.abc import AsyncIterator
from pathlib import Path

from examples.docs_index import DocsFolder, Passage, search_words
from examples.quoting import blockquote
from orcheo_core.domain.items import Citation
from orcheo_core.domain.run import RunContext, SourceCited, TextDelta
from orcheo_core.domain.sources import Source

PAUSE = 0.01
"""Seconds between two words, so that a reader sees the answer come."""

_MAX_PASSAGES = 3
_GREETINGS = frozenset({"hello", "help", "hey", "hi", "good morning", "good evening", "what can you do", "who are you"})
_THANKS = frozenset({"thanks", "thank you", "ok thanks", "great thanks", "thank you very much"})
_WELCOME = (
    "Hello! I answer questions about Orcheo from its documentation, which is in English, and quote the passages I "
    "found. Ask me, for example:"
    "\n\n- How do I publish a workflow?\n- What is a publish token?\n- What happens when I rotate a publish token?"
)
_NOT_AT_ALL = "You are welcome. Ask on whenever you like."
_NOTHING = (
    "I found nothing about that in Orcheo's documentation. I only know what is written there, in English. "
    "Try other words, or ask, for example: How do I publish a workflow?"
)
_LEAD_ONE = "This is what Orcheo's documentation says:"
_LEAD_MANY = "Orcheo's documentation has {count} passages about this:"

Said = TextDelta | SourceCited


class DocsAssistant:
    """Answers from the Markdown files of one checkout."""

    def __init__(self, root: Path, *, pause: float = PAUSE, address: str | None = None) -> None:
        """Nothing is read before the first question. ``address``: where the same files can be read on the web."""
        self._address = address
        self._docs = DocsFolder(root)
        self._lock = asyncio.Lock()
        self._pause = pause

    async def answer(self, text: str, context: RunContext) -> AsyncIterator[Said]:
        """Stream the best passages with their sources, or a plain sentence when nothing fits."""
        reply = _small_talk(text)
        passages = [] if reply else await self._find(search_words(text) or _earlier_words(context))
        async for event in self._say(reply or _lead(len(passages))):
            yield event
        for passage in passages:
            async for event in self._quote(passage):
                yield event

    async def _find(self, words: tuple[str, ...]) -> list[Passage]:
        async with self._lock:  # an index is not replaced while it is searched
            index = await asyncio.to_thread(self._docs.refreshed)
            return index.search(words, limit=_MAX_PASSAGES)

    async def _quote(self, passage: Passage) -> AsyncIterator[Said]:
        async for event in self._say(f"\n\n**{passage.heading}** (`{passage.path}`)\n\n{blockquote(passage.text)}"):
            yield event
        yield SourceCited(Citation(source=self._source(passage)))

    def _source(self, passage: Passage) -> Source:
        """A link where the files are on the web, the name of the file elsewhere."""
        title = passage.heading.replace("`", "")  # a title is plain text
        if self._address is None:
            return Source(title=title, filename=passage.path)
        return Source(title=title, url=f"{self._address.rstrip('/')}/{passage.path}#{_anchor(passage.title)}")

    async def _say(self, text: str) -> AsyncIterator[Said]:
        for word in re.findall(r"\s*\S+", text):
            yield TextDelta(word)
            await asyncio.sleep(self._pause)


def _anchor(heading: str) -> str:
    """As GitHub and GitLab name the place of a heading."""
    return re.sub(r"\s", "-", re.sub(r"[^\w\s-]", "", heading.lower()))


def _small_talk(text: str) -> str | None:
    """The answer to what is no question."""
    plain = " ".join(re.findall(r"\w+", text.lower()))
    if plain in _GREETINGS or not plain:
        return _WELCOME
    return _NOT_AT_ALL if plain in _THANKS else None


def _lead(count: int) -> str:
    if count == 0:
        return _NOTHING
    return _LEAD_ONE if count == 1 else _LEAD_MANY.format(count=count)


def _earlier_words(context: RunContext) -> tuple[str, ...]:
    """What the visitor asked last, for a question without a word to look for (``and why?``)."""
    questions = [each.text for each in context.history if each.said_by == "visitor"]
    return search_words(questions[-1]) if questions else ()


answer = DocsAssistant(
    Path(__file__).resolve().parent.parent, address=os.environ.get("DOCS_ASSISTANT_URL") or None
).answer
