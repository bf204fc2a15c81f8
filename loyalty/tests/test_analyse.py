"""Looking at purchases: figures that can be counted by hand, and laws that hold for any history."""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accrual.domain.facts import Line, Purchase
from accrual.domain.returns import AskedLine, AskedReturn
from loyalty.analyse.command import analyse
from loyalty.analyse.customers import SEGMENTS, Customer, customers_of, scored
from loyalty.analyse.facts import facts_of
from loyalty.analyse.levers import levers_of, prices_of
from loyalty.console import Failure
from loyalty.demo.cdnow import read_sales
from loyalty.history.events import Bought, Brought, History

START = datetime(2026, 1, 5, 9, tzinfo=UTC)  # a Monday


def bought(customer: str | None, cents: int, *, days: int = 0, goods: tuple[str, ...] = ("mug",), zone: str = "UTC") -> Bought:
    at = START + timedelta(days=days)
    lines = tuple(Line(line_id=str(number), sku=sku, paid_amount=cents if number == 0 else 0) for number, sku in enumerate(goods))
    return Bought(at, customer, Purchase("shop", "1", lines, "EUR", at, zone=zone))


def made(*events: Bought | Brought) -> History:
    return History(source="made", events=sorted(events, key=lambda event: event.occurred_at), currency="EUR")


def test_figures_can_be_counted_by_hand():
    back = Brought(START + timedelta(days=40), "ana", AskedReturn("EUR", (AskedLine(1000, 1_00, sku="mug"),)))
    facts = facts_of(made(bought("ana", 10_00), bought("ana", 20_00, days=31), bought("bob", 5_00), bought(None, 7_00), back))
    assert (facts.revenue, facts.known_revenue, facts.returned, facts.customers, facts.repeating) == (41_00, 34_00, 1_00, 2, 1)
    assert (facts.middle_receipt, facts.middle_gap) == (8_50, 31)
    assert facts.months == {(2026, 1): (3, 15_00, 7_00), (2026, 2): (1, 19_00, 0)}
    assert [(cohort.customers, list(cohort.active)) for cohort in facts.cohorts] == [(2, [1])]
    assert facts.week[0][9] == 3


def test_hours_are_those_of_the_store():
    assert facts_of(made(bought("ana", 1, zone="Asia/Tokyo"))).week[0][18] == 1


def test_goods_bought_together_are_found_and_chance_is_not():
    pairs = [bought("ana", 100, days=day, goods=("tea", "cup")) for day in range(20)]
    noise = [bought("bob", 100, days=day, goods=("salt",)) for day in range(60)]
    (found,) = facts_of(made(*pairs, *noise)).together
    assert (found.one, found.other, found.receipts, found.lift) == ("cup", "tea", 20, 4.0)


histories = st.lists(
    st.builds(bought, st.sampled_from(["a", "b", "c", "d", "e", None]), st.integers(1, 10**6), days=st.integers(0, 500)), min_size=1, max_size=40
)


@settings(max_examples=60, deadline=None)
@given(events=histories)
def test_parts_add_up_to_the_whole(events: list[Bought]):
    facts = facts_of(made(*events))
    assert sum(facts.tenths) == facts.known_revenue == sum(segment.revenue for segment in facts.segments.values())
    assert sum(segment.customers for segment in facts.segments.values()) == facts.customers
    assert sum(known + nobody for _, known, nobody in facts.months.values()) == facts.revenue
    assert sum(cohort.customers for cohort in facts.cohorts) == facts.customers
    assert len(facts.gaps) == facts.known_purchases - facts.customers
    assert list(facts.tenths) == sorted(facts.tenths, reverse=True) or facts.customers % 10
    assert all(lever.revenue >= 0 for lever in levers_of(facts))


@settings(max_examples=60, deadline=None)
@given(events=histories)
def test_whoever_bought_later_oftener_and_more_is_never_in_a_lower_fifth(events: list[Bought]):
    customers = customers_of(made(*events))
    scores = scored(customers)
    for one, mine in customers.items():
        for other, theirs in customers.items():
            if _no_less(mine, theirs):
                assert all(high >= low for high, low in zip(scores[one], scores[other], strict=True))
    assert all(score.segment in SEGMENTS for score in scores.values())


def _no_less(one: Customer, other: Customer) -> bool:
    return one.days[-1] >= other.days[-1] and one.purchases >= other.purchases and one.revenue >= other.revenue


def test_what_rewards_cost_is_paid_by_as_many_more_sales():
    facts = facts_of(made(bought("ana", 100_00), bought("ana", 100_00, days=364)))
    price = prices_of(facts, Fraction(1, 4), redemption=Fraction(1))[-1]
    assert price.uplift == pytest.approx(0.25)  # of 125 sold, 31.25 margin: 25 without a programme and 6.25 for rewards
    assert price.cost == pytest.approx(facts.known_revenue / facts.years * 0.05)
    assert prices_of(facts, None, redemption=Fraction(1))[0].uplift is None


def test_the_command_looks_at_real_purchases(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    rows = [f"{sale.customer},{sale.day},{sale.cents / 100:.2f}" for sale in read_sales()]
    (tmp_path / "cdnow.csv").write_text("customer,date,amount\n" + "\n".join(rows) + "\n")
    analyse(str(tmp_path / "cdnow.csv"), currency="USD", margin="30%", html=tmp_path / "page.html", as_json=True)
    found = json.loads(capsys.readouterr().out)
    assert (found["purchases"], found["customers"], found["revenue"]) == (6919, 2357, 244_091_94)
    assert found["repeating"] == sum(count > 1 for count in Counter(sale.customer for sale in read_sales()).values())
    html = (tmp_path / "page.html").read_text()
    for heading in ("What a programme could move", "Who the sales depend on", "The rhythm", "Do they stay?", "What is in a basket"):
        assert heading in html
    assert "by weekday and hour" not in html  # the data know days only
    analyse(str(tmp_path / "cdnow.csv"), currency="USD")
    assert "Champions" in capsys.readouterr().out
    with pytest.raises(Failure, match="--currency: dollars is not a currency"):
        analyse(str(tmp_path / "cdnow.csv"), currency="dollars")
