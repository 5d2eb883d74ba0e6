"""Holding: what is open or under way now, counted against the budgets of the server until it has ended."""

from collections.abc import Callable
from functools import lru_cache
from types import TracebackType
from typing import Self

from orcheo_core.domain.budget import BUDGETS, DATABASE_BYTES, Budget, BudgetPlan, Claim, Holders, Per, Resource
from orcheo_core.errors import BudgetExceeded
from orcheo_core.turns.relay import Room

_Share = tuple[Budget, str]
"""A budget, and whose share of it is counted."""
_Claims = tuple[tuple[_Share, int], ...]
"""Shares that are counted together, each with how much it may hold."""
_ALL = Holders.of()
_KEPT = 4_096
"""Claims of this many holders are kept: a visitor's are the same for every turn."""


class Hold:
    """A part of some budgets, until it is released as often as it was taken; once more does nothing."""

    __slots__ = ("_amount", "_claims", "_held", "_takers")

    def __init__(self, held: dict[_Share, int], claims: _Claims, amount: int) -> None:
        """Count ``amount`` for each share of these claims in ``held``."""
        self._held = held
        self._claims = claims
        self._amount = amount
        self._takers = 1
        _add(held, claims, amount)

    def share(self) -> Self:
        """Keep it until one more has released it."""
        self._takers += 1
        return self

    def release(self) -> None:
        """Give it back, unless someone else who shares it still needs it."""
        self._takers -= 1
        if self._takers:
            return
        _add(self._held, self._claims, -self._amount)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


class GrowingHold(Room):
    """A part of some budgets of something that grows; what is there already is counted even where it is too much."""

    __slots__ = ("_amount", "_claims", "_held")

    def __init__(self, held: dict[_Share, int], claims: _Claims) -> None:
        """Nothing is counted in ``held`` yet."""
        self._held = held
        self._claims = claims
        self._amount = 0

    def grow(self, amount: int) -> BudgetExceeded | None:
        """See the base class."""
        self._amount += amount
        _add(self._held, self._claims, amount)
        for (budget, key), limit in self._claims:
            if self._held[budget, key] > limit:
                return Claim(budget=budget, key=key, amount=amount, limit=limit).refusal
        return None

    def release(self) -> None:
        """See the base class."""
        _add(self._held, self._claims, -self._amount)
        self._amount = 0


def _add(held: dict[_Share, int], claims: _Claims, amount: int) -> None:
    for share, _ in claims:
        now = held.get(share, 0) + amount
        if now:
            held[share] = now
        else:
            held.pop(share, None)


class Holding:
    """Counts what lives no longer than this process: answers, streams, uploads. Exact, since nothing here awaits."""

    def __init__(self, plan: BudgetPlan) -> None:
        """Nothing is held yet; ``plan`` says how much may be."""
        self._held: dict[_Share, int] = {}
        self._limits: dict[Resource, list[tuple[Budget, int]]] = {each.resource: [] for each in BUDGETS}
        for budget in BUDGETS:
            if (limit := plan.limit(budget)) is not None:
                self._limits[budget.resource].append((budget, limit))
        self._claims_of = lru_cache(_KEPT)(self._make_claims)

    def hold(self, resource: Resource, holders: Holders, amount: int = 1) -> Hold:
        """Count ``amount`` of a resource for all its holders or, when one has no room, for none.

        Raises :class:`BudgetExceeded`.
        """
        held = self._held
        claims = self._claims_of(resource, holders)
        for share, limit in claims:
            now = held.get(share, 0)
            if now and now + amount > limit:  # what is too large passes alone
                budget, key = share
                raise Claim(budget=budget, key=key, amount=amount, limit=limit).refusal
        return Hold(held, claims, amount)

    def count(self, resource: Resource, holders: Holders, amount: int) -> Hold:
        """Count what is there already, even where it is too much."""
        return Hold(self._held, self._claims_of(resource, holders), amount)

    def check(self, resource: Resource, holders: Holders, held: Callable[[Per, str], int]) -> None:
        """Raise :class:`BudgetExceeded` where one of these holders has as much of a resource as it may.

        ``held`` says how much a holder of a kind has. It is not asked for a part while the whole is less than that part
        may be.
        """
        whole = held(Per.SERVER, "")
        for (budget, key), limit in self._claims_of(resource, holders):
            if whole >= limit and (budget.per is Per.SERVER or held(budget.per, key) >= limit):
                raise Claim(budget=budget, key=key, amount=0, limit=limit).refusal

    def check_entry(self, held: Callable[[Per, str], int]) -> None:
        """Raise :class:`BudgetExceeded` where the database has no room for what is kept of those who come in.

        Turns end a sixteenth earlier: visitors may still come in then, to read and to delete what they have.
        """
        self.check(DATABASE_BYTES, _ALL, lambda per, key: held(per, key) * 15 // 16)

    def growing(self, resource: Resource, holders: Holders) -> GrowingHold:
        """Nothing of a resource yet, for all its holders."""
        return GrowingHold(self._held, self._claims_of(resource, holders))

    def _make_claims(self, resource: Resource, holders: Holders) -> _Claims:
        keys = [(budget, holders.key(budget.per), limit) for budget, limit in self._limits[resource]]
        return tuple(((budget, key), limit) for budget, key, limit in keys if key)

    def forget(self) -> None:
        """Make the claims of each holder again when they are needed: most visitors are gone by then."""
        self._claims_of.cache_clear()

    def held(self, budget: Budget) -> int:
        """How much all holders of a kind have now."""
        return sum(amount for (each, _), amount in self._held.items() if each is budget)
