"""Carts and discounts that the tests of pricing are made of, and the same pricing written a second time, as plainly as it can be."""

from collections.abc import Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from fractions import Fraction
from textwrap import dedent
from typing import Any

from accrual.domain.document.document import Document
from accrual.domain.document.reading import read
from accrual.domain.facts import Line
from accrual.domain.pricing.carts import price
from accrual.domain.pricing.compiling import compile_discounts
from accrual.domain.pricing.discounts import Priced
from accrual.domain.pricing.occasions import Visit

from .builders import FRIDAY_NOON, a_document, a_line, a_purchase

_ROUNDINGS = {"floor": ROUND_FLOOR, "half_up": ROUND_HALF_UP, "ceil": ROUND_CEILING}


#: Levels and coupons that discounts ask for.
CLUB = {
    "tiers": "{by: money_spent, window: forever, levels: [{id: plain, from: 0}, {id: silver, from: 100}, {id: gold, from: 200}]}",
    "coupons": "[{id: ten, code: TEN}]",
}


def a_discount_document(discounts: str, **sections: str) -> str:
    """A programme without points, with these discounts."""
    text = a_document("", points="", **sections).replace("earning:\n\n", "")
    return text + "discounts:\n" + dedent(discounts).strip("\n") + "\n"


def discounted(discounts: str | Document, *lines: Line | int, visit: Visit | None = None, **more: Any) -> Priced:
    """Price a cart under some discounts."""
    document = read(a_discount_document(discounts, **CLUB)) if isinstance(discounts, str) else discounts
    purchase = a_purchase(*lines, **more)
    return price(compile_discounts(document, purchase.currency), purchase, visit or Visit(FRIDAY_NOON))


def pieces(count: int, each: int, sku: str = "any", **more: Any) -> Line:
    """A line of so many pieces at so many cents each."""
    return a_line(count * each, sku, quantity=count * 1000, **more)


def named(priced: Priced) -> dict[str, int]:
    """What came off, by discount."""
    return {taken.discount: taken.amount for taken in priced.taken}


def naive(discounts: Sequence[dict[str, Any]], lines: Sequence[Line]) -> dict[str, int]:
    """Price lines piece by piece and in decimals, without anything compiled: what is left of each. No taxes, no exclusive discounts, no groups."""
    left = {line.line_id: Decimal(line.paid_amount) for line in lines}
    start = dict(left)
    for discount in sorted(discounts, key=lambda discount: -int(discount.get("priority", 0))):
        when = discount.get("when", {})
        goods = [line for line in lines if "category" not in when or line.category in when["category"]]
        counted = sum(line.quantity for line in goods)
        if "minimum" in when and sum(start.values()) < Decimal(when["minimum"]) * 100:
            continue
        if not goods or ("quantity" in when and counted < int(when["quantity"]) * 1000):
            continue
        off = _off(discount, goods, left)
        if "most" in discount and sum(off.values()) > Decimal(discount["most"]) * 100:
            off = _divided(int(discount["most"]) * 100, off)
        for line_id, amount in off.items():
            left[line_id] -= amount
    return {line_id: int(amount) for line_id, amount in left.items()}


def _off(discount: dict[str, Any], goods: Sequence[Line], left: dict[str, Decimal]) -> dict[str, Decimal]:
    ids = [line.line_id for line in goods]
    if "free" in discount:
        return _freed(discount, goods, left)
    if "percent" in discount and discount.get("on") != "receipt":
        return {each: _coins(discount, left[each] * int(discount["percent"]) / 100, left[each]) for each in ids}
    total = sum((left[each] for each in ids), Decimal(0))
    if "percent" in discount:
        return _divided(int(_coins(discount, total * int(discount["percent"]) / 100, total)), {each: left[each] for each in ids})
    if discount.get("on") == "line":
        return {each: min(left[each], Decimal(discount["amount"]) * 100) for each in ids}
    return _divided(int(min(total, Decimal(discount["amount"]) * 100)), {each: left[each] for each in ids})


def _freed(discount: dict[str, Any], goods: Sequence[Line], left: dict[str, Decimal]) -> dict[str, Decimal]:
    """Lay every piece on the counter, dearest first, and walk along: pay for some, take some."""
    each = [(Fraction(left[line.line_id]) / line.quantity * 1000, line.line_id) for line in goods for _ in range(line.quantity // 1000)]
    every, free = int(discount["when"]["every"]), int(discount["free"])
    taken = sum(1 for number in range(len(each)) if number % (every + free) >= every)
    off = dict.fromkeys(left, Fraction(0))
    for cost, line_id in sorted(each)[:taken]:
        off[line_id] += cost
    share = Fraction(int(discount.get("percent", 100)), 100)
    return {line_id: _coins(discount, Decimal(int(found * share * 10**9)) / 10**9, left[line_id]) for line_id, found in off.items() if found}


def _coins(discount: dict[str, Any], amount: Decimal, most: Decimal) -> Decimal:
    rounding = discount.get("rounding", {})
    coin = Decimal(rounding.get("to", "0.01")) * 100
    return min(most, (amount / coin).quantize(Decimal(1), _ROUNDINGS[rounding.get("mode", "half_up")]) * coin)


def _divided(amount: int, weights: dict[str, Decimal]) -> dict[str, Decimal]:
    """Give coin after coin to whoever is furthest below its share."""
    total = sum(weights.values(), Decimal(0))
    given = {name: int(amount * weight // total) if total else 0 for name, weight in weights.items()}
    for _ in range(amount - sum(given.values())):
        given[min((-(Fraction(amount) * Fraction(weights[name]) / Fraction(total) - count), name) for name, count in given.items())[1]] += 1
    return {name: Decimal(count) for name, count in given.items()}
