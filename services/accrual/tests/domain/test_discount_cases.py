"""The published figures about discounts (section k, and what section d says of them): what other systems print on a receipt, ours prints too."""

from typing import Any

import pytest

from accrual.domain.coupons import Usable
from accrual.domain.facts import Line, Payment
from accrual.domain.pricing.occasions import Visit

from .builders import FRIDAY_NOON, a_line, a_programme, a_purchase, earned, points
from .carts import discounted, named, pieces

CODE = "- {id: code, percent: 10, when: {coupon: ten}}\n"
WITH_CODE = Visit(FRIDAY_NOON, coupons=Usable({"ten": "TEN"}, {}))


@pytest.mark.parametrize(("bought", "free"), [(3, 1), (75, 25), (6, 2), (2, 0)])
def test_t_81_one_more_on_top_for_each_three_bought(bought: int, free: int):
    priced = discounted("- {id: on-top, when: {sku: cabinet, every: 3}, free: 1, gift: cabinet}\n" + CODE, pieces(bought, 320_00, "cabinet"), visit=WITH_CODE)
    assert sum(gift.pieces for gift in priced.gifts) == free
    assert priced.total_amount == bought * 288_00
    if bought == 3:
        assert priced.total_amount == 864_00


def test_t_83_ten_percent_on_one_product_at_most_nine():
    priced = discounted("- {id: capped, percent: 10, most: 9.00, when: {sku: desk}}", a_line(120_00, "desk"), a_line(40_00, "lamp"))
    assert named(priced) == {"capped": 9_00}
    assert [line.paid_amount for line in priced.lines] == [111_00, 40_00]


@pytest.mark.parametrize("on", ["line", "receipt"])
def test_t_84_a_hundred_percent_leaves_exactly_nothing(on: str):
    priced = discounted(f"- {{id: all, percent: 100, on: {on}}}", 5_60, 8_92, 44_91, 217_26, 2400_00)
    assert [line.paid_amount for line in priced.lines] == [0, 0, 0, 0, 0]


def test_t_85_what_pays_leaves_the_tax_as_it_is():
    priced = discounted("- {id: wallet, amount: 115.00, tax: kept}", a_line(230_00, tax_amount=30_00))
    (line,) = priced.lines
    assert (line.paid_amount, line.paid_amount - line.tax_amount, line.tax_amount) == (115_00, 85_00, 30_00)


def test_t_87_a_percentage_on_a_category_then_an_amount_from_a_minimum_on():
    rules = "- {id: category, percent: 20, when: {category: shirts}, priority: 1}\n- {id: order, amount: 50, when: {minimum: 500}}"
    assert discounted(rules, *(a_line(100_00, "shirt", line_id=str(number), category="shirts") for number in range(7))).total_amount == 510_00
    rules = "- {id: jackets, percent: 10, when: {category: jackets}}\n- {id: order, amount: 20}"
    assert discounted(rules, a_line(100_00, "jacket", category="jackets"), a_line(80_00, "trousers")).total_amount == 150_00


def test_t_87_goods_become_cheaper_beside_other_goods():
    rules = "- {id: outfit, percent: 10, when: {sku: [bow-tie, dress], also: {sku: trousers}}}"
    priced = discounted(rules, a_line(10_00, "bow-tie"), a_line(50_00, "dress"), a_line(80_00, "trousers"))
    assert priced.total_amount == 134_00
    alone = discounted(rules, a_line(10_00, "bow-tie"), a_line(50_00, "dress"))
    assert [(each.discount, each.reason) for each in alone.not_taken] == [("outfit", "other-goods-missing")]


def test_t_88_two_amounts_never_go_beyond_the_price():
    priced = discounted("- {id: eighty, amount: 80}\n- {id: twenty, amount: 20}", pieces(3, 10_56, "mug"), a_line(60_00, "lamp"), delivery_amount=1_26)
    assert named(priced) == {"eighty": 80_00, "twenty": 11_68}
    assert (priced.discount_amount, priced.total_amount) == (91_68, 0)  # what is left to pay is the delivery


@pytest.mark.parametrize(("cart", "currency", "off"), [(50_00, "EUR", 10_00), (150_00, "EUR", 15_00), (250_00, "EUR", 20_00), (150_00, "USD", 0)])
def test_t_90_a_flat_discount_by_step(cart: int, currency: str, off: int):
    steps = "- {id: steps, when: {currency: EUR}, table: [{from: 0, amount: 10}, {from: 100, amount: 15}, {from: 200, amount: 20}]}"
    assert discounted(steps, cart, currency=currency).discount_amount == off


def test_t_91_without_tax_and_with_it_the_taxable_amount_never_goes_below_nothing():
    rules = "- {id: net, percent: 10, tax: without}\n- {id: gross, amount: 5.00}"
    priced = discounted(rules, a_line(4_20, tax_amount=70))
    (line,) = priced.lines
    assert named(priced) == {"net": 42, "gross": 3_78}
    assert (line.paid_amount, line.tax_amount) == (0, 0)


@pytest.mark.parametrize(
    ("price", "mode", "coin", "off"),
    [
        (755_50, "half_up", "0.10", 75_60),
        (755_50, "half_up", "1", 76_00),
        (755_50, "half_up", "10", 80_00),
        (755_50, "floor", "0.10", 75_50),
        (755_50, "floor", "1", 75_00),
        (755_50, "floor", "10", 70_00),
        (744_40, "ceil", "0.10", 74_50),
        (744_40, "ceil", "1", 75_00),
        (744_40, "ceil", "10", 80_00),
    ],
)
def test_t_92_rounding_to_a_coin(price: int, mode: str, coin: str, off: int):
    assert discounted(f"- {{id: ten, percent: 10, rounding: {{mode: {mode}, to: {coin}}}}}", price).discount_amount == off


def points_after(discounts: str, *lines: Line, basis: str = "after_discounts", earning: str, **more: Any) -> int:
    """What the receipt earns that follows from pricing a cart: with what was paid beside what it cost before."""
    purchase = a_purchase(*lines, **more)
    priced = discounted(discounts, *lines, visit=WITH_CODE) if discounts else None
    if priced is not None:
        after = zip(purchase.lines, priced.lines, strict=True)
        purchase = purchase._replace(lines=tuple(line._replace(paid_amount=now.paid_amount, list_amount=line.paid_amount) for line, now in after))
    return earned(a_programme(earning, points=points(basis=basis)), purchase)


def test_t_34_points_are_earned_on_what_is_left_after_a_code():
    assert points_after(CODE, a_line(100_00), earning="- {id: base, give: {points: 1, per: 1.00}}") == 90


@pytest.mark.parametrize(("basis", "expected"), [("before_discounts", 100), ("after_discounts", 90)])
def test_t_35_a_discount_on_the_whole_purchase_shrinks_a_category_only_if_the_basis_says_so(basis: str, expected: int):
    food = "- {id: food, when: {category: food}, give: {points: 1, per: 1.00}}"
    assert points_after(CODE, a_line(100_00, "bread", category="food"), a_line(50_00, "soap"), basis=basis, earning=food) == expected


@pytest.mark.parametrize("payment", [Payment("wallet", 10_00), Payment("gift-card", 50_00)])
def test_t_37_a_means_of_payment_is_not_a_discount(payment: Payment):
    assert points_after("", a_line(100_00), earning="- {id: base, give: {points: 1, per: 1.00}}", payments=(payment,)) == 100
