"""Owner sessions: a ticket opens one, once; it ends when it is idle, old, signed out, or its service token ends."""

from datetime import timedelta

import pytest
from attrs import evolve

from orcheo_core.domain.actor import Actor, Caller, Channel, Scope
from orcheo_core.domain.audit import Act
from orcheo_core.domain.flags import Flag
from orcheo_core.domain.opaque_token import Pepper, PepperRing
from orcheo_core.domain.owner_session import (
    CANVAS_TICKET_LIFETIME,
    OWNER_SESSION_IDLE_LIFETIME,
    OWNER_SESSION_LIFETIME,
)
from orcheo_core.domain.pages import PageQuery
from orcheo_core.errors import (
    CanvasTicketInvalid,
    FeatureDisabled,
    OwnerSessionEnded,
    OwnerSessionMissing,
    OwnerSessionNotFound,
    ServiceTokenNeeded,
    StorageUnavailable,
)
from orcheo_core.ports.flags import Flags
from orcheo_core.services.owners.sessions import Opened, OwnerSessions
from orcheo_core.services.shared.audit_trail import AuditTrail
from orcheo_core.services.shared.feature_gate import FeatureGate
from tests import samples
from tests.core.harness import ADA, BOB, CoreHarness, build_hall
from tests.fakes.entropy import FakeEntropy

INSTANT = timedelta(microseconds=1)


class SwitchedOff(Flags):
    """One owner has one feature off."""

    def __init__(self) -> None:
        self.owner = ""

    def is_on(self, flag: Flag, owner: Actor) -> bool:
        """See the port."""
        return flag is not Flag.CANVAS or owner.name != self.owner


async def holder(harness: CoreHarness, owner: Caller = ADA, *scopes: Scope, days: int | None = None) -> Caller:
    """Who holds a service token of an owner's, labelled ``laptop``."""
    lifetime = timedelta(days=days) if days else None
    issued = await harness.core.owner_access.create(
        owner, owner=owner.actor, scopes=frozenset(scopes or owner.scopes), label="laptop", lifetime=lifetime
    )
    return await harness.core.owner_access.authenticate(issued.text, Channel.CLI)


async def sign_in(harness: CoreHarness, caller: Caller | None = None, user_agent: str = "Firefox") -> Opened:
    """An owner session of who holds a service token, of a new one of Ada's when nothing is said."""
    sessions = harness.core.owner_sessions
    ticket = await sessions.issue_ticket(caller or await holder(harness))
    return await sessions.open(ticket.text, address="192.0.2.7", user_agent=user_agent)


async def test_a_ticket_opens_an_owner_session(harness: CoreHarness) -> None:
    """With owner, scopes and label of the service token, through the channel of Canvas."""
    caller = await holder(harness, ADA, Scope.WORKFLOWS_READ, Scope.AUDIT_READ)
    opened = await sign_in(harness, caller)
    signed_in = await harness.core.owner_sessions.authenticate(opened.secret)
    scopes = frozenset({Scope.WORKFLOWS_READ, Scope.AUDIT_READ})
    assert signed_in.caller == Caller(actor=ADA.actor, channel=Channel.CANVAS, scopes=scopes, label="laptop")
    assert (signed_in.session.address, signed_in.session.user_agent) == ("192.0.2.7", "Firefox")


async def test_no_secret_is_stored_or_shown(harness: CoreHarness) -> None:
    """Neither in a representation nor in the audit; what is stored are digests."""
    sessions = harness.core.owner_sessions
    ticket = await sessions.issue_ticket(await holder(harness))
    opened = await sessions.open(ticket.text, address="", user_agent="")
    kept = await harness.store.begin().owner_sessions.find(opened.signed_in.session.id)
    entries = (await harness.store.begin().audit.page(PageQuery())).entries
    for secret in (ticket.text, opened.secret):
        for shown in (ticket, opened, kept, entries):
            assert secret not in repr(shown)
            assert secret[18:] not in repr(shown)


async def test_a_ticket_works_once(harness: CoreHarness) -> None:
    """The second browser is refused, and the first one stays signed in."""
    sessions = harness.core.owner_sessions
    ticket = await sessions.issue_ticket(await holder(harness))
    opened = await sessions.open(ticket.text, address="", user_agent="")
    with pytest.raises(CanvasTicketInvalid):
        await sessions.open(ticket.text, address="", user_agent="")
    await sessions.authenticate(opened.secret)


