"""What is remembered of identities that a logout has ended."""

from datetime import timedelta

import pytest

from orcheo_adapters.auth.host_identities import JwtHostIdentities
from orcheo_adapters.auth.spent_ids import SpentIds
from orcheo_adapters.memory.store import MemoryStore
from orcheo_core.domain.host_identity import IDENTITY_LIFETIME, IDENTITY_SECRET_PREFIX, IDENTITY_SKEW, IdentityKey
from orcheo_core.domain.opaque_token import Pepper, PepperRing
from orcheo_core.domain.workflow import Workflow
from orcheo_core.errors import IdentityExpired, IdentityInvalid
from tests import samples
from tests.adapters.auth.settable_clock import SettableClock
from tests.identities import signed

RING = PepperRing((Pepper(id="p1", key=b"p" * 32),))


def set_up(clock: SettableClock) -> tuple[str, JwtHostIdentities, MemoryStore]:
    """A secret of the sample workflow, and what verifies by it."""
    store = MemoryStore()
    secret, _ = RING.derive(IDENTITY_SECRET_PREFIX, samples.workflow().id, lambda count: b"r" * count)
    return secret.reveal(), JwtHostIdentities(RING, clock=clock, store=store), store


def workflow(secret: str, clock: SettableClock, pepper_id: str = "p1") -> Workflow:
    """The sample workflow with this secret."""
    key = IdentityKey(id=secret.removeprefix(IDENTITY_SECRET_PREFIX)[:11], pepper_id=pepper_id, issued_at=clock.now())
    return samples.workflow().identity_rotated(key, at=clock.now(), grace=timedelta(0))


async def test_a_logout_outlives_a_restart_for_as_long_as_the_identity() -> None:
    """Then it is forgotten, as the identity has expired anyway. Findings: what has ended stays ended."""
    clock = SettableClock()
    secret, identities, store = set_up(clock)
    flow, text = workflow(secret, clock), signed(secret, clock.now(), exp=int(clock.now().timestamp()) + 600)
    await identities.end(text, identities.verify(text, flow))
    restarted = JwtHostIdentities(RING, clock=clock, store=store)
    await restarted.ended.load()
    with pytest.raises(IdentityExpired, match="logout"):
        restarted.verify(text, flow)
    clock.advance(2 * IDENTITY_LIFETIME + IDENTITY_SKEW)
    await restarted.ended.tidy()
    with pytest.raises(IdentityExpired, match="expired"):
        restarted.verify(text, flow)
    later = signed(secret, clock.now())
    assert restarted.verify(later, flow).user.user == "ada"


async def test_a_logout_that_is_forgotten_ends_no_newer_identity() -> None:
    """With more of them than are remembered, what was issued before the forgotten ones is refused, and nothing else."""
    clock = SettableClock()
    secret, identities, store = set_up(clock)
    identities.ended = SpentIds("ended-identity", IDENTITY_LIFETIME, clock=clock, store=store, most=1)
    flow = workflow(secret, clock)
    for each in ("ada", "bob"):
        text = signed(secret, clock.now(), sub=each, exp=int(clock.now().timestamp()) + 600)
        await identities.end(text, identities.verify(text, flow))
    with pytest.raises(IdentityExpired, match="logout"):
        identities.verify(signed(secret, clock.now(), sub="eve"), flow)
    clock.advance(timedelta(seconds=2))
    assert identities.verify(signed(secret, clock.now()), flow).user.user == "ada"


def test_a_secret_whose_pepper_is_gone_signs_nothing() -> None:
    """As every token of that pepper."""
    clock = SettableClock()
    secret, identities, _ = set_up(clock)
    with pytest.raises(IdentityInvalid):
        identities.verify(signed(secret, clock.now()), workflow(secret, clock, pepper_id="gone"))
