"""The signed cookie that holds a login."""

from collections.abc import Collection
from datetime import datetime

from orcheo_adapters.auth.sealed import Seal, SealBroken, SealExpired
from orcheo_adapters.auth.spent_ids import SpentIds
from orcheo_core.domain.ids import IdKind, moment_of
from orcheo_core.domain.login import LOGIN_IDLE_LIFETIME, LOGIN_LIFETIME, EndedLogins, Identity, Login
from orcheo_core.ports.clock import Clock
from orcheo_core.ports.unit_of_work import Store
from orcheo_core.services.shared.identifiers import Identifiers

_PURPOSE = "orcheo.login-cookie.v1"
_PASS_PURPOSE = "orcheo.login-pass.v1"  # noqa: S105 - the name of a purpose, no secret
_LONGEST = 3_000


class LoginCookies:
    """Signs and reads logins; the cookie's other attributes are the HTTP layer's.

    A login pass says the same for one workflow: it replaces the cookie in a bubble's frame, where browsers keep cookies
    away, and opens nothing else.

    A login that was signed out is refused from then on, also when another request that was under way brings a newer
    cookie of it. So is one by an issuer that this server does not trust (any more).
    """

    def __init__(
        self,
        keys: tuple[bytes, ...],
        *,
        issuers: Collection[str],
        clock: Clock,
        store: Store,
        identifiers: Identifiers,
    ) -> None:
        """``keys``: newest first, 32 bytes at least each; ``issuers``: whose word counts."""
        self._identifiers = identifiers
        self._seal = Seal(keys, _PURPOSE, longest=_LONGEST, clock=clock)
        self._pass_seal = Seal(keys, _PASS_PURPOSE, longest=_LONGEST, clock=clock)
        self._issuers = frozenset(issuers)
        self._clock = clock
        self.ended = SpentIds("ended-login", LOGIN_LIFETIME, clock=clock, store=store, identifiers=identifiers)

    def issue(self, login: Login) -> str:
        """The value of a cookie for this login; the moment of signing is when it was seen last."""
        return self._seal.close(_values(login))

    def issue_pass(self, login: Login, workflow_id: str) -> str:
        """A login pass for a workflow."""
        return self._pass_seal.close(_values(login) | {"workflow": workflow_id})

    def read_pass(self, text: str, workflow_id: str) -> Login | None:
        """The login in a genuine pass for this workflow that is valid still; None for anything else."""
        return self._read(self._pass_seal, text, workflow_id)

    def read(self, value: str) -> Login | None:
        """The login in a genuine cookie value that is valid still; None for anything else."""
        return self._read(self._seal, value, None)

    def _read(self, seal: Seal, text: str, workflow_id: str | None) -> Login | None:
        try:
            opened = seal.open(text, lifetime=LOGIN_IDLE_LIFETIME)
        except (SealBroken, SealExpired):
            return None
        values = opened.values
        if values.get("workflow") != workflow_id:
            return None
        login = Login(
            id=values["id"],
            identity=Identity(
                issuer=values["iss"], sub=values["sub"], display_name=values["name"], session=values.get("sid", "")
            ),
            began_at=datetime.fromisoformat(values["began"]),
            seen_at=opened.signed_at,
        )
        return login if self._counts(login) else None

    async def end(self, login: Login) -> None:
        """Refuse this login from now on."""
        await self.ended.spend(login.id, made_at=max(moment_of(login.id), login.began_at, login.seen_at))

    async def end_all(self, ended: EndedLogins) -> None:
        """Refuse the logins that a provider has ended; those that begin later are others."""
        now = moment_of(self._identifiers.new(IdKind.LOGIN))  # behind all logins, whatever the clock says
        await self.ended.spend_again(_of_provider(ended.issuer, session=ended.session, sub=ended.sub), at=now)

    def _counts(self, login: Login) -> bool:
        is_trusted = login.identity.issuer in self._issuers
        is_ended = login.id in self.ended or not self.ended.remembers(moment_of(login.id))
        return is_trusted and not is_ended and not self._is_ended_there(login) and login.is_valid(self._clock.now())

    def _is_ended_there(self, login: Login) -> bool:
        identity = login.identity
        names = [_of_provider(identity.issuer, sub=identity.sub)]
        if identity.session:
            names.append(_of_provider(identity.issuer, session=identity.session))
        moments = (self.ended.since(name) for name in names)
        return any(moment is not None and moment_of(login.id) <= moment for moment in moments)


def _values(login: Login) -> dict[str, str]:
    identity = login.identity
    return {
        "id": login.id,
        "iss": identity.issuer,
        "sub": identity.sub,
        "name": identity.display_name,
        "began": login.began_at.isoformat(),
        **({"sid": identity.session} if identity.session else {}),
    }


def _of_provider(issuer: str, *, sub: str = "", session: str = "") -> str:
    """How logins that a provider has ended are remembered; no id of a login looks like it."""
    return f"sid {issuer} {session}" if session else f"sub {issuer} {sub}"
