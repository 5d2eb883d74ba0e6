"""What keeps logins and login attempts: seals, states, cookies, ids that are used up."""

from datetime import timedelta

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from orcheo_adapters.auth.login_cookie import LoginCookies
from orcheo_adapters.auth.login_state import LoginStates, check_return_path
from orcheo_adapters.auth.sealed import Seal, SealBroken, SealExpired
from orcheo_adapters.auth.spent_ids import SpentIds
from orcheo_adapters.auth.visitor_cookie import VisitorCookies
from orcheo_adapters.memory.store import MemoryStore
from orcheo_core.domain.ids import CHANCE_BYTES, IdKind, compose_ids
from orcheo_core.domain.login import EndedLogins, Login
from orcheo_core.errors import InvalidInput, LoginAttemptExpired, LoginAttemptInvalid, StorageUnavailable
from orcheo_core.services.shared.identifiers import Identifiers
from tests.adapters.auth.settable_clock import SettableClock
from tests.fakes.entropy import FakeEntropy
from tests.fakes.identity import ISSUER, login
from tests.fakes.store import FailingStore

OLD, NEW = b"1" * 32, b"2" * 32
HOUR = timedelta(hours=1)
VISITOR = compose_ids([IdKind.VISITOR], microseconds=1_795_435_200_000_000, chance=b"7" * CHANCE_BYTES)[0]


def seal(*keys: bytes, purpose: str = "test", clock: SettableClock | None = None) -> Seal:
    """A seal with these keys."""
    return Seal(keys or (NEW,), purpose, longest=500, clock=clock or SettableClock())


@given(st.dictionaries(st.text(max_size=5), st.text(max_size=10), max_size=3))
def test_what_was_sealed_is_read_again(values: dict[str, str]) -> None:
    """Whatever is in it."""
    assert seal().open(seal().close(values), lifetime=HOUR).values == values


def test_a_seal_is_for_one_purpose_and_its_keys() -> None:
    """Older keys verify, foreign ones and other purposes do not."""
    old = seal(OLD).close({"a": "b"})
    assert seal(NEW, OLD).open(old, lifetime=HOUR).values == {"a": "b"}
    for other in (seal(NEW), seal(OLD, purpose="other")):
        with pytest.raises(SealBroken):
            other.open(old, lifetime=HOUR)


def test_a_seal_gets_old() -> None:
    """A second after its lifetime it is expired, which is not broken."""
    clock = SettableClock()
    text = seal(clock=clock).close({})
    clock.advance(HOUR)
    assert seal(clock=clock).open(text, lifetime=HOUR).values == {}
    clock.advance(timedelta(seconds=1))
    with pytest.raises(SealExpired):
        seal(clock=clock).open(text, lifetime=HOUR)


async def test_logins_that_a_provider_has_ended_count_no_more() -> None:
    """Those of a person, or of one session there; later ones and other people's are others."""
    clock = SettableClock()
    kept = cookies(clock=clock)
    ada, bob = login(at=clock.now()), login("bob", at=clock.now())
    here = evolve(ada, identity=evolve(ada.identity, session="s-1"))
    there = evolve(ada, identity=evolve(ada.identity, session="s-2"))
    values = {name: kept.issue(each) for name, each in {"bob": bob, "here": here, "there": there}.items()}

    def still() -> set[str]:
        return {name for name, value in values.items() if kept.read(value) is not None}

    await kept.end_all(EndedLogins(issuer=ISSUER, sub="ada", session="s-1"))
    assert still() == {"bob", "there"}
    await kept.end_all(EndedLogins(issuer="https://other.example", sub="bob"))
    await kept.end_all(EndedLogins(issuer=ISSUER, sub="ada"))
    assert still() == {"bob"}
    clock.advance(timedelta(seconds=1))
    again = compose_ids([IdKind.LOGIN], int(clock.now().timestamp() * 1_000_000), b"7" * CHANCE_BYTES)[0]
    values["again"] = kept.issue(evolve(here, id=again, began_at=clock.now(), seen_at=clock.now()))
    assert still() == {"bob", "again"}
    await kept.end_all(EndedLogins(issuer=ISSUER, sub="ada"))
    assert still() == {"bob"}


@given(st.data())
def test_a_changed_seal_is_broken(data: st.DataObject) -> None:
    """Any other character anywhere."""
    text = seal().close({"id": "x", "to": "/chat/echo"})
    at = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.characters(codec="ascii").filter(lambda each: each != text[at]))
    with pytest.raises(SealBroken):
        seal().open(text[:at] + other + text[at + 1 :], lifetime=HOUR)


