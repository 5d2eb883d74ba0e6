"""Rates: how much of something in how long, and what a request is counted under."""

import re
from collections.abc import Iterator
from functools import lru_cache
from math import ceil

from attrs import field, frozen

from orcheo_core.domain.subject import Subject
from orcheo_core.errors import RateLimited

_UNITS = {"second": 1, "minute": 60, "hour": 3_600, "day": 86_400}
_TEXT = re.compile(r"(\d{1,9})\s*/\s*(?:(\d{1,6})\s*)?(second|minute|hour|day)s?")
_LONGEST = 31 * 86_400


def _positive(_rate: object, _attribute: object, number: int) -> None:
    if number < 1:
        message = "a rate needs at least one, in at least one second"
        raise ValueError(message)


@frozen(kw_only=True)
class Rate:
    """At most ``amount`` requests in any ``seconds``-long window."""

    amount: int = field(validator=_positive)
    seconds: int = field(validator=_positive)

    @classmethod
    def parse(cls, text: str) -> "Rate":
        """The rate in a text such as ``20/minute`` or ``10/5 minutes``; :class:`ValueError` for any other."""
        found = _TEXT.fullmatch(text.strip().lower())
        if found is None:
            message = "must be a rate such as 20/minute or 10/5 minutes"
            raise ValueError(message)
        amount, count, unit = found.groups()
        seconds = int(count or 1) * _UNITS[unit]
        if seconds > _LONGEST:
            message = "must be a rate over 31 days at most"
            raise ValueError(message)
        return cls(amount=int(amount), seconds=seconds)

    @property
    def half(self) -> "Rate":
        """Half as many in the same time, one at least."""
        return _half(self)

    def is_within(self, other: "Rate") -> bool:
        """Whether who keeps to this rate keeps to ``other`` as well, at any moment."""
        windows = ceil(other.seconds / self.seconds)
        return self.amount * windows <= other.amount


