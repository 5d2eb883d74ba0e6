"""The cookie by which an anonymous visitor is known again."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from itsdangerous import TimestampSigner, URLSafeTimedSerializer

from orcheo_adapters.auth.visitor_cookie import VisitorCookies
from orcheo_core.domain.ids import CHANCE_BYTES, IdKind, compose_ids
from tests.adapters.auth.settable_clock import SettableClock

OLD, NEW = b"1" * 32, b"2" * 32
VISITOR = compose_ids([IdKind.VISITOR], microseconds=1_795_435_200_000_000, chance=b"7" * CHANCE_BYTES)[0]
COOKIES = VisitorCookies((NEW,), clock=SettableClock())
VALUE = COOKIES.issue(VISITOR)


def test_knows_the_visitor_again() -> None:
    """The value needs no quoting in a header and says who it is."""
    assert COOKIES.read(VALUE) == VISITOR
    assert all(character.isalnum() or character in "_.-" for character in VALUE)


def test_older_keys_verify() -> None:
    """A new key in front leaves visitors who they are; the newest one signs."""
    both = VisitorCookies((NEW, OLD), clock=SettableClock())
    assert both.read(VisitorCookies((OLD,), clock=SettableClock()).issue(VISITOR)) == VISITOR
    assert both.issue(VISITOR) == VALUE
    assert VisitorCookies((OLD,), clock=SettableClock()).read(VALUE) is None


def test_lasts_a_year() -> None:
    """After a year the visitor is someone new."""
    clock = SettableClock()
    cookies = VisitorCookies((NEW,), clock=clock)
    clock.advance(timedelta(days=365))
    assert cookies.read(VALUE) == VISITOR
    clock.advance(timedelta(seconds=1))
    assert cookies.read(VALUE) is None


@pytest.mark.parametrize("step", [timedelta(seconds=2), timedelta(hours=1), timedelta(days=400)])
def test_a_clock_that_goes_back_costs_no_visitor_their_threads(step: timedelta) -> None:
    """A genuine cookie is read, however far ahead the clock was that signed it.

    Findings: a clock that goes back costs nothing.
    """
    clock = SettableClock()
    clock.advance(-step)
    assert VisitorCookies((NEW,), clock=clock).read(VALUE) == VISITOR


@given(st.integers(0, len(VALUE) - 2), st.characters())
def test_tampering_is_seen(position: int, character: str) -> None:
    """No character can be exchanged (the last one holds unused bits, which say nothing)."""
    tampered = VALUE[:position] + character + VALUE[position + 1 :]
    assert COOKIES.read(tampered) == (VISITOR if tampered == VALUE else None)


@given(st.text())
def test_any_text_is_nobody(text: str) -> None:
    """Nonsense is read without an error."""
    assert COOKIES.read(text) is None


@pytest.mark.parametrize(
    "value",
    [
        TimestampSigner(NEW).sign(VISITOR).decode(),
        TimestampSigner(NEW, salt="another.purpose").sign(VISITOR).decode(),
        str(URLSafeTimedSerializer(NEW).dumps(VISITOR)),
        COOKIES.issue("somebody"),
        COOKIES.issue("thr_" + VISITOR[4:]),
        VALUE + "A" * 10_000,
        VISITOR,
    ],
    ids=["no-purpose", "another-purpose", "serialised", "no-id", "another-kind", "too-long", "unsigned"],
)
def test_other_signatures_and_other_ids_are_nobody(value: str) -> None:
    """Neither another purpose's signature nor another kind of id is taken."""
    assert COOKIES.read(value) is None


@pytest.mark.parametrize("keys", [(), (b"short",), (NEW, b"")])
def test_weak_or_missing_keys_are_refused(keys: tuple[bytes, ...]) -> None:
    """They stop the server's start."""
    with pytest.raises(ValueError, match="cookie keys"):
        VisitorCookies(keys, clock=SettableClock())
