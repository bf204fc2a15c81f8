"""Which coupons a purchase shows, which of them may be used, and what using them counts.

A coupon is used at most once by a purchase, and only when something was given for it: whoever evaluates asks `usable` first, and says
afterwards to `use` for which of them something was given.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from accrual.domain.accounts import AccountState, CounterKey
from accrual.domain.budgets import code_key, own_uses_key, uses_key
from accrual.domain.document.coupons import Coupon, plain
from accrual.domain.facts import Purchase

#: Why a coupon cannot be used, in words; the codes are stable.
REASONS: Mapping[str, str] = {
    "no-coupon": "no such coupon was shown",
    "coupon-not-valid": "the coupon is not valid on this day",
    "coupon-used": "the code was used before",
    "coupon-used-up": "all uses of the coupon are gone",
    "coupon-limit": "the coupon was used as often as one member may",
}

Changes = tuple[tuple[CounterKey, int], ...]


class Usable(NamedTuple):
    """What may be used: a code for each coupon. And of the others that were shown, why not."""

    codes: Mapping[str, str]
    refused: Mapping[str, str]


class Used(NamedTuple):
    """What using coupons counts: the account's counters and those of all accounts, with their new values; and the codes."""

    counters: Changes = ()
    shared: Changes = ()
    codes: tuple[str, ...] = ()


NONE_USABLE = Usable({}, {})


class CouponBook:
    """The coupons of a programme version."""

    def __init__(self, coupons: Sequence[Coupon]) -> None:
        """Take them as the document lists them."""
        self._coupons = {coupon.id: coupon for coupon in coupons}
        self._by_code = {coupon.plain_code: coupon.id for coupon in coupons if coupon.plain_code is not None}

    def shown(self, purchase: Purchase) -> dict[str, str]:
        """Return the coupons that a purchase shows, each with the first of its codes."""
        if not (purchase.coupons and self._coupons):
            return {}
        issued = {each.code: each.coupon for each in purchase.issued}
        found: dict[str, str] = {}
        for code in map(plain, purchase.coupons):
            coupon = self._by_code.get(code) or issued.get(code)
            if coupon in self._coupons:
                found.setdefault(coupon, code)
        return found

    def shared(self, purchase: Purchase) -> tuple[CounterKey, ...]:
        """Return the counters of all accounts together that using what is shown reads or changes."""
        return tuple(key for coupon, code in self.shown(purchase).items() for key in self._shared_of(coupon, code))

    def counters(self, purchase: Purchase) -> tuple[CounterKey, ...]:
        """Return the account's own counters that it reads or changes."""
        return tuple(own_uses_key(coupon) for coupon in self.shown(purchase))

    def usable(self, purchase: Purchase, day: date, state: AccountState) -> Usable:
        """Return what may be used on a day of the store's calendar."""
        shown = self.shown(purchase)
        if not shown:
            return NONE_USABLE
        refused = {coupon: reason for coupon, code in shown.items() if (reason := self._refusal(purchase, coupon, code, day, state)) is not None}
        return Usable({coupon: code for coupon, code in shown.items() if coupon not in refused}, refused)

    def use(self, given_for: Iterable[str], usable: Usable, state: AccountState) -> Used:
        """Count the use of those coupons for which something was given. They must be usable."""
        used = [(coupon, usable.codes[coupon]) for coupon in sorted(set(given_for))]
        own, common = state.counters, state.shared
        return Used(
            tuple((key, own.get(key, 0) + 1) for coupon, _ in used for key in [own_uses_key(coupon)]),
            tuple((key, common.get(key, 0) + 1) for coupon, code in used for key in self._shared_of(coupon, code)),
            tuple(code for _, code in used),
        )

    def _shared_of(self, coupon: str, code: str) -> tuple[CounterKey, ...]:
        """Return which counters of all accounts a use changes. Of unique codes each has its own; all together are counted where there is a limit."""
        known = self._coupons[coupon]
        if not known.unique:
            return (uses_key(coupon),)
        return (code_key(code),) if known.uses is None else (code_key(code), uses_key(coupon))

    def _refusal(self, purchase: Purchase, coupon: str, code: str, day: date, state: AccountState) -> str | None:
        known = self._coupons[coupon]
        until = next((each.valid_until for each in purchase.issued if each.code == code), None) if known.unique else None
        if day < (known.first or date.min) or day > (known.until or date.max) or (until is not None and purchase.occurred_at >= until):
            return "coupon-not-valid"
        if known.unique and state.shared.get(code_key(code), 0):
            return "coupon-used"
        if known.uses is not None and state.shared.get(uses_key(coupon), 0) >= known.uses:
            return "coupon-used-up"
        if known.per_member is not None and state.counters.get(own_uses_key(coupon), 0) >= known.per_member:
            return "coupon-limit"
        return None
