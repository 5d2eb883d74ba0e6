"""Chat grants: what the strict wrapper lets through, and above all what it does not."""

import hmac
import json
import subprocess
import sys
from base64 import urlsafe_b64encode
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from orcheo_adapters.auth.grants import GrantKey, JwtGrants
from orcheo_core.domain.chat_session import LONGEST_GRANT, GrantClaims
from orcheo_core.domain.subject import Subject
from orcheo_core.errors import GrantExpired, GrantInvalid, StorageUnavailable
from tests.adapters.auth.settable_clock import START, SettableClock

ISSUER = "https://chat.example"
OLD = GrantKey(kid="k1", key=b"1" * 32)
NEW = GrantKey(kid="k2", key=b"2" * 32)
NOW = int(START.timestamp())
CLAIMS = GrantClaims(
    workflow_id="wf_1",
    chat_session_id="cs_1",
    subject=Subject("oidc:https://login.example#{ü}"),
    grant_id="jti_1",
    issued_at=START.replace(microsecond=0),
    expires_at=START.replace(microsecond=0) + timedelta(seconds=300),
)
HEADER = {"alg": "HS256", "kid": "k2", "typ": "chat+jwt"}
PAYLOAD: dict[str, Any] = {
    "iss": ISSUER,
    "aud": "wf_1",
    "sub": "anon:vis_1",
    "sid": "cs_1",
    "jti": "jti_1",
    "iat": NOW,
    "nbf": NOW,
    "exp": NOW + 300,
}


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()


@pytest.fixture
def grants(clock: SettableClock) -> JwtGrants:
    return JwtGrants((NEW, OLD), issuer=ISSUER, clock=clock)


