"""Levels from day to day: the published figures, and each policy in an example."""

from datetime import date, timedelta

import pytest

from accrual.domain.compiler import compile_document
from accrual.domain.document.reading import read
from accrual.domain.tiers.climb import Climb
from accrual.domain.tiers.ladder import Ladder
from accrual.domain.tiers.outlook import outlook
from accrual.domain.tiers.progress import History, Progress
from accrual.domain.tiers.timeline import Assignment, Timeline

from .builders import a_document

DAY = date(2026, 7, 20)
METALS = "[{id: bronze, from: 0}, {id: silver, from: 100}, {id: gold, from: 200}]"
BASE = "- {id: base, give: {points: 1, per: 1.00}}"


def a_ladder(**said: str) -> Ladder:
    """The tiers of a document: metals by points, unless told otherwise."""
    tiers = {"by": "points_earned", "window": "calendar_year", "levels": METALS} | said
    text = "{" + ", ".join(f"{key}: {value}" for key, value in tiers.items()) + "}"
    ladder = compile_document(read(a_document(BASE, tiers=text))).ladder
    assert ladder is not None
    return ladder


def a_climb(ladder: Ladder, *done: tuple[date, int], assigned: tuple[Assignment, ...] = ()) -> Climb:
    """An account that earned points on some days."""
    climb = Climb(Timeline([(date(2020, 1, 1), 1, ladder)]), History(), assigned)
    for day, points in done:
        climb.add(day, Progress(points=points, money=points, purchases=1))
    return climb


def level(climb: Climb, day: date) -> str | None:
    return climb.standing(day).level


def first_days(climb: Climb, *, of: date = DAY) -> list[tuple[str, str | None]]:
    """Each level from a day on, with its first day."""
    found: list[tuple[str, str | None]] = []
    for number in range(1200):
        day = of + timedelta(days=number)
        now = level(climb, day)
        if not found or found[-1][1] != now:
            found.append((day.isoformat(), now))
    return found


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        (0, 6000, "bronze"),
        (0, 15000, "silver"),
        (0, 25000, "gold"),
        (4000, 500, "bronze"),
        (8000, 3000, "silver"),
        (18000, 3000, "gold"),
        (22000, 5000, "gold"),
    ],
)
def test_what_was_spent_with_this_purchase_decides_the_level(before: int, now: int, expected: str):
    """T-70."""
    ladder = a_ladder(by="money_spent", window="forever", levels="[{id: bronze, from: 0}, {id: silver, from: 100}, {id: gold, from: 200}]")
    assert level(a_climb(ladder, (DAY, before), (DAY, now)), DAY) == expected


def test_a_level_set_by_hand_is_a_floor_and_no_ceiling():
    """T-71."""
    ladder = a_ladder(levels="[{id: l0, from: 0}, {id: l20, from: 20}, {id: l30, from: 30}]")
    by_hand = Assignment("l20", DAY)
    assert level(a_climb(ladder, (DAY, 20), assigned=(by_hand,)), DAY) == "l20"
    assert level(a_climb(ladder, (DAY, 40), assigned=(by_hand,)), DAY) == "l30"
    assert level(a_climb(ladder, assigned=(by_hand,)), DAY) == "l20"


def test_a_floor_ends_on_its_day_and_the_last_one_set_counts():
    ladder = a_ladder(window="forever")
    floor = Assignment("gold", DAY, DAY + timedelta(days=30))
    assert first_days(a_climb(ladder, (DAY, 100), assigned=(floor,))) == [("2026-07-20", "gold"), ("2026-08-20", "silver")]
    over = Assignment(None, DAY + timedelta(days=3))
    assert first_days(a_climb(ladder, (DAY, 100), assigned=(floor, over))) == [("2026-07-20", "gold"), ("2026-07-23", "silver")]


