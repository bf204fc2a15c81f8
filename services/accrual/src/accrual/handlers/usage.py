"""Gives back what a purchase used of what is counted for all accounts together: budgets, uses of coupons."""

from collections.abc import Iterable

from accrual.domain.accounts import CounterKey
from accrual.domain.programme import Programme
from accrual.domain.usage import Amounts, given_back, left_in, without_uses
from accrual.handlers.books import Books
from accrual.handlers.pasts import Past
from accrual.handlers.tally import Holding


def give_back(books: Books, past: Past, less: Amounts, holding: Holding, *, stands: bool) -> None:
    """Let a purchase hold less of budgets, and, once nothing of it stands, none of the coupons that are given back. Its account must be known."""
    held = books.tally.used(past.key)
    if not held or past.account_id is None:
        return
    codes, priced_by = books.coupons_of(past.programme.terms.id), past.programme.in_force(past.purchase.occurred_at)
    back = frozenset[str].intersection(*(given_back(each.coupons, held, codes, stands=stands) for each in (past.programme, priced_by)))
    books.tally.hold(past.programme.terms.id, left_in(held, less, back, codes), holding)
    books.remember(past.account_id, *without_uses(books.state(past.account_id), back))


def hold_anew(books: Books, past: Past, programme: Programme, shared: Iterable[tuple[CounterKey, int]], holding: Holding) -> None:
    """Let a corrected purchase hold what the new decision counts, in place of what it held. `shared` are the new values, counted without it."""
    changes = dict(shared)
    if changes or books.tally.used(past.key):
        before = books.tally.values(programme.terms.id, changes, without=past.key)
        books.tally.hold(programme.terms.id, {key: value - before[key] for key, value in changes.items()}, holding)
