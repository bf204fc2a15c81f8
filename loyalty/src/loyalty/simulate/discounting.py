"""Discounts in the simulation: what a programme would take off a receipt that was paid in full then."""

from accrual.domain.accounts import AccountState
from accrual.domain.facts import Purchase
from accrual.domain.programme import Programme
from loyalty.simulate.outcome import Outcome


def discounted(programme: Programme, purchase: Purchase, state: AccountState, outcome: Outcome) -> tuple[Purchase, int]:
    """Return the receipt as the programme prices it, and what came off. What was paid then is taken for the list price."""
    usable = programme.coupons.usable(purchase, programme.day_of(purchase), state)
    priced = programme.prices.price(purchase, state, known=purchase.identified, coupons=usable)
    if not priced.taken:
        return purchase, 0
    for taken in priced.taken:
        times, amount = outcome.discounts.get(taken.discount, (0, 0))
        outcome.discounts[taken.discount] = (times + 1, amount + taken.amount)
    paid = {line.line_id: line for line in priced.lines}
    lines = tuple(
        line._replace(
            paid_amount=paid[line.line_id].paid_amount,
            tax_amount=paid[line.line_id].tax_amount,
            list_amount=line.paid_amount if line.list_amount is None else line.list_amount,
        )
        for line in purchase.lines
    )
    return purchase._replace(lines=lines), priced.discount_amount
