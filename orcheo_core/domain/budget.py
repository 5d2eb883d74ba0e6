"""Budgets: how much of something there may be at one time, by whom it is held.

A rate counts requests; a budget counts what a request leaves behind or keeps open: until it is gone, it is counted.
The table :data:`BUDGETS` has all of them, one row for each resource and each kind of holder. What one request takes is
a group of claims, one for each of its holders, that is granted as a whole or not at all.
"""

import re
from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache

from attrs import field, frozen

from orcheo_core.domain.subject import Subject
from orcheo_core.errors import BudgetExceeded, SharedBudgetExceeded

KIB = 1024
MIB = 1024 * KIB
GIB = 1024 * MIB
_UNITS = {"": 1, "b": 1, "kib": KIB, "mib": MIB, "gib": GIB, "kb": 1_000, "mb": 1_000_000, "gb": 1_000_000_000}
_BYTES = re.compile(r"(\d{1,15})\s*([a-z]*)", re.ASCII)
_MOST_PIECES = 10_000_000
_KEPT = 4_096


class Unit(StrEnum):
    """What is counted."""

    BYTES = "bytes"
    PIECES = "pieces"


class Per(StrEnum):
    """Who holds something."""

    VISITOR = "visitor"
    PROGRAM = "program"
    """Who chats with a publish token and names no user, in the place of a visitor."""
    OWNER = "owner"
    """Who looks at the conversations with their workflows."""
    ADDRESS = "address"
    WORKFLOW = "workflow"
    SERVER = "server"


_HOLDERS = {
    Per.VISITOR: "One visitor",
    Per.PROGRAM: "One publish token",
    Per.OWNER: "One owner",
    Per.ADDRESS: "One network address",
    Per.WORKFLOW: "One workflow",
    Per.SERVER: "This server",
}
_SHARED = frozenset({Per.WORKFLOW, Per.SERVER})


@frozen(kw_only=True, eq=False)
class Resource:
    """Something that requests leave behind or keep open."""

    name: str
    unit: Unit
    what: str
    """As it stands behind a number."""
    freed: str
    """What gives room again, for the visitor."""
    retry_after: int
    """Seconds after which it makes sense to ask again."""


UNSENT_BYTES = Resource(
    name="unsent-bytes",
    unit=Unit.BYTES,
    what="of attachments that no message has yet",
    freed="Send or remove some of them first; a day after they were announced they are removed.",
    retry_after=60,
)
UNSENT_FILES = Resource(
    name="unsent-files",
    unit=Unit.PIECES,
    what="attachments that no message has yet",
    freed=UNSENT_BYTES.freed,
    retry_after=60,
)
KEPT_BYTES = Resource(
    name="kept-bytes",
    unit=Unit.BYTES,
    what="of attachments, in messages or not,",
    freed="Delete conversations with files that are not needed any more.",
    retry_after=3_600,
)
DATABASE_BYTES = Resource(
    name="database-bytes",
    unit=Unit.BYTES,
    what="of messages and answers in the database",
    freed="Delete conversations that are not needed any more.",
    retry_after=3_600,
)
RUNS = Resource(
    name="runs",
    unit=Unit.PIECES,
    what="answers that workflows are at work on",
    freed="Wait until one of them has ended, or stop one.",
    retry_after=5,
)
STREAMS = Resource(
    name="streams",
    unit=Unit.PIECES,
    what="answers and files that are being sent",
    freed="Close some of the pages or connections that are open, or wait until an answer has ended.",
    retry_after=5,
)
WATCHES = Resource(
    name="watches",
    unit=Unit.PIECES,
    what="views of conversations that are kept up to date",
    freed="Close some of the pages of Canvas that are open.",
    retry_after=5,
)
ANSWER_BYTES = Resource(
    name="answer-bytes",
    unit=Unit.BYTES,
    what="of answers that are not read yet",
    freed="Read the answers that were asked for before asking for more.",
    retry_after=5,
)
REQUEST_BYTES = Resource(
    name="request-bytes",
    unit=Unit.BYTES,
    what="of requests that have not come in full",
    freed="Send the requests that were begun to their end before beginning more.",
    retry_after=5,
)
FRAME_BYTES = Resource(
    name="frame-bytes",
    unit=Unit.BYTES,
    what="of answers that are being written or sent",
    freed="Wait until other answers have ended and are read.",
    retry_after=5,
)
UPLOADS = Resource(
    name="uploads",
    unit=Unit.PIECES,
    what="uploads under way",
    freed="Wait until one of them is complete.",
    retry_after=5,
)


@frozen(kw_only=True, eq=False)
class Budget:
    """How much of a resource each holder of one kind may have at one time, unless a setting says otherwise."""

    resource: Resource
    per: Per
    default: int

    @property
    def policy(self) -> str:
        """Its name in errors and in the audit, such as ``unsent-bytes-by-visitor``."""
        return f"{self.resource.name}-by-{self.per}"

    @property
    def setting(self) -> str:
        """The environment variable that changes it, such as ``ORCHEO_LIMIT_UNSENT_BYTES_BY_VISITOR``."""
        return f"ORCHEO_LIMIT_{self.policy.replace('-', '_').upper()}"

    def parse(self, text: str) -> int:
        """The amount in a text such as ``200 MiB`` or ``50``; :class:`ValueError` for any other, and for zero."""
        if self.resource.unit is Unit.BYTES:
            return _bytes_in(text)
        if not (text.isascii() and text.isdecimal()) or not 1 <= int(text) <= _MOST_PIECES:
            message = f"must be a whole number from 1 to {_MOST_PIECES}, or off"
            raise ValueError(message)
        return int(text)

    def shown(self, amount: int) -> str:
        """An amount with its unit, for people."""
        return shown_bytes(amount) if self.resource.unit is Unit.BYTES else f"{amount:,}"


