"""Rewards handed in at a till: what they take off a cart, after all discounts, to the cent."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accrual.domain.document.document import Document
from accrual.domain.document.reading import read
from accrual.domain.document.rewards import Reward
from accrual.domain.facts import Line
from accrual.domain.pricing.handing_in import NO_SUCH_GOODS, NOT_FOR_CARTS, NOTHING_LEFT, Done, HandedIn, Voucher, hand_in, voucher

from .builders import a_line, a_purchase
from .carts import a_discount_document, discounted
from .rewards import an_entitlement

NONE = read(a_discount_document("- {id: none, when: {sku: nothing}, percent: 1}"))
TEN_OFF = read(a_discount_document("- {id: ten, percent: 10}"))
DRINK = an_entitlement()
FIFTH, FIVE = {"kind": "discount", "percent": Decimal(20)}, {"kind": "discount", "amount": Decimal("5.00")}


def a_voucher(code: str = "A", *, goods: str | None = None, currency: str = "EUR", **fields: Any) -> Voucher:
    reward = Reward(id="fifth", **fields)
    found = voucher(DRINK._replace(kind=reward.kind or "", code=code, goods=goods), reward, currency=currency)
    assert isinstance(found, Voucher)
    return found


def handed(vouchers: Sequence[Voucher], *lines: Line | int, discounts: Document = NONE, **more: Any) -> HandedIn:
    return hand_in(a_purchase(*lines, **more), discounted(discounts, *lines, **more), vouchers)


def test_percentages_come_off_what_discounts_left_and_amounts_off_what_those_left():
    found = handed([a_voucher("B", **FIVE), a_voucher("A", **FIFTH)], 100_00, discounts=TEN_OFF)
    assert [(taken.discount, taken.amount) for taken in found.priced.taken] == [("ten", 10_00), ("A", 18_00), ("B", 5_00)]
    assert found.done == {"A": Done(18_00), "B": Done(5_00)}
    assert found.priced.total_amount == 67_00
    assert found.priced.lines[0][1:4] == (100_00, 33_00, 67_00)


def test_a_reward_is_for_its_goods_and_an_offer_for_what_somebody_often_buys():
    lines = (a_line(10_00, "tea", category="tea"), a_line(20_00, "cup", category="cups"))
    on_tea = a_voucher(**FIFTH, on={"category": ["tea"]})
    assert [line.discount_amount for line in handed([on_tea], *lines).priced.lines] == [2_00, 0]
    offer = a_voucher(**FIFTH, on={"category": ["tea"]}, goods="cup")
    assert [line.discount_amount for line in handed([offer], *lines).priced.lines] == [0, 4_00]
    assert handed([on_tea], lines[1]).done == {"A": Done(denied=NO_SUCH_GOODS)}


def test_what_does_nothing_for_the_cart_is_told_and_keeps_its_use():
    whole = {"kind": "discount", "percent": Decimal(100)}
    found = handed([a_voucher("B", **FIVE), a_voucher("A", **whole)], 10_00)
    assert found.done == {"A": Done(10_00), "B": Done(denied=NOTHING_LEFT)}
    euros = {"kind": "discount", "amount": {"USD": Decimal(5)}}
    assert handed([a_voucher(**euros)], 10_00).done == {"A": Done(denied=NOTHING_LEFT)}
    for kind in ("service", "ticket", "donation"):
        assert voucher(DRINK._replace(kind=kind), Reward(id="x", kind=kind), currency="EUR") == NOT_FOR_CARTS


def test_gifts_are_handed_over_on_top_and_a_delivery_is_free_once():
    gift, first, second = a_voucher("A", kind="gift"), a_voucher("B", kind="delivery"), a_voucher("C", kind="delivery")
    found = handed([gift, first, second], 10_00, delivery_amount=3_00)
    assert [(each.discount, each.sku, each.pieces) for each in found.priced.gifts] == [("A", "fifth", 1)]
    assert (found.delivered, found.priced.total_amount) == (True, 10_00)
    assert found.done == {"A": Done(), "B": Done(3_00), "C": Done(denied=NOTHING_LEFT)}


some_vouchers = st.lists(
    st.one_of(
        st.integers(1, 100).map(lambda percent: {"kind": "discount", "percent": Decimal(percent)}),
        st.integers(1, 3000).map(lambda cents: {"kind": "discount", "amount": Decimal(cents) / 100}),
    ),
    min_size=1,
    max_size=4,
)


@given(rewards=some_vouchers, prices=st.lists(st.integers(0, 50_00), min_size=1, max_size=4), data=st.data())
def test_lines_add_up_nothing_falls_below_zero_and_order_never_matters(rewards: list[dict[str, Any]], prices: list[int], data: Any):
    lines = [a_line(price, f"s{number}") for number, price in enumerate(prices)]
    vouchers = [a_voucher(f"C{number}", **reward) for number, reward in enumerate(rewards)]
    found = handed(vouchers, *lines, discounts=TEN_OFF)
    assert all(line.paid_amount >= 0 and line.price_amount - line.discount_amount == line.paid_amount for line in found.priced.lines)
    assert sum(prices) - found.priced.discount_amount == found.priced.total_amount
    assert sum(done.amount for done in found.done.values()) == sum(taken.amount for taken in found.priced.taken if taken.discount != "ten")
    assert handed(data.draw(st.permutations(vouchers)), *lines, discounts=TEN_OFF) == found


@pytest.mark.parametrize("taxed", [0, 2_00])
def test_the_tax_falls_with_the_price(taxed: int):
    found = handed([a_voucher(**FIFTH)], a_line(12_00, "tea", tax_amount=taxed))
    assert found.priced.lines[0].tax_amount == taxed * 4 // 5
