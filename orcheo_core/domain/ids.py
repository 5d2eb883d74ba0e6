"""Identifiers: a prefix that names the kind, then time and chance.

An id is ``<prefix>_`` + 9 base62 characters of microseconds since 1970 + 17 base62 characters of chance (over 96
bits), so ids sort by time and cannot be guessed. The wire's own prefixes (``thr_``, ``msg_``) are ChatKit's.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from orcheo_core.domain import base62

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TIME_WIDTH = 9
_CHANCE_WIDTH = 17
CHANCE_BYTES = _CHANCE_WIDTH
"""How many random bytes an id takes."""

_LENGTH = _TIME_WIDTH + _CHANCE_WIDTH


class IdKind(StrEnum):
    """What an id names."""

    WORKFLOW = "wf"
    CHAT_SESSION = "cs"
    THREAD = "thr"
    ITEM = "msg"
    TURN = "trn"
    ATTACHMENT = "atc"
    AUDIT_ENTRY = "aud"
    VISITOR = "vis"
    GRANT = "jti"
    LOGIN = "lgn"
    LOGIN_ATTEMPT = "lat"


def compose_ids(kinds: Sequence[IdKind], microseconds: int, chance: bytes) -> list[str]:
    """Build ids of successive microseconds (since 1970), each of :data:`CHANCE_BYTES` of the random bytes."""
    digits = base62.from_chance(chance)
    ids, begins = [], 0
    for kind in kinds:
        ids.append(f"{kind}_{base62.encode(microseconds, _TIME_WIDTH)}{digits[begins : begins + CHANCE_BYTES]}")
        microseconds += 1
        begins += CHANCE_BYTES
    return ids


def moment_of(an_id: str) -> datetime:
    """The moment that an id was made at, by the clock of then; 1970 for a text without one."""
    microseconds = base62.decode(an_id.partition("_")[2][:_TIME_WIDTH])
    return EPOCH + timedelta(microseconds=microseconds)


def is_id(kind: IdKind, text: str) -> bool:
    """Whether ``text`` has the form of an id of this kind (nothing is said about its existence)."""
    prefix, _, rest = text.partition("_")
    return prefix == kind.value and len(rest) == _LENGTH and base62.is_base62(rest)
