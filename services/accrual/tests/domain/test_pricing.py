"""Discounts, one condition and one kind at a time."""

from datetime import timedelta

import pytest

from accrual.domain.accounts import AccountState, Profile
from accrual.domain.compiler import compile_document
from accrual.domain.decisions import NothingEarned
from accrual.domain.document.problems import DocumentError
from accrual.domain.document.reading import read
from accrual.domain.pricing.occasions import Visit

from .builders import FRIDAY_NOON, a_document, a_line, a_purchase, decided
from .carts import a_discount_document, discounted, named, pieces

GOLD = Visit(FRIDAY_NOON, AccountState(purchases=3, profile=Profile(tier="gold", segments=frozenset({"jazz"}))))


@pytest.mark.parametrize(
    ("when", "reason"),
    [
        ("{category: tea}", "no-such-goods"),
        ("{exclude: {category: bread}}", "no-such-goods"),
        ("{store: s1}", "other-place"),
        ("{channel: web}", "other-place"),
        ("{days: mon}", "other-day-or-hour"),
        ("{hours: '07:00-12:00'}", "other-day-or-hour"),
        ("{dates: {until: 2026-11-19}}", "outside-dates"),
        ("{minimum: 30.01}", "below-minimum"),
        ("{quantity: 3}", "too-few-items"),
        ("{also: {sku: tea}}", "other-goods-missing"),
        ("{tier: silver}", "other-tier"),
        ("{segment: rock}", "other-segment"),
        ("{coupon: ten}", "no-coupon"),
        ("{first_purchase: true}", "not-first-purchase"),
    ],
)
def test_a_discount_whose_condition_is_not_met_says_which(when: str, reason: str):
    priced = discounted(f"- {{id: d, percent: 10, when: {when}}}", a_line(20_00, "loaf", category="bread"), a_line(10_00, "roll", category="bread"), visit=GOLD)
    assert [(each.discount, each.reason) for each in priced.not_taken] == [("d", reason)]
    assert priced.not_taken[0].text
    assert priced.total_amount == 30_00


@pytest.mark.parametrize(
    "when",
    [
        "{category: bread}",
        "{days: fri, hours: '12:00-13:00', dates: {from: 2026-11-20, until: 2026-11-20}}",
        "{minimum: 30.00, quantity: 2, also: {sku: roll}}",
        "{tier: [silver, gold], segment: jazz}",
    ],
)
def test_a_discount_whose_conditions_are_met_is_taken(when: str):
    lines = (a_line(20_00, "loaf", category="bread"), a_line(10_00, "roll", category="bread"))
    assert named(discounted(f"- {{id: d, percent: 10, when: {when}}}", *lines, visit=GOLD)) == {"d": 3_00}


def test_a_stranger_has_no_first_purchase():
    rule = "- {id: first, percent: 10, when: {first_purchase: true}}"
    assert named(discounted(rule, 10_00, visit=Visit(FRIDAY_NOON))) == {"first": 1_00}
    assert named(discounted(rule, 10_00, visit=Visit(FRIDAY_NOON, known=False))) == {}


def test_each_discount_works_on_what_those_before_it_left():
    rules = "- {id: second, percent: 10}\n- {id: first, amount: 50, priority: 1}"
    assert named(discounted(rules, 100_00)) == {"first": 50_00, "second": 5_00}


def test_an_exclusive_discount_applies_alone_and_the_best_of_a_group_too():
    rules = "- {id: a, percent: 5, stacking: best_of}\n- {id: b, amount: 7, stacking: best_of}\n- {id: c, percent: 1}"
    assert named(discounted(rules, 100_00)) == {"b": 7_00, "c": 93}
    assert named(discounted(rules, 200_00)) == {"a": 10_00, "c": 1_90}
    alone = discounted(rules + "\n- {id: d, percent: 2, stacking: exclusive, priority: -5}", 100_00)
    assert named(alone) == {"d": 2_00}
    assert {(each.discount, each.reason) for each in alone.not_taken} == {("a", "exclusive-rule"), ("b", "exclusive-rule"), ("c", "exclusive-rule")}


def test_of_four_for_three_the_cheapest_is_free():
    rule = "- {id: four-for-three, when: {category: book, every: 3}, free: 1}"
    cart = [a_line(price, f"book-{price}", category="book") for price in (12_00, 9_00, 15_00, 11_00)]
    priced = discounted(rule, *cart)
    assert priced.taken[0].lines == (("book-900", 9_00),)
    assert priced.taken[0].text == "1 piece free"
    few = discounted(rule, *cart[:3])
    assert [each.reason for each in few.not_taken] == ["too-few-items"]
    assert discounted(rule, pieces(8, 5_00, "book", category="book")).discount_amount == 10_00


