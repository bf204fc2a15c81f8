"""Limits against fraud: beyond them an event counts and earns nothing, and says why."""

from datetime import UTC, datetime, timedelta
from typing import cast

import pytest

from accrual.domain.accounts import STRANGER, AccountState, Profile
from accrual.domain.decisions import Grant, NothingEarned
from accrual.domain.document.problems import DocumentError
from accrual.domain.document.reading import read
from accrual.domain.facts import Activity, Fact, Purchase
from accrual.domain.fraud import NEVER
from accrual.domain.programme import Programme

from .builders import NEW, a_document, a_programme, a_purchase

NOON = datetime(2025, 3, 10, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
RULES = """
- {id: base, give: {points: 1, per: 1.00}}
- {id: review, on: activity, when: {activity: review}, give: {fixed: 5}}
"""


def limited(fraud: str) -> Programme:
    return a_programme(RULES, fraud=fraud)


def bought(at: datetime = NOON, *, cents: int = 100, **more: str) -> Purchase:
    return a_purchase(cents, occurred_at=at, **more)


def reviewed(at: datetime = NOON) -> Activity:
    return Activity("shop", "review", at)


def earned(programme: Programme, *facts: Fact, state: AccountState = NEW) -> tuple[list[str | int], AccountState]:
    """What each event earns, one after the other: its points, or why it earns none. And the state after them."""
    found: list[str | int] = []
    for fact in facts:
        decision, state = programme.earn(fact, state)
        explanation = cast("Grant | NothingEarned", decision).explanation
        found.append(explanation.points or explanation.not_given[0].reason)
    return found, state


def test_purchases_faster_than_anybody_shops_count_and_earn_nothing():
    facts = [bought(NOON + MINUTE * number) for number in range(4)]
    found, state = earned(limited("{velocity: {purchases: 2, within: 10 minutes}}"), *facts, bought(NOON + 10 * MINUTE))
    assert found == [1, 1, "too-many-purchases", "too-many-purchases", 1]
    assert state.purchases == 5


def test_it_does_not_matter_in_which_order_they_are_told():
    facts = [bought(NOON + 9 * MINUTE), bought(NOON + 11 * MINUTE), bought(NOON), bought(NOON + 19 * MINUTE), bought(NOON + MINUTE)]
    found, _ = earned(limited("{velocity: {purchases: 2, within: 10 minutes}}"), *facts)
    assert found == [1, 1, 1, 1, "too-many-purchases"]


def test_more_grants_than_anybody_earns_are_not_given_and_the_next_day_is_a_new_one():
    programme = limited("{grants: {times: 2, per: day}}")
    found, _ = earned(programme, reviewed(), bought(), reviewed(), bought(), bought(NOON + timedelta(hours=12)))
    assert found == [5, 1, "too-many-grants", "too-many-grants", 1]


def test_grants_of_another_week_do_not_count():
    found, _ = earned(limited("{grants: {times: 1, per: week}}"), reviewed(NOON - timedelta(days=7)), bought(), bought())
    assert found[1:] == [1, "too-many-grants"]


def test_what_is_refused_does_not_count():
    programme = limited("{velocity: {purchases: 1, within: 1 hour}}")
    _, state = programme.earn(bought(currency="USD"), NEW)
    assert earned(programme, bought(), state=state)[0] == [1]


def test_a_purchase_told_anew_does_not_stand_in_its_own_way():
    programme = limited("{velocity: {purchases: 1, within: 1 hour}, grants: {times: 1, per: month}}")
    _, before = earned(programme, bought(), bought())
    assert programme.fraud is not None
    for passed, expected in ((True, 1), (False, "too-many-purchases")):
        lifted = programme.fraud.lifted(bought(), NOON.date(), before, passed=passed)
        found, after = earned(programme, bought(), state=lifted)
        assert found == [expected]
        assert programme.fraud.as_counted(bought(), NOON.date(), after, before).counters == before.counters


def test_telling_a_stopped_purchase_anew_gives_nothing_where_grants_are_used_up():
    programme = limited("{grants: {times: 1, per: day}}")
    _, before = earned(programme, bought(), bought())
    assert programme.fraud is not None
    lifted = programme.fraud.lifted(bought(), NOON.date(), before, passed=False)
    assert earned(programme, bought(), state=lifted)[0] == ["too-many-grants"]


def test_every_counter_that_is_changed_was_asked_for():
    programme = limited("{velocity: {purchases: 9, within: 7 minutes}, grants: {times: 9, per: week}}")
    for fact in (bought(), reviewed()):
        decision = cast("Grant", programme.decide(fact, NEW))
        assert {key for key, _ in decision.counters} <= set(programme.counters(fact))


@pytest.mark.parametrize(
    ("profile", "fraud", "expected"),
    [
        (Profile(member=True, joined_at=NOON), "{hold_spending: 24 hours}", NOON + timedelta(hours=24)),
        (Profile(member=True, joined_at=NOON), "{hold_spending: 90 minutes}", NOON + timedelta(minutes=90)),
        (STRANGER, "{hold_spending: 24 hours}", NEVER),
        (STRANGER, "{grants: {times: 9}}", None),
    ],
    ids=["a day after joining", "minutes after joining", "a guest has not joined", "nobody waits"],
)
def test_new_members_wait_before_they_spend(profile: Profile, fraud: str, expected: datetime | None):
    limits = limited(fraud).fraud
    assert limits is not None
    assert limits.spending_from(profile) == expected


@pytest.mark.parametrize(
    ("fraud", "message"),
    [
        ("{}", "limits nothing"),
        ("{velocity: {purchases: 0, within: 1 hour}}", "too small"),
        ("{velocity: {purchases: 5, within: 0 minutes}}", "is not written as it should be"),
        ("{grants: {times: 5, per: year}}", "unknown value `year`"),
    ],
)
def test_limits_that_make_no_sense_are_refused(fraud: str, message: str):
    with pytest.raises(DocumentError) as refused:
        read(a_document(RULES, fraud=fraud))
    assert message in refused.value.problems[0].message
