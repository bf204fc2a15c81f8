"""The hash chain of an account: any changed byte of its history is found, with its place.

Each transaction that touches an account moves the account's hash on: SHA-256(previous hash, canonical bytes of the whole
transaction). The canonical bytes are, in this order, with numbers big-endian:

    1 byte      1, the encoding's version
    16 bytes    transaction id
    8, 8        occurred at, booked at
    4, 4        programme version, number of legs
    text each   operation, programme, cause source, cause event id
    32 bytes    evidence

    and for each leg in order:
    16, 16      account id, lot id
    8, 8, 8     account version, amount, balance after
    8, 8        usable from, expires at
    text        bucket

A text is UTF-8, after its length in 4 bytes. A time is whole microseconds since 2000-01-01T00:00Z. What does not apply is zero (a system
account has no version and no balance), of a time the lowest number. A leg's place in the list is its leg order.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256
from struct import Struct

from accrual.domain.entries import Transaction

#: The hash of an account that has no history yet.
GENESIS = bytes(32)

_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_HEAD = Struct(">B16sqqii")
_LEG = Struct(">16s16sqqqqq")
_LENGTH = Struct(">i")
_NO_ID = bytes(16)
_NO_TIME = -(2**63)


def link(previous: bytes, transaction: bytes) -> bytes:
    """Return an account's hash after a transaction, given the one before it and the transaction's canonical bytes."""
    return sha256(previous + transaction).digest()


def canonical(transaction: Transaction) -> bytes:
    """Return the bytes that are hashed: equal for equal transactions, different for any changed field."""
    stamp, operation, entries = transaction
    times = microseconds(stamp.occurred_at), microseconds(stamp.booked_at)
    parts = [
        _HEAD.pack(1, stamp.transaction_id.bytes, *times, stamp.programme_version, len(entries)),
        _word(operation),
        _word(stamp.programme),
        _word(stamp.cause_source),
        _text(stamp.cause_event),
        stamp.evidence,
    ]
    for account_id, version, bucket, amount, balance_after, lot_id, usable_from, expires_at in entries:
        lot = lot_id.bytes if lot_id else _NO_ID
        parts.append(_LEG.pack(account_id.bytes, lot, version or 0, amount, balance_after or 0, _time(usable_from), _time(expires_at)))
        parts.append(_word(bucket))
    return b"".join(parts)


@lru_cache(maxsize=4096)  # a batch books all at one moment, and lots share their days
def microseconds(moment: datetime) -> int:
    """Return a moment as PostgreSQL counts it: whole microseconds since 2000."""
    since = moment - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def _time(moment: datetime | None) -> int:
    return _NO_TIME if moment is None else microseconds(moment)


def _text(value: str) -> bytes:
    raw = value.encode()
    return _LENGTH.pack(len(raw)) + raw


_word: Callable[[str], bytes] = lru_cache(maxsize=1024)(_text)  # the same few for every transaction
