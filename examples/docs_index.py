"""Full-text search over a folder of Markdown: SQLite FTS5 in memory, through sqlite-utils."""

import re
import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from attrs import frozen
from sqlite_utils import Database

_FENCE = re.compile(r"\s*(```|~~~)")
_HEADING = re.compile(r"(#{1,6})\s+(.+?)\s*#*\s*")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_WORD = re.compile(r"\w+")
_MAX_WORDS = 24
_ABOVE = " › "
_WEIGHTS = (6.0, 2.0, 1.0)
"""What a word counts in a passage's own heading, in the headings above it, and in its text."""
_CLOSE_TO_BEST = 0.6
"""A passage is worth showing when its rank is at least this part of the best one's."""

STOP_WORDS = frozenset(
    """a about all am an and any are as at be because been but by can could did do does doing done explain find for
    from get give go had has have he hello her here hey hi him his how i if in into is it its just know let like
    made make may me mean means might more most much must my need no not of off on one only or other our out
    please put say says see she should show so some something tell than thank thanks that the their them then there
    these they thing things this those to too up us use used using very want was way we were what when where which
    who whom why will with work works would you your""".split()  # noqa: SIM905 - a column of quotes reads worse
)


@frozen(kw_only=True)
class Passage:
    """One section of a document: its headings (``Tutorial › Publish``), its file, and what it says."""

    heading: str
    path: str
    text: str

    @property
    def title(self) -> str:
        """Its own heading."""
        return self.heading.rpartition(_ABOVE)[2]

    @property
    def above(self) -> str:
        """The headings it stands under."""
        return self.heading.rpartition(_ABOVE)[0]


def search_words(question: str) -> tuple[str, ...]:
    """The words of a question that are worth looking for, each once, in lower case."""
    words = dict.fromkeys(_WORD.findall(question.lower()))
    return tuple(word for word in words if word not in STOP_WORDS and (len(word) > 1 or word.isdigit()))[:_MAX_WORDS]


def sections(markdown: str, path: str) -> Iterator[Passage]:
    """Split at each heading outside code blocks; headings with nothing under them are left out."""
    trail: list[tuple[int, str]] = []
    lines: list[str] = []
    for level, line in _marked_lines(_COMMENT.sub("", markdown)):
        if level == 0:
            lines.append(line)
            continue
        yield from _passage(trail, lines, path)
        trail = [each for each in trail if each[0] < level] + [(level, line)]
        lines = []
    yield from _passage(trail, lines, path)


def _marked_lines(markdown: str) -> Iterator[tuple[int, str]]:
    """Each line with the level of the heading it is, 0 for other lines."""
    fence = ""
    for line in markdown.splitlines():
        mark = _FENCE.match(line)
        if mark and fence in ("", mark.group(1)):
            fence = "" if fence else mark.group(1)
        heading = None if fence or mark else _HEADING.fullmatch(line)
        yield (len(heading.group(1)), heading.group(2)) if heading else (0, line)


def _passage(trail: Sequence[tuple[int, str]], lines: Sequence[str], path: str) -> Iterator[Passage]:
    text = "\n".join(lines).strip()
    if text:
        yield Passage(heading=_ABOVE.join(title for _, title in trail) or path, path=path, text=text)


class PassageIndex:
    """Searchable passages; closed when it is no longer needed."""

    def __init__(self, passages: Sequence[Passage]) -> None:
        """Index ``passages``; may run in another thread than the searches."""
        self._passages = passages
        self._db = Database(sqlite3.connect(":memory:", check_same_thread=False))
        table = self._db.table("passages")
        table.create({"id": int, "title": str, "above": str, "text": str}, pk="id")
        table.insert_all(
            {"id": number, "title": each.title, "above": each.above, "text": each.text}
            for number, each in enumerate(passages)
        )
        table.enable_fts(["title", "above", "text"], tokenize="porter")

    def close(self) -> None:
        """Free the memory."""
        self._db.close()

    def search(self, words: Sequence[str], *, limit: int) -> list[Passage]:
        """The passages that fit best, best first: each has at least half of ``words``.

        Nearly as good as the best are all of them; there are fewer than ``limit`` when the rest is much worse.
        """
        found = Counter(number for word in words for number in self._numbers(word))
        ranked = [
            (-rank * found[number] * (1 + self._likeness(words, number)), number)
            for number, rank in self._ranked(words)
            if found[number] * 2 >= len(words)
        ]
        ranked.sort(reverse=True)
        return [self._passages[number] for rank, number in ranked[:limit] if rank >= ranked[0][0] * _CLOSE_TO_BEST]

    def _likeness(self, words: Sequence[str], number: int) -> float:
        """How much the question is the passage's own heading: 0 (no word in common) to 1 (the same words)."""
        title = search_words(self._passages[number].title)
        return len({*title} & {*words}) / len({*title} | {*words})

    def _numbers(self, word: str) -> list[int]:
        rows = self._db.execute("select rowid from passages_fts where passages_fts match ?", [_match(word)])
        return [number for (number,) in rows]

    def _ranked(self, words: Sequence[str]) -> list[tuple[int, float]]:
        if not words:
            return []
        sql = "select rowid, bm25(passages_fts, ?, ?, ?) from passages_fts where passages_fts match ?"
        return list(self._db.execute(sql, [*_WEIGHTS, " OR ".join(map(_match, words))]))


def _match(word: str) -> str:
    """A word as FTS5 takes it: quoted, so that nothing in it is an operator."""
    return f'"{word}"'


class DocsFolder:
    """The ``README.md`` and ``docs/**/*.md`` of a checkout, indexed on first use and again when they change."""

    def __init__(self, root: Path) -> None:
        """Nothing is read yet."""
        self._root = root
        self._seen: tuple[tuple[str, int, int], ...] = ()
        self._index = PassageIndex(())

    def refreshed(self) -> PassageIndex:
        """An index of the files as they are now; the one before it is closed."""
        files = [self._root / "README.md", *sorted(self._root.glob("docs/**/*.md"))]
        present = [path for path in files if path.is_file()]
        seen = tuple((str(path), path.stat().st_mtime_ns, path.stat().st_size) for path in present)
        if seen != self._seen:
            index = PassageIndex([passage for path in present for passage in self._sections(path)])
            self._index.close()
            self._index, self._seen = index, seen
        return self._index

    def _sections(self, path: Path) -> Iterator[Passage]:
        yield from sections(path.read_text("utf-8", errors="replace"), path.relative_to(self._root).as_posix())
