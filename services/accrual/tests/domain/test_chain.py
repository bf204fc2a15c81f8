"""The hash chain: any changed field of any leg is found, and the encoding is the one that is written down."""

from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256
from typing import Any
from uuid import UUID

import pytest

from accrual.domain.chain import GENESIS, canonical, link
from accrual.domain.entries import Bucket, Entry, Movement, Stamp, Transaction

from .builders import FRIDAY_NOON, a_stamp

LEG = Entry(UUID(int=7), 3, Bucket.PENDING, 25, 125, UUID(int=9), FRIDAY_NOON, FRIDAY_NOON + timedelta(days=365))
OTHER = Entry(UUID(int=8), None, Bucket.SYSTEM, -25, None, UUID(int=9))
TRANSACTION = Transaction(a_stamp(), Movement.GRANT, (OTHER, LEG))

CHANGED: dict[str, Any] = {
    "account_id": UUID(int=70),
    "version": 4,
    "bucket": Bucket.AVAILABLE,
    "amount": 26,
    "balance_after": 126,
    "lot_id": UUID(int=90),
    "usable_from": FRIDAY_NOON + timedelta(microseconds=1),
    "expires_at": None,
}


def test_every_field_of_a_leg_is_in_the_hash():
    assert set(CHANGED) == set(Entry._fields)


@pytest.mark.parametrize("field", CHANGED)
def test_a_changed_leg_changes_the_hash(field: str):
    assert canonical(TRANSACTION._replace(entries=(OTHER, LEG._replace(**{field: CHANGED[field]})))) != canonical(TRANSACTION)


@pytest.mark.parametrize("field", Stamp._fields)
def test_a_changed_stamp_changes_the_hash(field: str):
    value = getattr(TRANSACTION.stamp, field)
    other = {str: "other", bytes: bytes(31) + b"\1", int: 99, UUID: UUID(int=5), datetime: datetime(2020, 1, 1, tzinfo=UTC)}[type(value)]
    assert canonical(TRANSACTION._replace(stamp=TRANSACTION.stamp._replace(**{field: other}))) != canonical(TRANSACTION)


def test_another_operation_another_order_and_a_missing_leg_change_the_hash():
    changed = [TRANSACTION._replace(operation=Movement.CLAIM), TRANSACTION._replace(entries=(LEG, OTHER)), TRANSACTION._replace(entries=(LEG,))]
    assert len({canonical(each) for each in (TRANSACTION, *changed)}) == 4


def test_text_cannot_move_from_one_field_to_its_neighbour():
    one = TRANSACTION._replace(stamp=a_stamp()._replace(cause_source="ab", cause_event="c"))
    two = TRANSACTION._replace(stamp=a_stamp()._replace(cause_source="a", cause_event="bc"))
    assert canonical(one) != canonical(two)


def test_the_same_moment_in_another_zone_is_the_same_transaction():
    elsewhere = FRIDAY_NOON.astimezone(timezone(timedelta(hours=3)))
    assert canonical(TRANSACTION._replace(stamp=a_stamp()._replace(occurred_at=elsewhere))) == canonical(TRANSACTION)


def test_the_encoding_is_the_one_that_is_written_down():
    """Spelt out, so that anybody can check a ledger with nothing but this and SHA-256."""
    stamp = a_stamp()._replace(evidence=bytes(range(32)))
    noon = 848_491_200_000_000
    later = noon + 365 * 86_400_000_000
    never = -(2**63)

    def number(value: int, size: int = 8) -> bytes:
        return value.to_bytes(size, "big", signed=True)

    def text(value: str) -> bytes:
        return number(len(value), 4) + value.encode()

    expected = b"".join(
        [
            *(b"\x01", number(0x3E9, 16), number(noon), number(noon), number(1, 4), number(2, 4)),
            *(text("grant"), text("shop"), text(stamp.cause_source), text(stamp.cause_event), bytes(range(32))),
            *(number(8, 16), number(9, 16), number(0), number(-25), number(0), number(never), number(never), text("system")),
            *(number(7, 16), number(9, 16), number(3), number(25), number(125), number(noon), number(later), text("pending")),
        ]
    )
    assert canonical(TRANSACTION._replace(stamp=stamp)) == expected
    assert link(GENESIS, expected) == sha256(bytes(32) + expected).digest()
