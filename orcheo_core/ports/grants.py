"""Chat grants: the short signed texts that stand for a chat session."""

from abc import abstractmethod
from typing import Protocol

from orcheo_core.domain.chat_session import GrantClaims


class Grants(Protocol):
    """Signs and verifies chat grants."""

    @abstractmethod
    def sign(self, claims: GrantClaims) -> str:
        """The grant as text."""

    @abstractmethod
    def rotate(self) -> str:
        """Sign with a new key from now on; its public name. Grants of the former ones are good to their end.

        Raises :class:`StorageUnavailable` when the new key cannot be kept; then nothing has changed.
        """

    @abstractmethod
    def verify(self, grant: str) -> GrantClaims:
        """What a genuine grant says.

        Raises :class:`GrantExpired` for a genuine one past its end, :class:`GrantInvalid` for anything else.
        The workflow it is for is the caller's to compare.
        """
