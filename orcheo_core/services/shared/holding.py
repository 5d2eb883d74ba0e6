"""Holding: what is open or under way now, counted against the budgets of the server until it has ended."""

from collections.abc import Callable
from functools import lru_cache
from types import TracebackType
from typing import Self
from weakref import WeakValueDictionary

from attrs import define

from orcheo_core.domain.budget import BUDGETS, DATABASE_BYTES, Budget, BudgetPlan, Claim, Holders, Per, Resource
from orcheo_core.errors import BudgetExceeded
from orcheo_core.turns.relay import Room

_ALL = Holders.of()
_KEPT = 4_096
"""Shares of this many holders are kept: a visitor's are the same for every turn."""


@define(eq=False)
class _Share:
    """What one holder has of a budget now."""

    budget: Budget
    key: str
    limit: int
    held: int = 0

    def refusal(self, amount: int) -> BudgetExceeded:
        """Why ``amount`` more is too much."""
        return Claim(budget=self.budget, key=self.key, amount=amount, limit=self.limit).refusal


_Shares = tuple[_Share, ...]
"""Those that are counted together, one for each holder."""


class Hold:
    """A part of some budgets, until it is released as often as it was taken; once more does nothing."""

    __slots__ = ("_amount", "_shares", "_takers")

    def __init__(self, shares: _Shares, amount: int) -> None:
        """Count ``amount`` in each of these shares."""
        self._shares = shares
        self._amount = amount
        self._takers = 1
        for each in shares:
            each.held += amount

    def share(self) -> Self:
        """Keep it until one more has released it."""
        self._takers += 1
        return self

    def release(self) -> None:
        """Give it back, unless someone else who shares it still needs it."""
        self._takers -= 1
        if self._takers:
            return
        for each in self._shares:
            each.held -= self._amount

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


class GrowingHold(Room):
    """A part of some budgets of something that grows; what is there already is counted even where it is too much."""

    __slots__ = ("_amount", "_shares")

    def __init__(self, shares: _Shares) -> None:
        """Nothing is counted in these shares yet."""
        self._shares = shares
        self._amount = 0

    def grow(self, amount: int) -> BudgetExceeded | None:
        """See the base class."""
        self._amount += amount
        for each in self._shares:
            each.held += amount
        for each in self._shares:
            if each.held > each.limit:
                return each.refusal(amount)
        return None

    def release(self) -> None:
        """See the base class."""
        for each in self._shares:
            each.held -= self._amount
        self._amount = 0


class Holding:
    """Counts what lives no longer than this process: answers, streams, uploads. Exact, since nothing here awaits."""

    def __init__(self, plan: BudgetPlan) -> None:
        """Nothing is held yet; ``plan`` says how much may be."""
        self._shares: WeakValueDictionary[tuple[Budget, str], _Share] = WeakValueDictionary()
        """Each is there while something of it is held, or may be soon."""
        self._limits: dict[Resource, list[tuple[Budget, int]]] = {each.resource: [] for each in BUDGETS}
        for budget in BUDGETS:
            if (limit := plan.limit(budget)) is not None:
                self._limits[budget.resource].append((budget, limit))
        self._shares_of = lru_cache(_KEPT)(self._make_shares)

    def hold(self, resource: Resource, holders: Holders, amount: int = 1) -> Hold:
        """Count ``amount`` of a resource for all its holders or, when one has no room, for none.

        Raises :class:`BudgetExceeded`.
        """
        shares = self._shares_of(resource, holders)
        for each in shares:
            if each.held + amount > each.limit and each.held:  # what is too large passes alone
                raise each.refusal(amount)
        return Hold(shares, amount)

    def count(self, resource: Resource, holders: Holders, amount: int) -> Hold:
        """Count what is there already, even where it is too much."""
        return Hold(self._shares_of(resource, holders), amount)

    def check(self, resource: Resource, holders: Holders, held: Callable[[Per, str], int]) -> None:
        """Raise :class:`BudgetExceeded` where one of these holders has as much of a resource as it may.

        ``held`` says how much a holder of a kind has. It is not asked for a part while the whole is less than that part
        may be.
        """
        whole = held(Per.SERVER, "")
        for each in self._shares_of(resource, holders):
            per = each.budget.per
            if whole >= each.limit and (per is Per.SERVER or held(per, each.key) >= each.limit):
                raise each.refusal(0)

    def check_entry(self, held: Callable[[Per, str], int]) -> None:
        """Raise :class:`BudgetExceeded` where the database has no room for what is kept of those who come in.

        Turns end a sixteenth earlier: visitors may still come in then, to read and to delete what they have.
        """
        self.check(DATABASE_BYTES, _ALL, lambda per, key: held(per, key) * 15 // 16)

    def growing(self, resource: Resource, holders: Holders) -> GrowingHold:
        """Nothing of a resource yet, for all its holders."""
        return GrowingHold(self._shares_of(resource, holders))

    def _make_shares(self, resource: Resource, holders: Holders) -> _Shares:
        keys = [(budget, holders.key(budget.per), limit) for budget, limit in self._limits[resource]]
        return tuple(self._share(budget, key, limit) for budget, key, limit in keys if key)

    def _share(self, budget: Budget, key: str, limit: int) -> _Share:
        share = self._shares.get((budget, key))
        if share is None:
            share = self._shares[budget, key] = _Share(budget, key, limit)
        return share

    def forget(self) -> None:
        """Find the shares of each holder again when they are needed: most visitors are gone by then."""
        self._shares_of.cache_clear()

    def held(self, budget: Budget) -> int:
        """How much all holders of a kind have now."""
        return sum(each.held for each in self._shares.values() if each.budget is budget)
