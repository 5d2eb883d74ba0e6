"""The signed cookie by which an anonymous visitor is known again."""

from datetime import timedelta
from math import inf

from itsdangerous import BadData

from orcheo_adapters.auth.clocked_signer import ClockedSigner
from orcheo_core.domain.ids import IdKind, is_id
from orcheo_core.ports.clock import Clock

VISITOR_COOKIE_LIFETIME = timedelta(days=365)
_PURPOSE = "orcheo.visitor-cookie.v1"
_MAX_LENGTH = 256


class VisitorCookies:
    """Signs and reads visitor ids; the cookie's other attributes are the HTTP layer's."""

    def __init__(self, keys: tuple[bytes, ...], *, clock: Clock) -> None:
        """``keys``: newest first, 32 bytes at least each: the newest signs, all of them verify."""
        self._signer = ClockedSigner(keys, _PURPOSE, clock)

    def issue(self, visitor_id: str) -> str:
        """The value of a cookie for this visitor: ``<visitor id>.<time>.<signature>``, fit for a header as it is."""
        return self._signer.sign(visitor_id).decode("ascii")

    def read(self, value: str) -> str | None:
        """The visitor id in a genuine cookie value that is at most a year old; None for anything else.

        However far ahead the clock was that signed it: another id in its place would lose the visitor their threads.
        """
        if len(value) > _MAX_LENGTH or not value.isascii():
            return None
        try:
            signed, _ = self._signer.opened(value, lifetime=VISITOR_COOKIE_LIFETIME, skew=inf)
        except BadData:
            return None
        visitor_id = signed.decode("ascii")
        return visitor_id if is_id(IdKind.VISITOR, visitor_id) else None