@pytest.mark.parametrize("text", ["", "a", "a.b.c", "é", "x" * 501])
def test_junk_is_no_seal(text: str) -> None:
    """Nor is too much."""
    with pytest.raises(SealBroken):
        seal().open(text, lifetime=HOUR)


def test_too_much_is_not_sealed() -> None:
    """What could not be read again is not made."""
    with pytest.raises(ValueError, match="too much"):
        seal().close({"a": "b" * 500})


def cookies(
    *keys: bytes,
    clock: SettableClock,
    issuers: frozenset[str] = frozenset({ISSUER}),
    store: MemoryStore | None = None,
) -> LoginCookies:
    """Login cookies with these keys."""
    identifiers = Identifiers(clock, FakeEntropy())
    return LoginCookies(
        keys or (NEW,), issuers=issuers, clock=clock, store=store or MemoryStore(), identifiers=identifiers
    )


def test_a_seal_outlives_a_clock_that_goes_back_a_little() -> None:
    """Half a minute counts as now, so that nothing lasts longer for it; more is refused.

    Findings: a clock that goes back costs nothing.
    """
    clock = SettableClock()
    text = seal(clock=clock).close({"a": "b"})
    clock.advance(timedelta(seconds=-30))
    opened = seal(clock=clock).open(text, lifetime=HOUR)
    assert (opened.values, opened.signed_at) == ({"a": "b"}, clock.now().replace(microsecond=0))
    clock.advance(timedelta(seconds=-1))
    with pytest.raises(SealExpired):
        seal(clock=clock).open(text, lifetime=HOUR)


def ada(clock: SettableClock) -> Login:
    """A login that begins now."""
    return login("ada", at=clock.now())


def test_a_login_cookie_says_who_it_is_and_when_it_was_seen() -> None:
    """The moment of signing is the moment of use."""
    clock = SettableClock()
    kept, began = cookies(clock=clock), ada(clock)
    clock.advance(timedelta(minutes=10))
    value = kept.issue(began)
    assert kept.read(value) == evolve(began, seen_at=clock.now().replace(microsecond=0))
    clock.advance(timedelta(minutes=30))
    assert kept.read(value) is None


def test_a_login_ends_after_eight_hours() -> None:
    """However much it is used."""
    clock = SettableClock()
    kept, began = cookies(clock=clock), ada(clock)
    clock.advance(timedelta(hours=8, seconds=-1))
    assert kept.read(kept.issue(began)) is not None
    clock.advance(timedelta(seconds=1))
    assert kept.read(kept.issue(began)) is None


def test_an_issuer_that_is_taken_out_ends_its_logins() -> None:
    """Its word does not count any more."""
    clock = SettableClock()
    value = cookies(clock=clock).issue(ada(clock))
    assert cookies(clock=clock, issuers=frozenset({"https://other.example"})).read(value) is None


async def test_an_ended_login_stays_ended() -> None:
    """Also in a newer cookie of it."""
    clock = SettableClock()
    kept, began = cookies(clock=clock), ada(clock)
    await kept.end(began)
    assert kept.read(kept.issue(began)) is None
    assert kept.read(kept.issue(evolve(began, id="lgn_other"))) is not None


def test_the_visitors_cookie_is_no_login() -> None:
    """One purpose each, under the same keys."""
    clock = SettableClock()
    assert cookies(clock=clock).read(VisitorCookies((NEW,), clock=clock).issue(VISITOR)) is None
    assert VisitorCookies((NEW,), clock=clock).read(cookies(clock=clock).issue(ada(clock))) is None


async def test_used_up_ids_are_remembered_as_long_as_they_could_come_again() -> None:
    """And no more of them than there is room for; the oldest go first."""
    clock = SettableClock()
    spent = SpentIds("test", HOUR, clock=clock, store=MemoryStore(), most=2)
    assert [await spent.spend(each) for each in ("a", "b", "a")] == [True, True, False]
    assert await spent.spend("c")
    assert ("a" in spent, "b" in spent, "c" in spent) == (False, True, True)
    clock.advance(HOUR + timedelta(seconds=1))
    await spent.tidy()
    assert "b" not in spent


async def test_the_store_forgets_many_used_up_ids_at_once() -> None:
    """It looks at all of them each time, so a tenth goes when there is no room."""
    clock, store = SettableClock(), MemoryStore()
    spent = SpentIds("test", HOUR, clock=clock, store=store, most=20)
    for each in range(21):
        clock.advance(timedelta(seconds=1))
        await spent.spend(str(each))
    assert [each for each in range(21) if str(each) not in spent] == [0, 1, 2]
    kept = await store.begin().spent_ids.of("test")
    assert sorted(each.id for each in kept if each.id) == sorted(map(str, range(3, 21)))
    assert not spent.remembers(clock.now() - timedelta(seconds=18))


