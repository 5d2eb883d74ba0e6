"""Service tokens: the credential of an owner or a program at the owner API."""

from datetime import datetime

from attrs import frozen

from orcheo_core.domain.actor import Actor, Scope
from orcheo_core.domain.opaque_token import TokenDigest

SERVICE_TOKEN_PREFIX = "orc_st_"  # noqa: S105 - the public prefix of all service tokens, no secret


@frozen(kw_only=True)
class ServiceToken:
    """What the server keeps of one service token: whose it is and what it may do."""

    public_id: str
    digest: TokenDigest
    owner: Actor
    scopes: frozenset[Scope]
    issued_at: datetime
