"""Names, labels and file names as people and systems write them."""

import unicodedata
from collections.abc import Callable
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from orcheo_core.domain.login import shown_name
from orcheo_core.domain.shown_text import check_name, cut_to, plain_blanks, readable, with_unseen_named
from orcheo_core.domain.threads import title_from
from orcheo_core.errors import InvalidInput
from orcheo_core.operations.views import shorten
from orcheo_core.ports.runner import RunFailed
from tests import samples

WRITTEN = {
    "emoji joined with ZWJ": "Family \U0001f469\u200d\U0001f469\u200d\U0001f467",
    "Persian with ZWNJ": "گزارش\u200cها",
    "an Indic joiner": "ക്\u200dഷ",
    "a heart with a variation selector": "I \u2764\ufe0f docs",
    "a flag made of tags": "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
    "accents of their own": "Re\u0301sume\u0301",
    "a soft hyphen": "Donau\u00addampf",
    "private use": "\ue000 icon",
}
REFUSED = {
    "\x1b": "U+001B (a control character)",
    "\n": "U+000A (a control character)",
    "\x9b": "U+009B (a control character)",
    "\u202e": "U+202E (right-to-left override)",
    "\u2067": "U+2067 (right-to-left isolate)",
    "\u200f": "U+200F (right-to-left mark)",
    "\u061c": "U+061C (arabic letter mark)",
    "\u2028": "U+2028 (line separator)",
    "\ud83d": "U+D83D (half of a character)",
}


@pytest.mark.parametrize("name", WRITTEN.values(), ids=WRITTEN)
def test_names_of_every_script_are_taken_as_they_are(name: str) -> None:
    """By workflows, labels, file names and display names."""
    assert samples.workflow(name=name).name == name
    assert samples.service_token(label=name).label == name
    assert samples.attachment(name=f"{name}.png").name == f"{name}.png"
    assert shown_name(name) == name


@pytest.mark.parametrize("blank", ["\u00a0", "\u202f", "\u3000", "\u2009", "\u205f"])
def test_other_blanks_become_plain_ones(blank: str) -> None:
    """macOS writes U+202F before AM and PM, Japanese keyboards U+3000."""
    given_name, plain = f"at 9.41{blank}AM", "at 9.41 AM"
    assert samples.workflow(name=given_name).name == plain
    assert evolve(samples.workflow(), name=given_name).name == plain
    assert samples.service_token(label=given_name).label == plain
    assert samples.attachment(name=given_name).name == plain
    assert shown_name(given_name) == plain


@pytest.mark.parametrize(("character", "named"), REFUSED.items())
def test_a_refused_character_is_named(character: str, named: str) -> None:
    """With its code and what Unicode calls it, for each kind of name."""
    text = f"a{character}b"
    makers: list[tuple[str, Callable[[], object]]] = [
        ("name", lambda: samples.workflow(name=text)),
        ("label", lambda: samples.service_token(label=text)),
        ("name", lambda: samples.attachment(name=text)),
    ]
    for field, make in makers:
        with pytest.raises(InvalidInput) as refused:
            make()
        assert str(refused.value) == f"{field}: must not contain {named}"


@pytest.mark.parametrize("name", ["", " ", "\u3000\u00a0", "\u200d", "\u200c \ufe0f", "\ufeff"])
def test_a_name_must_show_something(name: str) -> None:
    """Blanks and joiners alone cannot be told apart by a reader."""
    with pytest.raises(InvalidInput, match="at least one of them visible"):
        samples.workflow(name=name)
    with pytest.raises(InvalidInput, match="at least one of them visible"):
        samples.attachment(name=name)
    assert shown_name(name) == ""