@lru_cache(64)
def _half(rate: Rate) -> Rate:
    """There are as many rates as settings, and every turn asks for some of these."""
    return Rate(amount=max(1, rate.amount // 2), seconds=rate.seconds)


@frozen(kw_only=True)
class Charge:
    """One rate that a request is counted under: ``policy`` names the rate, ``key`` whose share it is."""

    policy: str
    key: str
    rate: Rate
    window: tuple[str, str, int] = field(init=False, eq=False, repr=False)
    """Under which requests are counted together: policy, key, and the seconds that count."""

    @window.default
    def _name(self) -> tuple[str, str, int]:
        return self.policy, self.key, self.rate.seconds


@frozen(kw_only=True)
class RateRefused:
    """Not now: this charge would exceed its rate for ``retry_after`` more seconds."""

    charge: Charge
    retry_after: float

    @property
    def reason(self) -> RateLimited:
        """The error that tells how long to wait, in whole seconds."""
        return RateLimited(
            policy=self.charge.policy,
            amount=self.charge.rate.amount,
            window_seconds=self.charge.rate.seconds,
            retry_after=max(1, ceil(self.retry_after)),
        )


@frozen(kw_only=True)
class RatePlan:
    """The rates of a server; None means no limit.

    Turns cost, so they are counted by client address, by subject and by workflow. Of the share of a workflow no
    single address and no single subject gets more than half, so that one visitor cannot lock out the others.
    """

    turns_by_address: Rate | None = Rate(amount=120, seconds=60)
    turns_by_visitor: Rate | None = Rate(amount=20, seconds=60)
    turns_by_program: Rate | None = Rate(amount=120, seconds=60)
    turns_by_workflow: Rate | None = Rate(amount=600, seconds=60)
    chat_sessions_by_address: Rate | None = Rate(amount=60, seconds=60)
    chat_sessions_by_program: Rate | None = Rate(amount=120, seconds=60)
    logins_by_address: Rate | None = Rate(amount=60, seconds=60)
    page_events_by_address: Rate | None = Rate(amount=120, seconds=60)
    reads_by_subject: Rate | None = Rate(amount=600, seconds=60)
    reads_by_address: Rate | None = Rate(amount=2_400, seconds=60)
    failed_authentications_by_address: Rate | None = Rate(amount=10, seconds=300)
    effortless_sessions_by_workflow: Rate | None = None
    """Anonymous visitors beyond this rate must solve a challenge first; None asks for no challenge."""

    @classmethod
    def unlimited(cls) -> "RatePlan":
        """No limit on anything."""
        return cls(
            turns_by_address=None,
            turns_by_visitor=None,
            turns_by_program=None,
            turns_by_workflow=None,
            chat_sessions_by_address=None,
            chat_sessions_by_program=None,
            logins_by_address=None,
            page_events_by_address=None,
            reads_by_subject=None,
            reads_by_address=None,
            failed_authentications_by_address=None,
        )

    def turn(self, workflow_id: str, subject: Subject, address: str) -> tuple[Charge, ...]:
        """What a new turn is counted under."""
        by_subject = self.turns_by_program if subject.is_program else self.turns_by_visitor
        return (
            *_charge("turns-by-subject", subject.key, by_subject),
            *_charge("turns-by-address", address, self.turns_by_address),
            *_charge("turns-by-workflow", workflow_id, self.turns_by_workflow),
            *self._share(workflow_id, subject.key, by_subject),
            *self._share(workflow_id, address, self.turns_by_address),
        )

    @property
    def turns_a_minute(self) -> int | None:
        """How many turns a visitor has in a minute at best."""
        own = self.turns_by_visitor
        return None if own is None else max(1, own.amount * 60 // own.seconds)

    def chat_session(self, *, address: str) -> tuple[Charge, ...]:
        """What a new chat session is counted under."""
        return _charge("chat-sessions-by-address", address, self.chat_sessions_by_address)

    def chat_session_of_app(self, program: Subject) -> tuple[Charge, ...]:
        """What a chat session that an app opens is counted under: not its address, which its users share."""
        return _charge("chat-sessions-by-program", program.key, self.chat_sessions_by_program)

    def effortless_session(self, *, workflow_id: str) -> tuple[Charge, ...]:
        """What an anonymous visitor's new chat session is counted under before any work is asked for."""
        return _charge("effortless-sessions", workflow_id, self.effortless_sessions_by_workflow)

    def login(self, *, address: str) -> tuple[Charge, ...]:
        """What a step of signing in is counted under: there are two, to the identity provider and back."""
        return _charge("logins-by-address", address, self.logins_by_address)

    def page_event(self, *, address: str) -> tuple[Charge, ...]:
        """What a report of a page is counted under: apart from all else, so that it takes nothing from a chat."""
        return _charge("page-events-by-address", address, self.page_events_by_address)

    def read(self, key: str, address: str) -> tuple[Charge, ...]:
        """What a cheap request is counted under; ``key`` is a subject's, or an address before there is a subject."""
        by_address = _charge("reads-by-address", address, self.reads_by_address) if address else ()
        return (*_charge("reads-by-subject", key, self.reads_by_subject), *by_address)

    def failed_authentication(self, *, address: str) -> tuple[Charge, ...]:
        """What a credential that was not genuine is counted under."""
        return _charge("failed-authentications", address, self.failed_authentications_by_address)

    def _share(self, workflow_id: str, key: str, own: Rate | None) -> Iterator[Charge]:
        if self.turns_by_workflow is None:
            return
        half = self.turns_by_workflow.half
        if own is None or not own.is_within(half):
            yield Charge(policy="turns-by-share", key=f"{workflow_id} {key}", rate=half)


def _charge(policy: str, key: str, rate: Rate | None) -> tuple[Charge, ...]:
    return () if rate is None else (Charge(policy=policy, key=key, rate=rate),)
