"""Which version decides an event, and which may be published beside others."""

from datetime import UTC, datetime, timedelta

import pytest

from accrual.domain.decisions import Reason, Refusal
from accrual.domain.facts import Activity, Registration
from accrual.domain.programme import Programme
from accrual.domain.programmes import Programmes

from .builders import FRIDAY_NOON as NOW
from .builders import a_programme, a_purchase

RULE = "- {id: base, give: {points: 1, per: 1.00}}"


def a_version(number: int = 1, *, since: str = "2020-01-01", **sections: str) -> Programme:
    return a_programme(RULE, version=str(number), effective_from=since, **sections)


def reason(found: Programme | Refusal) -> Reason:
    assert isinstance(found, Refusal)
    assert found.text
    return found.reason


def test_the_version_in_force_at_the_events_time_decides():
    old, new = a_version(1), a_version(2, since="2026-11-20")
    programmes = Programmes([new, old])
    assert programmes.select(a_purchase(1, occurred_at=datetime(2026, 11, 20, tzinfo=UTC)), now=NOW) is new
    assert programmes.select(a_purchase(1, occurred_at=datetime(2026, 11, 19, 23, 59, tzinfo=UTC)), now=NOW) is old
    assert (programmes.latest("shop"), programmes.version("shop", 1), programmes.version("shop", 3)) == (new, old, None)
    assert programmes.all() == (old, new)


def test_a_version_starts_at_midnight_in_its_zone_or_at_a_moment():
    assert a_version(since="2026-12-01", zone="Europe/Moscow").terms.starts_at == datetime(2026, 11, 30, 21, tzinfo=UTC)
    assert a_version(since="2026-12-01T09:30:00+03:00").terms.starts_at == datetime(2026, 12, 1, 6, 30, tzinfo=UTC)


def test_a_programme_lasts_to_the_end_of_its_last_day():
    ended = Programmes([a_version(effective_until="2026-11-19")])
    last = datetime(2026, 11, 19, 23, 59, 59, tzinfo=UTC)
    assert isinstance(ended.select(a_purchase(1, occurred_at=last), now=NOW), Programme)
    assert reason(ended.select(a_purchase(1, occurred_at=last + timedelta(seconds=1)), now=NOW)) is Reason.NOT_IN_FORCE


@pytest.mark.parametrize(
    ("age", "expected"),
    [
        pytest.param(timedelta(minutes=-5), None, id="a clock five minutes ahead"),
        pytest.param(timedelta(minutes=-5, microseconds=-1), Reason.IN_THE_FUTURE, id="a clock further ahead"),
        pytest.param(timedelta(days=400), None, id="400 days late"),
        pytest.param(timedelta(days=400, microseconds=1), Reason.TOO_OLD, id="later"),
    ],
)
def test_events_come_neither_too_late_nor_from_the_future(age: timedelta, expected: Reason | None):
    found = Programmes([a_version()]).select(a_purchase(1, occurred_at=NOW - age), now=NOW)
    assert isinstance(found, Programme) if expected is None else reason(found) is expected


def test_the_document_says_how_late_an_event_may_come():
    programmes = Programmes([a_version(late="{accept: 800 days}")])
    assert isinstance(programmes.select(a_purchase(1, occurred_at=NOW - timedelta(days=800)), now=NOW), Programme)


@pytest.mark.parametrize("moment", [datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)], ids=["first", "last"])
def test_the_ends_of_time_are_refused(moment: datetime):
    assert isinstance(Programmes([a_version()]).select(a_purchase(1, occurred_at=moment), now=NOW), Refusal)


def test_unknown_merchants_and_programmes_are_refused_by_name():
    programmes = Programmes([a_version()])
    assert reason(programmes.select(a_purchase(1, merchant="other"), now=NOW)) is Reason.UNKNOWN_MERCHANT
    assert reason(programmes.select(Registration(programme="other", occurred_at=NOW), now=NOW)) is Reason.UNKNOWN_PROGRAMME
    assert isinstance(programmes.select(Activity(programme="shop", kind="x", occurred_at=NOW), now=NOW), Programme)


def test_before_its_first_version_a_programme_is_not_in_force():
    programmes = Programmes([a_version(since="2026-11-21")])
    assert reason(programmes.select(a_purchase(1, occurred_at=NOW), now=NOW)) is Reason.NOT_IN_FORCE


def test_a_merchant_may_change_programmes_and_belongs_to_one_at_a_time():
    first = a_version(1, merchants="[shop, cafe]")
    without = a_version(2, since="2026-11-10", merchants="[cafe]")
    other = a_version(1, since="2026-11-10", programme="other")
    assert [problem.path for problem in Programmes([first]).conflicts(other)] == ["merchants"]
    assert Programmes([first, without]).conflicts(other) == ()
    programmes = Programmes([first, without, other])
    assert programmes.select(a_purchase(1, occurred_at=datetime(2026, 11, 9, tzinfo=UTC)), now=NOW) is first
    assert programmes.select(a_purchase(1, occurred_at=datetime(2026, 11, 10, tzinfo=UTC)), now=NOW) is other


def test_a_merchant_promised_to_another_programme_later_is_not_free_now():
    later = a_version(1, since="2027-01-01", programme="other")
    assert [problem.path for problem in Programmes([later]).conflicts(a_version(1))] == ["merchants"]
    assert Programmes([later]).conflicts(a_version(1, effective_until="2026-12-31")) == ()


def test_a_new_version_has_a_higher_number_and_a_later_date():
    programmes = Programmes([a_version(2, since="2026-01-01")])
    assert [problem.path for problem in programmes.conflicts(a_version(2, since="2026-01-02"))] == ["version"]
    assert [problem.path for problem in programmes.conflicts(a_version(3, since="2026-01-01"))] == ["effective_from"]
    assert programmes.conflicts(a_version(3, since="2026-01-02")) == ()
