"""The purchases that the benchmark publishes: made up from a seed, shaped like a supermarket's receipts, the same every time."""

from base64 import urlsafe_b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import islice
from random import Random  # noqa: TID251  seeded: a backlog has to be the same in every run
from typing import Any
from uuid import UUID

import orjson

from contracts.envelope import Record, decode, encode_raw
from contracts.purchases import PurchaseRecorded

MERCHANT = "bench-market"
SOURCE = "urn:bench:tills"
#: Most shops sell much of little and little of much; so does this one.
GOODS = (
    ("fruit", "orchard", 249), ("vegetables", "orchard", 199), ("dairy", "meadow", 129), ("bread", "oven", 289), ("drinks", "spring", 99),
    ("coffee", "aroma", 749), ("coffee", "third-wave", 1290), ("household", "clean", 459), ("meat", "farm", 899), ("tobacco", "smoke", 850),
)  # fmt: skip
OWN_BRAND_SHARE = 0.15
DISCOUNT_SHARE = 0.2
MOST_LINES = 3
STORES = 60
#: A backlog is what piled up while nobody read: here a month's receipts, oldest first.
SPREAD = timedelta(days=30)
CHECKED = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """A number of purchases by a number of holders, all of them before a moment."""

    purchases: int
    holders: int
    seed: int
    until: datetime
    name: str = "backlog"
    hot: float = 0.0  #: the share of the purchases that one member makes

    def records(self) -> Iterator[Record]:
        """Make the records, in the order of time. The first are held to the contract, so that nothing else is measured by mistake."""
        made = self._records()
        for record in islice(made, CHECKED):
            decode(record)
            yield record
        yield from made

    def _records(self) -> Iterator[Record]:
        random = Random(self.seed)
        holders = [holder_of(number) for number in range(self.holders)]
        step = SPREAD / self.purchases
        moment = self.until - SPREAD
        for number in range(self.purchases):
            moment += step
            # Some come every day and most now and then: 20 % of holders make 40 % of the purchases.
            draw = random.random()
            holder = holders[int(self.holders * draw * (0.2 + 0.8 * draw))]
            if self.hot and random.random() < self.hot:
                holder = holders[-1]
            event_id = f"{self.name}-{self.seed}-{number}"
            body = orjson.dumps(purchase(random, event_id, holder, moment))
            yield encode_raw(type=PurchaseRecorded.type, id=event_id, source=SOURCE, time=moment, key=holder, body=body)


def holder_of(number: int) -> str:
    """Return a holder: every other one a member who is known by the shop, the rest cards that nobody has registered yet."""
    digest = sha256(f"bench holder {number}".encode()).digest()
    if number % 2:
        return f"m:{UUID(bytes=digest[:16], version=4)}"
    return "h1:" + urlsafe_b64encode(digest).decode().rstrip("=")


def purchase(random: Random, purchase_id: str, holder: str, moment: datetime) -> dict[str, Any]:
    """Make the body of one purchase: one to three lines, paid by card."""
    lines = [line(random, place) for place in range(1, random.randint(1, MOST_LINES) + 1)]
    store = random.randint(1, STORES)
    return {
        "merchant": MERCHANT,
        "purchase_id": purchase_id,
        "revision": 1,
        "receipt_number": f"{store:03}-{purchase_id}",
        "store": f"store-{store:03}",
        "zone": "Europe/Berlin",
        "channel": "store",
        "cashier": f"till-{random.randint(1, 9)}",
        "holder": holder,
        "lines": lines,
        "payments": [{"kind": "card", "amount": sum(each["paid_amount"] for each in lines)}],
        "currency": "EUR",
        "occurred_at": moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


def line(random: Random, place: int) -> dict[str, Any]:
    """Make one line of a receipt."""
    category, brand, price = random.choice(GOODS)
    pieces = random.choice((1, 1, 1, 2, 3, 6))
    listed = price * pieces
    discount = listed // 10 if random.random() < DISCOUNT_SHARE else 0
    return {
        "line_id": str(place),
        "sku": f"{category}-{random.randint(1, 500):04}",
        "name": f"{brand.capitalize()} {category}",
        "category": category,
        "brand": brand,
        "labels": ["own-brand"] if random.random() < OWN_BRAND_SHARE else [],
        "quantity": pieces * 1000,
        "list_amount": listed,
        "discount_amount": discount,
        "paid_amount": listed - discount,
        "tax_amount": (listed - discount) * 7 // 107,
    }