async def test_used_up_ids_survive_a_restart_until_their_life_is_over() -> None:
    """Each purpose has its own; housekeeping leaves those that could be shown again.

    Findings: what has ended stays ended.
    """
    clock, store = SettableClock(), MemoryStore()
    first = SpentIds("test", HOUR, clock=clock, store=store)
    await first.spend("old")
    clock.advance(HOUR)
    await first.spend_again("new", at=clock.now())
    again, other = (SpentIds(each, HOUR, clock=clock, store=store) for each in ("test", "other"))
    await again.load()
    await other.load()
    assert ("old" in again, await again.spend("new"), "new" in other) == (True, False, False)
    clock.advance(timedelta(seconds=1))
    await again.tidy()
    assert [each.id for each in await store.begin().spent_ids.of("test")] == ["", "new"]


async def test_what_may_have_been_forgotten_is_refused_whatever_the_clock_says() -> None:
    """By age or for lack of room; a restart knows it too."""
    clock, store = SettableClock(), MemoryStore()
    first = SpentIds("test", HOUR, clock=clock, store=store, most=2)
    made_at = clock.now()
    await first.spend("a")
    clock.advance(timedelta(days=1))
    await first.tidy()
    clock.advance(timedelta(days=-1))
    again = SpentIds("test", HOUR, clock=clock, store=store, most=2)
    await again.load()
    later = clock.now() + timedelta(days=1) - HOUR
    for spent in (first, again):
        assert "a" not in spent
        assert (spent.remembers(made_at), spent.remembers(later)) == (False, True)
    full = SpentIds("other", HOUR, clock=clock, store=store, most=1)
    await full.spend("a")
    assert full.remembers(made_at)
    await full.spend("b")
    assert not full.remembers(made_at)


async def test_after_a_clock_that_was_ahead_visitors_sign_in_at_once() -> None:
    """What was used up while it was ahead is forgotten, and refused all the same; a restart changes nothing."""
    clock, store = SettableClock(), MemoryStore()
    clock.advance(timedelta(hours=3))
    made, kept = states(clock, store), cookies(clock=clock, store=store)
    browser = made.browser(None)
    early = made.begin(provider="main", return_path="/", browser=browser).state
    await made.finish(early, browser=browser)
    signed_in = evolve(ada(clock), id=made._identifiers.new(IdKind.LOGIN))
    cookie = kept.issue(signed_in)
    await kept.end(signed_in)
    clock.advance(timedelta(days=1))
    for _ in range(2):
        await made.finished.tidy()
        await kept.ended.tidy()
        assert len([each for each in await store.begin().spent_ids.of("login-attempt") if each.id]) == 0
        clock.advance(-timedelta(days=1))
        with pytest.raises(LoginAttemptExpired):
            made.peek(early, browser=browser)
        assert kept.read(cookie) is None
        attempt = made.begin(provider="main", return_path="/", browser=browser)
        assert made.peek(attempt.state, browser=browser).attempt == attempt
        later = evolve(ada(clock), id=kept._identifiers.new(IdKind.LOGIN))
        assert kept.read(kept.issue(later)) is not None
        made, kept = states(clock, store), cookies(clock=clock, store=store)
        await made.finished.load()
        await kept.ended.load()
        clock.advance(timedelta(days=1))


async def test_no_more_rows_are_kept_than_ids_are_remembered() -> None:
    """Also by processes that each live for an hour only, in which no id is forgotten for its age."""
    clock, store = SettableClock(), MemoryStore()
    for number in range(6):
        spent = SpentIds("test", HOUR, clock=clock, store=store, most=2)
        await spent.load()
        clock.advance(timedelta(seconds=1))
        await spent.spend(f"id{number}")
    kept = [each.id for each in await store.begin().spent_ids.of("test")]
    assert [each for each in kept if each] == ["id4", "id5"]
    fewer = SpentIds("test", HOUR, clock=clock, store=store, most=1)
    await fewer.load()
    assert ("id4" in fewer, "id5" in fewer, fewer.remembers(clock.now() - timedelta(seconds=1))) == (False, True, False)


async def test_what_a_clock_ahead_made_is_remembered_until_that_could_not_come_again() -> None:
    """The clock is right again when it is used up."""
    clock = SettableClock()
    spent = SpentIds("test", HOUR, clock=clock, store=MemoryStore())
    await spent.spend("a", made_at=clock.now() + timedelta(days=1))
    clock.advance(timedelta(days=1))
    await spent.tidy()
    assert "a" in spent


