"""The names of what is counted for all accounts together: budgets of campaigns, uses of coupons. Whoever stores them asks `Programme.shared`."""

from accrual.domain.accounts import CounterKey


def budget_key(campaign: str, what: str) -> CounterKey:
    """Name how much of a campaign's budget is used: `points` (smallest unit), `grants`, or `money/EUR` (minor units)."""
    return CounterKey(f"campaign/{campaign}", what)


def uses_key(coupon: str) -> CounterKey:
    """Name how often a coupon was used by all members together. It stands in `AccountState.shared`."""
    return CounterKey(f"coupon/{coupon}", "uses")


def own_uses_key(coupon: str) -> CounterKey:
    """Name how often one account used a coupon. It stands in `AccountState.counters`."""
    return CounterKey(f"coupon/{coupon}", "times/ever")


def code_key(coupon: str, code: str) -> CounterKey:
    """Name the uses left of one unique code. It stands in `AccountState.shared`, and is 0 for a code never issued, used, or no longer valid.

    So it is 1 where a code was issued, may be used at the event's time, and was not used; using it makes it 0, a return 1 again.
    """
    return CounterKey(f"coupon/{coupon}", f"left/{code}")
