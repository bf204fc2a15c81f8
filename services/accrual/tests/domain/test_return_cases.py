"""The figures that other loyalty systems publish about returns. The ids lead to the collection of cases."""

from uuid import UUID

import pytest

from accrual.domain.decisions import Explanation, Grant, Refusal
from accrual.domain.entries import Account
from accrual.domain.given import given_of
from accrual.domain.keeping import keep
from accrual.domain.ledger import grant, reverse
from accrual.domain.lots import Lot, reduced
from accrual.domain.programme import Programme
from accrual.domain.returns import AskedLine, AskedReturn, Back, Returned, resolve
from accrual.domain.reversing import Due, plan

from .builders import FRIDAY_NOON as NOW
from .builders import NEW, a_line, a_programme, a_purchase, a_stamp, an_account, decided

ONE = "- {id: one, give: {points: 1, per: 1.00}}"


def test_a_return_by_share_of_money_takes_half_of_the_points_with_half_of_the_money_case_t_60():
    """The points of A are 10, of B 20, and 40 are for the total; C, half of the money, comes back."""
    rules = """
        - {id: a, when: {sku: A}, give: {points: 1, per: 1.00}}
        - {id: b, when: {sku: B}, give: {points: 2, per: 1.00}}
        - {id: total, give: {points: 1, per: 1.00}}
    """
    basket = a_purchase(a_line(10_00, "A"), a_line(10_00, "B"), a_line(20_00, "C"))
    taken = {}
    for by in ("money", "lines"):
        programme = a_programme(rules, returns=f"{{by: {by}}}")
        decision = decided(programme, basket)
        assert decision.explanation.points == 70
        taken[by] = 70 - keep(programme, basket, given_of(decision.explanation), Returned({"C": Back(1_000, 20_00)})).points
    assert taken == {"money": 35, "lines": 20}


@pytest.mark.parametrize(
    ("policy", "points", "balance"),
    [pytest.param("clamp", 50, (0, 0), id="T-61 down to zero"), pytest.param("debt", 150, (0, -100), id="T-61 may go negative")],
)
def test_points_spent_meanwhile_are_forgotten_or_owed_and_a_reversal_happens_once(policy: str, points: int, balance: tuple[int, int]):
    programme = a_programme("- {id: gift, give: {fixed: 150}}", returns=f"{{spent: {policy}}}")
    account, lot = _spent(150, 100)
    terms = programme.terms.returns
    found = plan(Due(granted=150, kept=0, settled=0, expired=0), own=[lot], others=[], at=NOW, spent=terms.spent)
    booking = reverse(account, found, {lot.id: lot}, a_stamp(2))
    after = booking.accounts[0].balance
    assert sum(entry.amount for entry in booking.transaction.entries if entry.account_id == account.id) == -points
    assert (after.available, after.debt) == balance
    twice = plan(Due(granted=150, kept=0, settled=found.points, expired=0), own=booking.lots, others=[], at=NOW, spent=terms.spent)
    assert twice.points == 0
    assert reverse(booking.accounts[0], twice, {}, a_stamp(3)).transaction.entries == ()


def _spent(points: int, spent: int) -> tuple[Account, Lot]:
    """An account after a grant of which some was spent."""
    booking = grant(an_account(), Grant(Explanation(points), NOW, None), a_stamp(), lot_id=UUID(int=50))
    account, lot = booking.accounts[0], booking.lots[0]
    return account._replace(balance=account.balance._replace(available=points - spent)), reduced(lot, points=spent)


@pytest.mark.parametrize(("amount", "taken"), [(1_00, 0), (5_00, 0), (10_00, 1), (20_00, 2)], ids=["T-62 1.00", "T-62 5.00", "T-62 10.00", "T-62 20.00"])
def test_fractions_of_a_point_stay_with_the_member(amount: int, taken: int):
    """One return of a receipt of 109.00 at 1 per 10.00; nine tenths of a point were never given."""
    assert _taken("- {id: ten, give: {points: 1, per: 10.00}}", 109_00, [amount]) == taken


@pytest.mark.parametrize(
    "parts", [[50_00], [5_00] * 10, [1_00] * 50, [49_99, 1]], ids=["T-62 one of 50.00", "T-62 ten of 5.00", "T-62 fifty of 1.00", "T-62 two"]
)
def test_many_small_returns_take_what_one_takes_case_t_62(parts: list[int]):
    assert _taken("- {id: ten, give: {points: 1, per: 10.00}}", 100_00, parts) == 5


def test_a_small_return_within_the_fraction_takes_nothing_case_t_62():
    assert _taken("- {id: ten, give: {points: 1, per: 10.00}}", 105_00, [5_00]) == 0
    assert _taken("- {id: ten, give: {points: 1, per: 10.00}}", 105_00, [5_00, 1]) == 1


def test_a_part_comes_back_case_t_64():
    assert 100 - _taken(ONE, 100_00, [75_00]) == 25


@pytest.mark.parametrize("rules_now", ["- {id: one, give: {points: 2, per: 1.00}}", "- {id: other, give: {fixed: 1}}"], ids=["T-66 doubled", "T-66 deleted"])
def test_a_rule_changed_or_deleted_since_then_changes_nothing(rules_now: str):
    """50.00 earned 50 and come back: the version that decided is asked, whatever the next one says."""
    then, now = a_programme(ONE), a_programme(rules_now, version="2")
    purchase = a_purchase(a_line(50_00, "a"))
    given = given_of(decided(then, purchase).explanation)
    everything = resolve(purchase, Returned(), AskedReturn("EUR"))
    assert not isinstance(everything, Refusal)
    assert 50 - keep(then, purchase, given, everything).points == 50
    assert [50 - keep(then, purchase, given, Returned({"a": Back(1, amount)})).points for amount in (20_00, 50_00)] == [20, 50]
    assert decided(now, purchase).explanation.points != 50


def _taken(rules: str, paid: int, amounts: list[int]) -> int:
    """Return what returns of these amounts take of a purchase, each as a till would send it."""
    programme: Programme = a_programme(rules)
    purchase = a_purchase(a_line(paid, "a", quantity=100_000))
    given = given_of(decided(programme, purchase, NEW).explanation)
    returned, taken = Returned(), 0
    for amount in amounts:
        part = resolve(purchase, returned, AskedReturn("EUR", (AskedLine(1_000, amount, sku="a"),)))
        assert not isinstance(part, Refusal), part
        returned = returned.plus(part)
        taken += plan(Due(given.points, keep(programme, purchase, given, returned).points, taken, 0), own=[], others=[], at=NOW, spent="clamp").points
    return taken
