"""Simulations: the engine's own answers, added up without losing a point, and told to people."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accrual.domain.accounts import AccountState
from accrual.domain.compiler import compile_document
from accrual.domain.document.reading import read
from accrual.domain.facts import Line, Purchase
from accrual.domain.programme import Programme
from accrual.domain.returns import AskedLine, AskedReturn
from loyalty.console import Failure
from loyalty.demo.cdnow import read_sales
from loyalty.history.events import Bought, Brought, Event, History
from loyalty.page.build import html_of
from loyalty.simulate.command import found_by, replayed, simulate
from loyalty.simulate.comparison import compared, distribution
from loyalty.simulate.figures import as_json
from loyalty.simulate.outcome import Outcome
from loyalty.simulate.replay import Assumptions, Replay
from loyalty.simulate.result import Simulation
from loyalty.simulate.telling import page_of

START = datetime(2026, 1, 5, 12, tzinfo=UTC)
HEAD = """
programme: shop
version: 1
effective_from: 2020-01-01
zone: UTC
currency: EUR
merchants: [shop]
points: {name: {en: points}, worth: 0.01}
"""
RULES = """
earning:
  - {id: base, give: {points: 1, per: 1.00}}
  - {id: mugs, when: {sku: mug}, give: {multiply: 2}, cap: {points: 50, per: month}}
  - {id: big, when: {minimum: 50.00}, give: {fixed: 20}, cap: {times: 1, per: day}}
  - {id: never, when: {sku: unicorn}, give: {fixed: 1000}}
