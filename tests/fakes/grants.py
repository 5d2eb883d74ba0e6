"""Grants without cryptography."""

from orcheo_core.domain.chat_session import GrantClaims
from orcheo_core.errors import GrantInvalid
from orcheo_core.ports.grants import Grants


class FakeGrants(Grants):
    """Remembers what it signed; the text is a number."""

    def __init__(self) -> None:
        self.rotations = 0
        self._signed: dict[str, GrantClaims] = {}

    def sign(self, claims: GrantClaims) -> str:
        text = f"grant-{len(self._signed)}"
        self._signed[text] = claims
        return text

    def rotate(self) -> str:
        self.rotations += 1
        return f"key-{self.rotations}"

    def verify(self, grant: str) -> GrantClaims:
        if grant not in self._signed:
            raise GrantInvalid
        return self._signed[grant]