async def test_of_two_browsers_at_once_one_gets_in(harness: CoreHarness) -> None:
    """Both have read the ticket before either of them has used it."""
    sessions = harness.core.owner_sessions
    ticket = await sessions.issue_ticket(await holder(harness))
    issued = await harness.store.begin().owner_sessions.find(ticket.text[7:18])
    assert issued
    late = harness.store.begin()
    late.owner_sessions.open(issued.opened(samples.digest(1), harness.clock.now(), address="", user_agent=""))
    harness.store.before_commit = [late.commit]
    with pytest.raises(CanvasTicketInvalid):
        await sessions.open(ticket.text, address="", user_agent="")


async def test_a_ticket_lasts_for_a_minute(harness: CoreHarness) -> None:
    """To the microsecond; a clock that is set back makes none longer."""
    sessions, caller = harness.core.owner_sessions, await holder(harness)
    good, late, early = [await sessions.issue_ticket(caller) for _ in range(3)]
    harness.clock.advance(CANVAS_TICKET_LIFETIME - INSTANT)
    await sessions.open(good.text, address="", user_agent="")
    harness.clock.advance(INSTANT)
    assert late.expires_at == harness.clock.now()
    with pytest.raises(CanvasTicketInvalid):
        await sessions.open(late.text, address="", user_agent="")
    harness.clock.advance(-CANVAS_TICKET_LIFETIME - INSTANT)
    with pytest.raises(CanvasTicketInvalid):
        await sessions.open(early.text, address="", user_agent="")


@pytest.mark.parametrize("guess", ["", "orc_ct_", "nonsense", "orc_ct_" + "0" * 60])
async def test_a_guess_opens_nothing(harness: CoreHarness, guess: str) -> None:
    """Neither as a ticket nor as the secret of a session."""
    with pytest.raises(CanvasTicketInvalid):
        await harness.core.owner_sessions.open(guess, address="", user_agent="")
    with pytest.raises(OwnerSessionMissing):
        await harness.core.owner_sessions.authenticate(guess)


async def test_a_public_id_alone_opens_nothing(harness: CoreHarness) -> None:
    """The public part of one ticket with the secret part of another."""
    sessions, caller = harness.core.owner_sessions, await holder(harness)
    one, other = await sessions.issue_ticket(caller), await sessions.issue_ticket(caller)
    with pytest.raises(CanvasTicketInvalid):
        await sessions.open(one.text[:18] + other.text[18:], address="", user_agent="")


async def test_a_ticket_is_no_session_and_a_session_no_ticket(harness: CoreHarness) -> None:
    """Each secret does one thing."""
    sessions = harness.core.owner_sessions
    ticket = await sessions.issue_ticket(await holder(harness))
    for text in (ticket.text, ticket.text.replace("orc_ct_", "orc_os_")):
        with pytest.raises(OwnerSessionMissing):
            await sessions.authenticate(text)
    opened = await sessions.open(ticket.text, address="", user_agent="")
    with pytest.raises(CanvasTicketInvalid):
        await sessions.open(opened.secret, address="", user_agent="")
    with pytest.raises(OwnerSessionMissing):
        await sessions.authenticate(ticket.text)


def test_a_ticket_is_no_session_by_the_rule_either() -> None:
    """Whatever its digest is compared to."""
    assert isinstance(samples.owner_session().refusal(samples.moment(1)), OwnerSessionMissing)


async def test_an_owner_session_opens_no_other(harness: CoreHarness) -> None:
    """Else it could go on for ever, and outlast the browser that it was opened in."""
    opened = await sign_in(harness)
    for caller in (opened.signed_in.caller, ADA):
        with pytest.raises(ServiceTokenNeeded):
            await harness.core.owner_sessions.issue_ticket(caller)


@pytest.mark.parametrize("uses", [1, 2, 3])
async def test_an_idle_session_ends(harness: CoreHarness, uses: int) -> None:
    """An hour after its last use, to the microsecond."""
    sessions, opened = harness.core.owner_sessions, await sign_in(harness)
    for _ in range(uses):
        harness.clock.advance(OWNER_SESSION_IDLE_LIFETIME - INSTANT)
        await sessions.authenticate(opened.secret)
    harness.clock.advance(OWNER_SESSION_IDLE_LIFETIME)
    with pytest.raises(OwnerSessionEnded, match="not used"):
        await sessions.authenticate(opened.secret)


