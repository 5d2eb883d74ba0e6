"""The port to service tokens that are kept."""

from abc import abstractmethod
from datetime import datetime
from typing import Protocol

from orcheo_core.domain.pages import Page
from orcheo_core.domain.service_token import ServiceToken


class ServiceTokenRepository(Protocol):
    """Service tokens by public id."""

    @abstractmethod
    async def find(self, public_id: str) -> ServiceToken | None:
        """The service token with this public id."""

    @abstractmethod
    async def any_besides(self, public_id: str, now: datetime) -> bool:
        """Whether a service token other than the one with this public id is live at ``now``."""

    @abstractmethod
    async def page(self, owner: str | None, *, limit: int, after: ServiceToken | None) -> Page[ServiceToken]:
        """An owner's service tokens, former ones too, newest first, behind ``after``; all owners' without one."""

    @abstractmethod
    def save(self, service_token: ServiceToken) -> None:
        """Stage an insert or a replacement."""

    @abstractmethod
    def used(self, public_id: str, at: datetime) -> None:
        """Stage that it was used at ``at``; nothing happens for an unknown one."""

    @abstractmethod
    def end(self, service_token: ServiceToken, at: datetime, *, is_final: bool) -> None:
        """Stage its end at ``at``; commit raises :class:`ConcurrentChange` when its end was changed in between."""

    @abstractmethod
    def make_ends_final(self, now: datetime) -> None:
        """Stage that those that were ended by ``now`` stay so, whatever a clock says later."""
