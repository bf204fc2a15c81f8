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


def code_key(code: str) -> CounterKey:
    """Name how often a code that was issued one by one was used: never more than once. It stands in `AccountState.shared`.

    `Programme.shared` names one for each code presented that is not in the document; those never issued need not be kept.
    """
    return CounterKey("coupon", f"code/{code}")


def code_of(key: CounterKey) -> str | None:
    """Return the code that a counter is about; None for any other counter."""
    return key.period.removeprefix("code/") if key.rule == "coupon" else None
