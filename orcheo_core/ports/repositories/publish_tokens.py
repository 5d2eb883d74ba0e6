"""The port to publish tokens that are kept."""

from abc import abstractmethod
from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from orcheo_core.domain.publish_token import PublishToken


class PublishTokenRepository(Protocol):
    """Publish tokens, the current and the former ones, by public id."""

    @abstractmethod
    async def find(self, public_id: str) -> PublishToken | None:
        """The publish token with this public id."""

    @abstractmethod
    async def live(self, workflow_id: str, now: datetime) -> Sequence[PublishToken]:
        """Those of a workflow that open chat sessions at ``now`` (more than one only in a grace period)."""

    @abstractmethod
    async def latest(self, workflow_id: str) -> PublishToken | None:
        """The publish token of a workflow that was issued last, live or not."""

    @abstractmethod
    def save(self, publish_token: PublishToken) -> None:
        """Stage an insert or a replacement."""

    @abstractmethod
    def make_ends_final(self, now: datetime) -> None:
        """Stage that those whose end has come by ``now`` stay ended, whatever a clock says later."""
