"""While terms change, whoever was there before gets the better of both versions, and nothing is counted for the one that lost."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accrual.domain.accounts import AccountState, CounterKey, Profile
from accrual.domain.decisions import Grant, Refusal
from accrual.domain.document.problems import DocumentError
from accrual.domain.document.reading import read
from accrual.domain.facts import Activity, Fact, Registration
from accrual.domain.given import given_of
from accrual.domain.keeping import NOTHING, keep, undone
from accrual.domain.programme import Programme
from accrual.domain.programmes import Programmes
from accrual.domain.returns import Returned

from .builders import a_document, a_line, a_programme, a_purchase, decided
from .builders import points as a_points_section

OLD_RULES = (
    "- {id: base, give: {points: 1, per: 10.00}, cap: {points: 50, per: day}}\n- {id: visit, on: activity, when: {activity: visit}, give: {fixed: 10}}\n"
)
NEW_RULES = "- {id: base, give: {points: 1, per: 20.00}}\n- {id: tea, when: {category: tea}, give: {points: 1, per: 2.00}}\n"
BETTER = "{existing: better_of, until: 2026-12-31}"
BEFORE, AFTER = datetime(2026, 10, 31, tzinfo=UTC), datetime(2026, 11, 2, tzinfo=UTC)


def versions(*documents: tuple[str, dict[str, str]]) -> Programme:
    """Versions one after another, from the first of each month on; the last of them."""
    starts = ["2020-01-01", "2026-11-01", "2026-11-10"]
    made = [a_programme(rules, version=str(number), effective_from=starts[number - 1], **more) for number, (rules, more) in enumerate(documents, start=1)]
    return Programmes(made).all()[-1]


def changing(**more: str) -> Programme:
    return versions((OLD_RULES, {}), (NEW_RULES, {"transition": BETTER, **more}))


def somebody(joined: datetime | None = BEFORE, **counted: int) -> AccountState:
    counters = {CounterKey("base", f"points/day:2026-{day[-5:-3]}-{day[-2:]}"): value for day, value in counted.items()}
    return AccountState(counters=counters, profile=Profile(member=joined is not None, joined_at=joined))


def told(programme: Programme, fact: Fact, state: AccountState) -> tuple[int, int, str]:
    """Points, who decided, and what is said of the other version."""
    decision = decided(programme, fact, state)
    said = [silent.text for silent in decision.explanation.not_given if silent.reason == "other-version"]
    return decision.explanation.points, programme.deciding(decision.version).terms.version, "; ".join(said)


def test_whoever_was_there_gets_what_gives_more():
    programme = changing()
    assert told(programme, a_purchase(100_00), somebody()) == (10, 1, "version 2 would give 5")
    assert told(programme, a_purchase(a_line(100_00, category="tea")), somebody()) == (55, 2, "version 1 would give 10")


def test_of_two_that_give_the_same_the_new_one_decides():
    assert told(changing(), a_purchase(1_00), somebody()) == (0, 2, "version 1 would give 0")


@pytest.mark.parametrize("joined", [None, AFTER, datetime(2026, 11, 1, tzinfo=UTC)], ids=["a guest", "later", "with its first moment"])
def test_whoever_came_later_has_the_new_terms_alone(joined: datetime | None):
    assert told(changing(), a_purchase(100_00), somebody(joined)) == (5, 2, "")


def test_it_ends_with_its_last_day():
    last, next_day = datetime(2026, 12, 31, 23, 59, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
    assert told(changing(), a_purchase(100_00, occurred_at=last), somebody())[:2] == (10, 1)
    assert told(changing(), a_purchase(100_00, occurred_at=next_day), somebody()) == (5, 2, "")


def test_what_gave_nothing_any_more_is_not_asked():
    """Its points would be gone with its own closing."""
    closed = {"close": "{earn_until: 2026-10-25, spend_until: 2026-11-10}"}
    programme = versions((OLD_RULES, closed), (NEW_RULES, {"transition": BETTER}))
    assert told(programme, a_purchase(100_00), somebody()) == (5, 2, "")


def test_actions_have_it_too_and_joining_has_not():
    visit = Activity(programme="shop", kind="visit", occurred_at=AFTER)
    assert told(changing(), visit, somebody())[:2] == (10, 1)
    assert told(changing(), Registration("shop", AFTER), somebody(None)) == (0, 2, "")


def test_a_currency_that_the_new_terms_no_longer_know_still_earns():
    old = {"currency": "", "currencies": "[EUR, USD]", "points": a_points_section(worth="{EUR: 0.01, USD: 0.01}")}
    programme = versions((OLD_RULES.replace("10.00", "{EUR: 10.00, USD: 10.00}"), old), (NEW_RULES, {"transition": BETTER}))
    in_dollars = a_purchase(100_00, currency="USD")
    assert told(programme, in_dollars, somebody()) == (10, 1, "version 2 would refuse it: unknown-currency")
    assert isinstance(programme.decide(in_dollars, somebody(AFTER)), Refusal)


def test_a_later_version_carries_on_what_an_earlier_one_promised():
    generous = "- {id: base, give: {points: 1, per: 1.00}}\n"
    programme = versions((generous, {}), (OLD_RULES, {"transition": BETTER}), (NEW_RULES, {"transition": BETTER}))
    early, between = somebody(), somebody(datetime(2026, 11, 5, tzinfo=UTC))
    assert told(programme, a_purchase(100_00), early) == (100, 1, "version 2 would give 10; version 3 would give 5")
    assert told(programme, a_purchase(100_00), between) == (10, 2, "version 3 would give 5")


def test_only_the_version_that_decided_counts():
    tea, programme = a_purchase(a_line(100_00, category="tea")), changing()
    base = CounterKey("base", "points/day:2026-11-20")
    assert base in programme.counters(tea)
    assert dict(decided(programme, tea, somebody()).counters) == {}
    assert dict(decided(programme, a_purchase(100_00), somebody()).counters) == {base: 10}


def test_a_coupon_of_the_new_prices_is_used_up_whichever_version_decides():
    programme = changing(discounts="[{id: ten, percent: 10, when: {coupon: ten}}]", coupons="[{id: ten, code: TEN, per_member: 1}]")
    receipt = a_purchase(a_line(90_00, list_amount=100_00), coupons=("TEN",))
    decision, state = programme.earn(receipt, somebody())
    assert not isinstance(decision, Refusal)
    assert (decision.explanation.points, decision.version, decision.effects.coupons) == (9, 1, ("TEN",))
    assert decided(programme, receipt, state).effects.coupons == ()
    assert programme.deciding(decision.version).coupons.is_given_back("ten")


def test_a_return_keeps_by_the_version_that_decided():
    programme, purchase = changing(), a_purchase(100_00)
    decision, state = programme.earn(purchase, somebody())
    assert isinstance(decision, Grant)
    given_then, deciding = given_of(decision.explanation), programme.deciding(decision.version)
    whole = keep(deciding, purchase, given_then, Returned())
    assert (whole.points, dict(whole.counters)) == (10, dict(decision.counters))
    assert undone(state, whole, NOTHING)[0].counters[CounterKey("base", "points/day:2026-11-20")] == 0


@given(st.lists(st.tuples(st.integers(0, 40_000), st.booleans()), max_size=12))
def test_no_purchase_gives_less_than_either_version_would_and_caps_hold(bought: list[tuple[int, bool]]):
    programme, state, capped = changing(), somebody(), 0
    alone = [a_programme(OLD_RULES), a_programme(NEW_RULES)]
    for cents, is_tea in bought:
        purchase = a_purchase(a_line(cents, category="tea" if is_tea else None))
        expected = [decided(each, purchase, state).explanation.points for each in alone]
        decision, state = programme.earn(purchase, state)
        assert not isinstance(decision, Refusal)
        assert decision.explanation.points == max(expected)
        by_old = decision.version == 1
        assert by_old == (expected[0] > expected[1])
        capped += decision.explanation.points if by_old else 0
    assert capped == state.counters.get(CounterKey("base", "points/day:2026-11-20"), 0) <= 50


def test_a_transition_needs_a_version_before_it_whose_points_are_the_same():
    new = a_programme(NEW_RULES, version="2", effective_from="2026-11-01", transition=BETTER)
    assert [problem.path for problem in Programmes([]).conflicts(new)] == ["transition"]
    assert Programmes([a_programme(OLD_RULES)]).conflicts(new) == ()
    finer = a_programme(OLD_RULES, points=a_points_section(decimals="2"))
    assert [problem.path for problem in Programmes([finer]).conflicts(new)] == ["transition"]


def test_a_transition_that_is_over_before_it_begins_is_found():
    with pytest.raises(DocumentError) as refused:
        read(a_document(NEW_RULES, effective_from="2027-01-01", transition=BETTER))
    assert [problem.path for problem in refused.value.problems] == ["transition.until"]
