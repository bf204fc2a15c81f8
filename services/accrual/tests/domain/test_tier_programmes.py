"""The example programmes with levels do what their comments say."""

from datetime import UTC, date, datetime

from accrual.domain.accounts import AccountState, Profile
from accrual.domain.compiler import compile_document
from accrual.domain.document.reading import read
from accrual.domain.programme import Programme
from accrual.domain.tiers.climb import Climb
from accrual.domain.tiers.outlook import outlook
from accrual.domain.tiers.progress import History, Progress
from accrual.domain.tiers.timeline import timeline_of

from .builders import PROGRAMMES, a_line, a_purchase, decided


def the(name: str) -> Programme:
    return compile_document(read((PROGRAMMES / f"{name}.yaml").read_text()))


def a_climb(programme: Programme, *done: tuple[date, Progress]) -> Climb:
    return Climb(timeline_of([programme]), History(dict(done)))


def test_a_regular_guest_of_the_coffee_house_earns_a_quarter_more_until_a_fortnight_after():
    coffee, day = the("coffee-bonus"), date(2026, 3, 2)
    climb = a_climb(coffee, (day, Progress(points=500)))
    assert [climb.standing(each).level for each in (day, date(2027, 3, 2), date(2027, 3, 16), date(2027, 3, 17))] == ["regular"] * 3 + ["friend"]
    found = outlook(climb, day)
    assert found is not None
    assert (found.to_next, found.projected, found.changes_on) == ({"points_earned": 1500}, "friend", date(2027, 3, 17))
    cup = a_purchase(a_line(200_00, category="drink"), merchant="coffee-house", currency="RUB", occurred_at=datetime(2026, 3, 2, 12, tzinfo=UTC))
    known = [AccountState(purchases=9, profile=Profile(member=True, tier=tier)) for tier in ("friend", "regular", "gold")]
    assert [decided(coffee, cup, state).explanation.points for state in known] == [10, 12, 15]


def test_a_years_volume_decides_about_the_next_and_levels_go_down_one_at_a_time():
    wholesale = the("wholesale-rebate")
    climb = a_climb(wholesale, (date(2026, 5, 1), Progress(money=5_000_000_00, purchases=40)), (date(2027, 5, 1), Progress(purchases=100)))
    days = [date(2026, 12, 31), date(2027, 1, 1), date(2028, 1, 1), date(2029, 1, 1)]
    assert [climb.standing(day).level for day in days] == ["trade", "key", "preferred", "trade"]
    found = outlook(climb, date(2027, 12, 1))
    assert found is not None
    assert (found.until, found.to_keep) == (date(2027, 12, 31), {"money_spent": 5_000_000_00, "purchases": 200})


def test_a_rebate_counts_the_whole_volume_of_the_quarter_at_the_rate_that_it_reached():
    wholesale, state = the("wholesale-rebate"), AccountState()
    points = []
    for day, roubles in [(10, 300_000), (20, 300_000), (28, 1_400_000)]:
        order = a_purchase(
            a_line(roubles * 100), merchant="paper-wholesale", currency="RUB", purchase_id=str(day), occurred_at=datetime(2026, 2, day, tzinfo=UTC)
        )
        decision, state = wholesale.earn(order, state)
        points.append(decision.explanation.points)
    assert points == [3_000_00, 9_000_00, 48_000_00]  # 1 % of 300,000; 2 % of 600,000 in all; 3 % of 2,000,000 in all


def test_what_was_ever_bought_decides_about_the_card():
    climb = a_climb(the("hardware-discount"), (date(2026, 1, 5), Progress(money=9_999_99)), (date(2031, 7, 1), Progress(money=1)))
    assert [climb.standing(day).level for day in (date(2031, 6, 30), date(2031, 7, 1), date(2060, 1, 1))] == ["start", "bronze", "bronze"]
