"""Laws of pricing, on arbitrary discounts and carts."""

from typing import Any

import yaml
from hypothesis import given, note
from hypothesis import strategies as st

from accrual.domain.document.document import Document
from accrual.domain.document.reading import read_json
from accrual.domain.facts import Line
from accrual.domain.pricing.distribution import distribute

from .arbitrary import Chance
from .carts import discounted, naive, pieces

seeds = st.randoms(use_true_random=True)  # drawing a cart choice by choice takes longer than all the rest
_CATEGORIES = ("rock", "jazz", "pop")


def some_discounts(chance: Chance, *, by_line: bool = False, taxes: bool = False) -> list[dict[str, Any]]:
    """One to four discounts in order; `by_line` only such as look at each line by itself."""
    return [_discount(chance, number, by_line=by_line, taxes=taxes) for number in range(chance.randint(1, 4))]


def _discount(chance: Chance, number: int, *, by_line: bool, taxes: bool) -> dict[str, Any]:
    when: dict[str, Any] = {"category": chance.sample(_CATEGORIES, chance.randint(1, 2))} if chance.randint(0, 1) else {}
    kinds: tuple[dict[str, Any], ...] = ({"percent": str(chance.randint(1, 100))}, {"amount": str(chance.randint(1, 60)), "on": "line"})
    if not by_line:
        kinds = (*kinds, {"percent": str(chance.randint(1, 100)), "on": "receipt"}, {"amount": str(chance.randint(1, 60))}, {"free": str(chance.randint(1, 2))})
        if chance.randint(0, 2) == 0:
            when["minimum"] = str(chance.randint(1, 120))
        if chance.randint(0, 2) == 0:
            when["quantity"] = str(chance.randint(1, 5))
    kind = dict(chance.choice(kinds))
    if "free" in kind:
        when["every"] = str(chance.randint(1, 3))
        kind |= {"percent": str(chance.randint(1, 100))} if chance.randint(0, 2) == 0 else {}
    elif "percent" in kind and not by_line and chance.randint(0, 2) == 0:
        kind["most"] = str(chance.randint(1, 20))
    if chance.randint(0, 2) == 0:
        kind["rounding"] = {"mode": chance.choice(("floor", "half_up", "ceil")), "to": chance.choice(("0.01", "0.10", "1", "5"))}
    if taxes:
        kind["tax"] = chance.choice(("with", "without", "kept"))
    return {"id": f"d{number}", "when": when, "priority": str(chance.randint(-2, 2)), **kind}


def a_cart(chance: Chance, *, taxed: bool = False) -> list[Line]:
    """One to five lines; not all of whole pieces."""
    return [_line(chance, number, taxed=taxed) for number in range(chance.randint(1, 5))]


def _line(chance: Chance, number: int, *, taxed: bool) -> Line:
    paid = chance.choice((0, chance.randint(0, 60_00), chance.randint(0, 60_00)))
    line = pieces(1, paid, "s", line_id=f"l{number}", category=chance.choice((*_CATEGORIES, None)))
    return line._replace(quantity=chance.choice((1000, 2000, 5000, 1500, 300)), tax_amount=chance.randint(0, paid) if taxed else 0)


def the_document(discounts: list[dict[str, Any]]) -> Document:
    note(yaml.safe_dump(discounts))
    head = {"programme": "shop", "version": "1", "effective_from": "2020-01-01", "zone": "UTC", "currency": "EUR", "merchants": ["shop"]}
    return read_json({**head, "discounts": discounts})


@given(seeds)
def test_pricing_agrees_with_the_counter_of_coins(chance: Chance):
    discounts, cart = some_discounts(chance), a_cart(chance)
    priced = discounted(the_document(discounts), *cart)
    assert {line.line_id: line.paid_amount for line in priced.lines} == naive(discounts, cart)


@given(seeds)
def test_what_comes_off_the_lines_is_the_discount_and_never_more_than_the_price(chance: Chance):
    cart = a_cart(chance, taxed=True)
    priced = discounted(the_document(some_discounts(chance, taxes=True)), *cart)
    for line, bought in zip(priced.lines, cart, strict=True):
        assert line.price_amount == bought.paid_amount
        assert 0 <= line.tax_amount <= line.paid_amount <= line.price_amount
        assert line.discount_amount == sum(part for taken in priced.taken for name, part in taken.lines if name == line.line_id)
        assert line.tax_amount <= bought.tax_amount
    for taken in priced.taken:
        assert taken.amount == sum(part for _, part in taken.lines) > 0
        assert taken.text
    assert priced.discount_amount == sum(line.discount_amount for line in priced.lines)


@given(seeds)
def test_the_order_of_the_lines_never_matters(chance: Chance):
    document, cart = the_document(some_discounts(chance, taxes=True)), a_cart(chance, taxed=True)
    shuffled = list(cart)
    chance.shuffle(shuffled)
    one, other = discounted(document, *cart), discounted(document, *shuffled)
    assert sorted(one.lines) == sorted(other.lines)
    assert one._replace(lines=()) == other._replace(lines=())


@given(seeds)
def test_more_goods_never_make_a_line_dearer_where_each_is_reckoned_by_itself(chance: Chance):
    document, cart = the_document(some_discounts(chance, by_line=True)), a_cart(chance)
    few, more = discounted(document, *cart[:-1] or cart), discounted(document, *cart)
    prices = {line.line_id: line.paid_amount for line in more.lines}
    assert all(prices[line.line_id] <= line.paid_amount for line in few.lines)


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=30), st.fractions(0, 1))
def test_a_divided_amount_adds_up_and_no_part_is_larger_than_its_weight(weights: list[int], share: Any):
    amount = int(sum(weights) * share)
    parts = distribute(amount, weights, [str(number) for number in range(len(weights))])
    assert sum(parts) == amount
    total = sum(weights)
    assert all(0 <= part <= weight for part, weight in zip(parts, weights, strict=True))
    assert all(abs(part * total - amount * weight) < total for part, weight in zip(parts, weights, strict=True) if total)
