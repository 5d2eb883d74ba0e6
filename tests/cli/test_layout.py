"""Text for people: harmless, and as wide as the terminal."""

import json
import re
import time

import pytest
from click import unstyle
from hypothesis import given
from hypothesis import strategies as st

from orcheo_cli.layout import clean, escaped, field_lines, moment, one_line, paragraph, table_lines

_TITLES = ("HANDLE", "STATE", "NAME", "SHARE LINK")
_LINK = "http://127.0.0.1:8700/chat/echo"
_NASTY = st.text(st.sampled_from('ab \n\t\r\x00\x07\x1b[]\x7f\x9b\u200f\u202e\u2028\u2066\\"é見'))


@given(_NASTY)
def test_clean_text_has_no_control_characters_but_line_ends_and_tabs(text: str) -> None:
    """Neither escapes of seven or eight bits nor changes of direction are left."""
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200f\u2028\u202e\u2066]", clean(text))


@given(_NASTY)
def test_escaped_json_means_the_same(text: str) -> None:
    """Only how it is written changes."""
    shown = escaped(json.dumps(text, ensure_ascii=False))
    assert json.loads(shown) == text
    assert clean(shown) == shown


@given(_NASTY)
def test_one_line_is_one_line(text: str) -> None:
    """Whatever it was before."""
    assert len(one_line(text).splitlines()) <= 1


def test_a_paragraph_hangs_behind_its_label() -> None:
    """Words stay whole, an address too."""
    assert paragraph("one two three http://a.example/b-c-d", 16, label="Hint:  ") == (
        "one two\n       three\n       http://a.example/b-c-d"
    )


def test_a_command_to_copy_stays_on_one_line() -> None:
    """Whole behind other words where it fits, else on a line of its own, however narrow the terminal is."""
    hint = "Start it with `orcheo serve`, or run `orcheo workflow list --offline --json`."
    assert paragraph(hint, 40, label="Hint:  ") == (
        "Start it with `orcheo serve`, or\n       run\n       `orcheo workflow list --offline --json`."
    )
    assert paragraph('Install it: pip install "orcheo[server]"', 30) == ('Install it:\npip install "orcheo[server]"')
    assert paragraph('Install it: pip install -e ".[server]"', 30) == 'Install it:\npip install -e ".[server]"'
    (shown,) = field_lines({"Next": "Say `orcheo token list` now"}, 26)
    assert unstyle(shown) == "Next  Say\n      `orcheo token list`\n      now"


def test_a_paragraph_without_a_terminal_is_one_line() -> None:
    """For grep; the same where there is no room at all."""
    assert paragraph("one  two\nthree", None, label="Hint:  ") == "one two three"
    assert paragraph("one two", 5, label="Hint:  ") == "one two"


def test_moments_are_in_utc_to_the_minute() -> None:
    """Whatever the offset on the wire."""
    assert moment("2026-11-23T14:30:59.123456+02:00") == "2026-11-23 12:30 UTC"


@pytest.mark.parametrize(
    ("zone", "shown"),
    [
        ("Europe/Berlin", "2026-07-01 14:30 +02:00"),
        ("America/St_Johns", "2026-07-01 10:00 -02:30"),
        ("UTC", "2026-07-01 12:30 UTC"),
    ],
)
def test_at_a_terminal_moments_are_local_with_their_offset(
    monkeypatch: pytest.MonkeyPatch, zone: str, shown: str
) -> None:
    """A person there need not compute; a line of a pipe is the same everywhere."""
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        assert moment("2026-07-01T12:30:59+00:00", local=True) == shown
    finally:
        monkeypatch.undo()
        time.tzset()


def test_what_is_no_moment_is_shown_as_it_is() -> None:
    """A newer server may write times in another way."""
    assert moment("soon") == "soon"
    assert moment(None) == ""


def test_fields_stand_below_each_other() -> None:
    """Further lines of a value begin under the first, so that none can pose as a field."""
    shown = field_lines({"Name": "Echo", "Description": "one\nName: two"}, None)
    assert [unstyle(line) for line in shown] == ["Name         Echo", "Description  one\n             Name: two"]


def test_a_value_is_wrapped_between_words() -> None:
    """Not by the terminal, in the middle of one."""
    (shown,) = field_lines({"Description": "one two three"}, 22)
    assert unstyle(shown) == "Description  one two\n             three"


def test_a_value_too_wide_for_its_place_gets_a_line_of_its_own() -> None:
    """It can be copied whole."""
    shown = field_lines({"Publish token": "orc_pt_" + "x" * 60}, 80)
    assert [unstyle(line) for line in shown] == ["Publish token", "orc_pt_" + "x" * 60]