async def test_a_session_in_use_ends_too(harness: CoreHarness) -> None:
    """After twelve hours, however much it is used."""
    sessions, opened = harness.core.owner_sessions, await sign_in(harness)
    half = OWNER_SESSION_IDLE_LIFETIME / 2
    for _ in range(OWNER_SESSION_LIFETIME // half - 1):
        harness.clock.advance(half)
        signed_in = await sessions.authenticate(opened.secret)
    harness.clock.advance(half - INSTANT)
    assert signed_in.session.idle_ends_at <= signed_in.session.expires_at
    await sessions.authenticate(opened.secret)
    harness.clock.advance(INSTANT)
    with pytest.raises(OwnerSessionEnded, match="longest"):
        await sessions.authenticate(opened.secret)


async def test_its_use_is_noted_once_a_minute(harness: CoreHarness) -> None:
    """And no request fails because that cannot be kept."""
    sessions, opened = harness.core.owner_sessions, await sign_in(harness)
    began = harness.clock.now()
    harness.clock.advance(seconds=59)
    assert (await sessions.authenticate(opened.secret)).session.seen_at == began
    harness.clock.advance(seconds=1)
    harness.store.error = StorageUnavailable()
    await sessions.authenticate(opened.secret)
    harness.store.error = None
    await sessions.authenticate(opened.secret)
    assert (await sessions.authenticate(opened.secret)).session.seen_at == harness.clock.now()


async def test_a_revoked_service_token_ends_its_sessions(harness: CoreHarness) -> None:
    """At once, and tickets that it had asked for open nothing."""
    sessions, caller = harness.core.owner_sessions, await holder(harness)
    opened, ticket = await sign_in(harness, caller), await sessions.issue_ticket(caller)
    other = await sign_in(harness)
    await harness.core.owner_access.revoke(ADA, caller.token_id)
    for ended in (sessions.authenticate(opened.secret), sessions.open(ticket.text, address="", user_agent="")):
        with pytest.raises(OwnerSessionEnded, match="service token"):
            await ended
    await sessions.authenticate(other.secret)
    assert [each.id for each in await sessions.of(ADA.actor)] == [other.signed_in.session.id]


async def test_a_rotated_service_token_ends_its_sessions_with_its_grace_period(harness: CoreHarness) -> None:
    """The new one has no part in them."""
    caller = await holder(harness)
    opened = await sign_in(harness, caller)
    assert opened.signed_in.expires_at == harness.clock.now() + OWNER_SESSION_LIFETIME
    await harness.core.owner_access.rotate(ADA, caller.token_id, grace=timedelta(minutes=5))
    signed_in = await harness.core.owner_sessions.authenticate(opened.secret)
    assert signed_in.expires_at == signed_in.idle_ends_at == harness.clock.now() + timedelta(minutes=5)
    harness.clock.advance(minutes=5)
    with pytest.raises(OwnerSessionEnded):
        await harness.core.owner_sessions.authenticate(opened.secret)


async def test_an_expired_service_token_ends_its_sessions(harness: CoreHarness) -> None:
    """A session never lasts longer than what it came from."""
    caller = await holder(harness, days=1)
    harness.clock.advance(timedelta(days=1) - timedelta(minutes=1))
    opened = await sign_in(harness, caller)
    assert opened.signed_in.expires_at == harness.clock.now() + timedelta(minutes=1)
    harness.clock.advance(minutes=1)
    with pytest.raises(OwnerSessionEnded):
        await harness.core.owner_sessions.authenticate(opened.secret)


async def test_what_has_no_service_token_behind_it_is_over(harness: CoreHarness) -> None:
    """A backup was restored that is older than the token, say."""
    opened = await sign_in(harness)
    change = harness.store.begin()
    stray = evolve(opened.signed_in.session, token_id="gone")
    change.owner_sessions.remove_older(harness.clock.now() + INSTANT, tickets_only=False)
    change.owner_sessions.add(stray)
    await change.commit()
    with pytest.raises(OwnerSessionEnded):
        await harness.core.owner_sessions.authenticate(opened.secret)


async def test_a_session_needs_the_pepper_of_its_digest(harness: CoreHarness) -> None:
    """A newer pepper beside it changes nothing; without the old one the secret opens nothing."""
    opened, core = await sign_in(harness), harness.core
    new, old = Pepper(id="p2", key=b"n" * 32), Pepper(id="p1", key=b"p" * 32)

    def with_peppers(*peppers: Pepper) -> OwnerSessions:
        return OwnerSessions(
            store=harness.store,
            clock=harness.clock,
            entropy=FakeEntropy(),
            peppers=PepperRing(peppers),
            audit_trail=AuditTrail(harness.clock, core.identifiers),
            gate=FeatureGate(None),
        )

    await with_peppers(new, old).authenticate(opened.secret)
    with pytest.raises(OwnerSessionMissing):
        await with_peppers(new).authenticate(opened.secret)


async def test_signing_out_holds_at_once(harness: CoreHarness) -> None:
    """And cannot be done twice."""
    sessions, opened = harness.core.owner_sessions, await sign_in(harness)
    caller, ended = opened.signed_in.caller, opened.signed_in.session.id
    await sessions.end(caller, ended)
    with pytest.raises(OwnerSessionEnded, match="signed out"):
        await sessions.authenticate(opened.secret)
    with pytest.raises(OwnerSessionNotFound):
        await sessions.end(caller, ended)


async def test_owners_see_and_end_their_own_sessions_alone(harness: CoreHarness) -> None:
    """In all their browsers, those that are good now, newest first."""
    sessions, bobs = harness.core.owner_sessions, await sign_in(harness, await holder(harness, BOB))
    await sign_in(harness)
    harness.clock.advance(OWNER_SESSION_IDLE_LIFETIME)
    first = await sign_in(harness)
    harness.clock.advance(seconds=1)
    second = await sign_in(harness)
    await sessions.issue_ticket(await holder(harness))
    ids = [each.signed_in.session.id for each in (second, first)]
    assert [each.id for each in await sessions.of(ADA.actor)] == ids
    with pytest.raises(OwnerSessionNotFound):
        await sessions.end(ADA, bobs.signed_in.session.id)
    with pytest.raises(OwnerSessionNotFound):
        await sessions.end(ADA, "nothing")
    await sessions.end(second.signed_in.caller, first.signed_in.session.id)
    assert [each.id for each in await sessions.of(ADA.actor)] == ids[:1]


async def test_beginning_and_end_are_audited(harness: CoreHarness) -> None:
    """By ids, with what opened it, through the channel of Canvas."""
    caller = await holder(harness)
    opened = await sign_in(harness, caller)
    await harness.core.owner_sessions.end(opened.signed_in.caller, opened.signed_in.session.id)
    entries = (await harness.store.begin().audit.page(PageQuery())).entries[-2:]
    note = f"orc_os_{opened.signed_in.session.id}… by orc_st_{caller.token_id}…"
    assert [(each.act, each.actor, each.channel, each.note, each.actor_label) for each in entries] == [
        (act, ADA.actor, Channel.CANVAS, note, "laptop") for act in (Act.OWNER_SIGNED_IN, Act.OWNER_SIGNED_OUT)
    ]


async def test_canvas_can_be_switched_off(harness: CoreHarness) -> None:
    """For one owner: no ticket, no way in, and sessions that are open stop at once."""
    flags = SwitchedOff()
    switched = build_hall(flags=flags)
    sessions = switched.core.owner_sessions
    adas, bobs = await holder(switched), await holder(switched, BOB)
    opened, ticket = await sign_in(switched, adas), await sessions.issue_ticket(adas)
    flags.owner = "ada"
    for attempt in (
        sessions.issue_ticket(adas),
        sessions.open(ticket.text, address="", user_agent=""),
        sessions.authenticate(opened.secret),
    ):
        with pytest.raises(FeatureDisabled):
            await attempt
    await sign_in(switched, bobs)
    assert sessions.features(adas.actor) == {
        "chatkit_publish_enabled": True,
        "chatkit_canvas_enabled": True,
        "canvas_enabled": False,
    }
    assert all(sessions.features(bobs.actor).values())


@pytest.mark.parametrize(
    ("said", "shown"),
    [("A  B\t\n", "A B"), ("a\x1b[2Jb\u202ec", "a[2Jbc"), ("x" * 1_000, "x" * 200), ("\x00", "")],
)
async def test_a_browsers_name_hides_nothing(harness: CoreHarness, said: str, shown: str) -> None:
    """It is what a stranger's program says of itself."""
    assert (await sign_in(harness, user_agent=said)).signed_in.session.user_agent == shown
