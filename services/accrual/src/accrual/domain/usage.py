"""What a purchase gives back of what it used for all accounts together, when less of it is kept."""

from collections.abc import Mapping

from accrual.domain.accounts import AccountState, CounterKey
from accrual.domain.budgets import code_of, own_uses_key, uses_key
from accrual.domain.coupons import CouponBook
from accrual.domain.keeping import Kept

Amounts = Mapping[CounterKey, int]


def coupons_in(held: Amounts, codes: Mapping[str, str]) -> frozenset[str]:
    """Return the coupons that were used. `codes` says which coupon those stand for that were issued one by one."""
    found = {codes.get(code) for key in held if (code := code_of(key)) is not None}
    found |= {key.rule.removeprefix("coupon/") for key in held if key == uses_key(key.rule.removeprefix("coupon/"))}
    return frozenset(coupon for coupon in found if coupon is not None)


def given_back(coupons: CouponBook, held: Amounts, codes: Mapping[str, str], *, stands: bool) -> frozenset[str]:
    """Return the used coupons that may be used again: those that are given back, once nothing is left of the purchase."""
    return frozenset() if stands else frozenset(coupon for coupon in coupons_in(held, codes) if coupons.is_given_back(coupon))


def left_in(held: Amounts, less: Amounts, back: frozenset[str], codes: Mapping[str, str]) -> dict[CounterKey, int]:
    """Return what is still held: less of budgets, and nothing of coupons that are given back."""
    left = {key: amount - min(less.get(key, 0), amount) for key, amount in held.items()}
    for key in held:
        code = code_of(key)
        if (codes.get(code) if code is not None else key.rule.removeprefix("coupon/")) in back:
            left[key] = 0
    return {key: amount for key, amount in left.items() if amount}


def less_of(before: Kept, after: Kept) -> dict[CounterKey, int]:
    """Return by how much a purchase uses less of budgets when it keeps less."""
    had, has = dict(before.shared), dict(after.shared)
    return {key: fewer for key, amount in had.items() if (fewer := amount - has.get(key, 0)) > 0}


def without_uses(state: AccountState, coupons: frozenset[str]) -> tuple[AccountState, tuple[tuple[CounterKey, int], ...]]:
    """Return an account's state with one use fewer of each of these coupons, and the counters that changed, with their new values."""
    changes = tuple((key, state.counters[key] - 1) for coupon in sorted(coupons) if state.counters.get(key := own_uses_key(coupon), 0))
    return state.after(changes, purchases=state.purchases), changes