def b64(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def forge(header: object = HEADER, payload: object = PAYLOAD, *, key: bytes = NEW.key, digest: str = "sha256") -> str:
    """A grant made by hand with a right signature; bytes go in as they are."""
    parts = [each if isinstance(each, bytes) else json.dumps(each).encode() for each in (header, payload)]
    signed = ".".join(b64(part) for part in parts)
    return f"{signed}.{b64(hmac.digest(key, signed.encode(), digest))}"


def but(**changes: object) -> dict[str, object]:
    return {**PAYLOAD, **changes}


def without(name: str) -> dict[str, object]:
    return {key: value for key, value in PAYLOAD.items() if key != name}


def test_says_what_was_signed(grants: JwtGrants) -> None:
    """A grant says after verification what was put into it, the second time as the first."""
    grant = grants.sign(CLAIMS)
    assert grants.verify(grant) == grants.verify(grant) == CLAIMS


def test_another_workflow_is_the_callers_to_compare(grants: JwtGrants) -> None:
    """A grant for any workflow of this server is genuine."""
    assert grants.verify(forge(payload=but(aud="wf_2"))).workflow_id == "wf_2"


def test_header_is_exactly_three_keys(grants: JwtGrants) -> None:
    """The newest key signs, and is named."""
    header, _, _ = grants.sign(CLAIMS).split(".")
    assert header == b64(json.dumps(HEADER, separators=(",", ":")).encode())


def test_older_keys_verify(grants: JwtGrants, clock: SettableClock) -> None:
    """After a key was added, grants of the one before it go on; after it was taken out they do not."""
    grant = JwtGrants((OLD,), issuer=ISSUER, clock=clock).sign(CLAIMS)
    assert grants.verify(grant) == CLAIMS
    with pytest.raises(GrantInvalid):
        JwtGrants((NEW,), issuer=ISSUER, clock=clock).verify(grant)


def test_ends_in_its_last_second(grants: JwtGrants, clock: SettableClock) -> None:
    """``now == exp`` is over, whether the grant was seen before or not (RFC 7519 §4.1.4)."""
    grant = grants.sign(CLAIMS)
    clock.advance(timedelta(seconds=299))
    assert grants.verify(grant) == CLAIMS
    clock.advance(timedelta(seconds=1))
    for _ in range(2):
        with pytest.raises(GrantExpired):
            grants.verify(grant)


def test_expiry_to_the_second(grants: JwtGrants) -> None:
    """``exp == now`` is expired, not invalid."""
    with pytest.raises(GrantExpired):
        grants.verify(forge(payload=but(iat=NOW - 300, nbf=NOW - 300, exp=NOW)))


def test_is_not_valid_before_its_time(grants: JwtGrants, clock: SettableClock) -> None:
    """A clock that went back by half a minute changes nothing; beyond that a page asks for a new grant."""
    grant = grants.sign(CLAIMS)
    grants.verify(grant)
    clock.advance(timedelta(seconds=-30))
    grants.verify(grant)
    clock.advance(timedelta(seconds=-1))
    with pytest.raises(GrantExpired):
        grants.verify(grant)


@pytest.mark.parametrize("later", [{"nbf": NOW + 31}, {"iat": NOW + 31, "nbf": NOW + 31}])
def test_a_genuine_grant_of_later_on_is_refused_and_no_guess(grants: JwtGrants, later: dict[str, int]) -> None:
    """Guesses are counted, and only grants that are not genuine are guesses."""
    with pytest.raises(GrantExpired):
        grants.verify(forge(payload=but(**later)))


def test_memory_is_bounded(grants: JwtGrants) -> None:
    """More grants than are remembered are all verified."""
    for number in range(4_200):
        claims = evolve(CLAIMS, grant_id=f"jti_{number}")
        assert grants.verify(grants.sign(claims)) == claims


def test_a_grant_that_is_over_is_not_remembered(grants: JwtGrants, clock: SettableClock) -> None:
    """One that is good stays, and is good still."""
    early = grants.sign(CLAIMS)
    grants.verify(early)
    clock.advance(timedelta(minutes=4))
    now = clock.now().replace(microsecond=0)
    later = evolve(CLAIMS, issued_at=now, expires_at=now + timedelta(minutes=4), grant_id="jti_later")
    grants.verify(grants.sign(later))
    clock.advance(timedelta(minutes=2))
    grants.forget()
    assert list(vars(grants)["_verified"]) == [grants.sign(later)]
    assert grants.verify(grants.sign(later)) == later
    with pytest.raises(GrantExpired):
        grants.verify(early)


def nested_header() -> bytes:
    return b'{"alg":"HS256","kid":"k2","typ":' + b"[" * 4_000 + b"]" * 4_000 + b"}"


def shallow_nested_header() -> bytes:
    return b'{"alg":"HS256","kid":"k2","typ":' + b"[" * 500 + b"]" * 500 + b"}"


def noncanonical(grant: str) -> str:
    """The same bytes in another spelling: the unused low bits of the last character set."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return grant[:-1] + alphabet[alphabet.index(grant[-1]) | 1]


GENUINE = forge()
HEAD, BODY, SIGNATURE = GENUINE.split(".")

HOSTILE: dict[str, str] = {
    "empty": "",
    "two segments": f"{HEAD}.{BODY}",
    "four segments": f"{GENUINE}.{SIGNATURE}",
    "empty signature": f"{HEAD}.{BODY}.",
    "alg none, unsigned": f"{b64(json.dumps({**HEADER, 'alg': 'none'}).encode())}.{BODY}.",
    "alg none": forge({**HEADER, "alg": "none"}),
    "alg HS512": forge({**HEADER, "alg": "HS512"}, digest="sha512"),
    "alg RS256": forge({**HEADER, "alg": "RS256"}),
    "alg in lower case": forge({**HEADER, "alg": "hs256"}),
    "alg a list": forge({**HEADER, "alg": ["HS256"]}),
    "unknown kid": forge({**HEADER, "kid": "k3"}),
    "kid of another key": forge({**HEADER, "kid": "k1"}),
    "kid no string": forge({**HEADER, "kid": 2}),
    "kid null": forge({**HEADER, "kid": None}),
    "no kid": forge({"alg": "HS256", "typ": "chat+jwt"}),
    "no typ": forge({"alg": "HS256", "kid": "k2"}),
    "typ JWT": forge({**HEADER, "typ": "JWT"}),
    "typ in another case": forge({**HEADER, "typ": "Chat+JWT"}),
    "crit": forge({**HEADER, "crit": ["exp"]}),
    "crit, empty": forge({**HEADER, "crit": ""}),
    "extra header key": forge({**HEADER, "jku": "https://evil.example"}),
    "repeated header key": forge(b'{"alg":"none","alg":"HS256","kid":"k2","typ":"chat+jwt"}'),
    "header no object": forge([["alg", "HS256"], ["kid", "k2"], ["typ", "chat+jwt"]]),
    "header no JSON": forge(b"{alg}"),
    "header no UTF-8": forge(b'{"alg":"HS256","kid":"\xff","typ":"chat+jwt"}'),
    "header in UTF-16": forge(json.dumps(HEADER).encode("utf-16-le")),
    "nested header of 8 KB": forge(nested_header()),
    "nested header": forge(shallow_nested_header()),
    "wrong key": forge(key=b"3" * 32),
    "empty key": forge(key=b""),
    "truncated signature": GENUINE[:-4],
    "junk after the signature": f"{GENUINE}AAAA",
    "padding after the signature": f"{GENUINE}=",
    "new line after the signature": f"{GENUINE}\n",
    "space before": f" {GENUINE}",
    "characters base64 skips": f"{GENUINE[:-3]}!{GENUINE[-3:]}",
    "non-canonical base64": noncanonical(GENUINE),
    "standard base64": f"{HEAD}.{BODY}.++//",
    "non-ASCII": f"{GENUINE[:-1]}é",
    "digits of another script": f"{GENUINE[:-1]}٣",
    "lone surrogate": f"{GENUINE}\ud800",
    "NUL": f"{GENUINE}\0",
    "oversized": forge(payload=but(sub="x" * 3_000)),
    "very long": "A" * 1_000_000,
    "payload no object": forge(payload=list(PAYLOAD.items())),
    "payload null": forge(payload=None),
    "payload no JSON": forge(payload=b"{"),
    "payload deep": forge(payload=b"{" + b'"a":[' * 200 + b"]" * 200 + b"}"),
    "repeated claim": forge(payload=json.dumps(PAYLOAD).encode()[:-1] + b',"aud":"wf_2"}'),
    "extra claim": forge(payload=but(admin=True)),
    **{f"no {name}": forge(payload=without(name)) for name in PAYLOAD},
    **{f"{name} null": forge(payload=but(**{name: None})) for name in PAYLOAD},
    **{f"{name} empty": forge(payload=but(**{name: ""})) for name in PAYLOAD},
    **{f"{name} a list": forge(payload=but(**{name: [PAYLOAD[name]]})) for name in PAYLOAD},
    **{f"{name} a float": forge(payload=but(**{name: float(PAYLOAD[name])})) for name in ("iat", "nbf", "exp")},
    **{f"{name} a string": forge(payload=but(**{name: str(PAYLOAD[name])})) for name in ("iat", "nbf", "exp")},
    **{f"{name} true": forge(payload=but(**{name: True})) for name in ("iat", "nbf", "exp")},
    "exp NaN": forge(payload=but(exp=float("nan"))),
    "exp infinite": forge(payload=but(exp=float("inf"))),
    "times out of range": forge(payload=but(iat=10**20, nbf=10**20, exp=10**20 + 300)),
    "number too long to read": forge(payload=b'{"iat":' + b"9" * 1_400 + b"}"),
    "other issuer": forge(payload=but(iss="https://evil.example")),
    "lives too long": forge(payload=but(exp=NOW + 301)),
    "lives too long even for its rules": forge(payload=but(exp=NOW + 601, off=[])),
    "off null": forge(payload=but(off=None)),
    "off a text": forge(payload=but(off="history")),
    "off with a number": forge(payload=but(off=["history", 1])),
    "ends before it begins": forge(payload=but(exp=NOW - 1)),
    "ends as it begins": forge(payload=but(exp=NOW)),
    "valid before it was issued": forge(payload=but(nbf=NOW - 1)),
    "expired and not genuine": forge(payload=but(iat=NOW - 400, nbf=NOW - 400, exp=NOW - 100), key=OLD.key),
}


def test_the_forger_can_forge(grants: JwtGrants) -> None:
    """The table below proves something only if the same forger makes a valid grant."""
    assert grants.verify(GENUINE).subject == Subject("anon:vis_1")


@pytest.mark.parametrize("text", ["rc_pt_x", "'orc_pt_x'", '"orc_pt_x"', "hello", ""])
def test_what_is_no_credential_at_all_is_told_which_there_are(grants: JwtGrants, text: str) -> None:
    """A publish token without its first letter, or in quotes, is no grant that could be renewed."""
    with pytest.raises(GrantInvalid, match="neither a chat grant nor a publish token") as caught:
        grants.verify(text)
    assert "begins with orc_pt_" in caught.value.hint


@pytest.mark.parametrize("grant", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_grant_is_invalid(grants: JwtGrants, grant: str) -> None:
    """Whatever it is, it is refused in the same words unless it has not even the form, and no other error comes out."""
    with pytest.raises(GrantInvalid) as caught:
        grants.verify(grant)
    has_form = "." in grant
    assert (caught.value.detail == GrantInvalid.summary) is has_form
    assert ("begins with orc_pt_" in caught.value.hint) is not has_form
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


MUTABLE = JwtGrants((NEW, OLD), issuer=ISSUER, clock=SettableClock())


@given(st.integers(0, len(GENUINE) - 1), st.characters())
def test_any_other_character_makes_it_invalid(position: int, character: str) -> None:
    """No character can be exchanged, not even one that base64 would decode to the same bytes."""
    mutated = GENUINE[:position] + character + GENUINE[position + 1 :]
    if mutated != GENUINE:
        with pytest.raises(GrantInvalid):
            MUTABLE.verify(mutated)


@given(st.binary(max_size=300), st.binary(max_size=300))
def test_any_bytes_make_no_error_of_another_kind(header: bytes, payload: bytes) -> None:
    """Rightly signed nonsense is refused as well."""
    for grant in (forge(header), forge(payload=payload), forge(header, payload)):
        with pytest.raises(GrantInvalid):
            MUTABLE.verify(grant)


def test_a_grant_of_a_session_with_rules_lasts_as_long_and_says_what_is_off(grants: JwtGrants) -> None:
    """Ten minutes at most; nothing need be off."""
    for off in ((), ("file_upload", "history")):
        claims = evolve(CLAIMS, off=off, expires_at=CLAIMS.issued_at + LONGEST_GRANT)
        assert grants.verify(grants.sign(claims)) == claims


@given(st.text())
def test_any_text_is_invalid(text: str) -> None:
    """Nothing but a grant is a grant."""
    with pytest.raises(GrantInvalid):
        MUTABLE.verify(text)


@pytest.mark.parametrize(
    "claims",
    [
        evolve(CLAIMS, expires_at=CLAIMS.issued_at + timedelta(seconds=301)),
        evolve(CLAIMS, expires_at=CLAIMS.issued_at),
        evolve(CLAIMS, subject=Subject("x" * 3_000)),
        evolve(CLAIMS, workflow_id=""),
    ],
)
def test_signs_nothing_it_would_not_verify(grants: JwtGrants, claims: GrantClaims) -> None:
    """A mistake in this code shows where it is made."""
    with pytest.raises(ValueError, match=r"accept|long"):
        grants.sign(claims)


@pytest.mark.parametrize(
    "make",
    [
        lambda: GrantKey(kid="k", key=b"1" * 31),
        lambda: GrantKey(kid="", key=b"1" * 32),
        lambda: GrantKey(kid='k"', key=b"1" * 32),
        lambda: JwtGrants((), issuer=ISSUER, clock=SettableClock()),
        lambda: JwtGrants((NEW, NEW), issuer=ISSUER, clock=SettableClock()),
    ],
)
def test_weak_or_missing_keys_are_refused(make: Callable[[], object]) -> None:
    """Short keys, odd names, no keys and twice the same name stop the server's start."""
    with pytest.raises(ValueError, match=r"key|kid"):
        make()


def test_repr_shows_no_key() -> None:
    """A key does not get into a log by accident."""
    assert "1111" not in repr(OLD)


def test_ecdsa_is_never_imported() -> None:
    """The package with the timing leak is installed by python-jose and not used."""
    code = (
        "import sys; from tests.adapters.auth import test_grants as t;"
        "g = t.JwtGrants((t.NEW,), issuer=t.ISSUER, clock=t.SettableClock()); g.verify(g.sign(t.CLAIMS));"
        "sys.exit('ecdsa' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_a_rotated_key_dies_with_the_last_grant_it_may_have_signed() -> None:
    """Running chats go on; a text that was signed with the old key after that opens nothing."""
    clock = SettableClock()
    kept: list[tuple[GrantKey, ...]] = []
    grants = JwtGrants((OLD,), issuer=ISSUER, clock=clock, keep=kept.append)
    before = grants.sign(CLAIMS)
    kid = grants.rotate()
    assert grants.verify(before) == CLAIMS
    assert kid in {key.kid for key in kept[-1]}
    assert [key.until for key in kept[-1]] == [None, clock.now() + LONGEST_GRANT]
    assert grants.verify(grants.sign(CLAIMS)) == CLAIMS
    stolen = JwtGrants((OLD,), issuer=ISSUER, clock=clock)
    clock.advance(LONGEST_GRANT)
    later = evolve(CLAIMS, issued_at=CLAIMS.issued_at + LONGEST_GRANT, expires_at=CLAIMS.expires_at + LONGEST_GRANT)
    assert stolen.verify(stolen.sign(later)) == later
    with pytest.raises(GrantInvalid):
        grants.verify(stolen.sign(later))
    grants.rotate()
    assert len(kept[-1]) == 2


def test_a_key_that_cannot_be_kept_signs_nothing() -> None:
    """The old one goes on."""

    def full(_keys: object) -> None:
        raise OSError(28, "No space left on device")

    clock = SettableClock()
    grants = JwtGrants((OLD,), issuer=ISSUER, clock=clock, keep=full)
    with pytest.raises(StorageUnavailable, match="No space left"):
        grants.rotate()
    assert JwtGrants((OLD,), issuer=ISSUER, clock=clock).verify(grants.sign(CLAIMS)) == CLAIMS
