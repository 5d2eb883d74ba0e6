"""Holding: what is open or under way now, counted against the budgets of the server until it has ended."""

from types import TracebackType
from typing import Self

from orcheo_core.domain.budget import BUDGETS, Budget, BudgetPlan, Claim, Holders, Resource

_Share = tuple[Budget, str]
"""A budget, and whose share of it is counted."""


class Hold:
    """A part of some budgets, until it is released as often as it was taken; once more does nothing."""

    __slots__ = ("_amount", "_held", "_shares", "_takers")

    def __init__(self, held: dict[_Share, int], shares: tuple[_Share, ...], amount: int) -> None:
        """Count ``amount`` for each of these shares in ``held``."""
        self._held = held
        self._shares = shares
        self._amount = amount
        self._takers = 1
        for share in shares:
            held[share] = held.get(share, 0) + amount

    def share(self) -> Self:
        """Keep it until one more has released it."""
        self._takers += 1
        return self

    def release(self) -> None:
        """Give it back, unless someone else who shares it still needs it."""
        self._takers -= 1
        if self._takers:
            return
        for share in self._shares:
            left = self._held[share] - self._amount
            if left:
                self._held[share] = left
            else:
                del self._held[share]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


class Holding:
    """Counts what lives no longer than this process: answers, streams, uploads. Exact, since nothing here awaits."""

    def __init__(self, plan: BudgetPlan) -> None:
        """Nothing is held yet; ``plan`` says how much may be."""
        self._held: dict[_Share, int] = {}
        self._limits: dict[Resource, list[tuple[Budget, int]]] = {each.resource: [] for each in BUDGETS}
        for budget in BUDGETS:
            if (limit := plan.limit(budget)) is not None:
                self._limits[budget.resource].append((budget, limit))

    def hold(self, resource: Resource, holders: Holders, amount: int = 1) -> Hold:
        """Count ``amount`` of a resource for all its holders or, when one has no room, for none.

        Raises :class:`BudgetExceeded`.
        """
        shares = []
        for budget, limit in self._limits[resource]:
            if key := holders.key(budget.per):
                share = (budget, key)
                held = self._held.get(share, 0)
                if held and held + amount > limit:  # what is too large passes alone
                    raise Claim(budget=budget, key=key, amount=amount, limit=limit).refusal
                shares.append(share)
        return Hold(self._held, tuple(shares), amount)

    def held(self, budget: Budget) -> int:
        """How much all holders of a kind have now."""
        return sum(amount for (each, _), amount in self._held.items() if each is budget)
