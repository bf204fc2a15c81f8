"""What a simulated member has bought and may bring back, and what a return takes, by the rules that the ledger follows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from accrual.domain.accounts import AccountState, CounterKey
from accrual.domain.decisions import Grant, NothingEarned, Refusal
from accrual.domain.facts import Purchase
from accrual.domain.given import given_of
from accrual.domain.keeping import keep, undone
from accrual.domain.programme import Programme
from accrual.domain.returns import AskedLine, AskedReturn, Returned, left_of, resolve, spread
from accrual.domain.tiers.progress import Progress
from loyalty.history.events import Brought


class Taken(NamedTuple):
    """What a return takes."""

    points: int
    amount: int  #: given back for what was found, in minor units
    counters: dict[CounterKey, int]
    shared: dict[CounterKey, int]  #: of all members together
    undone: list[tuple[datetime, Progress]]  #: what counts no longer for levels, by the time of the purchase
    purchases: int  #: how many the member has that something is left of
    unmatched: int  #: lines that were not found


@dataclass(slots=True)
class _Kept:
    purchase: Purchase
    decision: Grant | NothingEarned
    returned: Returned


class Shelf:
    """Everything a member has bought, with what came back of it."""

    __slots__ = ("_kept",)

    def __init__(self) -> None:
        self._kept: list[_Kept] = []

    def put(self, purchase: Purchase, decision: Grant | NothingEarned) -> None:
        """Remember a purchase and what was decided."""
        self._kept.append(_Kept(purchase, decision, Returned()))

    def take(self, event: Brought, programme: Programme, state: AccountState) -> Taken:
        """Find what comes back, and say what is taken for it. The state is the member's."""
        points = amount = unmatched = 0
        changed: dict[CounterKey, int] = {}
        shared, undone_progress = dict[CounterKey, int](), list[tuple[datetime, Progress]]()
        for kept, back in self._found(event):
            if kept is None:
                unmatched += 1
                continue
            given, decided_by = given_of(kept.decision.explanation), programme.deciding(kept.decision.version)
            before = keep(decided_by, kept.purchase, given, kept.returned)
            kept.returned = kept.returned.plus(back)
            after = keep(decided_by, kept.purchase, given, kept.returned)
            state, counters = undone(state, before, after)
            changed.update(counters)
            holds = dict(after.shared)
            for key, value in before.shared:
                shared[key] = max(shared.get(key, state.shared.get(key, 0)) - value + holds.get(key, 0), 0)
            less, goods = max(before.points - after.points, 0), sum(line.amount for line in back.lines.values())
            undone_progress.append((kept.purchase.occurred_at, Progress(-less, -goods, int(after.stands) - int(before.stands))))
            points += less
            amount += goods + back.delivery_amount
        return Taken(points, amount, changed, shared, undone_progress, state.purchases, unmatched)

    def _found(self, event: Brought) -> Iterator[tuple[_Kept | None, Returned]]:
        """Yield purchases with what came back of each, and None for each line that is nowhere."""
        asked = event.asked
        if event.purchase_id is not None:
            for kept in self._kept:
                if kept.purchase.purchase_id == event.purchase_id:
                    found = resolve(kept.purchase, kept.returned, asked)
                    yield (kept, found) if isinstance(found, Returned) else (None, Returned())
                    return
        for line in asked.lines:
            bought = [kept for kept in reversed(self._kept) if line.sku is not None and any(one.sku == line.sku for one in kept.purchase.lines)]
            found_of = _spread(bought, line, asked.currency)
            if not found_of:
                yield None, Returned()
                continue
            yield from ((kept, back) for kept, back in zip(bought, found_of, strict=True) if back.lines)


def _spread(bought: Sequence[_Kept], line: AskedLine, currency: str) -> Sequence[Returned]:
    """Find of which purchases goods come back, the newest first. Nothing where they were never bought, or not so many."""
    left = [(kept.purchase, kept.returned) for kept in bought]
    found = spread(left, AskedReturn(currency, (line,))) if left else []
    if isinstance(found, Refusal):  # more was given back than they cost then: what they cost counts
        worth, missing = 0, line.quantity
        for purchase, before in left:
            for some in (back for line_id, back in left_of(purchase, before).lines.items() if _sku(purchase, line_id) == line.sku):
                part = min(missing, some.quantity)
                worth, missing = worth + some.amount * part // some.quantity, missing - part
        found = spread(left, AskedReturn(currency, (line._replace(amount=min(worth, line.amount)),))) if not missing else []
    return [] if isinstance(found, Refusal) else found


def _sku(purchase: Purchase, line_id: str) -> str | None:
    return next((line.sku for line in purchase.lines if line.line_id == line_id), None)
