"""How a programme ends: nothing is earned after one day, nothing is left after another, and its owner's goals decide nothing."""

from datetime import UTC, date, datetime, timedelta

import pytest

from accrual.domain.decisions import Refusal
from accrual.domain.document.problems import DocumentError
from accrual.domain.document.reading import read
from accrual.domain.programmes import Programmes

from .builders import a_document, a_programme, a_purchase, decided

BASE = "- {id: base, give: {points: 1, per: 1.00}}\n"
CLOSE = "{earn_until: 2026-11-30, spend_until: 2027-01-31}"
LAST_DAY, NEXT_DAY = datetime(2026, 11, 30, 23, 59, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)
GONE = datetime(2027, 2, 1, tzinfo=UTC)


def test_what_is_bought_after_the_last_day_earns_nothing():
    programmes = Programmes([a_programme(BASE, close=CLOSE)])
    assert not isinstance(programmes.select(a_purchase(10_00, occurred_at=LAST_DAY), now=NEXT_DAY), Refusal)
    refusal = programmes.select(a_purchase(10_00, occurred_at=NEXT_DAY), now=NEXT_DAY)
    assert isinstance(refusal, Refusal)
    assert (refusal.reason, "closes" in refusal.text) == ("not-in-force", True)


@pytest.mark.parametrize("expiry", ["never", "{after: 12 months}"])
def test_points_live_no_longer_than_the_programme(expiry: str):
    assert decided(a_programme(BASE, close=CLOSE, expiry=expiry), a_purchase(10_00, occurred_at=LAST_DAY)).expires_at == GONE
    short = decided(a_programme(BASE, close=CLOSE, expiry="{after: 7 days}"), a_purchase(10_00, occurred_at=LAST_DAY)).expires_at
    assert short == datetime(2026, 12, 8, tzinfo=UTC)


def test_a_programme_is_closed_when_its_last_day_is_over():
    programmes = Programmes([a_programme(BASE, close=CLOSE)])
    assert programmes.closed(at=GONE - timedelta(seconds=1)) == ()
    assert programmes.closed(at=GONE) == (("shop", GONE),)


@pytest.mark.parametrize(
    ("sections", "path", "message"),
    [
        ({"close": "{earn_until: 2026-12-31, spend_until: 2026-11-30}"}, "close", "could no longer be spent"),
        ({"close": "{earn_until: 2019-12-31, spend_until: 2026-11-30}"}, "close.earn_until", "before the version is in force"),
        ({"close": CLOSE, "effective_until": "2030-12-31"}, "close", "no other end"),
        ({"goals": "[{kpi: revenue, target: 10, by: 2019-01-01}]"}, "goals[0].by", "before the version is in force"),
        ({"goals": "[{kpi: revenue, target: 1, by: 2027-01-01}, {kpi: revenue, target: 2, by: 2027-01-01}]"}, "goals[1]", "another goal"),
        ({"goals": "[{kpi: revenues, target: 1, by: 2027-01-01}]"}, "goals[0].kpi", "unknown value `revenues`"),
    ],
)
def test_an_end_that_contradicts_itself_is_found(sections: dict[str, str], path: str, message: str):
    with pytest.raises(DocumentError) as refused:
        read(a_document(BASE, **sections))
    assert (refused.value.problems[0].path, message in refused.value.problems[0].message) == (path, True)


def test_goals_are_kept_and_decide_nothing():
    plain, ambitious = a_programme(BASE), a_programme(BASE, goals="[{kpi: repeat_rate, target: 40, by: 2027-06-30, segment: new}]")
    assert ambitious.document.goals[0].by == date(2027, 6, 30)
    assert decided(plain, a_purchase(10_00)).explanation == decided(ambitious, a_purchase(10_00)).explanation
