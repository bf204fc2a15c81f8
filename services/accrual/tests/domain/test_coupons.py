"""Coupons: which are shown, which may be used, and what a use counts."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from accrual.domain.accounts import AccountState
from accrual.domain.budgets import code_key, own_uses_key, uses_key
from accrual.domain.coupons import CouponBook, Usable
from accrual.domain.document.coupons import Coupon
from accrual.domain.document.problems import DocumentError
from accrual.domain.document.reading import read
from accrual.domain.facts import Purchase
from accrual.domain.usage import coupons_in, left_in, without_uses

from .builders import NEW, a_document, a_purchase

DAY = date(2025, 3, 10)
WELCOME = Coupon.model_validate({"id": "welcome5", "code": "Welcome5", "uses": "3", "per_member": "1", "from": "2025-03-01", "until": "2025-03-31"})
BIRTHDAY = Coupon(id="birthday", unique=True, per_member=1)
ROSES = Coupon(id="roses", unique=True, uses=2, give_back=False)
BOOK = CouponBook([WELCOME, BIRTHDAY, ROSES])


def shows(*codes: str) -> Purchase:
    return a_purchase(100, coupons=codes, occurred_at=datetime(2025, 3, 10, 12, tzinfo=UTC))


def usable(*codes: str, day: date = DAY, **state: Any) -> Usable:
    return BOOK.usable(shows(*codes), day, NEW._replace(**state))


def test_a_code_is_known_however_it_is_written():
    for text in ("Welcome5", "WELCOME5", " wel come5 "):
        assert usable(text) == Usable({"welcome5": "WELCOME5"}, {})


def test_codes_issued_one_by_one_are_those_that_the_state_knows():
    assert usable("AB12", "CD34", codes={"AB12": "birthday"}).codes == {"birthday": "AB12"}


@pytest.mark.parametrize(
    ("code", "state", "reason"),
    [
        ("welcome5", {"shared": {uses_key("welcome5"): 3}}, "coupon-used-up"),
        ("welcome5", {"counters": {own_uses_key("welcome5"): 1}}, "coupon-limit"),
        ("welcome5", {"day": date(2025, 4, 1)}, "coupon-not-valid"),
        ("welcome5", {"day": date(2025, 2, 28)}, "coupon-not-valid"),
        ("AB12", {"codes": {"AB12": "birthday"}, "shared": {code_key("AB12"): 1}}, "coupon-used"),
        ("AB12", {"codes": {"AB12": "birthday"}, "counters": {own_uses_key("birthday"): 1}}, "coupon-limit"),
        ("EF56", {"codes": {"EF56": "roses"}, "shared": {uses_key("roses"): 2}}, "coupon-used-up"),
    ],
)
def test_a_coupon_beyond_its_limits_cannot_be_used_and_says_why(code: str, state: dict[str, Any], reason: str):
    found = usable(code, **state)
    assert (found.codes, set(found.refused.values())) == ({}, {reason})
    assert found.reason(found.refused) == reason


def test_of_two_codes_of_one_coupon_the_one_that_is_good_is_used():
    found = usable("AB12", "GH78", codes={"AB12": "birthday", "GH78": "birthday"}, shared={code_key("AB12"): 1})
    assert found == Usable({"birthday": "GH78"}, {})


def test_a_coupon_on_its_first_and_last_day_may_be_used():
    assert usable("welcome5", day=date(2025, 3, 1)).codes == usable("welcome5", day=date(2025, 3, 31)).codes != {}


def test_whoever_shows_nothing_good_is_told_that_a_coupon_is_needed():
    assert usable("nonsense").reason(["welcome5"]) == "no-coupon"
    assert usable("welcome5").reason(["birthday", "welcome5"]) is None


def test_only_what_something_was_given_for_is_used_and_each_counts_where_it_is_limited():
    state = NEW._replace(codes={"EF56": "roses"}, shared={uses_key("welcome5"): 2})
    found = BOOK.usable(shows("welcome5", "EF56"), DAY, state)
    used = BOOK.use(["roses", "roses"], found, state)
    assert used.codes == ("EF56",)
    assert dict(used.shared) == {code_key("EF56"): 1, uses_key("roses"): 1}
    both = BOOK.use(found.codes, found, state)
    assert dict(both.shared)[uses_key("welcome5")] == 3
    assert dict(both.counters) == {own_uses_key("roses"): 1, own_uses_key("welcome5"): 1}


def test_every_counter_that_is_changed_was_asked_for():
    purchase, state = shows("welcome5", "AB12", "EF56"), NEW._replace(codes={"AB12": "birthday", "EF56": "roses"})
    found = BOOK.usable(purchase, DAY, state)
    used = BOOK.use(found.codes, found, state)
    assert {key for key, _ in used.shared} <= set(BOOK.shared(purchase))
    assert {key for key, _ in used.counters} <= set(BOOK.counters(purchase))


def test_a_purchase_without_coupons_asks_for_nothing():
    assert BOOK.shared(shows()) == BOOK.counters(shows()) == ()


def test_what_is_given_back_leaves_the_rest():
    held = {code_key("EF56"): 1, uses_key("roses"): 1, uses_key("welcome5"): 1, code_key("AB12"): 1}
    codes = {"EF56": "roses", "AB12": "birthday"}
    assert coupons_in(held, codes) == {"roses", "birthday", "welcome5"}
    back = frozenset(coupon for coupon in coupons_in(held, codes) if BOOK.is_given_back(coupon))
    assert left_in(held, {}, back, codes) == {code_key("EF56"): 1, uses_key("roses"): 1}
    state, changes = without_uses(AccountState(counters={own_uses_key("welcome5"): 2}), back)
    assert changes == ((own_uses_key("welcome5"), 1),)
    assert state.counters == {own_uses_key("welcome5"): 1}


@pytest.mark.parametrize(
    ("coupons", "message"),
    [
        ("[{id: a}]", "has either one code for all, or unique codes"),
        ("[{id: a, code: X1, unique: true}]", "has either one code for all, or unique codes"),
        ("[{id: a, code: X1, valid: 3 days}]", "counts from the moment at which a code is issued"),
        ("[{id: a, code: X1, from: 2025-03-02, until: 2025-03-01}]", "before it starts"),
        ("[{id: a, code: X1, uses: 2, per_member: 3}]", "can never use it 3 times"),
        ("[{id: a, code: X1}, {id: b, code: x1}]", "another coupon has the code X1 too"),
        ("[{id: a, code: X1}, {id: a, code: X2}]", "another coupon is called `a` too"),
    ],
)
def test_coupons_that_make_no_sense_are_refused(coupons: str, message: str):
    with pytest.raises(DocumentError) as refused:
        read(a_document("- {id: base, give: {points: 1, per: 20.00}}", coupons=coupons))
    assert message in refused.value.problems[0].message
