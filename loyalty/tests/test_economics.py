"""The economics: laws that hold for any programme, any plan and any member."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from loyalty.console import Failure
from loyalty.history.options import share_of
from loyalty.simulate.economics import Plan, break_even, months_of, reckoned, sensitivity
from loyalty.simulate.scenario import read_scenario
from loyalty.simulate.wallets import Wallet

shares = st.floats(0, 1)
uplifts = st.floats(0, 0.5)
plans = st.builds(
    Plan,
    months=st.integers(1, 48),
    revenue=st.floats(1, 1e8),
    members=st.floats(0, 1e5),
    margin=shares,
    reward=st.floats(0, 0.2),
    joining=st.floats(0.01, 1),
    ramp=st.integers(1, 24),
    stay=shares,
    one_off=st.floats(0, 1e8),
    monthly=st.floats(0, 1e6),
    messages=st.floats(0, 10),
    frequency=uplifts,
    basket=uplifts,
    retention=uplifts,
)
A_PLAN = Plan(months=2, revenue=1000, members=10, margin=0.5, reward=0.1, joining=1, ramp=1, stay=1, one_off=100, monthly=10, messages=1, frequency=0.2)


def test_a_plan_can_be_checked_with_a_pencil():
    first, second = months_of(A_PLAN)
    assert first.revenue == pytest.approx(1200)
    assert first.gain == pytest.approx(100)  # half of the 200 more
    assert first.rewards == pytest.approx(120)  # a tenth of everything
    assert first.running == pytest.approx(20)
    assert (first.net, second.total) == (pytest.approx(-40), pytest.approx(-180))
    assert reckoned(A_PLAN).budget == pytest.approx(180)


@given(plan=plans, more=st.floats(0.01, 0.5))
def test_more_uplift_never_earns_less_where_goods_bring_more_than_rewards_cost(plan: Plan, more: float):
    assume(plan.margin >= plan.reward)
    better = replace(plan, frequency=plan.frequency + more)
    assert reckoned(better).total >= reckoned(plan).total - 1e-6 * plan.revenue


@given(plan=plans, more=st.floats(0.1, 1e6))
def test_higher_costs_never_raise_the_result_and_one_off_costs_lower_it_by_themselves(plan: Plan, more: float):
    before = reckoned(plan)
    assert reckoned(replace(plan, one_off=plan.one_off + more)).total == pytest.approx(before.total - more, abs=1e-3 + 1e-9 * abs(before.total))
    assert reckoned(replace(plan, monthly=plan.monthly + more)).total <= before.total


@given(plan=plans)
def test_at_the_break_even_uplift_the_result_is_nothing(plan: Plan):
    assume(plan.margin > plan.reward + 0.01)
    found = break_even(plan)
    assert found is not None
    alone = replace(plan, frequency=found, basket=0.0, retention=0.0)
    scale = max(plan.revenue * plan.months * (1 + abs(found)), plan.one_off, plan.monthly * plan.months, 1.0)
    assert abs(reckoned(alone).total) <= 1e-6 * scale


@given(plan=plans)
def test_where_rewards_cost_more_than_goods_bring_no_uplift_is_enough(plan: Plan):
    assert break_even(replace(plan, reward=plan.margin + 0.01)) is None


@given(plan=plans)
def test_what_was_paid_back_stays_paid_back_and_the_budget_covers_the_deepest_point(plan: Plan):
    result = reckoned(plan)
    totals = [month.total for month in result.months]
    assert all(-total <= result.budget + 1e-6 for total in [-plan.one_off, *totals])
    if result.payback is None:
        assert totals[-1] < 0
    else:
        assert all(total >= 0 for total in totals[result.payback - 1 :])
        assert result.payback == 1 or totals[result.payback - 2] < 0
    assert totals[-1] == pytest.approx(sum(month.net for month in result.months) - plan.one_off, abs=1e-6 * max(plan.one_off, plan.revenue * 50))


@given(plan=plans)
def test_without_any_uplift_a_programme_costs_and_never_brings(plan: Plan):
    idle = replace(plan, frequency=0.0, basket=0.0, retention=0.0)
    assert all(month.gain == pytest.approx(0, abs=1e-6 * plan.revenue) and month.net <= 1e-6 * plan.revenue for month in months_of(idle))


@given(plan=plans)
def test_sensitivity_names_what_matters_most_first_and_holds_the_result_between(plan: Plan):
    result, swings = reckoned(plan).total, sensitivity(plan)
    slack = 1e-6 * (abs(result) + plan.revenue * plan.months + plan.one_off)
    assert all(swing.worse - slack <= result <= swing.better + slack for swing in swings)
    assert [swing.width for swing in swings] == sorted((swing.width for swing in swings), reverse=True)


START = datetime(2026, 1, 1, tzinfo=UTC)
steps = st.lists(st.tuples(st.sampled_from(["grant", "spend", "take"]), st.integers(1, 500), st.integers(0, 40)), max_size=40)


@given(steps=steps, percent=st.integers(0, 100), life=st.integers(1, 90), debts=st.booleans())
def test_no_point_of_a_wallet_is_lost_or_made_and_never_more_are_spent_than_expected(
    steps: list[tuple[str, int, int]], percent: int, life: int, *, debts: bool
):
    redemption = Fraction(percent, 100)
    wallet, now = Wallet(redemption), START
    issued = taken = spent = expired = missing = takes = 0
    for what, points, days in steps:
        now += timedelta(days=days)
        expired += sum(gone for _, gone in wallet.expire(now))
        if what == "grant":
            wallet.grant(points, usable_from=now + timedelta(days=3), expires_at=now + timedelta(days=3 + life))
            issued += points
        elif what == "spend":
            part = min(points, wallet.usable(now))
            wallet.spend(part)
            spent += part
        else:
            part = min(points, wallet.kept)
            missing += wallet.take_back(part, in_debt=debts)
            taken += part
            takes += 1
        assert wallet.open >= 0
        assert wallet.debt >= 0
        assert spent + wallet.open <= redemption * issued + takes  # each return is rounded by itself
    if not taken:
        assert wallet.balance == issued - spent - expired
    assert wallet.kept == issued - taken
    assert missing <= taken


def test_what_expires_before_a_visit_costs_nothing():
    wallet = Wallet(Fraction(1))
    wallet.grant(100, usable_from=START, expires_at=START + timedelta(days=10))
    assert wallet.expire(START + timedelta(days=10)) == [(START + timedelta(days=10), 100)]
    assert wallet.usable(START + timedelta(days=11)) == 0


def test_a_debt_is_paid_by_the_next_points():
    wallet = Wallet(Fraction(1))
    wallet.grant(100, usable_from=START, expires_at=None)
    wallet.spend(100)
    assert wallet.take_back(60, in_debt=True) == 60
    wallet.grant(100, usable_from=START, expires_at=None)
    assert (wallet.usable(START), wallet.debt) == (40, 0)


def test_the_example_scenario_is_one(tmp_path: Path):
    scenario = read_scenario(Path(__file__).parents[1] / "examples" / "scenario.yaml")
    assert (scenario.joining, scenario.uplift.base.frequency) == (Fraction(3, 5), Fraction(1, 25))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("uplift: {base: {frequency: 3}}", "uplift.base.frequency: write a share with its sign, as 12.5%, instead of 3"),
        ("uplift: {base: {}, optimistic: {}}", "uplift.pessimistic: Field required"),
        ("month: 24", "month: Extra inputs are not permitted"),
        ("joining: 120%", "joining: Input should be less than or equal to 1"),
        ("costs: {monthly: {people: free}}", "costs.monthly.people: write an amount of money"),
        ("a: [", "is not YAML"),
    ],
)
def test_a_wrong_scenario_names_the_place(tmp_path: Path, text: str, reason: str):
    (tmp_path / "s.yaml").write_text(text)
    with pytest.raises(Failure) as failure:
        read_scenario(tmp_path / "s.yaml")
    assert reason in failure.value.what


def test_shares_are_read_exactly():
    assert share_of("12.5%") == Fraction(1, 8)
    with pytest.raises(ValueError, match="with its sign"):
        share_of("0.125")