"""


def a_programme(text: str = RULES, **sections: str) -> Programme:
    more = "".join(f"{key}: {value}\n" for key, value in sections.items())
    return compile_document(read(HEAD + dedent(text) + more))


def bought(customer: str | None, cents: int, *, days: int = 0, sku: str = "mug", number: int = 1, cost: int | None = None) -> Bought:
    at = START + timedelta(days=days)
    line = Line(line_id="1", sku=sku, paid_amount=cents)
    return Bought(at, customer, Purchase("shop", str(number), (line,), "EUR", at, identified=customer is not None), cost)


def brought(customer: str, cents: int, *, days: int, sku: str = "mug") -> Brought:
    return Brought(START + timedelta(days=days), customer, AskedReturn("EUR", (AskedLine(1000, cents, sku=sku),)))


def unseen(done: int, *, total: int | None = None) -> None:
    """Nobody looks at the progress."""


def run(events: Sequence[Event], programme: Programme | None = None, *, redemption: Fraction = Fraction(1)) -> Outcome:
    history = History(source="made", events=sorted(events, key=lambda event: event.occurred_at), currency="EUR")
    return Replay(programme or a_programme(), history, Assumptions(redemption=redemption)).run(unseen)


purchases = st.lists(
    st.builds(
        bought,
        st.sampled_from(["ana", "bob", "cid", None]),
        st.integers(1, 20_000),
        days=st.integers(0, 200),
        sku=st.sampled_from(["mug", "lamp"]),
        number=st.integers(1, 10**6),
    ),
    min_size=1,
    max_size=30,
)
returns = st.lists(st.builds(brought, st.sampled_from(["ana", "bob"]), st.integers(1, 20_000), days=st.integers(0, 250)), max_size=6)


@settings(max_examples=60, deadline=None)
@given(events=purchases)
def test_the_replay_gives_what_the_engine_gives_event_by_event(events: list[Bought]):
    programme, states, total = a_programme(), dict[str, AccountState](), 0
    for event in sorted(events, key=lambda event: event.occurred_at):
        if event.customer is not None:
            decision, states[event.customer] = programme.earn(event.purchase, states.get(event.customer, AccountState()))
            total += decision.explanation.points
    assert run(events, programme).issued == total


@settings(max_examples=60, deadline=None)
@given(events=purchases, back=returns, percent=st.integers(0, 100))
def test_points_add_up_by_rule_by_month_and_by_member_and_cost_no_more_than_expected(events: list[Bought], back: list[Brought], percent: int):
    outcome = run([*events, *back], a_programme(expiry="{after: 3 months}"), redemption=Fraction(percent, 100))
    assert sum(sums.points for sums in outcome.rules.values()) == outcome.issued
    assert sum(sums.issued for sums in outcome.members.values()) == outcome.issued
    assert sum(sums.taken_back for sums in outcome.members.values()) == outcome.taken_back <= outcome.issued
    assert outcome.spent + outcome.open_points <= Fraction(percent, 100) * outcome.issued + len(back)  # each return is rounded by itself
    assert outcome.revenue == sum(event.amount for event in events) - sum(event.amount for event in back)
    if not back:
        assert outcome.cost <= outcome.most_cost * Fraction(percent, 100)


def test_a_return_takes_what_the_goods_left_do_not_earn_and_an_unknown_one_nothing():
    outcome = run([bought("ana", 40_00), brought("ana", 40_00, days=2), brought("ana", 1_00, days=3), brought("nobody", 1_00, days=3)])
    assert (outcome.issued, outcome.taken_back) == (80, 80)
    assert (outcome.returns, outcome.unmatched_returns) == (3, 2)
    assert outcome.revenue == -2_00


def test_points_that_expire_before_the_next_visit_cost_nothing():
    events = [bought("ana", 10_00, sku="lamp"), bought("ana", 10_00, days=40, sku="lamp"), bought("ana", 10_00, days=50, sku="lamp")]
    outcome = run(events, a_programme(expiry="{after: 1 month}"))
    assert (outcome.issued, outcome.expired, outcome.spent, outcome.open_points) == (30, 10, 10, 10)


def test_who_joins_is_welcomed_once():
    programme = a_programme(RULES + "  - {id: hello, on: registration, give: {fixed: 100}}\n")
    assert run([bought("ana", 1_00, sku="lamp"), bought("ana", 1_00, days=1, sku="lamp")], programme).issued == 102


def test_a_transition_leaves_nobody_with_less_and_returns_undo_what_was_given():
    old = a_programme("earning: [{id: base, give: {points: 1, per: 1.00}}]\n")
    document = HEAD.replace("version: 1", "version: 2").replace("2020-01-01", "2026-06-01") + "transition: {existing: better_of, until: 2026-12-31}\n"
    new = compile_document(read(document + "earning: [{id: mugs, when: {sku: mug}, give: {points: 3, per: 1.00}}]\n"))
    events = [bought("ana", 10_00), bought("ana", 10_00, days=1, sku="lamp"), brought("ana", 10_00, days=2, sku="lamp")]
    assert run(events, new).issued == 30
    new.follow(old)
    outcome = run(events, new)
    assert (outcome.issued, outcome.taken_back, outcome.by_before) == (40, 10, 1)
    late = bought("ana", 10_00, days=365, sku="lamp", number=2)
    assert run([bought("ana", 10_00), late], new).issued == 30
    assert ("programme", "other-version") not in {each[:2] for each in outcome.silent}


def test_cost_of_goods_gives_the_margin_and_one_unknown_cost_hides_it():
    assert run([bought("ana", 10_00, cost=6_00), bought(None, 10_00, cost=4_00)]).cost_of_goods == 10_00
    assert run([bought("ana", 10_00, cost=6_00), bought(None, 10_00)]).cost_of_goods is None


@settings(max_examples=40, deadline=None)
@given(events=purchases)
def test_a_programme_against_itself_changes_nothing_for_nobody(events: list[Bought]):
    outcome = run(events)
    change = compared(outcome, run(events), {})
    assert (change.gaining, change.losing, change.same) == ([], [], len(outcome.members))
    assert distribution(change, unit=1) == []


def test_who_gains_and_who_loses_is_told_apart_by_member_and_in_sum():
    half = a_programme(RULES.replace("points: 1, per: 1.00", "points: 1, per: 2.00"))
    more = a_programme(RULES.replace("{points: 1, per: 1.00}", "{points: 1, per: 2.00}").replace("fixed: 20", "fixed: 200"))
    events = [bought("small", 10_00, sku="lamp"), bought("large", 60_00, sku="lamp")]
    change = compared(run(events), run(events, more), {"small": "New or rare", "large": "Champions"})
    assert [(found.member, found.difference) for found in change.gaining] == [("large", 150)]
    assert [(found.member, found.difference) for found in change.losing] == [("small", -5)]
    assert change.segments["Champions"].gain == 1
    assert sum(bucket.members for bucket in distribution(change, unit=100)) == 2
    assert len(compared(run(events), run(events, half), {}).losing) == 2


LEVELS = "{by: money_spent, window: forever, downgrade: none, levels: [{id: card, from: 0}, {id: gold, from: 100.00}]}"


def test_levels_grow_with_what_is_bought_fall_with_returns_and_decide_what_is_earned():
    programme = a_programme("earning: [{id: base, give: {points: 1, per: 1.00}}, {id: gold, when: {tier: [gold]}, give: {fixed: 1000}}]\n", tiers=LEVELS)
    climbing = [bought("ana", 60_00, sku="lamp", number=number, days=number * 31) for number in range(3)]
    outcome = run([*climbing, bought("bob", 5_00)], programme)
    assert outcome.rules["gold"].times == 1
    assert [dict(month.tiers) for month in outcome.months.values()] == [{"card": 2}, {"card": 1}, {"gold": 1}]
    assert (outcome.members["ana"].tier, outcome.members["bob"].tier) == ("gold", "card")
    outcome = run([*climbing, brought("ana", 60_00, days=32, sku="lamp")], programme)
    assert (outcome.rules["gold"].times, outcome.members["ana"].tier) == (0, "gold")


def test_a_discount_programme_costs_what_it_takes_off_and_needs_no_points():
    text = HEAD.replace("points: {name: {en: points}, worth: 0.01}\n", "") + "tiers: " + LEVELS
    programme = compile_document(read(text + "\ndiscounts: [{id: gold-5, when: {tier: gold}, percent: 5}, {id: never, when: {sku: unicorn}, percent: 50}]\n"))
    outcome = run([bought("ana", 100_00), bought("ana", 40_00, days=1), bought(None, 40_00, days=2), brought("ana", 40_00, days=3)], programme)
    assert (outcome.discounts, outcome.cost, outcome.issued) == ({"gold-5": (1, 2_00)}, 2_00, 0)
    assert outcome.unmatched_returns == 0  # more was paid back than the goods cost with the discount
    found = Simulation(
        programme=programme, history=History(source="made", events=[bought("ana", 1)], currency="EUR"), outcome=outcome, margin=None, segment_of={}
    )
    html = html_of(page_of(found))
    assert "Levels over time" in html
    assert "The discount never was never given" in html
    assert "Taken off by discounts" in html


def test_points_are_spent_only_as_the_programme_lets_them_be():
    events = [bought("ana", 60_00, sku="lamp"), bought("ana", 40_00, days=1, sku="lamp"), bought("ana", 10_00, days=2, sku="lamp")]
    assert run(events, a_programme(spending="{minimum: 70}")).spent == 80
    assert run(events, a_programme(spending="{minimum: 5000}")).spent == 0
    assert run(events, a_programme(spending="{step: 50}")).spent == 50 + 50
    assert run(events, a_programme(spending="{exclude: {sku: lamp}}")).spent == 0
    assert run(events, a_programme(fraud="{hold_spending: 36 hours}")).spent == 80 + 40
    assert run(events, a_programme(fraud="{grants: {times: 1, per: month}}")).issued == 80


def test_what_a_campaign_may_give_is_counted_over_all_members_and_given_back_by_returns():
    programme = a_programme(RULES + "campaigns: [{id: spring, budget: {points: 30}, earning: [{id: more, give: {fixed: 20}}]}]\n")
    outcome = run([bought(name, 1_00, sku="lamp", days=day) for day, name in enumerate(["ana", "bob", "cid"])], programme)
    assert outcome.issued == 3 + 20 + 10
    assert outcome.rules["spring/more"].times == 2
    back = [bought("ana", 1_00, sku="lamp"), bought("bob", 1_00, sku="lamp", days=1), brought("ana", 1_00, sku="lamp", days=2), bought("cid", 1_00, days=3)]
    assert run(back, programme).members["cid"].issued == 2 + 20


def test_the_most_that_may_be_had_ends_earning_until_something_is_spent_or_gone():
    programme = a_programme("earning: [{id: base, give: {points: 1, per: 1.00}}]\n", balance="150", expiry="{after: 30 days}")
    events = [bought("ana", 100_00, days=day, number=day + 1) for day in (0, 1, 2, 40)]
    assert [run(events, programme, redemption=Fraction(share)).issued for share in (0, 1)] == [250, 400]


def test_a_campaign_takes_off_what_it_takes_off_while_it_is_on():
    campaign = "[{id: fest, dates: {until: 2026-01-05}, discounts: [{id: ten, percent: 10}]}]"
    outcome = run([bought("ana", 100_00, days=day, number=day + 1) for day in (0, 1)], a_programme(campaigns=campaign))
    assert outcome.discounts == {"fest/ten": (1, 10_00)}


def test_counters_of_days_long_past_are_forgotten_and_nothing_else(monkeypatch: pytest.MonkeyPatch):
    events = [bought("ana", 60_00, days=day, number=day) for day in range(120)]
    expected = run(events)
    monkeypatch.setattr("loyalty.simulate.members.MANY_COUNTERS", 5)
    assert run(events).members == expected.members


def test_purchases_of_nobody_and_of_another_currency_say_so():
    history = History(source="made", events=[bought(None, 100)], currency="EUR")
    with pytest.raises(Failure, match="No purchase says who bought"):
        replayed(a_programme(), history, Fraction(1), title="")
    with pytest.raises(Failure, match="The purchases are in USD, which is no currency of shop"):
        replayed(a_programme(), History(source="made", events=history.events, currency="USD"), Fraction(1), title="")


@pytest.fixture(scope="module")
def cdnow(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Real purchases, as a till would export them."""
    path = tmp_path_factory.mktemp("cdnow") / "sales.csv"
    rows = [f"{sale.number},{sale.customer},{sale.day},{sale.cents / 100:.2f},{sale.disks}" for sale in read_sales()[:2000]]
    path.write_text("receipt,customer,date,amount,quantity\n" + "\n".join(rows) + "\n")
    return path


