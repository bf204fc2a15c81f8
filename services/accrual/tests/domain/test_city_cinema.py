"""The example of rules that count from visit to visit, and of campaigns: what its comments promise."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from accrual.domain.accounts import AccountState, Profile
from accrual.domain.compiler import compile_document
from accrual.domain.decisions import Grant, NothingEarned, RewardDue
from accrual.domain.document.reading import read
from accrual.domain.facts import Payment, Purchase
from accrual.domain.programme import Programme

from .builders import PROGRAMMES, a_line, a_purchase, by_rule

MONDAY = datetime(2026, 10, 5, 16, tzinfo=UTC)


@pytest.fixture(scope="module")
def cinema() -> Programme:
    return compile_document(read((PROGRAMMES / "city-cinema.yaml").read_text()))


def tickets(number: int, at: datetime = MONDAY, **more: Any) -> Purchase:
    return a_purchase(
        a_line(number * 400_00, category="ticket", quantity=number * 1_000), **({"merchant": "city-cinema", "currency": "RUB", "occurred_at": at} | more)
    )


def after(cinema: Programme, *purchases: Purchase, state: AccountState | None = None) -> list[Grant | NothingEarned]:
    found, now = [], state or AccountState(profile=Profile(member=True, seed=b"a", joined_at=MONDAY - timedelta(days=400)))
    for purchase in purchases:
        decision, now = cinema.earn(purchase, now)
        assert isinstance(decision, Grant | NothingEarned)
        found.append(decision)
    return found


def test_the_tenth_ticket_is_free_however_they_were_bought(cinema: Programme):
    assert [decision.effects.rewards for decision in after(cinema, tickets(6), tickets(3), tickets(12))] == [
        (),
        (),
        (RewardDue("tenth-ticket", "free-ticket", 2),),
    ]


def test_what_is_paid_with_stars_earns_none_and_nobody_hoards(cinema: Programme):
    half = (Payment("points", 500_00), Payment("card", 500_00))
    paid, full = after(cinema, tickets(1), a_purchase(1000_00, merchant="city-cinema", currency="RUB", occurred_at=MONDAY, payments=half))
    assert (by_rule(paid)["base"], by_rule(full)["base"]) == (8, 10)
    rich = AccountState(profile=Profile(member=True, seed=b"a", joined_at=MONDAY), balance=2995)
    assert after(cinema, tickets(1), state=rich)[0].explanation.points == 5


def test_four_weeks_in_a_row_are_thanked_once(cinema: Programme):
    given = [by_rule(decision).get("regular", 0) for decision in after(cinema, *(tickets(1, MONDAY + timedelta(weeks=week)) for week in range(9)))]
    assert given == [0, 0, 0, 150, 0, 0, 0, 150, 0]


def test_the_bar_thanks_by_size_and_from_five_thousand_on_all_earns_more(cinema: Programme):
    bar = a_purchase(a_line(1_000_00, category="bar"), merchant="city-cinema-bar", currency="RUB", occurred_at=MONDAY)
    small, big = after(cinema, bar, *[tickets(10)], bar)[::2]
    assert by_rule(small) == {"base": 20, "bar": 20}
    assert by_rule(big) == {"base": 20, "bar": 20, "fan": 20}


@pytest.mark.parametrize(("wallet", "expected"), [(200_00, 4), (199_99, 0)])
def test_half_by_wallet_earns_more(cinema: Programme, wallet: int, expected: int):
    payments = (Payment("wallet", wallet), Payment("card", 400_00 - wallet))
    (decision,) = after(cinema, tickets(1, payments=payments))
    assert by_rule(decision).get("wallet", 0) == expected


def test_the_first_wednesday_belongs_to_old_friends(cinema: Programme):
    wednesdays = [datetime(2026, 10, day, 9, tzinfo=UTC) for day in (7, 14)]
    assert [by_rule(after(cinema, tickets(1, day))[0]).get("old-friends", 0) for day in wednesdays] == [50, 0]
    new = AccountState(profile=Profile(member=True, joined_at=wednesdays[0] - timedelta(days=100)))
    assert "old-friends" not in by_rule(after(cinema, tickets(1, wednesdays[0]), state=new)[0])


def test_of_the_festival_and_the_tuesday_the_better_one_applies(cinema: Programme):
    monday, tuesday = datetime(2026, 11, 23, 9, tzinfo=UTC), datetime(2026, 11, 24, 9, tzinfo=UTC)
    assert by_rule(after(cinema, tickets(1, monday))[0]) == {"base": 8, "festival/ticket": 10}
    assert by_rule(after(cinema, tickets(1, tuesday))[0]) == {"base": 8, "festival/ticket": 10}
    popcorn = a_purchase(a_line(900_00, category="bar"), merchant="city-cinema", currency="RUB", occurred_at=tuesday)
    assert by_rule(after(cinema, popcorn)[0]) == {"base": 18, "double-tuesday/twice": 18}
