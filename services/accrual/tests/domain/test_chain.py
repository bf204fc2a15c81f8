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
    other = {str: "other", int: 99, UUID: UUID(int=5), datetime: datetime(2020, 1, 1, tzinfo=UTC)}[type(value)]
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
    stamp = a_stamp()
    noon = 1_795_176_000_000_000
    later = noon + 365 * 86_400_000_000
    fields_in_order = [
        "1", "000000000000000000000000000003e9", "grant", stamp.cause_source, stamp.cause_event, "shop", "1", "", str(noon), str(noon), "2",
        "00000000000000000000000000000008", "", "system", "-25", "", "00000000000000000000000000000009", "", "",
        "00000000000000000000000000000007", "3", "pending", "25", "125", "00000000000000000000000000000009", str(noon), str(later),
    ]  # fmt: skip
    expected = "".join(f"{field}\0" for field in fields_in_order).encode()
    assert canonical(TRANSACTION) == expected
    assert link(GENESIS, expected) == sha256(bytes(32) + expected).digest()
