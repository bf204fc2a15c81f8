"""Corrections and exchanges: a purchase told again with other lines, and one in place of another."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from uuid import UUID

import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st

from accrual.domain.compiler import compile_document
from accrual.domain.corrections import raised
from accrual.domain.decisions import Grant, Refusal
from accrual.domain.document.lives import SpentPolicy
from accrual.domain.document.reading import read_json
from accrual.domain.exchanges import as_exchanged, told
from accrual.domain.given import given_of
from accrual.domain.keeping import NOTHING, keep, undone
from accrual.domain.lots import Lot, LotState, consume, reduced
from accrual.domain.returns import Back, Returned
from accrual.domain.reversing import Due, plan

from .arbitrary import Chance, a_programme_document, so_far, some_purchases, some_returns
from .builders import FRIDAY_NOON, NEW, a_line, a_programme, a_purchase, decided

ONE = "- {id: one, give: {points: 1, per: 1.00}}\n"


def granted(decision: object) -> Grant:
    assert isinstance(decision, Grant), decision
    return decision


def test_a_correction_upwards_grants_the_difference_and_its_steps_say_how():
    programme, purchase = a_programme(ONE + "- {id: big, when: {minimum: 40}, give: {fixed: 5}}"), a_purchase(a_line(50_00, "a"))
    decision = granted(decided(programme, purchase))
    new = keep(programme, purchase, given_of(decision.explanation), Returned())
    more = raised(decision, new, before=30, digits=0)
    assert (more.points, more.usable_from, more.counters) == (25, decision.usable_from, ())
    assert [(step.rule, step.points_exact, step.text) for step in more.explanation.steps] == [
        ("one", "50", "50.00 at 1 per 1.00"),
        ("big", "5", "5 given once"),
        ("receipt", "-30", "30 of it given before"),
    ]


def test_a_correction_of_nothing_grants_all_of_it():
    programme, purchase = a_programme(ONE), a_purchase(a_line(50_00, "a"))
    decision = granted(decided(programme, purchase))
    kept = keep(programme, purchase, given_of(decision.explanation), Returned({"a": Back(1, 10_00)}))
    more = raised(decision, kept, before=0, digits=0)
    assert (more.points, [step.points_exact for step in more.explanation.steps]) == (40, ["40"])


def test_a_correction_that_gives_no_more_is_no_grant():
    programme, purchase = a_programme(ONE), a_purchase(a_line(50_00, "a"))
    decision = granted(decided(programme, purchase))
    kept = keep(programme, purchase, given_of(decision.explanation), Returned())
    with pytest.raises(ValueError, match="nothing more"):
        raised(decision, kept, before=50, digits=0)


@settings(max_examples=40, deadline=None)
@given(chance=st.randoms(use_true_random=True))
def test_after_a_correction_the_account_is_as_if_only_the_last_revision_had_been_told(chance: Chance):
    document = a_programme_document(chance)
    programme = compile_document(read_json(document))
    old, new, *past = some_purchases(chance, 5) + some_purchases(chance, 1)
    returned = so_far(some_returns(chance, old, 3))
    note(f"{document}\n{old}\n{new}\n{past}\n{returned}")
    before = NEW
    for purchase in past:
        _, before = programme.earn(purchase, before)
    first, state = programme.earn(old, before)
    assert not isinstance(first, Refusal)
    whole = keep(programme, old, given_of(first.explanation), Returned())
    kept = keep(programme, old, given_of(first.explanation), returned)
    state, _ = undone(state, whole, kept)
    state, _ = undone(state, kept, NOTHING)
    alone, expected = programme.earn(new, before)
    decision, state = programme.earn(new, state)
    assert decision == alone
    assert not isinstance(decision, Refusal)
    assert state.purchases == expected.purchases
    assert {key: value for key, value in state.counters.items() if value} == {key: value for key, value in expected.counters.items() if value}
    corrected = keep(programme, new, given_of(decision.explanation), returned)
    if corrected.points > kept.points:
        more = raised(granted(decision), corrected, before=kept.points, digits=programme.terms.decimals)
        assert more.points == corrected.points - kept.points == sum(Fraction(step.points_exact) for step in more.explanation.steps)
        assert all(step.text for step in more.explanation.steps)


@settings(max_examples=100, deadline=None)
@given(
    first=st.integers(1, 50),
    others=st.integers(0, 50),
    steps=st.lists(st.tuples(st.sampled_from(("correct", "correct", "spend")), st.integers(0, 50)), max_size=12),
    policy=st.sampled_from(("clamp", "block", "debt")),
)
def test_however_often_it_is_corrected_an_account_has_what_the_last_revision_gives_less_what_was_spent(
    first: int, others: int, steps: list[tuple[str, int]], policy: SpentPolicy
):
    """One purchase, corrected up and down, and points of another. What is short is forgiven or owed; the highest was never exceeded."""
    usable = datetime(2026, 1, 1, tzinfo=UTC)
    lots = [Lot(UUID(int=place), UUID(int=99), points, points, usable, None, usable, LotState.AVAILABLE) for place, points in enumerate((first, others))]
    granted = kept = highest = first
    settled = forgiven = owed = spent = 0
    for step, points in steps:
        if step == "spend":
            for lot_id, part in consume(lots, points=min(points, sum(lot.remaining for lot in lots)), at=usable) or ():
                lots[lot_id.int] = reduced(lots[lot_id.int], points=part)
                spent += part
            continue
        kept, highest = points, max(points, highest)
        more = max(kept - Due(granted, kept, settled, 0, forgiven).had, 0)
        if more:
            paid, granted = min(more, owed), granted + more
            owed -= paid
            state = LotState.AVAILABLE if more > paid else LotState.SPENT
            lots.append(Lot(UUID(int=len(lots)), UUID(int=99), more, more - paid, usable, None, usable, state))
        due = Due(granted, kept, settled, 0, forgiven)
        own = [lot for lot in lots if lot.id.int != 1]
        found = plan(due, own=own, others=lots, at=usable, spent=policy)
        for lot_id, part in found.allocations:
            lots[lot_id.int] = reduced(lots[lot_id.int], points=part)
        settled, forgiven, owed = settled + found.points, forgiven + found.forgiven, owed + found.debt
        assert granted - settled == kept
        assert Due(granted, kept, settled, 0, forgiven).had == kept + forgiven <= highest
        assert 0 <= forgiven <= (0 if policy == "debt" else spent)
        left = kept + others - spent
        assert sum(lot.remaining for lot in lots) - owed == (left if policy == "debt" else max(left, 0))


def test_an_exchange_is_decided_as_of_the_day_and_place_of_the_exchanged_purchase():
    programme = a_programme(ONE + "- {id: friday, when: {days: fri, store: s1, hours: '12:00-13:00'}, give: {multiply: 2}}")
    bought = a_purchase(a_line(50_00, "shirt-m"), store="s1", purchase_id="old")
    later = a_purchase(a_line(50_00, "shirt-l"), store="s2", purchase_id="new", occurred_at=FRIDAY_NOON + timedelta(days=3), zone="Europe/Moscow")
    instead = as_exchanged(later, bought)
    assert decided(programme, later).explanation.points == 50
    decision = told(decided(programme, instead), bought)
    assert isinstance(decision, Grant)
    assert decision.points == 100
    assert decision.explanation.steps[0].text == "in exchange for old: as of 2026-11-20T12:00:00+00:00"
    assert sum(Fraction(step.points_exact) for step in decision.explanation.steps) == 100
    assert keep(programme, instead, given_of(decision.explanation), Returned()).points == 100
    assert keep(programme, instead, given_of(decision.explanation), Returned({"shirt-l": Back(500, 25_00)})).points == 50


def test_a_refused_exchange_stays_refused():
    refusal = a_programme(ONE).decide(a_purchase(1, currency="USD"), NEW)
    assert isinstance(refusal, Refusal)
    assert told(refusal, a_purchase(1)) is refusal
