"""The hash chain of an account: any changed byte of its history is found, with its place.

Each transaction that touches an account moves the account's hash on: SHA-256(previous hash, canonical bytes of the whole
transaction). The canonical bytes are UTF-8 text fields, each ended by one U+0000 (no field can contain it), in this order:

    "1" (the encoding's version), transaction id, operation, cause source, cause event id, programme, programme version,
    evidence, occurred at, booked at, number of legs, then for each leg in order:
    account id, account version, bucket, amount, balance after, lot id, usable from, expires at

Ids are UUIDs as 32 lower-case hexadecimal digits, integers are decimal, times are whole microseconds since 1970-01-01T00:00Z, and what
does not apply (a system account has no version and no balance) is empty. A leg's place in the list is its leg order.
"""

from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256

from accrual.domain.entries import Transaction

#: The hash of an account that has no history yet.
GENESIS = bytes(32)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def link(previous: bytes, transaction: bytes) -> bytes:
    """Return an account's hash after a transaction, given the one before it and the transaction's canonical bytes."""
    return sha256(previous + transaction).digest()


def canonical(transaction: Transaction) -> bytes:
    """Return the bytes that are hashed: equal for equal transactions, different for any changed field."""
    stamp = transaction.stamp
    head = (
        f"1\0{stamp.transaction_id.hex}\0{transaction.operation}\0{stamp.cause_source}\0{stamp.cause_event}\0{stamp.programme}\0"
        f"{stamp.programme_version}\0{stamp.evidence}\0{_microseconds(stamp.occurred_at)}\0{_microseconds(stamp.booked_at)}\0{len(transaction.entries)}\0"
    )
    legs = [
        (
            f"{account_id.hex}\0{'' if version is None else version}\0{bucket}\0{amount}\0{'' if balance_after is None else balance_after}\0"
            f"{'' if lot_id is None else lot_id.hex}\0{'' if usable_from is None else _microseconds(usable_from)}\0"
            f"{'' if expires_at is None else _microseconds(expires_at)}\0"
        )
        for account_id, version, bucket, amount, balance_after, lot_id, usable_from, expires_at in transaction.entries
    ]
    return "".join((head, *legs)).encode()


@lru_cache(maxsize=4096)  # a batch books all at one moment, and lots share their days
def _microseconds(moment: datetime) -> str:
    since = moment - _EPOCH
    return str((since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds)
