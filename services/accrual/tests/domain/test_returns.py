"""A return as it is asked for: which lines it takes back, and by which name it is refused."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accrual.domain.decisions import Reason, Refusal
from accrual.domain.returns import AskedLine, AskedReturn, Back, Returned, is_empty, left_of, resolve, spread

from .builders import a_line, a_purchase

TEA = a_line(30_00, "tea", quantity=3_000)
BASKET = a_purchase(TEA, a_line(20_00, "cup"), delivery_amount=5_00)


def asked(*lines: AskedLine, delivery: int = 0, currency: str = "EUR") -> AskedReturn:
    return AskedReturn(currency, lines, delivery)


def taken(found: Returned | Refusal) -> Returned:
    assert isinstance(found, Returned), found
    return found


def refused(found: object) -> Reason:
    assert isinstance(found, Refusal), found
    assert found.text
    return found.reason


def test_a_line_is_named_by_its_id_or_by_its_goods():
    one_tea = Returned({"tea": Back(1_000, 10_00)})
    assert resolve(BASKET, Returned(), asked(AskedLine(1_000, 10_00, line_id="tea"))) == one_tea
    assert resolve(BASKET, Returned(), asked(AskedLine(1_000, 10_00, sku="tea"))) == one_tea


def test_a_return_without_lines_takes_everything_that_is_left_and_delivery_too():
    assert resolve(BASKET, Returned(), asked()) == Returned({"tea": Back(3_000, 30_00), "cup": Back(1_000, 20_00)}, 5_00)
    before = Returned({"tea": Back(1_000, 12_00), "cup": Back(1_000, 20_00)}, 1_00)
    assert resolve(BASKET, before, asked()) == Returned({"tea": Back(2_000, 18_00)}, 4_00)


def test_without_lines_delivery_alone_comes_back_where_an_amount_is_given_for_it():
    assert resolve(BASKET, Returned(), asked(delivery=2_00)) == Returned({}, 2_00)
    assert resolve(BASKET, Returned({}, 2_00), asked(delivery=3_00)) == Returned({}, 3_00)
    assert left_of(BASKET, Returned({}, 5_00)).lines == left_of(BASKET, Returned()).lines


def test_goods_on_several_lines_are_taken_in_order_and_those_at_the_price_asked_first():
    shelf = a_purchase(a_line(10_00, "tea", line_id="a"), a_line(8_00, "tea", line_id="b"), a_line(12_00, "tea", line_id="c"))
    assert taken(resolve(shelf, Returned(), asked(AskedLine(1_000, 8_00, sku="tea")))).lines == {"b": Back(1_000, 8_00)}
    assert taken(resolve(shelf, Returned(), asked(AskedLine(1_000, 9_00, sku="tea")))).lines == {"a": Back(1_000, 9_00)}
    assert taken(resolve(shelf, Returned(), asked(AskedLine(2_500, 24_00, sku="tea")))).lines == {
        "a": Back(1_000, 10_00),
        "b": Back(1_000, 8_00),
        "c": Back(500, 6_00),
    }
    assert taken(resolve(shelf, Returned(), asked(AskedLine(2_000, 15_00, sku="tea")))).lines == {"a": Back(1_000, 10_00), "b": Back(1_000, 5_00)}


def test_one_return_may_name_a_line_twice():
    found = resolve(BASKET, Returned(), asked(AskedLine(1_000, 10_00, line_id="tea"), AskedLine(500, 6_00, sku="tea"), delivery=2_00))
    assert found == Returned({"tea": Back(1_500, 16_00)}, 2_00)


@pytest.mark.parametrize(
    ("before", "request_", "reason"),
    [
        pytest.param(Returned(), asked(currency="USD"), Reason.OTHER_CURRENCY, id="everything in another currency"),
        pytest.param(Returned(), asked(AskedLine(1, 1, sku="tea"), currency="USD"), Reason.OTHER_CURRENCY, id="a line in another currency"),
        pytest.param(Returned(), asked(AskedLine(1, 1, line_id="9")), Reason.UNKNOWN_LINE, id="no such line"),
        pytest.param(Returned(), asked(AskedLine(1, 1, sku="9")), Reason.UNKNOWN_LINE, id="no such goods"),
        pytest.param(Returned(), asked(AskedLine(1, 1, line_id="tea", sku="cup")), Reason.UNKNOWN_LINE, id="a line of other goods"),
        pytest.param(Returned(), asked(AskedLine(3_001, 1, line_id="tea")), Reason.OVER_RETURNED, id="too many"),
        pytest.param(Returned(), asked(AskedLine(1, 30_01, line_id="tea")), Reason.OVER_RETURNED, id="too much money"),
        pytest.param(Returned(), asked(AskedLine(1_000, 1, line_id="cup"), AskedLine(1, 0, line_id="cup")), Reason.OVER_RETURNED, id="twice in one return"),
        pytest.param(Returned({"tea": Back(2_500, 1)}), asked(AskedLine(501, 1, sku="tea")), Reason.OVER_RETURNED, id="too many in all"),
        pytest.param(Returned({"tea": Back(1, 29_00)}), asked(AskedLine(1, 1_01, sku="tea")), Reason.OVER_RETURNED, id="too much money in all"),
        pytest.param(Returned(), asked(AskedLine(1, 0, sku="tea"), delivery=5_01), Reason.OVER_RETURNED, id="too much delivery"),
        pytest.param(Returned({}, 1), asked(delivery=5_00), Reason.OVER_RETURNED, id="too much delivery in all"),
        pytest.param(left_of(BASKET, Returned()), asked(delivery=1), Reason.ALREADY_RETURNED, id="delivery after everything"),
        pytest.param(Returned(), asked(delivery=1, currency="USD"), Reason.OTHER_CURRENCY, id="delivery in another currency"),
        pytest.param(left_of(BASKET, Returned()), asked(), Reason.ALREADY_RETURNED, id="everything again"),
        pytest.param(left_of(BASKET, Returned()), asked(AskedLine(1, 0, sku="tea")), Reason.ALREADY_RETURNED, id="a line after everything"),
    ],
)
def test_what_cannot_come_back_is_refused_by_name(before: Returned, request_: AskedReturn, reason: Reason):
    assert refused(resolve(BASKET, before, request_)) is reason


def test_a_return_without_purchase_takes_from_the_newest_first_and_may_span_several():
    old, new = a_purchase(a_line(10_00, "tea"), a_line(5_00, "cup")), a_purchase(a_line(16_00, "tea", quantity=2_000), delivery_amount=3_00)
    candidates = [(new, Returned({"tea": Back(500, 4_00)})), (old, Returned())]
    one, both = asked(AskedLine(1_000, 8_00, sku="tea"), delivery=3_00), asked(AskedLine(2_000, 17_00, sku="tea"), AskedLine(1_000, 5_00, sku="cup"))
    assert spread(candidates, one) == [Returned({"tea": Back(1_000, 8_00)}, 3_00), Returned()]
    assert spread(candidates, both) == [Returned({"tea": Back(1_500, 12_00)}), Returned({"tea": Back(500, 5_00), "cup": Back(1_000, 5_00)})]
    assert refused(spread(candidates, asked(AskedLine(2_501, 1, sku="tea")))) is Reason.OVER_RETURNED
    assert refused(spread(candidates, asked(AskedLine(1, 1, sku="pot")))) is Reason.UNKNOWN_LINE
    assert refused(spread([], asked(AskedLine(1, 1, sku="tea")))) is Reason.UNKNOWN_LINE


def test_without_a_purchase_ids_of_lines_mean_nothing():
    assert refused(spread([(BASKET, Returned())], asked(AskedLine(1, 1, line_id="tea")))) is Reason.PURCHASE_NOT_NAMED
    assert refused(spread([(BASKET, Returned())], asked())) is Reason.PURCHASE_NOT_NAMED
    assert spread([(BASKET, Returned())], asked(AskedLine(1, 1, line_id="cup", sku="tea"))) == [Returned({"tea": Back(1, 1)})]


def test_a_line_is_kept_while_some_quantity_of_it_is():
    assert left_of(BASKET, Returned({"tea": Back(2_999, 30_00), "cup": Back(1_000, 1)}, 5_00)) == Returned({"tea": Back(1, 0)})


def test_what_came_back_of_lines_that_a_correction_removed_is_left_out_of_account():
    assert left_of(BASKET, Returned({"pot": Back(1, 1), "tea": Back(3_000, 99_00)}, 9_00)) == Returned({"cup": Back(1_000, 20_00)})


_LINES = st.lists(st.tuples(st.sampled_from("ab"), st.integers(1, 4_000), st.integers(0, 20_00)), min_size=1, max_size=4)


@settings(max_examples=60, deadline=None)
@given(lines=_LINES, wanted=_LINES)
def test_a_return_takes_exactly_what_it_asks_for_or_nothing(lines: list[tuple[str, int, int]], wanted: list[tuple[str, int, int]]):
    purchase = a_purchase(*(a_line(paid, sku, line_id=str(number), quantity=quantity) for number, (sku, quantity, paid) in enumerate(lines)))
    found = resolve(purchase, Returned(), asked(*(AskedLine(quantity, amount, sku=sku) for sku, quantity, amount in wanted)))
    if isinstance(found, Refusal):
        return
    for sku in "ab":
        mine = [found.lines[line.line_id] for line in purchase.lines if line.sku == sku and line.line_id in found.lines]
        assert sum(back.quantity for back in mine) == sum(quantity for name, quantity, _ in wanted if name == sku)
        assert sum(back.amount for back in mine) == sum(amount for name, _, amount in wanted if name == sku)
    for line in purchase.lines:
        back = found.lines.get(line.line_id, Back(0, 0))
        assert 0 <= back.quantity <= line.quantity
        assert 0 <= back.amount <= line.paid_amount
    assert not is_empty(found)