def test_a_name_that_is_too_long_says_how_long_it_may_be() -> None:
    """As do labels."""
    with pytest.raises(InvalidInput, match="name: must be at most 200 characters"):
        samples.workflow(name="x" * 201)
    with pytest.raises(InvalidInput, match="label: must be at most 100 characters"):
        samples.service_token(label="x" * 101)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("C:\\Users\\ada\\notes.txt", "notes.txt"),
        ("/etc/passwd", "passwd"),
        ("../../notes.txt", "notes.txt"),
        ("photos/2026/", "2026"),
        ("photos/..", "photos"),
        ("photos\\a/b.png", "b.png"),
    ],
)
def test_a_file_name_with_a_path_is_reduced_to_its_last_part(path: str, name: str) -> None:
    """Whatever separates the folders."""
    assert samples.attachment(name=path).name == name


@pytest.mark.parametrize("path", ["/", "..", "a\\..\\".replace("a", ""), "///", ". ."])
def test_a_path_without_a_name_is_refused(path: str) -> None:
    """There is nothing to call the file."""
    with pytest.raises(InvalidInput, match="name: must be 1 to 255"):
        samples.attachment(name=path)


@given(st.text(min_size=1, max_size=30))
def test_a_name_that_is_taken_can_be_shown(name: str) -> None:
    """Whatever is taken holds no control or direction character, and its blanks are plain."""
    plain = plain_blanks(name)
    assert plain_blanks(plain) == plain
    try:
        check_name("name", plain, longest=30)
    except InvalidInput:
        return
    assert not any(unicodedata.category(each) in {"Cc", "Cs", "Zl", "Zp"} for each in plain)
    assert not any(unicodedata.bidirectional(each) in {"LRE", "RLE", "LRO", "RLO", "PDF"} for each in plain)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("tag \U000e0069\U000e0067", "tag <U+E0069><U+E0067>"),
        ("zero\u200bwidth \u2060\ufeff", "zero<U+200B>width <U+2060><U+FEFF>"),
        ("left \u202eright", "left <U+202E>right"),
        ("\x1b[2J\x07", "<U+001B>[2J<U+0007>"),
        ("one\r\ntwo\rthree\tfour", "one\ntwo<U+000D>three\tfour"),
        ("می\u200cخواهم \U0001f468\u200d\U0001f469 ❤\ufe0f", "می\u200cخواهم \U0001f468\u200d\U0001f469 ❤\ufe0f"),
    ],
)
def test_what_hides_in_a_strangers_text_is_named(text: str, shown: str) -> None:
    """Scripts and emoji that need joiners and selectors stay as they are."""
    assert with_unseen_named(text) == shown


@pytest.mark.parametrize("name", ["a \x00 b", "a \u202e b", "a" * 99 + " b", " \x00"])
def test_a_display_name_stays_as_it_was_read_once(name: str) -> None:
    """What is stored is read back through the same rule."""
    assert shown_name(shown_name(name)) == shown_name(name)


