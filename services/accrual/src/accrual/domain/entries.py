"""The values a ledger is made of: accounts with buckets, legs, and transactions of legs that sum to zero."""

from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from hashlib import sha256
from typing import NamedTuple
from uuid import UUID

#: Of a transaction that no decision stands behind.
NO_EVIDENCE = bytes(32)


class Bucket(StrEnum):
    """Where points are. A holder's account has the first four; `system` is the only one of a system account."""

    PENDING = "pending"
    AVAILABLE = "available"
    HELD = "held"
    DEBT = "debt"
    SYSTEM = "system"


class Movement(StrEnum):
    """What a transaction does."""

    GRANT = "grant"
    ACTIVATE = "activate"
    EXPIRE = "expire"
    CLAIM = "claim"
    REVERSE = "reverse"
    PAY_DEBT = "pay-debt"
    HOLD = "hold"
    CAPTURE = "capture"
    RELEASE = "release"
    SPEND = "spend"
    RESTORE = "restore"
    ADJUST = "adjust"
    FORFEIT = "forfeit"
    TRANSFER = "transfer"


class SystemAccount(StrEnum):
    """The other side of what holders get and lose. Its total is derived, so no row is hot."""

    ISSUED = "issued"
    EXPIRED = "expired"
    REDEEMED = "redeemed"
    FORFEITED = "forfeited"
    ADJUSTED = "adjusted"

    def id_in(self, programme: str) -> UUID:
        """Return its account id in a programme: the same for ever."""
        return _system_account_id(programme, self.value)


class Balance(NamedTuple):
    """A holder's points by bucket."""

    pending: int = 0
    available: int = 0
    held: int = 0
    debt: int = 0


class Account(NamedTuple):
    """A holder's account as the ledger sees it. `version` counts its transactions; `hash` is the end of its chain."""

    id: UUID
    version: int
    balance: Balance
    hash: bytes


class Stamp(NamedTuple):
    """Which transaction this is, what caused it, by which programme version, when it happened and when it was booked."""

    transaction_id: UUID
    cause_source: str
    cause_event: str
    programme: str
    programme_version: int  #: 0 where no document was asked
    occurred_at: datetime
    booked_at: datetime
    evidence: bytes = NO_EVIDENCE  #: SHA-256 of what a grant was decided from, and how


class Entry(NamedTuple):
    """One leg. A system account has neither version nor balance; `usable_from` and `expires_at` stand where a lot is opened, or reopened."""

    account_id: UUID
    version: int | None
    bucket: Bucket
    amount: int
    balance_after: int | None
    lot_id: UUID | None
    usable_from: datetime | None = None
    expires_at: datetime | None = None


class Transaction(NamedTuple):
    """One movement of points: legs in order, summing to zero."""

    stamp: Stamp
    operation: Movement
    entries: tuple[Entry, ...]


@lru_cache(maxsize=1024)
def _system_account_id(programme: str, name: str) -> UUID:
    digest = bytearray(sha256(f"system-account\0{programme}\0{name}".encode()).digest()[:16])
    digest[6] = digest[6] & 0x0F | 0x80  # version 8: the bits mean what we say they mean
    digest[8] = digest[8] & 0x3F | 0x80
    return UUID(bytes=bytes(digest))
