"""What of the points that paid for a purchase comes back with its goods: in proportion, into the lots they came from.

Like what a purchase keeps of its points, it depends only on the sum of what came back, so it does not matter in how many parts.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple
from uuid import UUID

from accrual.domain.facts import Purchase
from accrual.domain.lots import Allocation
from accrual.domain.returns import Returned, is_empty, left_of


class Spent(NamedTuple):
    """Points used at once: what was taken of lots, in the order in which lots are spent, and what was owed; and what came back of both."""

    id: UUID
    account_id: UUID
    allocations: tuple[Allocation, ...]
    owed: int = 0
    restored: tuple[Allocation, ...] = ()  #: added up, lot by lot
    no_longer_owed: int = 0

    @property
    def points(self) -> int:
        """All points used by it."""
        return sum(points for _, points in self.allocations) + self.owed

    @property
    def back(self) -> int:
        """All points of it that came back."""
        return sum(points for _, points in self.restored) + self.no_longer_owed


class Restoring(NamedTuple):
    """What comes back of one use of points."""

    spent: Spent
    allocations: tuple[Allocation, ...]  #: into which lots
    owed: int  #: of what was owed for it

    @property
    def points(self) -> int:
        """Points that come back."""
        return sum(points for _, points in self.allocations) + self.owed

    def after(self) -> Spent:
        """Return the use of points as it is afterwards."""
        return self.spent._replace(
            restored=_sum((*self.spent.restored, *self.allocations)),
            no_longer_owed=self.spent.no_longer_owed + self.owed,
        )


def due_back(points: int, purchase: Purchase, returned: Returned) -> int:
    """Return how many of the points that paid for a purchase are due back once so much of it came back; all of them with the last of it."""
    if is_empty(left_of(purchase, returned)):
        return points
    money = sum(line.paid_amount for line in purchase.lines) + purchase.delivery_amount
    given = sum(back.amount for back in returned.lines.values()) + returned.delivery_amount
    return points * min(given, money) // money if money else 0


def restoring(spent: Spent, due: int) -> Restoring:
    """Say what comes back of one use of points, of which `due` in all are to be back: first what was owed, then what was taken last.

    What is kept is then taken from the lots from which it would have been taken, had no more been used.
    """
    missing = max(due - spent.back, 0)
    owed = min(missing, spent.owed - spent.no_longer_owed)
    missing -= owed
    before, allocations = dict(spent.restored), list[Allocation]()
    for lot_id, points in reversed(spent.allocations):
        back = min(points - before.get(lot_id, 0), missing)
        if back:
            allocations.append(Allocation(lot_id, back))
            missing -= back
    return Restoring(spent, tuple(allocations), owed)


def shared_out(spends: Sequence[Spent], due: int) -> list[Restoring]:
    """Share what is due back in all among several uses of points for one purchase: the last of them comes back first."""
    found = []
    left = max(due - sum(spent.back for spent in spends), 0)
    for spent in reversed(spends):
        back = restoring(spent, min(spent.points, spent.back + left))
        left -= back.points
        if back.points:
            found.append(back)
    return found


def _sum(allocations: Iterable[Allocation]) -> tuple[Allocation, ...]:
    sums: dict[UUID, int] = {}
    for lot_id, points in allocations:
        sums[lot_id] = sums.get(lot_id, 0) + points
    return tuple(Allocation(lot_id, points) for lot_id, points in sums.items())
