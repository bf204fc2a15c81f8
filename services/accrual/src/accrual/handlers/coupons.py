"""Coupons whose codes are issued one by one: a batch of new codes, and what became of one."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from accrual.domain.budgets import code_key
from accrual.domain.document.coupons import plain
from accrual.domain.lifetimes import days_in
from accrual.domain.programmes import Programmes
from accrual.store import Connection, coupons, shared
from accrual.store.coupons import CouponCode
from accrual.store.shared import SharedKey
from shared.problems import Problem

#: Crockford's digits: nothing in them looks like something else. Sixty bits: nobody finds a code by trying.
_DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LENGTH = 12
#: Random bytes that one code needs.
CODE_BYTES = _LENGTH


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """So many codes of a coupon; for one holder only, if one is named, and until a moment other than the document says, if one is given."""

    programme: str
    coupon: str
    count: int
    holder: str | None = None
    valid_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """A code, and whether it was used."""

    code: CouponCode
    used: bool


async def issue(connection: Connection, programmes: Programmes, order: Order, *, randomness: bytes, now: datetime) -> list[CouponCode]:
    """Issue codes. Raises the Problems `unknown-programme`, `unknown-coupon` (404) and `not-in-future` (422)."""
    programme = programmes.in_force(order.programme, at=now) or programmes.latest(order.programme)
    if programme is None:
        raise Problem(404, "unknown-programme", "There is no such programme")
    coupon = next((each for each in programme.document.coupons if each.id == order.coupon and each.unique), None)
    if coupon is None:
        raise Problem(404, "unknown-coupon", "The programme has no coupon of this name whose codes are issued one by one")
    valid_until = order.valid_until or (None if coupon.valid is None else now + timedelta(days=days_in(coupon.valid)))
    if valid_until is not None and valid_until <= now:
        raise Problem(422, "not-in-future", "The codes could never be used", "Give a moment in the future as valid_until.")
    issued = [
        CouponCode(order.programme, _code(randomness[place : place + CODE_BYTES]), order.coupon, order.holder, now, valid_until)
        for place in range(0, order.count * CODE_BYTES, CODE_BYTES)
    ]
    await coupons.add(connection, issued)
    return issued


async def find(connection: Connection, programme: str, text: str) -> Shown | None:
    """Find a code, however it is written."""
    code = plain(text)
    found = (await coupons.find(connection, [(programme, code)])).get((programme, code))
    if found is None:
        return None
    key = SharedKey(programme, *code_key(code))
    return Shown(found, used=(await shared.values(connection, [key]))[key] > 0)


def _code(randomness: bytes) -> str:
    return "".join(_DIGITS[byte % len(_DIGITS)] for byte in randomness)
