"""Discounts in the simulation: what a programme would take off a receipt that was paid in full then."""

from accrual.domain.accounts import AccountState
from accrual.domain.coupons import NONE_USABLE
from accrual.domain.facts import Line, Purchase
from accrual.domain.pricing.discounts import PricedLine
from accrual.domain.programme import Programme
from loyalty.simulate.outcome import Outcome


def discounted(programme: Programme, purchase: Purchase, state: AccountState, outcome: Outcome) -> tuple[Purchase, int]:
    """Return the receipt as the programme prices it, and what came off. What was paid then is taken for the list price."""
    usable = programme.coupons.usable(purchase, programme.day_of(purchase), state) if purchase.coupons else NONE_USABLE
    priced = programme.prices.price(purchase, state, known=purchase.identified, coupons=usable)
    if not priced.taken:
        return purchase, 0
    for taken in priced.taken:
        times, amount = outcome.discounts.get(taken.discount, (0, 0))
        outcome.discounts[taken.discount] = (times + 1, amount + taken.amount)
    lines = tuple([_at(line, now) for line, now in zip(purchase.lines, priced.lines, strict=True)])
    return purchase._replace(lines=lines), priced.discount_amount


def _at(line: Line, now: PricedLine) -> Line:
    """Return a line at its new price; what it cost is its list price, where it had none."""
    if not now.discount_amount:
        return line if line.list_amount is not None else line._replace(list_amount=line.paid_amount)
    before = line.paid_amount if line.list_amount is None else line.list_amount
    return line._replace(paid_amount=now.paid_amount, tax_amount=now.tax_amount, list_amount=before)
