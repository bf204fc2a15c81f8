"""Compiles the discounts of a checked document for one currency, once per version."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from accrual.domain.amounts import in_units, minor_digits
from accrual.domain.conditions import conditions_of, goods_of
from accrual.domain.demands import Demand, coupon_of, in_segment, on_level
from accrual.domain.document.campaigns import Campaign
from accrual.domain.document.discounts import Bought, Discount
from accrual.domain.document.document import Document
from accrual.domain.pricing.discounts import CompiledDiscount, Free, NotTaken, Stair, Wanted
from accrual.domain.pricing.occasions import DiscountSet
from accrual.domain.pricing.refusals import refusals_of
from accrual.domain.refusals import named
from accrual.domain.rules import Conditions
from accrual.domain.ruling import audience_of


def compile_discounts(document: Document, currency: str) -> DiscountSet:
    """Return the discounts of a document in the order in which they are asked."""
    found = [(compiled(discount.model_copy(update={"id": name}), currency), campaign) for name, discount, campaign in document.all_discounts]
    return DiscountSet([discount if campaign is None else _within(discount, campaign, document) for discount, campaign in found])


def _within(discount: CompiledDiscount, campaign: Campaign, document: Document) -> CompiledDiscount:
    """Return the discount of a campaign: only when and for whom that is on. Of a private one nobody is told more than that it is not offered."""
    demands = audience_of(campaign, document)
    if campaign.coupon is not None:
        demands.append(coupon_of((campaign.coupon,), f"only with the coupon {campaign.coupon}"))
    refusals = discount.refusals
    if not campaign.public:
        refusals = dict.fromkeys(refusals, NotTaken(discount.id, "not-offered", "not offered to you"))
    return replace(
        discount,
        shut=discount.shut if campaign.enabled else "disabled",
        campaign=conditions_of(campaign),
        wanted=replace(discount.wanted, demands=(*demands, *discount.wanted.demands)),
        refusals=refusals,
    )


def compiled(discount: Discount, currency: str) -> CompiledDiscount:
    """Return one discount, ready to be taken off carts in a currency."""
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