@pytest.mark.parametrize(
    ("kind", "text", "details", "shown"),
    [
        (
            "user_message",
            "Look",
            {"attachments": [{"name": "a.png"}, {"name": "b.txt"}]},
            "Look\nAttached: a.png\nAttached: b.txt",
        ),
        ("user_message", "", {"attachments": [{"name": "a.png"}]}, "Attached: a.png"),
        ("user_message", "Hi", {"attachments": []}, "Hi"),
        ("user_message", "Why?", {"attachments": [], "quoted_text": "It is."}, "Quoted: It is.\nWhy?"),
        (
            "assistant_message",
            "Tea.",
            {
                "sources": [
                    {"title": "Handbook", "url": "https://tea.example/h", "filename": None},
                    {"title": "Handbook", "url": "https://tea.example/h", "filename": None},
                    {"title": "Local", "url": None, "filename": "a.md"},
                    {"title": "b.md", "url": None, "filename": "b.md"},
                    {"title": "Alone", "url": None, "filename": None},
                ]
            },
            "Tea.\nSource: Handbook https://tea.example/h\nSource: Local a.md\nSource: b.md\nSource: Alone",
        ),
        (
            "structured_input",
            "",
            {
                "questions": [
                    {"question": "Size?", "options": ("S", "M"), "answer": None},
                    {"question": "Tea?", "options": ("a", "b"), "answer": {"values": ("a", "b"), "skipped": False}},
                    {"question": "Why?", "options": (), "answer": {"values": (), "skipped": True}},
                ]
            },
            "Size? (S / M)\nTea? (a / b) → a, b\nWhy? → (skipped)",
        ),
        ("widget", "Copied", {"widget": {"type": "Card"}}, "Copied"),
        ("widget", "", {"widget": {"type": "Card"}}, '{"type": "Card"}'),
        ("hidden_context", "", {"content": {"größe": 1}}, '{"größe": 1}'),
        ("hidden_context", "", {"content": ""}, ""),
        ("generated_image", "data:image/png;base64,aGVsbG8=", {}, "data:image/png;base64, 8 characters"),
        ("generated_image", "https://example.org/a,b.png", {}, "https://example.org/a,b.png"),
        ("end_of_turn", "", {"ending": "failed"}, ""),
        ("client_tool_call", "locate", {"arguments": {}, "output": None, "is_pending": True}, "locate()"),
        ("client_tool_call", "add", {"arguments": {"a": 1}, "output": {"ok": True}}, 'add({"a": 1}) → {"ok": true}'),
        ("client_tool_call", "ask", {"arguments": {}, "output": False, "is_pending": False}, "ask() → false"),
        ("client_tool_call", "ring", {"arguments": {}, "output": None, "is_pending": False}, "ring() → null"),
        ("hidden_context", "", {"content": 0}, "0"),
        ("hidden_context", "", {"content": False}, "false"),
    ],
)
def test_every_entry_of_a_transcript_shows_something(kind: str, text: str, details: dict[str, Any], shown: str) -> None:
    """Files, sources, options, widgets and kept context without words are not left out; the data of an image is."""
    assert readable(kind, text, details) == shown


WHOLE = {
    "a joined family": "\U0001f469\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466",
    "a skin tone": "\U0001f44d\U0001f3fd",
    "a skin tone and a joined sign": "\U0001f9d1\U0001f3fe\u200d\u2695\ufe0f",
    "a flag": "\U0001f1fa\U0001f1e6",
    "a flag made of tags": WRITTEN["a flag made of tags"],
    "a letter with marks": "e\u0301\u0323",
    "a keycap": "1\ufe0f\u20e3",
    "a conjunct": "क्ष",
    "a vowel sign": "கி",
    "Hangul letters": "\u1112\u1161\u11ab",
}


@pytest.mark.parametrize("whole", WHOLE.values(), ids=WHOLE)
def test_what_is_cut_is_never_cut_within_what_a_reader_sees_as_one(whole: str) -> None:
    """Wherever the cut falls, each is there as a whole or not at all."""
    text = whole * 12
    for most in range(len(whole) + 1, len(text)):
        cut = cut_to(text, most)
        assert len(cut) <= most
        assert cut == whole * (len(cut) // len(whole)) + "…"


@pytest.mark.parametrize(
    ("text", "most", "cut"),
    [
        ("whole", 5, "whole"),
        ("one two", 5, "one…"),
        ("a" + "\u0301" * 99, 4, "a\u0301\u0301…"),
        ("گزارش\u200cها", 7, "گزارش\u200c…"),
        ("ab", 1, "…"),
    ],
)
def test_what_is_cut_ends_with_a_mark_of_it(text: str, most: int, cut: str) -> None:
    """Without a blank before; what is one character from end to end is split all the same."""
    assert cut_to(text, most) == cut


def test_titles_excerpts_and_what_failures_say_are_cut_so() -> None:
    """A title of flags has as many whole ones as fit; joiners stay, as they are part of how words are written."""
    flag = WHOLE["a flag"]
    assert title_from(f"x{flag * 60}") == f"x{flag * 39}…"
    assert shorten(flag * 150) == f"{flag * 99}…"
    failure = RunFailed("c", flag * 400, visitor_message="دستیار پرسش\u200cها \u001b[0m\u202e")
    assert failure.reason == f"{flag * 249}…"
    assert failure.visitor_message == "دستیار پرسش\u200cها [0m"