@pytest.mark.parametrize("width", [20, 40, 60, 66, 67, 68, 80, 81, 82])
def test_secrets_and_links_are_never_broken(width: int) -> None:
    """A terminal that is narrower shows them on several lines, and copies them as one."""
    fields = {"Publish token": "orc_pt_" + "x" * 60, "Share link": "http://chat.example.org:8700/chat/" + "a-b" * 10}
    lines = [unstyle(part) for line in field_lines(fields, width) for part in line.split("\n")]
    lines += paragraph(f"Open {fields['Share link']} now.", width).split("\n")
    words = [word for line in lines for word in line.split()]
    assert words.count(fields["Publish token"]) == 1
    assert words.count(fields["Share link"]) == 2


def test_a_terminal_narrower_than_the_labels_gets_everything() -> None:
    """Nothing is lost, whatever it looks like."""
    assert [unstyle(line) for line in field_lines({"Description": "Echo"}, 8)] == ["Description", "Echo"]


def test_an_empty_line_in_a_value_stays() -> None:
    """Paragraphs of a description."""
    (shown,) = field_lines({"A": "b\n\nc"}, 80)
    assert unstyle(shown) == "A  b\n   \n   c"


def test_a_table_that_fits_has_one_line_a_row() -> None:
    """With nothing behind the last word."""
    lines = [unstyle(line) for line in table_lines(_TITLES, [("echo", "public", "Echo", _LINK)], 80)]
    assert lines == ["HANDLE  STATE   NAME  SHARE LINK", f"echo    public  Echo  {_LINK}"]


def test_a_table_that_is_too_wide_puts_the_link_below() -> None:
    """The link is whole, and its column gone; a row without a link needs no second line."""
    rows = [("echo", "public", "Echo", _LINK), ("other", "private", "Other", "")]
    assert [unstyle(line) for line in table_lines(_TITLES, rows, 50)] == [
        "HANDLE  STATE    NAME",
        "echo    public   Echo",
        f"  {_LINK}",
        "other   private  Other",
    ]


@given(st.lists(st.tuples(_NASTY, _NASTY, _NASTY, _NASTY), min_size=1, max_size=4), st.integers(1, 60))
def test_a_table_loses_no_word_at_any_width(rows: list[tuple[str, str, str, str]], width: int) -> None:
    """All words are there, whole and in order, whatever the table becomes."""
    shown = unstyle("\n".join(table_lines(_TITLES, rows, width))).split()
    titles = {word for title in _TITLES for word in (*title.split(), *title.capitalize().split())}
    assert [word for word in shown if word not in titles] == [
        word for row in rows for word in one_line(" ".join(row)).split()
    ]


@given(st.lists(st.tuples(_NASTY, _NASTY, _NASTY, _NASTY), min_size=1, max_size=4))
def test_no_row_can_pose_as_another(rows: list[tuple[str, str, str, str]]) -> None:
    """Where there is no terminal each row is one line, whatever is in it."""
    lines = [unstyle(line) for line in table_lines(_TITLES, rows, None)]
    assert len(lines) == 1 + len(rows)
    assert all(len(line.splitlines()) <= 1 for line in lines)


def test_a_table_with_no_room_for_its_columns_becomes_blocks() -> None:
    """A block for each row, with labels; what is empty is left out."""
    rows = [("echo", "public", "Echo", _LINK), ("other", "private", "Other", "")]
    assert [unstyle(line) for line in table_lines(_TITLES, rows, 20)] == [
        "Handle      echo",
        "State       public",
        "Name        Echo",
        "Share link",
        _LINK,
        "",
        "Handle  other",
        "State   private",
        "Name    Other",
    ]


def test_what_is_in_brackets_in_a_title_stays_as_it_is() -> None:
    """``UTC`` is no word."""
    titles, row = ("DAY (UTC)", "TURNS", "FAILED"), ("2026-11-27", "1", "0")
    assert [unstyle(line) for line in table_lines(titles, [row], 12)] == [
        "Day (UTC)",
        "2026-11-27",
        "Turns      1",
        "Failed     0",
    ]


def test_one_long_handle_does_not_widen_the_table() -> None:
    """It gets a line of its own, and its row goes on below in the same columns."""
    rows = [("echo", "public", "Echo", _LINK), ("other", "private", "Other", ""), ("x" * 55, "private", "Long", "")]
    assert [unstyle(line) for line in table_lines(_TITLES, rows, 60)] == [
        "HANDLE  STATE    NAME",
        "echo    public   Echo",
        f"  {_LINK}",
        "other   private  Other",
        f"{'x' * 55}\n        private  Long",
    ]


def test_a_long_last_cell_is_wrapped_below_its_row() -> None:
    """Between words."""
    lines = [unstyle(line) for line in table_lines(("ID", "SCOPES"), [("t1", "read write publish")], 14)]
    assert lines == ["ID", "t1", "  read write", "  publish"]


def test_columns_count_wide_letters_twice() -> None:
    """A Chinese name does not push its neighbour aside."""
    lines = [unstyle(line) for line in table_lines(("A", "B"), [("見本", "x"), ("ab", "y")], None)]
    assert [line.index(mark) for line, mark in zip(lines, "Bxy", strict=True)] == [6, 4, 6]