@pytest.mark.parametrize(("points", "expected"), [(5, "l0"), (10, "l1"), (30, "l2")])
def test_the_year_that_ends_decides_the_level_of_the_next(points: int, expected: str):
    """T-72: the level is found before the count starts anew."""
    ladder = a_ladder(enter="next_period", levels="[{id: l0, from: 0}, {id: l1, from: 10}, {id: l2, from: 30}, {id: l3, from: 100}]")
    climb = a_climb(ladder, (date(2025, 5, 1), 30), (DAY, points))
    assert level(climb, date(2026, 12, 31)) == "l2"
    assert level(climb, date(2027, 1, 1)) == expected
    assert level(climb, date(2028, 1, 1)) == "l0"
    assert not any(climb.history.between(date(2027, 1, 1), date(2027, 1, 1)))


@pytest.mark.parametrize(("points", "expected"), [(-5, None), (99, None), (100, "bronze"), (199, "bronze"), (200, "silver"), (299, "silver"), (300, "gold")])
def test_each_level_goes_up_to_the_next(points: int, expected: str | None):
    """T-73; below the first level there is everybody's."""
    ladder = a_ladder(levels="[{id: nobody, from: 0}, {id: bronze, from: 100}, {id: silver, from: 200}, {id: gold, from: 300}]")
    assert level(a_climb(ladder, (DAY, points)), DAY) == (expected or "nobody")


def test_a_level_is_kept_for_its_term_after_the_day_of_entry():
    """T-75: what falls out of the window on the way takes nothing away."""
    ladder = a_ladder(window="5 days", keep="30 days")
    assert first_days(a_climb(ladder, (DAY, 150))) == [("2026-07-20", "silver"), ("2026-08-20", "bronze")]


@pytest.mark.parametrize(
    ("said", "starts", "ends"),
    [
        ({"keep": "end_of_period"}, "2026-03-10", "2026-04-01"),
        ({"keep": "end_of_next_period"}, "2026-03-10", "2026-05-01"),
        ({"keep": "end_of_period", "grace": "7 days"}, "2026-03-10", "2026-04-08"),
        ({"keep": "end_of_next_period", "grace": "7 days"}, "2026-03-10", "2026-05-08"),
        ({"enter": "next_period"}, "2026-04-01", "2026-05-01"),
        ({"enter": "next_period", "keep": "end_of_period"}, "2026-04-01", "2026-05-01"),
        ({}, "2026-03-10", "2026-04-01"),
    ],
)
def test_a_level_starts_and_ends_with_the_periods(said: dict[str, str], starts: str, ends: str):
    """T-76."""
    climb = a_climb(a_ladder(window="calendar_month", **said), (date(2026, 3, 10), 150))
    assert first_days(climb, of=date(2026, 3, 1)) == [("2026-03-01", "bronze"), (starts, "silver"), (ends, "bronze")]


def test_what_was_spent_still_counts_as_earned():
    """T-78: a level asks what was earned in a period, not what is left of it."""
    ladder = a_ladder(window="calendar_month")
    climb = a_climb(ladder, (date(2026, 3, 1), 60), (date(2026, 3, 20), 60))
    assert first_days(climb, of=date(2026, 3, 1))[1] == ("2026-03-20", "silver")


def test_either_measure_reaches_a_level():
    """T-31: a thousand spent, or a thousand points."""
    ladder = a_ladder(by="[points_earned, money_spent]", levels="[{id: one, from: 0}, {id: two, from: 1000, multiply: 2}]", window="forever")
    for done, expected in [(Progress(points=999, money=999_99), "one"), (Progress(points=1000), "two"), (Progress(money=1000_00), "two")]:
        climb = Climb(Timeline([(date(2020, 1, 1), 1, ladder)]), History({DAY: done}))
        assert level(climb, DAY) == expected
    assert (outlook(climb, DAY) or pytest.fail("no levels")).next_level is None


def test_nobody_falls_where_levels_are_never_lost():
    climb = a_climb(a_ladder(window="30 days", downgrade="none"), (DAY, 200))
    assert first_days(climb) == [("2026-07-20", "gold")]
    assert climb.ahead(DAY) is None


