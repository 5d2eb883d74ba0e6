"""Operations on service tokens: create, list, rotate, revoke."""

import re
from datetime import timedelta
from typing import TYPE_CHECKING

from attrs import frozen

from orcheo_core.domain.actor import SERVER_NAME, Actor, Caller, Scope
from orcheo_core.domain.durations import in_words
from orcheo_core.domain.pages import DEFAULT_LIMIT, PAGE_LIMIT, PageQuery
from orcheo_core.domain.service_token import LABEL_LENGTH, check_label
from orcheo_core.errors import (
    ConcurrentChange,
    FieldError,
    InvalidInput,
    ScopeMissing,
    ServiceTokenEnded,
    ServiceTokenNotFound,
)
from orcheo_core.operations.operation import Effect, Operation, parameter
from orcheo_core.operations.publishing import ends_in, grace_of, grace_parameter, grace_seconds_parameter
from orcheo_core.operations.services import OwnerServices
from orcheo_core.operations.token_views import ServiceTokenPage, ServiceTokenResult, ServiceTokenView

if TYPE_CHECKING:
    from orcheo_core.domain.service_token import ServiceToken
    from orcheo_core.services.owners.tokens import IssuedServiceToken

MAX_DAYS = 3650
_ID_HELP = "Id of the service token, as `orcheo token list` shows it."
_OWNER_PATTERN = r"^[a-z0-9](?:[a-z0-9._-]{0,61}[a-z0-9])?$"
_OWNER_NAME = re.compile(_OWNER_PATTERN)


@frozen(kw_only=True)
class CreateServiceToken:
    """What a new service token may do, for whom, until when."""

    scopes: tuple[str, ...] = parameter(
        f"What it may do: {', '.join(Scope)}. Only scopes that you have.", option="--scope", choices=Scope
    )
    label: str = parameter("Note for yourself, such as where it is used.", default="", longest=LABEL_LENGTH)
    owner: str | None = parameter(
        "Whose it is; only operators may name another owner.", default=None, pattern=_OWNER_PATTERN
    )
    expires_in_days: int | None = parameter(
        f"Days until it expires (1 to {MAX_DAYS}); it never expires if left out.",
        default=None,
        minimum=1,
        maximum=MAX_DAYS,
        counts="days",
    )

    def __attrs_post_init__(self) -> None:
        """Check the values that stand for something else."""
        wrong = [*self._wrong_scopes(), *self._wrong_owner()]
        if wrong:
            raise InvalidInput(*wrong)
        check_label(self.label)

    def _wrong_scopes(self) -> list[FieldError]:
        return [] if self.scopes else [FieldError("scopes", "must name at least one scope")]

    def _wrong_owner(self) -> list[FieldError]:
        if self.owner is None or (_OWNER_NAME.fullmatch(self.owner) and self.owner != SERVER_NAME):
            return []
        return [
            FieldError(
                "owner",
                "must have 1 to 63 lower-case letters, digits, dots, hyphens or underscores, "
                "and start and end with a letter or digit",
            )
        ]


@frozen(kw_only=True)
class ListServiceTokens:
    """Which page of the service tokens."""

    limit: int = parameter("How many at most.", default=DEFAULT_LIMIT, minimum=1, maximum=PAGE_LIMIT)
    after: str | None = parameter("Start after this service token id, the last of the previous page.", default=None)


@frozen(kw_only=True)
class RotateServiceToken:
    """Which service token to replace, and how long the old one still works."""

    id: str = parameter(_ID_HELP, argument=True)
    grace: str | None = grace_parameter("service token")
    grace_seconds: int = grace_seconds_parameter("service token")

    def __attrs_post_init__(self) -> None:
        """Check the range."""
        grace_of(self.grace, self.grace_seconds)


@frozen(kw_only=True)
class RevokeServiceToken:
    """Which service token."""

    id: str = parameter(_ID_HELP, argument=True)


def _shown_once(issued: "IssuedServiceToken", message: str) -> ServiceTokenResult:
    return ServiceTokenResult(
        details=ServiceTokenView.of(issued.record),
        service_token=issued.text,
        message=f"{message} Keep it safe: it is shown only this once.",
    )


async def _create(services: OwnerServices, caller: Caller, request: CreateServiceToken) -> ServiceTokenResult:
    days = request.expires_in_days
    issued = await services.owner_access.create(
        caller,
        owner=_owner(caller, request),
        scopes=frozenset(map(Scope, request.scopes)),
        label=request.label,
        lifetime=timedelta(days=days) if days else None,
    )
    return _shown_once(issued, f"New service token {issued.record.id} for {issued.record.owner}.")


