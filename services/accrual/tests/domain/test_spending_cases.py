"""Published figures about lots and spending that are arithmetic of the ledger alone. The ids lead to docs/cases.md."""

from datetime import timedelta
from decimal import Decimal
from uuid import UUID

from accrual.domain.amounts import in_units
from accrual.domain.decisions import Explanation, Grant
from accrual.domain.document.reading import read
from accrual.domain.entries import Account
from accrual.domain.ledger import Booking, grant, pay_debt
from accrual.domain.lots import Lot, consume
from accrual.domain.spending.bookings import Opening, restore, spend, transfer
from accrual.domain.spending.giving_back import Spent, restoring

from .builders import FRIDAY_NOON, a_document, a_stamp, an_account, points

LOT, OTHER = UUID(int=50), UUID(int=51)


def granted(amount: int, account: Account | None = None, *, number: int = 1, lot_id: UUID = LOT) -> Booking:
    return grant(account or an_account(), Grant(Explanation(amount), FRIDAY_NOON, None), a_stamp(number), lot_id=lot_id)


def one(booking: Booking) -> tuple[Account, Lot]:
    (account, *_), (lot, *_) = booking.accounts, booking.lots
    return account, lot


def test_points_used_beyond_the_balance_are_paid_by_the_next_ones_case_t_45():
    account, lot = one(granted(50))
    owing = spend(account, {LOT: lot}, consume([lot], points=50, at=FRIDAY_NOON) or (), a_stamp(2), owed=30).accounts[0]
    assert (owing.balance.available, owing.balance.debt) == (0, -30)
    account, lot = one(granted(100, owing, number=3, lot_id=OTHER))
    paid = pay_debt(account, [lot], a_stamp(4))
    assert (paid.accounts[0].balance.available, paid.accounts[0].balance.debt) == (70, 0)
    assert [left.remaining for left in paid.lots] == [70]


def test_what_was_spent_comes_back_once_case_t_55():
    account, lot = one(granted(1000))
    allocations = consume([lot], points=300, at=FRIDAY_NOON)
    assert allocations is not None
    spent = spend(account, {LOT: lot}, allocations, a_stamp(2))
    assert spent.accounts[0].balance.available == 700
    use = Spent(UUID(int=7), account.id, allocations)
    back = restoring(use, 300)
    restored = restore(spent.accounts[0], {LOT: spent.lots[0]}, back.allocations, a_stamp(3))
    assert (restored.accounts[0].balance.available, restored.lots[0].remaining) == (1000, 1000)
    assert restoring(back.after(), 300).points == 0  # rolled back twice
    assert consume([lot], points=1001, at=FRIDAY_NOON) is None  # ours refuses what is not there; it takes nothing in part


def test_points_handed_on_may_live_as_if_earned_that_day_case_t_53():
    source, lot = one(granted(100))
    restarted = FRIDAY_NOON + timedelta(days=31)
    moved = transfer(source, an_account(2), lot, 40, a_stamp(2), Opening(OTHER, restarted))
    assert [(account.balance.available) for account in moved.accounts] == [60, 40]
    assert moved.lots[1].expires_at == restarted
    assert read(a_document("- {id: base, give: {points: 1, per: 1.00}}\n", spending="{transfer: restart}")).spending.transfer == "restart"


def test_two_rewards_of_half_a_point_cost_one_case_t_39():
    """A point is counted to a decimal place, so a reward may cost half of one."""
    rewards = "[{id: sticker, kind: gift, cost: 0.5}]"
    document = read(a_document("- {id: base, give: {points: 1, per: 1.00}}\n", points=points(decimals="1"), rewards=rewards))
    cost = in_units(document.rewards[0].cost or Decimal(0), document.points.decimals)
    assert cost == 5
    account, lot = one(granted(10))
    for number in (2, 3):
        account, lot = one(spend(account, {LOT: lot}, consume([lot], points=cost, at=FRIDAY_NOON) or (), a_stamp(number)))
    assert (account.balance.available, lot.remaining) == (0, 0)
