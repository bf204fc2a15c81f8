"""How much is used of what a programme limits for all members together."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Literal, NamedTuple

from accrual.domain.accounts import CounterKey
from accrual.domain.amounts import in_units, minor_digits
from accrual.domain.budgets import budget_key, uses_key
from accrual.domain.document.campaigns import Campaign
from accrual.domain.document.document import Document
from accrual.domain.programme import Programme
from accrual.store import Connection, shared
from accrual.store.shared import SharedKey


class Limited(NamedTuple):
    """One such limit: of which campaign or coupon, on what, and how much of it is used. Without a limit it is only counted."""

    kind: Literal["campaign", "coupon"]
    id: str
    what: str
    limit: int | None
    used: int = 0

    @property
    def left(self) -> int | None:
        """How much is left; a limit may have been lowered below what was used before."""
        return None if self.limit is None else max(self.limit - self.used, 0)


async def limits_of(connection: Connection, programme: Programme) -> list[Limited]:
    """Return the limits of a version, in the order of the document, with what is used of them under all versions."""
    found = list(_limits(programme.document))
    name = programme.terms.id
    values = await shared.values(connection, [SharedKey(name, *key) for key, _ in found])
    return [limited._replace(used=values[SharedKey(name, *key)]) for key, limited in found]


def _limits(document: Document) -> Iterator[tuple[CounterKey, Limited]]:
    for campaign in document.campaigns:
        for what, limit in _budget(campaign, document):
            yield budget_key(campaign.id, what), Limited("campaign", campaign.id, what, limit)
    for coupon in document.coupons:
        if coupon.uses is not None or not coupon.unique:
            yield uses_key(coupon.id), Limited("coupon", coupon.id, "uses", coupon.uses)


def _budget(campaign: Campaign, document: Document) -> Iterator[tuple[str, int | None]]:
    budget = campaign.budget
    if budget is None:
        return
    if budget.points is not None:
        yield "points", in_units(budget.points, document.points.decimals)
    if budget.grants is not None:
        yield "grants", budget.grants
    if budget.money is not None:
        for currency in document.all_currencies:
            amount = budget.money.get(currency) if isinstance(budget.money, dict) else budget.money
            if isinstance(amount, Decimal):
                yield f"money/{currency}", in_units(amount, minor_digits(currency))