def test_the_second_at_half_price():
    rule = "- {id: half, when: {every: 1}, free: 1, percent: 50}"
    priced = discounted(rule, pieces(3, 9_99, "cup"))
    assert (priced.discount_amount, priced.taken[0].text) == (5_00, "1 piece for 50% less")


def test_goods_by_weight_are_not_pieces():
    assert discounted("- {id: half, when: {every: 1}, free: 1}", a_line(20_00, "cheese", quantity=1_900)).discount_amount == 0


def test_a_gift_is_handed_over_on_top_and_once_where_nothing_is_counted():
    priced = discounted("- {id: mug, name: {en: A mug}, when: {minimum: 50}, free: 1, gift: mug}", 60_00)
    assert [(gift.discount, gift.sku, gift.pieces, gift.names) for gift in priced.gifts] == [("mug", "mug", 1, {"en": "A mug"})]
    assert priced.total_amount == 60_00


def test_no_gift_beside_an_exclusive_discount():
    rules = "- {id: mug, free: 1, gift: mug}\n- {id: alone, percent: 5, stacking: exclusive}"
    priced = discounted(rules, 60_00)
    assert (named(priced), priced.gifts) == ({"alone": 3_00}, ())


def test_an_amount_off_the_receipt_is_divided_to_the_cent():
    priced = discounted("- {id: ten, amount: 10}", 33_33, 33_33, 33_34)
    assert [line.discount_amount for line in priced.lines] == [3_33, 3_33, 3_34]
    each = discounted("- {id: ten, amount: 10, on: line}", 33_33, 5_00)
    assert [line.paid_amount for line in each.lines] == [23_33, 0]


def test_a_coin_that_is_left_goes_to_the_same_line_in_whatever_order_they_come():
    one, other = a_line(5_00, line_id="a"), a_line(5_00, line_id="b")
    for cart in ((one, other), (other, one)):
        priced = discounted("- {id: odd, amount: 0.03}", *cart)
        assert priced.taken[0].lines == (("a", 2), ("b", 1))


@pytest.mark.parametrize("on", ["line", "receipt"])
def test_rounding_up_never_goes_beyond_the_price(on: str):
    assert discounted(f"- {{id: up, percent: 10, on: {on}, rounding: {{mode: ceil, to: 5}}}}", 3_00).total_amount == 0


def test_tax_falls_with_the_price():
    (line,) = discounted("- {id: d, percent: 50}", a_line(120_00, tax_amount=20_00)).lines
    assert (line.paid_amount, line.tax_amount) == (60_00, 10_00)
    (line,) = discounted("- {id: d, amount: 50, tax: without}", a_line(120_00, tax_amount=20_00)).lines
    assert (line.paid_amount, line.tax_amount) == (60_00, 10_00)


def test_dates_are_those_of_the_store():
    rule = "- {id: d, percent: 10, when: {dates: {from: 2026-11-21}}}"
    assert discounted(rule, 10_00, visit=Visit(FRIDAY_NOON + timedelta(hours=12))).discount_amount == 1_00


@pytest.mark.parametrize(
    ("rule", "path", "message"),
    [
        ("{id: d}", "discounts[0]", "takes nothing off"),
        ("{id: d, percent: 5, amount: 5}", "discounts[0]", "several things"),
        ("{id: d, percent: 101}", "discounts[0].percent", "more than the whole price"),
        ("{id: d, amount: 0.001}", "discounts[0].amount", "finer than the smallest coin"),
        ("{id: d, free: 1}", "discounts[0]", "for how many bought pieces"),
        ("{id: d, percent: 5, when: {every: 3}}", "discounts[0]", "`every` belongs to `free`"),
        ("{id: d, percent: 5, gift: mug}", "discounts[0]", "how many are given"),
        ("{id: d, free: 1, gift: mug, most: 5}", "discounts[0]", "costs nothing anyway"),
        ("{id: d, free: 1, when: {every: 3}, on: line}", "discounts[0]", "belongs to percent and amount"),
        ("{id: d, amount: 5, most: 9}", "discounts[0].most", "the same every time"),
        ("{id: d, table: [{from: 0, amount: 1}, {from: 0, amount: 2}]}", "discounts[0].table[1].from", "comes after 0"),
        ("{id: d, table: [{from: 0}]}", "discounts[0].table[0]", "takes nothing off"),
        ("{id: d, percent: 5, group: g}", "discounts[0].group", "means nothing here"),
        ("{id: d, percent: 5, when: {currency: USD}}", "discounts[0].when.currency", "not a currency of the programme"),
        ("{id: d, percent: 5, when: {category: a, exclude: {category: a}}}", "discounts[0].when.exclude.category", "both asked for and excluded"),
        ("{id: d, percent: 5, when: {dates: {until: 2019-01-01}}}", "discounts[0].when.dates", "can never apply"),
        ("{id: d, percent: 5, when: {tier: gold}}", "discounts[0].when.tier", "there is no tier `gold`"),
        ("{id: d, percent: 5, when: {coupon: spring}}", "discounts[0].when.coupon", "there is no coupon `spring`"),
        ("{id: d, percent: 5, rounding: {to: 0.001}}", "discounts[0].rounding.to", "finer than the smallest coin"),
        ("{id: d, percnt: 5}", "discounts[0].percnt", "unknown key"),
    ],
)
def test_a_discount_that_makes_no_sense_is_found(rule: str, path: str, message: str):
    with pytest.raises(DocumentError) as refused:
        read(a_discount_document(f"- {rule}"))
    found = {problem.path: problem for problem in refused.value.problems}
    assert message in found[path].message, refused.value.problems
    assert found[path].advice
    assert found[path].line == 8


