"""What visitors are told of errors: the chat element has a sentence in their language for each code they can meet."""

import re
from pathlib import Path

import pytest

from tests.app_server import TestServer

ROOT = Path(__file__).parents[2]
WEB = ROOT / "web" / "src" / "element"
SENTENCE = re.compile(
    r'(?:visitor_message|\bmessage|sentence|[A-Z]_(?:MESSAGE|NOTICE)|_CHAT_TOO_LONG) ?= ?\(?\s*f?"([A-Z][^"]*\.)"'
    r'|return f?"(The workflow [^"]*\.)"'
)
"""What visitors read of a turn, where it is written in the source."""
VISITORS = ("/api/chat/", "/api/chatkit")
"""How the paths of what the chat page and the element ask for begin."""


async def codes_of_visitors(app_server: TestServer) -> set[str]:
    """Every code in the OpenAPI document that a request of a visitor's browser may be refused with."""
    paths = (await app_server.client.get("/openapi.json")).json()["paths"]
    said = [
        answer["description"]
        for path, methods in paths.items()
        if path.startswith(VISITORS)
        for method in methods.values()
        for answer in method["responses"].values()
    ]
    named = (each.removeprefix("Code ").rstrip(".") for each in said if each.startswith("Code "))
    return {code for each in named for code in each.split(", ")}


def codes_of_the_element() -> set[str]:
    """Those that it says something of in each language."""
    sentences = re.findall(r"^  error_(\w+):", (WEB / "strings-errors.ts").read_text("utf-8"), re.MULTILINE)
    others = re.findall(r'^  (?:"(\w+)",|(\w+): ")', (WEB / "error-words.ts").read_text("utf-8"), re.MULTILINE)
    return {*sentences, *("".join(each) for each in others)}


async def test_visitors_are_told_of_each_error_in_their_language(app_server: TestServer) -> None:
    """The server's own sentence, which is English and for developers, is only for codes of other servers."""
    assert await codes_of_visitors(app_server) - codes_of_the_element() == set()


@pytest.mark.parametrize("code", ["budget_exceeded", "body_too_large", "invalid_input", "too_many_files"])
async def test_the_comparison_sees_both_sides(app_server: TestServer, code: str) -> None:
    """Codes that a visitor is known to meet are found, so an empty list does not pass for a complete one."""
    assert code in codes_of_the_element()
    assert code in await codes_of_visitors(app_server)


def sentences_of_turns() -> set[str]:
    """What the server says in place of an answer, or beside it; it comes without a code."""
    folders = [ROOT / "orcheo_core" / "turns", ROOT / "orcheo_core" / "ports", ROOT / "orcheo_adapters" / "runners"]
    files = [each for folder in folders for each in folder.rglob("*.py")]
    return {"".join(found) for each in files for found in SENTENCE.findall(each.read_text("utf-8"))}


def test_visitors_are_told_of_a_turn_in_their_language() -> None:
    """The element knows each sentence, or what it begins with where something in it is different each time."""
    known = (WEB / "languages.ts").read_text("utf-8")
    said = sentences_of_turns()
    assert {"The workflow could not answer. You can try again.", "This conversation was deleted."} <= said
    assert [each for each in said if each not in known and not _is_pattern(each, known)] == []


def _is_pattern(sentence: str, known: str) -> bool:
    fixed, place, _ = sentence.partition("{")
    return bool(place) and re.escape(fixed).replace("\\ ", " ") in known
