"""The security headers of every response, errors included."""

from collections.abc import Iterable

from attrs import field, frozen

Header = tuple[bytes, bytes]

_PERMISSIONS = b"camera=(), display-capture=(), geolocation=(), microphone=(%b), payment=(), usb=()"
MAY_RECORD = (_PERMISSIONS % b"self").decode()
"""``Permissions-Policy`` of a page on which visitors dictate."""

_ALWAYS: tuple[Header, ...] = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", _PERMISSIONS % b""),
)
_NAMES = frozenset({b"strict-transport-security", *(name for name, _ in _ALWAYS)})
_OVER_TLS: Header = (b"strict-transport-security", b"max-age=31536000")


def _headers(*, over_tls: bool) -> tuple[Header, ...]:
    return (*_ALWAYS, _OVER_TLS) if over_tls else _ALWAYS


@frozen(kw_only=True, eq=False)
class SecurityHeaders:
    """``over_tls``: visitors reach the server by https, and browsers must not come back without it."""

    over_tls: bool = False
    _all: tuple[Header, ...] = field(init=False)

    @_all.default
    def _make(self) -> tuple[Header, ...]:
        return _headers(over_tls=self.over_tls)

    def added_to(self, headers: Iterable[Header], *more: Header) -> list[Header]:
        """``headers`` with ours, and ``more``; a header that the answer has already stays as it is."""
        own = list(headers)
        names = {name for name, _ in own}
        ours = self._all if names.isdisjoint(_NAMES) else [each for each in self._all if each[0] not in names]
        return [*own, *ours, *more]
