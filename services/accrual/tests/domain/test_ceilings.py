"""The most points that somebody may have: exact to the point, whatever else is earned, taken back or corrected."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accrual.domain.accounts import AccountState
from accrual.domain.decisions import Operation
from accrual.domain.document.problems import DocumentError
from accrual.domain.document.reading import read
from accrual.domain.given import given_of
from accrual.domain.keeping import NOTHING, keep, undone
from accrual.domain.returns import Back, Returned
from accrual.domain.terms.comparing import worsens
from accrual.domain.terms.page import terms_of

from .builders import NEW, a_document, a_programme, a_purchase, decided, earned

ONE = "- {id: one, give: {points: 1, per: 1.00}}\n"


@pytest.mark.parametrize(
    ("over", "had", "expected"),
    [
        pytest.param("cut", 0, 60, id="T-59 as much as is earned"),
        pytest.param("cut", 480, 20, id="T-59 as much as fits"),
        pytest.param("cut", 500, 0, id="T-59 nothing fits"),
        pytest.param("cut", 9_999, 0, id="more than fits was given otherwise"),
        pytest.param("cut", -100, 60, id="what is owed makes room"),
        pytest.param("reject", 480, 0, id="T-59 all or nothing"),
        pytest.param("reject", 440, 60, id="it fits just so"),
    ],
)
def test_nobody_earns_beyond_the_most_that_may_be_had(over: str, had: int, expected: int):
    programme = a_programme(ONE, balance=f"{{most: 500, over: {over}}}")
    assert earned(programme, a_purchase(60_00), NEW._replace(balance=had)) == expected


def test_the_explanation_says_what_did_not_fit():
    steps = decided(a_programme(ONE, balance="500"), a_purchase(60_00), NEW._replace(balance=480)).explanation.steps
    assert [(step.rule, step.operation, step.text) for step in steps][1] == (
        "programme",
        Operation.CAP,
        "at most 500 points on the account, 480 so far: 20 of 60",
    )


def test_other_caps_hold_beside_it():
    programme = a_programme(ONE, balance="500", cap="{points: 30, per: day}")
    assert [earned(programme, a_purchase(60_00), NEW._replace(balance=had)) for had in (0, 480)] == [30, 20]


@given(st.lists(st.integers(0, 300_00), min_size=1, max_size=8), st.integers(0, 400))
def test_the_balance_never_rises_above_it_by_earning(receipts: list[int], had: int):
    programme, state = a_programme(ONE, balance="250"), NEW._replace(balance=had)
    for number, cents in enumerate(receipts):
        before = state.balance
        decision, state = programme.earn(a_purchase(cents, purchase_id=str(number)), state)
        assert state.balance == before + decision.explanation.points
        assert before <= state.balance <= max(250, had)


@given(st.integers(1, 300_00), st.integers(0, 250), st.integers(0, 300_00))
def test_a_return_keeps_no_more_than_was_given_and_makes_room_again(cents: int, had: int, back: int):
    programme, purchase = a_programme(ONE, balance="250"), a_purchase(cents)
    decision, after = programme.earn(purchase, AccountState(balance=had))
    kept = keep(programme, purchase, given_of(decision.explanation), Returned({"1": Back(500, min(back, cents))}))
    assert kept.points <= decision.explanation.points
    state, _ = undone(after, keep(programme, purchase, given_of(decision.explanation), Returned()), NOTHING)
    assert state.balance == had


@pytest.mark.parametrize(("balance", "message"), [("0.5", "finer than 0 decimals"), ("{most: 4}", "below one grant of `gift`, 5")])
def test_a_limit_that_nothing_fits_under_is_found(balance: str, message: str):
    with pytest.raises(DocumentError) as refused:
        read(a_document("- {id: gift, give: {fixed: 5}}", balance=balance))
    assert (refused.value.problems[0].path, message in refused.value.problems[0].message) == ("balance.most", True)


def test_members_are_told_and_a_lower_limit_is_a_loss():
    old, new = (read(a_document(ONE, balance=most)) for most in ("500", "400"))
    assert (
        terms_of(old, "en")
        .paragraphs()["balance"]
        .text.startswith("Purchases and actions bring nobody above 500 of them, those that wait or are put aside included")
    )
    assert terms_of(old, "ru").paragraphs()["balance"].text.startswith("За покупки и действия можно накопить не больше 500")
    assert [difference.part for difference in worsens(old, new)] == ["balance/most"]
    assert [difference.part for difference in worsens(read(a_document(ONE)), old)] == ["balance"]
    assert worsens(new, old) == worsens(old, read(a_document(ONE))) == ()
