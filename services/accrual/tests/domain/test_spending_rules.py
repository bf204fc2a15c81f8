"""How many points may be used, and why no more."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accrual.domain.document.problems import DocumentError
from accrual.domain.document.reading import read
from accrual.domain.programme import Programme
from accrual.domain.spending.rules import Limited, Spendable, needs_receipt, spendable

from .builders import a_document, a_line, a_programme, a_purchase, points

BASE = "- {id: base, give: {points: 1, per: 1.00}}"


def under(spending: str, **sections: str) -> Programme:
    return a_programme(BASE, spending=spending, **sections)


#: What is asked for, what there is, the receipt in cents, and how many points may be used for it.
CASES: dict[str, tuple[dict[str, str], int, int, int | None, int]] = {
    "T-54 no more than there are": ({"spending": "{step: 1}"}, 1000, 700, None, 700),
    "T-54 half of the receipt": ({"spending": "{share: 50%}"}, 10_000, 10_000, 100_00, 5000),
    "T-54 in blocks of 100 worth 5.00": ({"spending": "{step: 100}", "points": points(worth="0.05")}, 1050, 10_000, None, 1000),
    "T-54 below the minimum": ({"spending": "{minimum: 500}"}, 400, 10_000, None, 0),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_published_case_of_spending(case: tuple[dict[str, str], int, int, int | None, int]):
    sections, wanted, usable, cents, most = case
    purchase = None if cents is None else a_purchase(cents)
    assert spendable(a_programme(BASE, **sections), usable=usable, purchase=purchase, wanted=wanted).points == most


def test_what_limits_is_named_in_words():
    programme = under("{minimum: 50, step: 10, share: 50%}", points=points(decimals="1", worth="1.00"))

    def limited(usable: int, cents: int, wanted: int | None = None) -> tuple[int, str | None, str, int]:
        found = spendable(programme, usable=usable, purchase=a_purchase(cents), wanted=wanted)
        return found.points, found.limited, found.text, found.missing

    assert limited(1000, 500_00) == (1000, None, "", 0)
    assert limited(1000, 500_00, 1200) == (1000, Limited.INSUFFICIENT, "120.0 points are wanted, and 100.0 can be used", 200)
    assert limited(9000, 500_00) == (2500, Limited.OVER_SHARE, "points pay for at most 250.0 points' worth of this receipt", 0)
    assert limited(1055, 500_00) == (1000, Limited.NOT_IN_STEPS, "points are used in steps of 10.0", 0)
    assert limited(450, 500_00) == (0, Limited.BELOW_MINIMUM, "at least 50.0 points are used at once", 50)
    assert limited(9000, 90_00) == (0, Limited.BELOW_MINIMUM, "at least 50.0 points are used at once", 0)


def test_excluded_goods_are_not_paid_for_with_points():
    programme = under("{exclude: {category: tobacco, label: [strong, weak]}}")
    smoke, other = a_line(30_00, "a", category="tobacco", labels=("strong",)), a_line(20_00, "b", category="tobacco")
    receipt = a_purchase(smoke, other, a_line(10_00, "c"), delivery_amount=5_00)
    assert spendable(programme, usable=10**6, purchase=receipt).points == 35_00
    assert needs_receipt(programme)
    assert not needs_receipt(under("{minimum: 50}"))


def test_no_more_points_are_used_than_the_receipt_comes_to_and_none_in_a_currency_without_worth():
    programme = a_programme(BASE)
    assert spendable(programme, usable=10**6, purchase=a_purchase(7_00)) == Spendable(
        700, Limited.OVER_SHARE, "points pay for at most 700 points' worth of this receipt"
    )
    assert spendable(programme, usable=10**6, purchase=a_purchase(7_00, currency="USD")).points == 0
    assert spendable(programme, usable=12, purchase=a_purchase(0)).points == 0


RULES = [(minimum * step, step, share) for minimum, step, share in ((1, 1, 100), (3, 7, 50), (1, 40, 33), (30, 2, 1))]
COMPILED = {rules: under("{{minimum: {}, step: {}, share: {}%}}".format(*rules), points=points(worth="0.03")) for rules in RULES}


@given(usable=st.integers(0, 10_000), wanted=st.none() | st.integers(1, 10_000), cents=st.none() | st.integers(0, 50_000), rules=st.sampled_from(RULES))
def test_no_rule_of_spending_is_ever_broken(usable: int, wanted: int | None, cents: int | None, rules: tuple[int, int, int]):
    minimum, step, share = rules
    asked = usable if wanted is None else wanted
    found = spendable(COMPILED[rules], usable=usable, wanted=wanted, purchase=None if cents is None else a_purchase(cents))
    assert found.points % step == 0
    assert found.points == 0 or minimum <= found.points <= min(usable, asked)
    assert cents is None or COMPILED[rules].worth(found.points, "EUR") * 100 <= cents * share
    assert found.points == asked if found.limited is None else found.points < asked or asked == 0


def test_more_points_and_a_larger_receipt_never_allow_less():
    programme = under("{minimum: 49, step: 7, share: 30%}")
    found = [[spendable(programme, usable=usable, purchase=a_purchase(cents)).points for cents in range(0, 2000, 90)] for usable in range(0, 400, 11)]
    assert all(row == sorted(row) for row in found)
    assert all(list(column) == sorted(column) for column in zip(*found, strict=True))


@pytest.mark.parametrize(
    ("sections", "path", "says"),
    [
        ({"spending": "{minimum: 45, step: 10}"}, "spending.minimum", "45 is not a multiple of the step, 10: write 50"),
        ({"spending": "{minimum: 0.5}"}, "spending.minimum", "0.5 points are finer than 0 decimals: write fewer decimals"),
        ({"spending": "{share: 150%}"}, "spending.share", "`150%` is not written as it should be: write a share up to 100 %, as 50%"),
        ({"spending": "{share: 0%}"}, "spending.share", "`0%` is not written as it should be: write a share up to 100 %, as 50%"),
        ({"spending": "{exclude: {}}"}, "spending.exclude", "excludes everything: name a category, brand, sku or label, or remove it"),
        ({"spending": "{transfer: always}"}, "spending.transfer", "unknown value `always`: known here: keep, restart"),
        ({"spending": "{maximum: 5}"}, "spending.maximum", "unknown key `maximum`: did you mean `minimum`?"),
    ],
)
def test_a_section_that_cannot_be_meant_is_refused_with_advice(sections: dict[str, Any], path: str, says: str):
    with pytest.raises(DocumentError) as refused:
        read(a_document(BASE, **sections))
    (problem,) = refused.value.problems
    assert (problem.path, f"{problem.message}: {problem.advice}") == (path, says)