async def _before_create(services: OwnerServices, caller: Caller, request: CreateServiceToken) -> str:
    owner, scopes = _owner(caller, request), sorted(set(request.scopes))
    services.owner_access.before_create(caller, owner=owner, scopes=frozenset(map(Scope, scopes)))
    days = request.expires_in_days
    until = f"for {days} {'day' if days == 1 else 'days'}" if days else "until someone revokes it"
    return (
        f"Create a service token for {owner} with {', '.join(scopes)}? "
        f"Programs that hold it can use the owner API as {owner}, {until}."
    )


def _owner(caller: Caller, request: CreateServiceToken) -> Actor:
    return Actor(request.owner) if request.owner else caller.actor


async def _list(services: OwnerServices, caller: Caller, request: ListServiceTokens) -> ServiceTokenPage:
    query = PageQuery(limit=request.limit, after=request.after)
    return ServiceTokenPage.of(await services.owner_access.page(caller, query))


async def _rotate(services: OwnerServices, caller: Caller, request: RotateServiceToken) -> ServiceTokenResult:
    grace = grace_of(request.grace, request.grace_seconds)
    issued = await services.owner_access.rotate(caller, request.id, grace=grace)
    return _shown_once(
        issued, f"New service token {issued.record.id} in place of {request.id}, which ends {ends_in(grace)}."
    )


async def _revoke(services: OwnerServices, caller: Caller, request: RevokeServiceToken) -> ServiceTokenResult:
    record = await services.owner_access.revoke(caller, request.id)
    return ServiceTokenResult(details=ServiceTokenView.of(record), message=f"Revoked the service token {record.id}.")


async def _before_rotate(services: OwnerServices, caller: Caller, request: RotateServiceToken) -> str:
    found = await services.owner_access.before_rotate(caller, request.id)
    grace = grace_of(request.grace, request.grace_seconds)
    until = f", which works {in_words(grace)} longer," if grace else ""
    return f"Replace the service token {_named(found)}? Programs that hold the old one{until} must get the new one."


async def _before_revoke(services: OwnerServices, caller: Caller, request: RevokeServiceToken) -> str:
    found = await services.owner_access.before_revoke(caller, request.id)
    return f"Revoke the service token {_named(found)}? Programs that hold it are refused from then on."


def _named(token: "ServiceToken") -> str:
    return f"{token.id} ({token.label})" if token.label else token.id


TOKEN_OPERATIONS = (
    Operation(
        name="tokens.create",
        command=("token", "create"),
        summary="Create a service token for the owner API; it is shown once.",
        guide=(
            "Use it to give a program its own access to the owner API. Give it the fewest scopes that it needs. "
            "Returns the service token, which is shown only this once."
        ),
        request=CreateServiceToken,
        result=ServiceTokenResult,
        scope=Scope.TOKENS_MANAGE,
        effect=Effect.WRITE,
        handle=_create,
        errors=(InvalidInput, ScopeMissing),
        secret="service_token",  # noqa: S106 - the name of a field
        confirmation="Create the service token? Programs that hold it can use the owner API with its scopes.",
        question=_before_create,
        asks_assistants_only=True,
    ),
    Operation(
        name="tokens.list",
        command=("token", "list"),
        summary="List your service tokens, former ones too, newest first; never their secrets.",
        guide="Use it to see which service tokens exist, what they may do and until when.",
        request=ListServiceTokens,
        result=ServiceTokenPage,
        scope=Scope.TOKENS_MANAGE,
        effect=Effect.READ,
        handle=_list,
        errors=(InvalidInput,),
        idempotent=True,
    ),
    Operation(
        name="tokens.rotate",
        command=("token", "rotate"),
        summary="Replace a service token by one with the same scopes.",
        guide=(
            "Use it to replace a service token that is old or may have leaked; `orcheo token list` has the ids. "
            "Returns the new one, which is shown only this once."
        ),
        request=RotateServiceToken,
        result=ServiceTokenResult,
        scope=Scope.TOKENS_MANAGE,
        effect=Effect.DESTRUCTIVE,
        handle=_rotate,
        errors=(ServiceTokenNotFound, ServiceTokenEnded, InvalidInput, ScopeMissing, ConcurrentChange),
        secret="service_token",  # noqa: S106 - the name of a field
        confirmation="Replace the service token? Programs that hold the old one must get the new one.",
        question=_before_rotate,
    ),
    Operation(
        name="tokens.revoke",
        command=("token", "revoke"),
        summary="End a service token at once.",
        guide="Use it when a program should no longer have access; `orcheo token list` has the ids.",
        request=RevokeServiceToken,
        result=ServiceTokenResult,
        scope=Scope.TOKENS_MANAGE,
        effect=Effect.DESTRUCTIVE,
        handle=_revoke,
        errors=(ServiceTokenNotFound, ServiceTokenEnded, ConcurrentChange),
        confirmation="Revoke the service token? Programs that hold it are refused from then on.",
        question=_before_revoke,
    ),
)
