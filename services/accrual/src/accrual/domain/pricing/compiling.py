"""Compiles the discounts of a checked document for one currency, once per version."""

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction

from accrual.domain.amounts import in_units, minor_digits
from accrual.domain.conditions import conditions_of, goods_of
from accrual.domain.demands import Demand, coupon_of, in_segment, on_level
from accrual.domain.document.discounts import Bought, Discount
from accrual.domain.document.document import Document
from accrual.domain.pricing.discounts import CompiledDiscount, Free, Stair, Wanted
from accrual.domain.pricing.occasions import DiscountSet
from accrual.domain.pricing.refusals import refusals_of
from accrual.domain.refusals import named
from accrual.domain.rules import Conditions


def compile_discounts(document: Document, currency: str) -> DiscountSet:
    """Return the discounts of a document in the order in which they are asked."""
    return DiscountSet([_compiled(discount, currency) for discount in sorted(document.discounts, key=lambda discount: -discount.priority)])


def _compiled(discount: Discount, currency: str) -> CompiledDiscount:
    when, digits = discount.when, minor_digits(currency)
    rate = Fraction(discount.percent or 100) / 100
    every = when.every or 0
    return CompiledDiscount(
        id=discount.id,
        names=discount.name or {},
        shut=None if discount.enabled and currency in (when.currency or (currency,)) else "other-currency" if discount.enabled else "disabled",
        conditions=conditions_of(when),
        wanted=_wanted(discount, currency),
        stairs=_stairs(discount, currency),
        free=None if discount.free is None or discount.gift is not None else Free(every, discount.free, rate.numerator, rate.denominator),
        gift=None if discount.gift is None else (discount.gift, discount.free or 0, every),
        by_line=discount.by_line,
        most=_in(discount.most, currency),
        tax=discount.tax,
        rounding=discount.rounding.mode,
        coin=_in(discount.rounding.to, currency) or 1,
        exclusive=discount.stacking == "exclusive",
        group=discount.group if discount.stacking == "best_of" else None,
        refusals=refusals_of(discount, currency),
        digits=digits,
    )


def _wanted(discount: Discount, currency: str) -> Wanted:
    when = discount.when
    return Wanted(
        minimum=_in(when.minimum, currency),
        quantity=None if when.quantity is None else in_units(when.quantity, 3),
        pieces=0 if discount.free is None else (when.every or 0) + (discount.gift is None),
        also=None if when.also is None else Conditions(include=goods_of(when.also), exclude={}),
        first_purchase=when.first_purchase,
        demands=tuple(_demands(when)),
    )


def _demands(when: Bought) -> Iterator[Demand]:
    if when.tier is not None:
        yield on_level(frozenset(when.tier), f"only for the level {named(when.tier)}")
    if when.segment is not None:
        yield in_segment(frozenset(when.segment), f"only for {named(when.segment)}")
    if when.coupon is not None:
        yield coupon_of(when.coupon, f"only with the coupon {named(when.coupon)}")


def _stairs(discount: Discount, currency: str) -> tuple[Stair, ...]:
    """Return a table, or the one percentage or amount as the table that it is."""
    if discount.free is not None:
        return ()
    rows = [(stair.first, stair.percent, stair.amount) for stair in discount.table or ()] or [(Decimal(0), discount.percent, discount.amount)]
    found = []
    for first, percent, amount in rows:
        start, rate = _in(first, currency), Fraction(percent or 0) / 100
        if start is not None:  # a currency that is not named has no such step
            found.append(Stair(start, rate.numerator, rate.denominator, _in(amount, currency)))
    return tuple(found)


def _in(money: object, currency: str) -> int | None:
    """Return an amount of money in one currency in minor units, where the document says one."""
    amount = money.get(currency) if isinstance(money, dict) else money
    return in_units(amount, minor_digits(currency)) if isinstance(amount, Decimal) else None