def test_one_step_after_the_other():
    climb = a_climb(a_ladder(window="30 days", keep="60 days", downgrade="one_step"), (DAY, 200))
    assert first_days(climb) == [("2026-07-20", "gold"), ("2026-09-19", "silver"), ("2026-11-18", "bronze")]


def test_down_to_what_was_earned_in_the_last_year():
    year = a_ladder(keep="end_of_next_period")
    climb = a_climb(year, (DAY, 200), (date(2027, 3, 1), 100))
    assert first_days(climb) == [("2026-07-20", "gold"), ("2028-01-01", "silver"), ("2029-01-01", "bronze")]
    climb.add(date(2027, 12, 31), Progress(points=100))
    assert first_days(climb)[:2] == [("2026-07-20", "gold"), ("2029-01-01", "bronze")]


def test_while_it_is_earned_and_in_the_days_of_grace():
    ladder = a_ladder(window="10 days", grace="5 days")
    assert first_days(a_climb(ladder, (DAY, 100))) == [("2026-07-20", "silver"), ("2026-08-05", "bronze")]
    again = a_climb(ladder, (DAY, 100), (date(2026, 8, 4), 100))
    assert first_days(again) == [("2026-07-20", "silver"), ("2026-08-20", "bronze")]
    late = a_climb(ladder, (DAY, 100), (date(2026, 8, 5), 100))
    assert first_days(late) == [("2026-07-20", "silver"), ("2026-08-21", "bronze")]


def test_what_comes_back_was_never_done():
    ladder = a_ladder(window="12 months", keep="12 months")
    climb = a_climb(ladder, (DAY, 150))
    assert level(climb, DAY) == "silver"
    climb.add(DAY, Progress(points=-60))
    assert level(climb, DAY) == "bronze"
    assert climb.ahead(DAY) is None


def test_what_becomes_known_of_a_day_after_somebody_looked_counts_all_the_same():
    climb = a_climb(a_ladder(), (DAY, 60))
    assert level(climb, DAY + timedelta(days=5)) == "bronze"
    climb.add(DAY, Progress(points=60))
    assert level(climb, DAY + timedelta(days=5)) == "silver"


def test_a_new_version_asks_for_its_own_levels_from_its_first_day():
    old, new = a_ladder(window="forever"), a_ladder(window="forever", levels="[{id: bronze, from: 0}, {id: gold, from: 150}, {id: star, from: 500}]")
    timeline = Timeline([(date(2020, 1, 1), 1, old), (date(2026, 9, 1), 4, new), (date(2026, 10, 1), 5, new)])
    climb = Climb(timeline, History({DAY: Progress(points=150)}))
    assert first_days(climb) == [("2026-07-20", "silver"), ("2026-09-01", "gold")]
    assert timeline.edition == 4
    assert (climb.ahead(DAY) or pytest.fail("no levels"))[0] == date(2026, 9, 1)


def test_an_outlook_says_what_is_missing_and_what_comes():
    climb = a_climb(a_ladder(keep="end_of_next_period"), (DAY, 120))
    found = outlook(climb, DAY)
    assert found is not None
    assert (found.level, found.next_level, found.to_next) == ("silver", "gold", {"points_earned": 80})
    assert (found.until, found.to_keep) == (date(2027, 12, 31), {"points_earned": 100})
    assert (found.projected, found.changes_on) == ("bronze", date(2028, 1, 1))
    climb.add(date(2027, 2, 1), Progress(points=30))
    assert (outlook(climb, date(2027, 2, 1)) or pytest.fail("no levels")).to_keep == {"points_earned": 70}


def test_an_outlook_counts_the_period_that_decides_about_the_next():
    found = outlook(a_climb(a_ladder(enter="next_period"), (DAY, 120)), DAY)
    assert found is not None
    assert (found.level, found.next_level, found.to_next) == ("bronze", "silver", {"points_earned": 0})
    assert (found.projected, found.changes_on) == ("silver", date(2027, 1, 1))
