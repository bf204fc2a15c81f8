"""Purchases that were accepted: how each was decided, what came back of it, and what was taken for that."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from uuid import UUID

import orjson

from accrual.domain.facts import Purchase
from accrual.domain.given import Given, given_from
from accrual.domain.keeping import Kept, keep
from accrual.domain.lots import Lot, LotState
from accrual.domain.programme import Programme
from accrual.domain.programmes import Programmes
from accrual.domain.returns import Returned, is_empty, left_of
from accrual.domain.reversing import Due
from accrual.domain.tiers.progress import Progress
from accrual.handlers.bodies import read_purchase, read_returned
from accrual.store import Connection, ledger, returns
from accrual.store.causes import Decided
from accrual.store.returns import Accepted, Reversed

_NOTHING_RETURNED = Returned()


@dataclass(frozen=True, slots=True)
class Past:
    """A purchase with everything that happened to it so far."""

    key: bytes
    revision: int
    programme: Programme  #: the version that decided it
    purchase: Purchase  #: as it was decided
    happened_at: datetime  #: really: an exchange is decided as of the exchanged one
    given: Given
    account_id: UUID | None
    grants: tuple[UUID, ...] = ()
    granted: int = 0  #: by all its grants
    expired: int = 0  #: of its own lots
    returned: Returned = _NOTHING_RETURNED
    settled: int = 0  #: taken, forgiven or owed because of what came back
    forgiven: int = 0  #: of that
    reversals: int = 0
    cancelled: bool = False
    confirmed: bool = False  #: what it is granted from now on waits for no confirmation

    def kept(self) -> Kept:
        """Say what it keeps now."""
        return keep(self.programme, self.purchase, self.given, self.returned)

    def progress(self) -> Progress:
        """Say what counts of it towards a level: what it keeps, what was paid for the goods that are left, and itself while there are any."""
        left = left_of(self.purchase, self.returned)
        points = self.given.points if is_empty(self.returned) else self.kept().points
        return Progress(points, sum(amount for _, amount in left.lines.values()), int(bool(left.lines)))

    def due(self, kept: Kept) -> Due:
        """Say what it was given and what was taken of that, for the case that it keeps so much."""
        return Due(self.granted, kept.points, self.settled, self.expired, self.forgiven)


class Pasts:
    """The purchases that events of a batch follow, those of the same batch included."""

    def __init__(self, known: Iterable[Past] = ()) -> None:
        self._known = {past.key: past for past in known}
        self._fresh: dict[bytes, tuple[Programme, Purchase, Decided]] = {}
        self._names: dict[bytes, dict[bytes, datetime]] = {}

    def name(self, receipt_key: bytes, purchase_key: bytes, occurred_at: datetime) -> None:
        """Remember that a purchase has this number on its receipt."""
        self._names.setdefault(receipt_key, {})[purchase_key] = occurred_at

    def accept(self, programme: Programme, purchase: Purchase, decided: Decided) -> None:
        """Take in a purchase accepted just now. What it says is read only if something follows it."""
        self._fresh[decided.key] = programme, purchase, decided
        if decided.receipt_key is not None:
            self.name(decided.receipt_key, decided.key, decided.occurred_at)

    def put(self, past: Past) -> None:
        """Remember what became of a purchase."""
        self._known[past.key] = past
        self._fresh.pop(past.key, None)

    def of(self, key: bytes) -> Past | None:
        """Return a purchase, if it was accepted."""
        fresh = self._fresh.pop(key, None)
        if fresh is not None:
            self._known[key] = _fresh(*fresh)
        return self._known.get(key)

    def named(self, receipt_key: bytes, *, until: datetime, meant: Callable[[Past], bool]) -> Past | None:
        """Return the newest purchase with this number on its receipt that did not happen later, of those that may be meant."""
        found = sorted(((occurred_at, key) for key, occurred_at in self._names.get(receipt_key, {}).items() if occurred_at <= until), reverse=True)
        return next((past for _, key in found if (past := self.of(key)) is not None and meant(past)), None)

    def of_account(self, account_id: UUID, *, until: datetime) -> list[Past]:
        """Return the purchases of an account that did not happen later, the newest first."""
        for key in list(self._fresh):
            self.of(key)
        found = [past for past in self._known.values() if past.account_id == account_id and past.happened_at <= until]
        return sorted(found, key=lambda past: (past.happened_at, past.key), reverse=True)


async def load(connection: Connection, keys: Iterable[bytes], programmes: Programmes) -> tuple[list[Past], dict[UUID, Lot]]:
    """Read purchases with what happened to them, and all their lots. Those never accepted are left out."""
    wanted = set(keys)
    rows = await returns.accepted(connection, wanted)
    if not rows:
        return [], {}
    lots = await ledger.lots(connection, [row.grant_id for row in rows if row.grant_id is not None])
    gone = [lot.id for lot in lots.values() if lot.state is LotState.EXPIRED or (lot.expires_at is not None and lot.remaining < lot.amount)]
    expired = await returns.expired(connection, {lots[lot_id].account_id for lot_id in gone}, gone)
    reversals = await returns.reversals(connection, wanted)
    confirmed = await returns.confirmed(connection, {row.key for row in rows})
    by_key = {key: list(found) for key, found in groupby(reversals, key=lambda row: row.purchase_key)}
    pasts = [_past(list(found), by_key.get(key, []), lots, expired, programmes) for key, found in groupby(rows, key=lambda row: row.key)]
    return [replace(past, confirmed=past.key in confirmed) for past in pasts], lots


def _past(rows: list[Accepted], reversals: list[Reversed], lots: Mapping[UUID, Lot], expired: Mapping[UUID, int], programmes: Programmes) -> Past:
    last = rows[-1]
    programme = programmes.version(last.programme, last.programme_version)
    if programme is None:
        raise LookupError(f"version {last.programme_version} of {last.programme} was published, and is not there")
    grants = tuple(row.grant_id for row in rows if row.grant_id is not None)
    returned = Returned()
    for row in reversals:
        returned = returned.plus(read_returned(row.returned))
    return Past(
        key=last.key,
        revision=last.revision,
        programme=programme,
        purchase=read_purchase(last.body, last.decided_as, identified=last.account_id is not None),
        happened_at=last.occurred_at,
        given=given_from(orjson.loads(last.decision)),
        account_id=last.account_id,
        grants=grants,
        granted=sum(lots[grant].amount for grant in grants),
        expired=sum(expired.get(grant, 0) for grant in grants),
        returned=returned,
        settled=sum(row.taken + row.owed + row.forgiven for row in reversals),
        forgiven=sum(row.forgiven for row in reversals),
        reversals=len(reversals),
        cancelled=any(row.kind == "cancellation" for row in reversals),
    )


def _fresh(programme: Programme, purchase: Purchase, decided: Decided) -> Past:
    past = Past(decided.key, decided.revision, programme, purchase, decided.occurred_at, given_from(orjson.loads(decided.decision)), decided.account_id)
    return past if decided.grant_id is None else replace(past, grants=(decided.grant_id,), granted=past.given.points)
