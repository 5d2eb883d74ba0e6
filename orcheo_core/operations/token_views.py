"""What operations answer of service tokens."""

from datetime import datetime

from attrs import field, frozen

from orcheo_core.domain.pages import Page
from orcheo_core.domain.service_token import ServiceToken


@frozen(kw_only=True)
class ServiceTokenView:
    """A service token without its secret.

    ``ended_at`` is in the future while it is in a grace period; ``last_used_at`` is exact to the minute.
    """

    id: str
    hint: str
    label: str
    owner: str
    scopes: tuple[str, ...]
    issued_at: datetime
    expires_at: datetime | None
    ended_at: datetime | None
    last_used_at: datetime | None

    @classmethod
    def of(cls, record: ServiceToken) -> "ServiceTokenView":
        """The view of a service token."""
        return cls(
            id=record.id,
            hint=record.hint,
            label=record.label,
            owner=str(record.owner),
            scopes=tuple(sorted(scope.value for scope in record.scopes)),
            issued_at=record.issued_at,
            expires_at=record.expires_at,
            ended_at=record.ended_at,
            last_used_at=record.last_used_at,
        )


@frozen(kw_only=True)
class ServiceTokenResult:
    """A service token after a change of it; ``service_token`` is there after create and rotate, and only this once."""

    details: ServiceTokenView
    service_token: str | None = field(default=None, repr=False)
    message: str


@frozen(kw_only=True)
class ServiceTokenPage:
    """Some of the service tokens, newest first; ``next_after`` begins the next page, None on the last one."""

    service_tokens: tuple[ServiceTokenView, ...]
    next_after: str | None

    @classmethod
    def of(cls, page: Page[ServiceToken]) -> "ServiceTokenPage":
        """The view of a page."""
        views = tuple(map(ServiceTokenView.of, page.entries))
        return cls(service_tokens=views, next_after=views[-1].id if page.has_more else None)
