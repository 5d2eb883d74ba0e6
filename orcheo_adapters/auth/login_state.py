"""The ``state`` of a login attempt: signed, bound to one browser, good for one return.

It carries the identity provider and the address to go back to, so that neither is taken from the request that comes
back. The browser is known by a random secret in a cookie; only its digest is in the state, and the attempt's nonce
and PKCE verifier come from that secret, so a state by itself is worth nothing (RFC 6749 §10.12, RFC 7636).
"""

import hmac
import re
from base64 import urlsafe_b64encode
from datetime import timedelta
from hashlib import sha256

from attrs import frozen

from orcheo_adapters.auth.sealed import Seal, SealBroken, SealExpired
from orcheo_adapters.auth.spent_ids import SpentIds
from orcheo_core.domain.ids import IdKind, moment_of
from orcheo_core.domain.login import LOGIN_ATTEMPT_LIFETIME
from orcheo_core.errors import FieldError, InvalidInput, LoginAttemptExpired, LoginAttemptInvalid
from orcheo_core.ports.clock import Clock
from orcheo_core.ports.entropy import Entropy
from orcheo_core.ports.identity import LoginAttempt
from orcheo_core.ports.unit_of_work import Store
from orcheo_core.services.shared.identifiers import Identifiers

_WAY_BACK_LIFETIME = timedelta(days=1)

_PURPOSE = "orcheo.login-state.v1"
_OWNERS = "owner"
"""What a state says of the attempt of an owner."""
_LONGEST = 1_200
_SECRET_BYTES = 32
_BROWSER = re.compile(r"[A-Za-z0-9_-]{43}")
_RETURN_PATH = re.compile(r"/(?:[A-Za-z0-9._~!$&'()*+,;=:@%?\[\]-][A-Za-z0-9._~!$&'()*+,;=:@%?/\[\]-]*)?")
_LONGEST_PATH = 512


def check_return_path(path: str) -> str:
    """``path`` if it is one of this very server; raises :class:`InvalidInput`.

    One slash and no second one, no backslash, and nothing that browsers take out before they read an address (tabs,
    line ends), so that it never leads elsewhere.
    """
    if len(path) > _LONGEST_PATH or not _RETURN_PATH.fullmatch(path):
        raise InvalidInput(FieldError("to", "must be a path on this server, such as /chat/docs"))
    return path


@frozen(kw_only=True)
class LoginState:
    """What a genuine state says."""

    id: str
    provider: str
    return_path: str
    """Empty when there is nowhere to go back to."""
    attempt: LoginAttempt
    is_owners: bool
    """Whether an owner signs in to Canvas; otherwise it is a visitor, and neither ever becomes the other."""


class LoginStates:
    """Makes and reads states."""

    def __init__(
        self, keys: tuple[bytes, ...], *, clock: Clock, entropy: Entropy, identifiers: Identifiers, store: Store
    ) -> None:
        """``keys``: newest first, 32 bytes at least each."""
        self._seal = Seal(keys, _PURPOSE, longest=_LONGEST, clock=clock)
        self._entropy = entropy
        self._identifiers = identifiers
        self.finished = SpentIds(
            "login-attempt", LOGIN_ATTEMPT_LIFETIME, clock=clock, store=store, identifiers=identifiers
        )

    def browser(self, known: str | None) -> str:
        """The secret that this browser is known by: the one in its cookie, or a new one."""
        if known is not None and _BROWSER.fullmatch(known):
            return known
        return urlsafe_b64encode(self._entropy.random_bytes(_SECRET_BYTES)).rstrip(b"=").decode("ascii")

    def begin(self, *, provider: str, return_path: str, browser: str, is_owners: bool = False) -> LoginAttempt:
        """A new attempt of this browser."""
        attempt_id = self._identifiers.new(IdKind.LOGIN_ATTEMPT)
        values = {"id": attempt_id, "provider": provider, "to": return_path, "browser": _digest(browser)}
        state = self._seal.close(values | ({"purpose": _OWNERS} if is_owners else {}))
        return LoginAttempt(state=state, seed=_seed(browser, attempt_id))

    def peek(self, state: str, *, browser: str | None) -> LoginState:
        """What a state of this browser says; raises :class:`LoginAttemptInvalid`, :class:`LoginAttemptExpired`."""
        try:
            opened = self._seal.open(state, lifetime=LOGIN_ATTEMPT_LIFETIME)
        except SealBroken:
            raise LoginAttemptInvalid from None
        except SealExpired:
            raise LoginAttemptExpired from None
        values = opened.values
        if not self.finished.remembers(moment_of(values["id"])):
            raise LoginAttemptExpired
        if browser is None or not hmac.compare_digest(values["browser"], _digest(browser)):
            raise LoginAttemptInvalid
        attempt = LoginAttempt(state=state, seed=_seed(browser, values["id"]))
        return LoginState(
            id=values["id"],
            provider=values["provider"],
            return_path=values["to"],
            attempt=attempt,
            is_owners=values.get("purpose") == _OWNERS,
        )

    def way_back(self, state: str) -> str:
        """The path in a state that is too old, used up, or another browser's; empty unless this server made it."""
        try:
            return self._seal.open(state, lifetime=_WAY_BACK_LIFETIME).values["to"]
        except (SealBroken, SealExpired):
            return ""

    async def finish(self, state: str, *, browser: str | None) -> LoginState:
        """The same, once: from now on the state is used up."""
        read = self.peek(state, browser=browser)
        if not await self.finished.spend(read.id, made_at=moment_of(read.id)):
            raise LoginAttemptInvalid
        return read


def _digest(browser: str) -> str:
    return sha256(browser.encode()).hexdigest()


def _seed(browser: str, attempt_id: str) -> bytes:
    return hmac.digest(browser.encode(), attempt_id.encode(), "sha256")
