"""Codes of coupons that were issued one by one. Whether one was used is counted in `shared`."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import NamedTuple

from accrual.store import Connection


class CouponCode(NamedTuple):
    """A code: of which coupon, for whom (None: for whoever has it), and until when."""

    programme: str
    code: str
    coupon: str
    holder: str | None
    issued_at: datetime
    valid_until: datetime | None  #: the first moment at which it can no longer be used


_COLUMNS = "programme, code, coupon, holder, issued_at, valid_until"
_ADD = f"insert into coupon_code ({_COLUMNS}) values ($1, $2, $3, $4, $5, $6)"  # noqa: S608  a constant
_FIND = f"select {_COLUMNS} from coupon_code join (select unnest($1::text[]) as programme, unnest($2::text[]) as code) as wanted using (programme, code)"  # noqa: S608  a constant


async def add(connection: Connection, codes: Iterable[CouponCode]) -> None:
    """Write new codes."""
    await connection.executemany(_ADD, codes)


async def find(connection: Connection, wanted: Collection[tuple[str, str]]) -> dict[tuple[str, str], CouponCode]:
    """Find codes by programme and code; those never issued are left out."""
    rows = await connection.fetch(_FIND, [programme for programme, _ in wanted], [code for _, code in wanted]) if wanted else []
    return {(row[0], row[1]): CouponCode(*row) for row in rows}
