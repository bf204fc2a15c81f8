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
    "no-coupon": "only with a coupon, and none that is valid was shown",
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

    def reason(self, wanted: Iterable[str]) -> str | None:
        """Return why none of these coupons may be used; None where one may."""
        asked = list(wanted)
        if any(coupon in self.codes for coupon in asked):
            return None
        return next((self.refused[coupon] for coupon in asked if coupon in self.refused), "no-coupon")


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
        self._by_code = {coupon.plain_code: coupon for coupon in coupons if coupon.plain_code is not None}
        self._unique = [coupon for coupon in coupons if coupon.unique]

    def shared(self, purchase: Purchase) -> tuple[CounterKey, ...]:
        """Return the counters of all accounts together that using what is shown may read or change. Which codes were issued is not known here."""
        codes, others = self._shown(purchase)
        keys = [uses_key(coupon.id) for coupon in codes.values()] + [uses_key(coupon.id) for coupon in others if coupon.uses is not None]
        return (*keys, *(code_key(code) for code in self._unknown(purchase)))

    def counters(self, purchase: Purchase) -> tuple[CounterKey, ...]:
        """Return the account's own counters that it may read or change."""
        codes, others = self._shown(purchase)
        return tuple(own_uses_key(coupon.id) for coupon in (*codes.values(), *others))

    def is_given_back(self, coupon: str) -> bool:
        """Tell whether a coupon may be used again when everything that it was used for comes back; one of another version may."""
        return coupon not in self._coupons or self._coupons[coupon].give_back

    def most_of(self, coupon: str) -> int | None:
        """Return how often one member may use a coupon; None: as often as there are uses."""
        return self._coupons[coupon].per_member if coupon in self._coupons else None

    def usable(self, purchase: Purchase, day: date, state: AccountState) -> Usable:
        """Return what may be used on a day of the store's calendar; `state.codes` says which codes were issued, and may be used at that time."""
        if not (purchase.coupons and self._coupons):
            return NONE_USABLE
        usable: dict[str, str] = {}
        refused: dict[str, str] = {}
        for code in map(plain, purchase.coupons):
            coupon = self._by_code.get(code) or self._coupons.get(state.codes.get(code, ""))
            if coupon is not None and coupon.id not in usable:
                reason = _refusal(coupon, code, day, state)
                if reason is None:
                    usable[coupon.id] = code
                else:
                    refused[coupon.id] = reason
        return Usable(usable, {coupon: reason for coupon, reason in refused.items() if coupon not in usable})

    def named(self, code: str, state: AccountState) -> str | None:
        """Return the coupon that a code stands for, whether or not it may be used; None: nobody knows the code."""
        coupon = self._by_code.get(plain(code))
        return coupon.id if coupon is not None else state.codes.get(plain(code))

    def use(self, given_for: Iterable[str], usable: Usable, state: AccountState) -> Used:
        """Count the use of those coupons for which something was given. They must be usable."""
        used = [(self._coupons[coupon], usable.codes[coupon]) for coupon in sorted(set(given_for))]
        own, common = state.counters, state.shared
        return Used(
            tuple((key, own.get(key, 0) + 1) for coupon, _ in used for key in [own_uses_key(coupon.id)]),
            tuple((key, common.get(key, 0) + 1) for coupon, code in used for key in _used_keys(coupon, code)),
            tuple(code for _, code in used),
        )

    def _shown(self, purchase: Purchase) -> tuple[dict[str, Coupon], list[Coupon]]:
        """Return the coupons whose code is shown, and those of which a code may be shown."""
        if not (purchase.coupons and self._coupons):
            return {}, []
        codes = {code: self._by_code[code] for code in map(plain, purchase.coupons) if code in self._by_code}
        return codes, self._unique if self._unknown(purchase) else []

    def _unknown(self, purchase: Purchase) -> dict[str, None]:
        """Return the codes shown that may have been issued one by one."""
        if not self._unique:
            return {}
        return dict.fromkeys(code for code in map(plain, purchase.coupons) if code not in self._by_code)


def _used_keys(coupon: Coupon, code: str) -> tuple[CounterKey, ...]:
    """Return which counters of all accounts a use changes. Of unique codes each has its own; all together are counted only under a limit."""
    if not coupon.unique:
        return (uses_key(coupon.id),)
    return (code_key(code),) if coupon.uses is None else (code_key(code), uses_key(coupon.id))


def _refusal(coupon: Coupon, code: str, day: date, state: AccountState) -> str | None:
    if day < (coupon.first or date.min) or day > (coupon.until or date.max):
        return "coupon-not-valid"
    if coupon.unique and state.shared.get(code_key(code), 0):
        return "coupon-used"
    if coupon.uses is not None and state.shared.get(uses_key(coupon.id), 0) >= coupon.uses:
        return "coupon-used-up"
    if coupon.per_member is not None and state.counters.get(own_uses_key(coupon.id), 0) >= coupon.per_member:
        return "coupon-limit"
    return None
