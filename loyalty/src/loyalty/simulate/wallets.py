"""A simulated member's points: lots that become usable, are spent as is expected, and expire.

Of every 100 points issued and kept, so many are expected to be spent (the redemption). They are spent at the next visits, as far as the programme lets
them be; the others wait for their expiry. So spending rules and short lives can only lower the cost, never raise it
above the expectation, but for less than a point that rounding may leave with each return.
"""

from collections import deque
from datetime import datetime
from fractions import Fraction
from typing import NamedTuple


class Lot(NamedTuple):
    """Points of one grant, in the programme's smallest unit. Lots come in the order of time, so they expire in order too."""

    points: int
    usable_from: datetime
    expires_at: datetime | None


Lots = deque[Lot]


class Wallet:
    """One member's points. Everything is in the programme's smallest unit."""

    __slots__ = ("_all_of", "_others", "_ready", "_spent", "_spent_of", "debt", "kept")

    def __init__(self, redemption: Fraction) -> None:
        """Be empty."""
        self._spent_of, self._all_of = redemption.numerator, redemption.denominator
        self._ready: Lots = deque()  #: expected to be spent
        self._others: Lots = deque()  #: expected to be left
        self._spent = 0  #: and not asked back
        self.kept = 0  #: issued and not taken back
        self.debt = 0  #: taken back after they were spent: the next points pay it

    def grant(self, points: int, *, usable_from: datetime, expires_at: datetime | None) -> None:
        """Put points in."""
        before, self.kept = self._expected(self.kept), self.kept + points
        ready = self._expected(self.kept) - before
        paid = min(self.debt, ready)
        self.debt -= paid
        if ready > paid:
            self._ready.append(Lot(ready - paid, usable_from, expires_at))
        if points > ready:
            self._others.append(Lot(points - ready, usable_from, expires_at))

    def take_back(self, points: int, *, in_debt: bool) -> int:
        """Take points back for a return, the newest first. Returns how many were spent already: forgiven, or owed where debts are kept."""
        before, self.kept = self._expected(self.kept), self.kept - points
        ready = before - self._expected(self.kept)
        _taken(self._others, points - ready)
        missing = min(ready - _taken(self._ready, ready), self._spent)  # what expired is gone already, and owed by nobody
        self._spent -= missing
        if in_debt:
            self.debt += missing
        return missing

    def expire(self, at: datetime) -> list[tuple[datetime, int]]:
        """Take out what has expired, and say when how much did."""
        gone: list[tuple[datetime, int]] = []
        for lots in (self._ready, self._others):
            while lots and (ends := lots[0].expires_at) is not None and ends <= at:
                gone.append((ends, lots.popleft().points))
        return gone

    def usable(self, at: datetime) -> int:
        """Return how many of the points that will be spent can be spent now. Call `expire` before."""
        total = 0
        for lot in self._ready:
            if lot.usable_from > at:
                break
            total += lot.points
        return total

    def spend(self, points: int) -> None:
        """Take points out, the oldest first; no more than `usable` said."""
        self._spent += points
        while points:
            lot = self._ready.popleft()
            if lot.points > points:
                self._ready.appendleft(lot._replace(points=lot.points - points))
                return
            points -= lot.points

    @property
    def open(self) -> int:
        """Points that are expected to be spent and are not yet."""
        return sum(lot.points for lot in self._ready)

    @property
    def balance(self) -> int:
        """All points that are neither spent nor expired."""
        return self.open + sum(lot.points for lot in self._others)

    def _expected(self, points: int) -> int:
        """Return how many of all points kept are expected to be spent: rounded over the member's life, not grant by grant."""
        return points * self._spent_of // self._all_of


def _taken(lots: Lots, points: int) -> int:
    """Take up to so many points out of the newest lots. Returns how many there were."""
    taken = 0
    while taken < points and lots:
        lot = lots.pop()
        part = min(lot.points, points - taken)
        taken += part
        if lot.points > part:
            lots.append(lot._replace(points=lot.points - part))
    return taken
