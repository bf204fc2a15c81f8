"""When points can be used and when they are gone: section e of the cases, and the calendar's corners."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from accrual.domain.decisions import Grant
from accrual.domain.document.lives import Expiry
from accrual.domain.facts import Activity, Registration
from accrual.domain.lifetimes import last_day, shortest_life, start_of

from .builders import NEW, a_programme, a_purchase

BASE = "- {id: base, give: {points: 1, per: 1.00}}\n"


@pytest.mark.parametrize(
    ("expiry", "earned", "last"),
    [
        pytest.param({"to": "end_of_month"}, "2026-01-22", "2026-01-31", id="T-50 month"),
        pytest.param({"to": "end_of_year"}, "2018-06-01", "2018-12-31", id="T-50 year"),
        pytest.param({"after": "1 month"}, "2026-01-25", "2026-02-25", id="T-51"),
        pytest.param({"after": "90 days"}, "2026-01-01", "2026-04-01", id="T-48 day 91"),
        pytest.param({"after": "6 months", "to": "end_of_month"}, "2026-03-10", "2026-09-30", id="T-31"),
        pytest.param({"after": "1 month"}, "2026-01-31", "2026-02-28", id="31 January"),
        pytest.param({"after": "1 month"}, "2028-01-31", "2028-02-29", id="31 January of a leap year"),
        pytest.param({"after": "1 year"}, "2028-02-29", "2029-02-28", id="29 February"),
        pytest.param({"after": "2 months", "to": "end_of_quarter"}, "2026-02-14", "2026-06-30", id="quarter"),
        pytest.param({"to": "end_of_quarter"}, "2026-12-31", "2026-12-31", id="last day of a quarter"),
        pytest.param({"on": "03-31"}, "2026-03-31", "2026-03-31", id="on the yearly date itself"),
        pytest.param({"on": "03-31"}, "2026-04-01", "2027-03-31", id="after the yearly date"),
        pytest.param({"after": "3 months", "on": "03-31"}, "2026-01-15", "2027-03-31", id="a yearly date not before three months"),
    ],
)
def test_points_live_to_their_last_day(expiry: dict[str, str], earned: str, last: str):
    assert last_day(Expiry(**expiry), date.fromisoformat(earned)) == date.fromisoformat(last)


def test_points_are_gone_at_midnight_after_the_last_day_in_the_programmes_zone():
    programme = a_programme(BASE, zone="Europe/Moscow", expiry="{to: end_of_month}")
    late_evening = datetime(2026, 1, 22, 21, 30, tzinfo=UTC)  # 23 January in Moscow
    grant = programme.decide(a_purchase(10_00, occurred_at=late_evening), NEW)
    assert isinstance(grant, Grant)
    assert grant.expires_at == datetime(2026, 1, 31, 21, tzinfo=UTC)


def test_the_day_of_earning_is_the_programmes_day_not_the_stores():
    programme = a_programme(BASE, zone="Europe/Moscow", expiry="{to: end_of_month}")
    new_year_in_moscow = datetime(2026, 12, 31, 21, 30, tzinfo=UTC)
    grant = programme.decide(a_purchase(10_00, occurred_at=new_year_in_moscow, zone="America/New_York"), NEW)
    assert isinstance(grant, Grant)
    assert grant.expires_at == datetime(2027, 1, 31, 21, tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "zone", "expected"),
    [
        pytest.param(date(2018, 11, 4), "America/Sao_Paulo", datetime(2018, 11, 4, 3, tzinfo=UTC), id="clocks jump over midnight"),
        pytest.param(date(2026, 10, 25), "Europe/Berlin", datetime(2026, 10, 24, 22, tzinfo=UTC), id="a day of 25 hours"),
        pytest.param(date(2026, 11, 1), "America/Havana", datetime(2026, 11, 1, 4, tzinfo=UTC), id="midnight comes twice"),
    ],
)
def test_a_day_starts_once_wherever_clocks_jump(day: date, zone: str, expected: datetime):
    assert start_of(day, ZoneInfo(zone)) == expected


def test_purchases_wait_and_welcomes_do_not():
    programme = a_programme(BASE + "- {id: welcome, on: registration, give: {fixed: 9}}", pending="{until: 14 days}", expiry="{after: 1 year}")
    noon = datetime(2026, 11, 20, 12, tzinfo=UTC)
    bought = programme.decide(a_purchase(10_00, occurred_at=noon), NEW)
    joined = programme.decide(Registration(programme="shop", occurred_at=noon), NEW)
    assert isinstance(bought, Grant)
    assert isinstance(joined, Grant)
    assert bought.usable_from == datetime(2026, 12, 4, tzinfo=UTC)
    assert not bought.confirmable
    assert joined.usable_from == noon


def test_activities_wait_where_the_document_says_so():
    rule = "- {id: survey, on: activity, when: {activity: survey}, give: {fixed: 5}}"
    programme = a_programme(rule, pending="{until: 2 days, on: [activity]}")
    grant = programme.decide(Activity(programme="shop", kind="survey", occurred_at=datetime(2026, 11, 20, 12, tzinfo=UTC)), NEW)
    assert isinstance(grant, Grant)
    assert grant.usable_from == datetime(2026, 11, 22, tzinfo=UTC)


def test_points_that_await_a_confirmation_become_usable_at_the_latest_on_a_day():
    programme = a_programme(BASE, pending="{until: confirmed, at_latest: 30 days}")
    grant = programme.decide(a_purchase(10_00), NEW)
    assert isinstance(grant, Grant)
    assert grant.confirmable
    assert grant.usable_from == datetime(2026, 12, 20, tzinfo=UTC)
    assert grant.expires_at is None


@pytest.mark.parametrize(("expiry", "days"), [({"after": "1 month"}, 28), ({"after": "10 days"}, 10), ({"to": "end_of_month"}, 0), ({"after": "3 months"}, 89)])
def test_the_shortest_life_is_known(expiry: dict[str, str], days: int):
    assert shortest_life(Expiry(**expiry)) == days


def test_a_lot_is_always_usable_before_it_is_gone():
    programme = a_programme(BASE, pending="{until: 28 days}", expiry="{after: 1 month}", zone="Europe/Berlin")
    for number in range(800):
        grant = programme.decide(a_purchase(1_00, occurred_at=datetime(2026, 1, 1, 23, 30, tzinfo=UTC) + timedelta(days=number)), NEW)
        assert isinstance(grant, Grant)
        assert grant.expires_at is not None
        assert grant.usable_from < grant.expires_at