def test_two_discounts_have_two_names():
    with pytest.raises(DocumentError) as refused:
        read(a_discount_document("- {id: d, percent: 5}\n- {id: d, percent: 6}"))
    assert [problem.path for problem in refused.value.problems] == ["discounts[1].id"]


def test_a_coupon_that_a_discount_was_given_for_is_used_by_the_receipt():
    text = a_discount_document("- {id: ten, percent: 10, when: {coupon: ten, category: tea}}") + "coupons:\n- {id: ten, code: TEN, uses: 1}\n"
    programme = compile_document(read(text))
    receipt = a_purchase(a_line(9_00, "tea", category="tea", list_amount=10_00), coupons=("ten",))
    decision, after = programme.earn(receipt, AccountState())
    assert isinstance(decision, NothingEarned)
    assert decision.effects.coupons == ("TEN",)
    assert dict(decision.effects.shared) == dict.fromkeys(programme.shared(receipt), 1)
    assert decided(programme, receipt, after).effects.coupons == ()  # the one use is gone
    other = a_purchase(a_line(9_00, "bread"), coupons=("TEN",))
    assert decided(programme, other).effects.coupons == ()  # nothing was given for it


def test_a_receipt_is_asked_at_its_list_prices_what_a_coupon_gave():
    text = a_discount_document("- {id: ten, percent: 10, when: {coupon: ten, minimum: 10.00}}") + "coupons:\n- {id: ten, code: TEN}\n"
    programme = compile_document(read(text))
    assert decided(programme, a_purchase(a_line(9_00, list_amount=10_00), coupons=("TEN",))).effects.coupons == ("TEN",)
    assert decided(programme, a_purchase(a_line(9_00), coupons=("TEN",))).effects.coupons == ()


def test_a_coupon_that_gives_a_discount_and_points_is_used_once():
    rules = "- {id: double, when: {coupon: ten}, give: {fixed: 5}}"
    more = "discounts:\n- {id: ten, percent: 10, when: {coupon: ten}}\ncoupons:\n- {id: ten, code: TEN, per_member: 1}\n"
    programme = compile_document(read(a_document(rules) + more))
    decision = decided(programme, a_purchase(9_00, coupons=("TEN",)))
    assert (decision.explanation.points, decision.effects.coupons) == (5, ("TEN",))
    assert [value for _, value in (*decision.counters, *decision.effects.shared)].count(1) == len({*decision.counters, *decision.effects.shared})


def test_a_coupon_lowers_the_price_of_a_purchase_that_earns_nothing_only_as_often_as_it_may():
    text = a_discount_document("- {id: ten, percent: 10, when: {coupon: ten}}", fraud="{velocity: {purchases: 1, within: 1 hour}}")
    programme = compile_document(read(text + "coupons:\n- {id: ten, code: TEN, uses: 1}\n"))
    receipt = a_purchase(a_line(9_00, list_amount=10_00), coupons=("TEN",))
    _, state = programme.earn(a_purchase(1_00), AccountState())
    decision = decided(programme, receipt, state)
    assert [silent.reason for silent in decision.explanation.not_given] == ["too-many-purchases"]
    assert decision.effects.coupons == ("TEN",)


def test_exactly_so_many_pieces_bring_a_gift_and_one_more_is_needed_for_a_free_one():
    gift = "- {id: gift, when: {every: 2}, free: 1, gift: cup}"
    assert [found.pieces for found in discounted(gift, pieces(2, 5_00)).gifts] == [1]
    assert [silent.reason for silent in discounted(gift, pieces(1, 5_00)).not_taken] == ["too-few-items"]
    third = "- {id: third, when: {every: 2}, free: 1}"
    assert named(discounted(third, pieces(3, 5_00))) == {"third": 5_00}
    assert [silent.reason for silent in discounted(third, pieces(2, 5_00)).not_taken] == ["too-few-items"]
    assert [silent.reason for silent in discounted(third, pieces(3, 0)).not_taken] == ["nothing-left"]
