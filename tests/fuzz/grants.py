"""Whatever text is shown as a chat grant: it is refused, unless this server signed it."""

import sys

import atheris

with atheris.instrument_imports(include=["orcheo_adapters.auth", "jose"]):
    from orcheo_adapters.auth.grants import GrantKey, JwtGrants

from orcheo_core.errors import GrantExpired, GrantInvalid
from tests.adapters.auth.settable_clock import SettableClock
from tests.adapters.auth.test_grants import CLAIMS, ISSUER

GRANTS = JwtGrants((GrantKey(kid="new", key=b"n" * 32),), issuer=ISSUER, clock=SettableClock())
GENUINE = GRANTS.sign(CLAIMS)


def verify(data: bytes) -> None:
    """As text of its own, and as a change of a genuine grant at one place."""
    text = data.decode("latin-1")
    at = data[0] if data else 0
    for shown in (text, GENUINE[:at] + text + GENUINE[at:], GENUINE[:at] + text + GENUINE[at + len(text) :]):
        try:
            GRANTS.verify(shown)
        except (GrantInvalid, GrantExpired):
            continue
        assert shown == GENUINE, shown


if __name__ == "__main__":
    atheris.Setup(sys.argv, verify)
    atheris.Fuzz()