async def test_an_id_that_could_not_be_kept_is_used_up_all_the_same() -> None:
    """A full disk lets no ended login in; the caller hears of it."""
    store = FailingStore()
    store.error = StorageUnavailable()
    spent = SpentIds("test", HOUR, clock=SettableClock(), store=store)
    with pytest.raises(StorageUnavailable):
        await spent.spend("a")
    assert "a" in spent


def states(clock: SettableClock, store: MemoryStore | None = None) -> LoginStates:
    """States under a key."""
    entropy = FakeEntropy()
    return LoginStates(
        (NEW,), clock=clock, entropy=entropy, identifiers=Identifiers(clock, entropy), store=store or MemoryStore()
    )


def test_a_browser_is_known_by_its_secret() -> None:
    """One that was made up is replaced."""
    made = states(SettableClock())
    secret = made.browser(None)
    assert len(secret) == 43
    assert made.browser(secret) == secret
    for junk in ("", "short", secret + "=", "é" * 43):
        assert made.browser(junk) not in {junk, secret}


async def test_attempts_of_one_browser_have_secrets_of_their_own() -> None:
    """So an answer to one is none to another."""
    made = states(SettableClock())
    browser = made.browser(None)
    one, two = (made.begin(provider="main", return_path="/", browser=browser) for _ in range(2))
    assert one.seed != two.seed
    assert (await made.finish(one.state, browser=browser)).attempt == one
    assert (await made.finish(two.state, browser=browser)).return_path == "/"
    with pytest.raises(LoginAttemptInvalid):
        await made.finish(one.state, browser=browser)
    with pytest.raises(LoginAttemptInvalid):
        made.peek(two.state, browser=None)


@pytest.mark.parametrize("path", ["/", "/chat/echo", "/chat/echo?x=1&y=a%20b", "/a//b"])
def test_a_path_of_this_server_is_a_way_back(path: str) -> None:
    """As it is."""
    assert check_return_path(path) == path


@given(st.text(st.sampled_from("/\\a.:@?#\t\n\r %"), min_size=1))
def test_a_way_back_begins_with_one_slash_and_holds_nothing_that_browsers_drop(path: str) -> None:
    """Whatever else is in it."""
    try:
        checked = check_return_path(path)
    except InvalidInput:
        return
    assert checked.startswith("/")
    assert not checked.startswith(("//", "/\\"))
    assert not set(checked) & set("\\\t\n\r #")


async def test_a_provider_ends_a_login_that_began_by_a_clock_that_was_ahead() -> None:
    """By the order in which things happened, not by what the clock said; a later login is another one."""
    clock, store = SettableClock(), MemoryStore()
    identifiers = Identifiers(clock, FakeEntropy())
    kept = LoginCookies((NEW,), issuers=[ISSUER], clock=clock, store=store, identifiers=identifiers)

    def signed_in() -> str:
        return kept.issue(evolve(login(at=clock.now()), id=identifiers.new(IdKind.LOGIN)))

    clock.advance(timedelta(seconds=20))
    early = signed_in()
    clock.advance(timedelta(seconds=-20))
    assert kept.read(early) is not None
    await kept.end_all(EndedLogins(issuer=ISSUER, sub=login(at=clock.now()).identity.sub))
    assert kept.read(early) is None
    assert kept.read(signed_in()) is not None


async def test_a_clock_ahead_for_a_while_brings_no_login_back() -> None:
    """What was signed out is forgotten by housekeeping in that time; the cookie is refused all the same."""
    clock, store = SettableClock(), MemoryStore()
    kept, began = cookies(clock=clock, store=store), ada(clock)
    value = kept.issue(began)
    await kept.end(began)
    clock.advance(timedelta(days=1))
    await kept.ended.tidy()
    clock.advance(timedelta(days=-1))
    assert began.id not in kept.ended
    assert kept.read(value) is None


async def test_a_clock_ahead_for_a_while_brings_no_login_attempt_back() -> None:
    """Its state was used up and forgotten."""
    clock = SettableClock()
    made = states(clock)
    browser = made.browser(None)
    state = made.begin(provider="p", return_path="", browser=browser).state
    await made.finish(state, browser=browser)
    clock.advance(timedelta(hours=1))
    await made.finished.tidy()
    clock.advance(timedelta(hours=-1))
    with pytest.raises(LoginAttemptExpired):
        await made.finish(state, browser=browser)