def the_programme(tmp_path: Path, name: str, **changes: str) -> Path:
    text = (Path(__file__).parents[2] / "programmes" / "cdnow-records.yaml").read_text()
    for old, new in changes.items():
        text = text.replace(old.replace("_", " "), new)
    (tmp_path / name).write_text(text)
    return tmp_path / name


def test_the_command_writes_figures_and_a_page_that_needs_nothing_else(cdnow: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    new, old = the_programme(tmp_path, "new.yaml"), tmp_path / "old.yaml"
    old.write_text(new.read_text().replace("{fixed: 40}", "{fixed: 5}").replace("points: 1, per: 1.00", "points: 1, per: 0.90"))
    page = tmp_path / "page.html"
    scenario = Path(__file__).parents[1] / "examples" / "scenario.yaml"
    simulate(new, purchases=str(cdnow), against=old, scenario=scenario, html=page, as_json=True)
    found = json.loads(capsys.readouterr().out)
    assert found["in_all"]["purchases"] + sum(found["refused"].values()) == 2000
    assert found["in_all"]["points_issued"] == round(sum(rule["points"] for rule in found["rules"]))
    assert found["against"]["gaining"] + found["against"]["losing"] + found["against"]["same"] == found["in_all"]["members"]
    assert set(found["scenario"]["views"]) == {"pessimistic", "base", "optimistic"}
    html = page.read_text()
    for heading in (
        "Who gains and who loses",
        "Grooves and their cost over time",
        "What each rule gives",
        "Who gets it",
        "Does it pay?",
        "What these figures rest on",
    ):
        assert heading in html
    assert "The rule three-of-a-kind never gave anything: only for category hip-hop, country" in html
    simulate(new, purchases=str(cdnow))
    assert "expected cost" in capsys.readouterr().out


def test_goals_stand_beside_what_the_purchases_show():
    goals = ", ".join(
        f"{{kpi: {kpi}, target: {target}, by: 2027-01-01{more}}}"
        for kpi, target, more in [
            ("active_members", 5, ""),
            ("average_receipt", "50.00", ""),
            ("purchases_per_member", 3, ""),
            ("repeat_rate", 40, ""),
            ("revenue", "1000.00", ""),
            ("registrations", 9, ""),
            ("revenue", "10.00", ", segment: new"),
        ]
    )
    made = [bought("ana", 10_00, number=1), bought("ana", 50_00, days=120, number=2), bought("bob", 30_00, days=1, number=3), bought(None, 5_00, number=4)]
    history = History(source="made", events=[*sorted(made, key=lambda event: event.occurred_at), brought("ana", 6_00, days=121)], currency="EUR")
    found = found_by(a_programme(goals=f"[{goals}]"), history, redemption=Fraction(1))
    assert [standing.found for standing in found.goals] == [1, 28_00, Fraction(3, 2), 50, 84_00, None, None]
    assert [standing.target for standing in found.goals] == [5, 50_00, 3, 40, 1000_00, 9, 10_00]
    page = html_of(page_of(found))
    for words in ("repeat rate", "40.0 %", "50.0 %", "EUR 28.00", "revenue of new", "not known yet"):
        assert words in page
    assert as_json(found)["goals"][1] == {"kpi": "average_receipt", "segment": None, "by": "2027-01-01", "target": 5000.0, "found": 2800.0}


def test_a_programme_of_rewards_alone_tells_which_it_gives():
    rewards = "earning:\n  - {id: second, when: {every: 2}, give: {reward: cup}}\nrewards: [{id: cup, kind: gift}]\n"
    history = History(source="made", events=[bought("ana", 10_00, days=number, number=number) for number in range(4)], currency="EUR")
    page = html_of(page_of(found_by(a_programme(rewards), history, redemption=Fraction(1))))
    assert "The reward cup was given 2 x." in page


def test_a_wrong_document_or_share_is_named(cdnow: Path, tmp_path: Path):
    (tmp_path / "p.yaml").write_text("programme: x\n")
    with pytest.raises(Failure, match="is no programme"):
        simulate(tmp_path / "p.yaml", purchases=str(cdnow))
    with pytest.raises(Failure, match=r"none.yaml cannot be read: No such file or directory\."):
        simulate(tmp_path / "none.yaml", purchases=str(cdnow))
    with pytest.raises(Failure, match="--redemption: write a share with its sign"):
        simulate(the_programme(tmp_path, "p.yaml"), purchases=str(cdnow), redemption="0.7")
    with pytest.raises(Failure, match="--margin: 140% is more than everything"):
        simulate(the_programme(tmp_path, "p.yaml"), purchases=str(cdnow), margin="140%")
