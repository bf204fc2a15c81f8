"""The changes of one account, newest first, page by page."""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from uuid import UUID

import orjson
from pydantic import BaseModel, ConfigDict, ValidationError

from accrual.api import wire
from accrual.api.replies import History, Movement
from accrual.domain.entries import Balance
from accrual.store import Connection, holds, reading
from accrual.store.reading import Leg, Open, Reason
from contracts.replies import MovementName
from shared.problems import Problem

_NAMES: Mapping[str, MovementName] = {
    "grant": "granted",
    "activate": "activated",
    "expire": "expired",
    "reverse": "reversed",
    "pay-debt": "debt-paid",
    "hold": "held",
    "capture": "spent",
    "release": "released",
    "spend": "spent",
    "restore": "restored",
    "adjust": "adjusted",
    "forfeit": "forfeited",
}
#: They have to do with one lot, that of a grant. The first leg's lot of others is one of several.
_OF_ONE_GRANT = frozenset({"grant", "activate", "expire", "pay-debt"})

_OF_HOLDS = frozenset({"hold", "capture", "release", "spend", "restore"})


class Cursor(BaseModel):
    """Where a page begins: a version that never changes again, and the balance after it."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    account_id: str
    version: int
    balance: Balance

    def text(self) -> str:
        """Write the cursor, opaque to whoever asked."""
        return urlsafe_b64encode(orjson.dumps([self.account_id, self.version, tuple(self.balance)])).decode()


def cursor_of(text: str) -> Cursor:
    """Read a cursor. Raises the Problem `invalid-cursor`."""
    try:
        account_id, version, balance = orjson.loads(urlsafe_b64decode(text))
        return Cursor(account_id=account_id, version=version, balance=Balance(*balance))
    except (ValueError, TypeError, binascii.Error, ValidationError):
        raise Problem(422, "invalid-cursor", "The cursor is not one of ours") from None


async def page(connection: Connection, account: Open, *, cursor: str | None, limit: int) -> History:
    """Return the next page of an account's history."""
    start = Cursor(account_id=str(account.account_id), version=account.version, balance=account.balance) if cursor is None else cursor_of(cursor)
    if start.account_id != str(account.account_id) or start.version > account.version:
        raise Problem(409, "cursor-of-another-account", "The points have moved to another account", "Ask again from the newest change.")
    first = max(start.version - limit, account.version_base) + 1
    legs = await reading.legs(connection, account.account_id, first=first, last=start.version)
    reasons = await reading.reasons(connection, {leg.lot_id for leg in legs if leg.lot_id is not None})
    back: dict[UUID, tuple[bytes, bytes | None]] = {**await reading.taken_back(connection, {leg.transaction_id for leg in legs if leg.operation == "reverse"})}
    back |= {id_: (body, None) for id_, body in (await holds.bodies(connection, {leg.transaction_id for leg in legs if leg.operation in _OF_HOLDS})).items()}
    balance = start.balance
    items = []
    for version, of_version in groupby(legs, key=lambda leg: leg.version):
        part = list(of_version)
        items.append(_movement(account.programme, version, part, balance, reasons, back.get(part[0].transaction_id)))
        balance = _before(balance, part)
    last = first - 1
    following = Cursor(account_id=start.account_id, version=last, balance=balance).text() if last > account.version_base else None
    return History(items=tuple(items), next=following)


def _movement(
    programme: str, version: int, legs: Sequence[Leg], balance: Balance, reasons: Mapping[UUID, Reason], back: tuple[bytes, bytes | None] | None
) -> Movement:
    leg, total = legs[0], sum(leg.amount for leg in legs)
    movement: MovementName = _NAMES.get(leg.operation, "moved-in" if total > 0 else "moved-out")
    reason = None if leg.operation not in _OF_ONE_GRANT or leg.lot_id is None else reasons.get(leg.lot_id)
    purchase, kept = back or (None, None)
    decision = reason.decision if reason is not None and movement == "granted" else kept
    return Movement(
        programme=programme,
        account_version=version,
        movement=movement,
        points=abs(total) if total else sum(leg.amount for leg in legs if leg.amount > 0),
        balance=wire.buckets(balance),
        grant_id=None if reason is None else reason.lot_id,
        cause=wire.cause(leg.operation, source=leg.cause_source, event_id=leg.cause_event, occurred_at=leg.occurred_at, reason=reason, purchase=purchase),
        booked_at=leg.booked_at,
        occurred_at=leg.occurred_at,
        explanation=None if decision is None else wire.explanation(decision),
        usable_from=None if reason is None else reason.usable_from,
        expires_at=None if reason is None else reason.expires_at,
    )


def _before(balance: Balance, legs: Sequence[Leg]) -> Balance:
    """Return the balance before a change, given the one after it."""
    changes = dict.fromkeys(Balance._fields, 0)
    for leg in legs:
        changes[leg.bucket] += leg.amount
    return Balance(*(after - changes[bucket] for bucket, after in _buckets(balance)))


def _buckets(balance: Balance) -> Iterator[tuple[str, int]]:
    return zip(Balance._fields, balance, strict=True)
