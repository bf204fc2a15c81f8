"""Which points a return takes: from which lots how many, and what becomes of those that are no longer there."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from accrual.domain.document.lives import SpentPolicy
from accrual.domain.lots import Allocation, Lot, expired, in_order, usable


class Due(NamedTuple):
    """What a purchase has been given in all and keeps now, and what was taken of the difference before."""

    granted: int  #: by all grants for it, those of corrections included
    kept: int
    settled: int  #: taken, forgiven or put into debt by former reversals
    expired: int  #: of its own lots: those points are gone already, and the member does not owe them
    forgiven: int = 0  #: of `settled`

    @property
    def had(self) -> int:
        """Points that the member was given for it and that were neither taken back nor owed. More than is kept: forgiven, or expired instead."""
        return self.granted - (self.settled - self.forgiven)


class Reversal(NamedTuple):
    """What one reversal takes."""

    allocations: tuple[Allocation, ...]
    forgiven: int  #: below 0: so many that were forgiven are kept again, for a correction gave more
    debt: int  #: to be paid by the next points, not below 0
    blocked: bool  #: the programme would rather not allow it, for points are missing

    @property
    def taken(self) -> int:
        """Points taken from lots."""
        return sum(allocation.points for allocation in self.allocations)

    @property
    def points(self) -> int:
        """Points settled by it, in whatever way."""
        return self.taken + self.forgiven + self.debt


def plan(due: Due, *, own: Sequence[Lot], others: Iterable[Lot], at: datetime, spent: SpentPolicy) -> Reversal:
    """Take what is due: from the purchase's own lots, then from others that are usable, then from others still pending.

    Lots whose last day is over have nothing to give, whether or not somebody has booked that; of the purchase's own, it counts as expired.
    Where more is kept than after the last reversal, what was forgiven is as far no longer forgiven: another return may take it.
    """
    gone = due.expired + sum(lot.remaining for lot in own if expired(lot, at=at))
    missing = due.granted - due.kept - due.settled - gone
    if missing < 0:
        return Reversal((), -min(due.forgiven, -missing), 0, blocked=False)
    names = {lot.id for lot in own}
    strangers = [lot for lot in others if lot.id not in names]
    ready, waiting = _parted(strangers, at=at)
    own_ready, own_waiting = _parted(own, at=at)
    allocations = []
    for lot in (*own_waiting, *own_ready, *ready, *waiting):
        taken = min(lot.remaining, missing)
        if taken:
            allocations.append(Allocation(lot.id, taken))
            missing -= taken
    in_debt = spent == "debt"
    return Reversal(tuple(allocations), 0 if in_debt else missing, missing if in_debt else 0, blocked=spent == "block" and missing > 0)


def _parted(lots: Iterable[Lot], *, at: datetime) -> tuple[list[Lot], list[Lot]]:
    """Return the lots that are usable and those that are not yet, each in the order in which they would be spent."""
    alive = [lot for lot in in_order(lots) if lot.remaining and not expired(lot, at=at)]
    return [lot for lot in alive if usable(lot, at=at)], [lot for lot in alive if not usable(lot, at=at)]