def _bytes_in(text: str) -> int:
    found = _BYTES.fullmatch(text.strip().lower())
    amount = int(found[1]) * _UNITS.get(found[2], 0) if found else 0
    if not amount:
        message = "must be a number of bytes such as 500 KiB, 200 MiB or 2 GiB, more than zero, or off"
        raise ValueError(message)
    return amount


def shown_bytes(amount: int) -> str:
    """``100 MiB``: in the largest unit that leaves a whole number."""
    for unit, size in (("GiB", GIB), ("MiB", MIB), ("KiB", KIB)):
        if amount >= size and amount % size == 0:
            return f"{amount // size} {unit}"
    return f"{amount:,} bytes"


def _rows(resource: Resource, **defaults: int) -> tuple[Budget, ...]:
    return tuple(Budget(resource=resource, per=Per(each), default=amount) for each, amount in defaults.items())


BUDGETS: tuple[Budget, ...] = (
    *_rows(
        UNSENT_BYTES, visitor=100 * MIB, program=200 * MIB, address=200 * MIB, workflow=500 * MIB, server=2_000 * MIB
    ),
    *_rows(UNSENT_FILES, visitor=100, program=200, address=200, workflow=2_000, server=10_000),
    *_rows(KEPT_BYTES, visitor=500 * MIB, program=1_000 * MIB, workflow=2_000 * MIB, server=4_000 * MIB),
    *_rows(DATABASE_BYTES, visitor=500 * MIB, program=1_000 * MIB, workflow=3_000 * MIB, server=4_000 * MIB),
    *_rows(UPLOADS, visitor=5, program=20, address=20, workflow=50, server=100),
    *_rows(RUNS, visitor=20, program=100, address=100, workflow=250, server=500),
    *_rows(STREAMS, visitor=20, program=100, address=150, workflow=500, server=1_000),
    *_rows(WATCHES, owner=20, server=200),
    *_rows(FRAME_BYTES, visitor=64 * MIB, program=128 * MIB, address=128 * MIB, workflow=192 * MIB, server=256 * MIB),
    *_rows(REQUEST_BYTES, address=32 * MIB, server=128 * MIB),
    *_rows(ANSWER_BYTES, visitor=16 * MIB, program=32 * MIB, address=32 * MIB, workflow=64 * MIB, server=128 * MIB),
)
"""All budgets. The defaults fit a machine with 1 GB of memory and 10 GB of disk."""


@frozen(kw_only=True, eq=False)
class Holders:
    """Whom what a request takes is counted for; an empty text where there is no such holder.

    Compared by identity, which is fastest: :meth:`of` returns the same object for the same values while it is kept.
    """

    subject: Subject | None = None
    address: str = ""
    workflow_id: str = ""
    owner: str = ""

    @classmethod
    def of(cls, subject: Subject | None = None, address: str = "", workflow_id: str = "", owner: str = "") -> "Holders":
        """The same ones for the same visitor or owner, as long as they are kept."""
        return _holders_of(subject.key if subject else "", address, workflow_id, owner)

    @staticmethod
    def forget() -> None:
        """Keep none of those that were made; the same values are another object from now on."""
        _holders_of.cache_clear()

    def key(self, per: Per) -> str:
        """What tells the holder of a kind from others of its kind; empty without such a holder."""
        match per:
            case Per.VISITOR | Per.PROGRAM:
                is_meant = self.subject is not None and self.subject.is_program == (per is Per.PROGRAM)
                return self.subject.key if is_meant and self.subject else ""
            case Per.OWNER:
                return self.owner
            case Per.ADDRESS:
                return self.address
            case Per.WORKFLOW:
                return self.workflow_id
            case _:
                return "server"


@lru_cache(_KEPT)
def _holders_of(subject_key: str, address: str, workflow_id: str, owner: str) -> Holders:
    subject = Subject(subject_key) if subject_key else None
    return Holders(subject=subject, address=address, workflow_id=workflow_id, owner=owner)


@frozen(kw_only=True)
class Claim:
    """What one holder asks for: ``amount`` more of a resource of which it may have ``limit``."""

    budget: Budget
    key: str
    amount: int
    limit: int

    def fits(self, held: int) -> bool:
        """Whether there is room for it beside what is held already."""
        return held + self.amount <= self.limit

    @property
    def refusal(self) -> BudgetExceeded:
        """The error that names the limit, what gives room again, and whom to ask."""
        per, resource = self.budget.per, self.budget.resource
        kind = SharedBudgetExceeded if per in _SHARED else BudgetExceeded
        limit = self.budget.shown(self.limit)
        return kind(
            f"{_HOLDERS[per]} may have at most {limit} {resource.what} at a time.",
            hint=f"{resource.freed} The operator of the server sets this limit ({self.budget.policy}).",
            policy=self.budget.policy,
            retry_after=resource.retry_after,
        )


@frozen(kw_only=True)
class BudgetPlan:
    """The budgets of a server: the defaults, changed by settings; None for no limit."""

    changed: Mapping[Budget, int | None] = field(factory=dict)

    @classmethod
    def unlimited(cls) -> "BudgetPlan":
        """No limit on anything."""
        return cls(changed=dict.fromkeys(BUDGETS))

    def limit(self, budget: Budget) -> int | None:
        """How much each holder may have."""
        return self.changed.get(budget, budget.default)

    def claims(self, resource: Resource, amount: int, holders: Holders) -> tuple[Claim, ...]:
        """What a request asks for, the narrowest holder first."""
        return tuple(
            Claim(budget=each, key=key, amount=amount, limit=limit)
            for each in BUDGETS
            if each.resource is resource and (limit := self.limit(each)) is not None and (key := holders.key(each.per))
        )
