"""The awkward part of every real day: no card shown, foreign money, records that nobody can read, and events sent again."""

from collections.abc import Sequence
from dataclasses import replace

from contracts.envelope import Event, Record, encode
from contracts.purchases import PurchaseRecorded
from loyalty.demo.dice import Dice
from loyalty.demo.purchases import SOURCE

#: Of so many events one is sent twice: 5 %.
ONE_SENT_TWICE = 20
#: Of so many purchases one comes again under a new event id, as from a till that lost its memory.
ONE_UNDER_A_NEW_ID = 300
#: A repeat comes at once, in the same batch, or much later: up to so many events behind.
FARTHEST_REPEAT = 600
WITHOUT_IDENTIFIER = 2
#: The event id of a purchase with a negative amount: sending it again does not mend it.
NEGATIVE = "negative-1"


def purchase_record(purchase: PurchaseRecorded, *, suffix: str = "") -> Record:
    """Give the record of a purchase; its event id is the purchase's id and revision, and the suffix."""
    event_id = f"{purchase.purchase_id}.{purchase.revision}{suffix}"
    return encode(Event(id=event_id, source=SOURCE, type=purchase.type, time=purchase.occurred_at, data=purchase))


def under_new_ids(purchases: Sequence[PurchaseRecorded]) -> list[Record]:
    """Send some purchases once more as other events: their content is known, so they earn nothing again."""
    return [purchase_record(purchase, suffix=".again") for number, purchase in enumerate(purchases) if number % ONE_UNDER_A_NEW_ID == ONE_UNDER_A_NEW_ID // 2]


def odd_purchases(like: PurchaseRecorded) -> list[Record]:
    """Make two purchases at which no card was shown, and one in a currency that the programme does not name."""
    nameless = [like.model_copy(update={"purchase_id": f"nobody-{number}", "receipt_number": None, "holder": None}) for number in range(WITHOUT_IDENTIFIER)]
    foreign = like.model_copy(update={"purchase_id": "foreign-1", "receipt_number": None, "currency": "GBP"})
    return [purchase_record(purchase) for purchase in (*nameless, foreign)]


def garbled(record: Record) -> Record:
    """Cut a record in the middle, as a till with a fault does; its event id can still be read."""
    value = record.value or b""
    return replace(record, value=value[: len(value) // 2])


def unreadable(like: Record) -> list[Record]:
    """Make two more records that end as dead letters: a negative amount, and no envelope."""
    headers, value = dict(like.headers), like.value or b""
    return [
        replace(like, value=value.replace(b'"paid_amount":', b'"paid_amount":-1'), headers=tuple({**headers, "ce_id": NEGATIVE.encode()}.items())),
        replace(like, value=b"hello", headers=()),
    ]


def with_repeats(records: Sequence[Record], *, dice: Dice, name: str, also: Sequence[Record] = ()) -> list[Record]:
    """Send one event in twenty a second time, some way behind the first, and weave in the others among them."""
    placed = [(float(position), record) for position, record in enumerate(records)]
    for position, record in enumerate(records):
        if position % ONE_SENT_TWICE == ONE_SENT_TWICE // 2:
            placed.append((position + 0.5 + dice.below(FARTHEST_REPEAT, name, "repeat", position), record))
    for number, record in enumerate(also):
        # The second half: whatever these repeat or resemble has been sent before them.
        half = len(records) // 2
        placed.append((half + 0.25 + dice.below(max(1, half), name, "also", number), record))
    return [record for _, record in sorted(placed, key=lambda pair: pair[0])]
