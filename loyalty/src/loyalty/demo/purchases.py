"""Turns a real sale into a receipt: amounts and days as they were, lines, categories and the time of day drawn from the seed."""

from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from contracts.purchases import Line, Payment, PurchaseRecorded
from loyalty.demo.cdnow import Sale, moved
from loyalty.demo.dice import Dice
from loyalty.demo.people import SHOP_ZONE

MERCHANT = "cdnow"
CURRENCY = "USD"
SOURCE = "urn:loyalty-demo:cdnow"
MOST_LINES = 5
#: Each category as often as it stands here: synthetic, for the data set does not know what was on the discs.
CATEGORIES = ("rock", "rock", "rock", "pop", "pop", "jazz", "classical", "electronic", "hip-hop", "country", "soundtrack")
SYNTHETIC_LABEL = "synthetic"


def purchase_of(sale: Sale, *, holder: str | None, weeks: int, dice: Dice) -> PurchaseRecorded:
    """Make the receipt of one sale. Its lines add up to exactly the sale's cents, its purchase id is the sale's line number."""
    return PurchaseRecorded(
        merchant=MERCHANT,
        purchase_id=sale.purchase_id,
        receipt_number=f"{sale.number:04}",
        store="web-shop",
        zone=SHOP_ZONE,
        channel="web",
        holder=holder,
        lines=_lines(sale, dice=dice),
        payments=(Payment(kind="card", amount=sale.cents),),
        currency=CURRENCY,
        occurred_at=_moment(sale, weeks=weeks, dice=dice),
    )


def _lines(sale: Sale, *, dice: Dice) -> tuple[Line, ...]:
    count = min(sale.disks, dice.between(1, MOST_LINES, "lines", sale.number))
    disks = shares(sale.disks, parts=count)
    cents = _by_disks(sale.cents, disks)
    lines = []
    for position, (some_disks, some_cents) in enumerate(zip(disks, cents, strict=True), start=1):
        category = dice.one_of(CATEGORIES, "category", sale.number, position)
        lines.append(
            Line(
                line_id=str(position),
                sku=f"cd-{category}-{dice.between(1, 400, 'sku', sale.number, position):03}",
                name=f"CD, {category}",
                category=category,
                labels=(SYNTHETIC_LABEL,),
                quantity=some_disks * 1000,
                paid_amount=some_cents,
            ),
        )
    return tuple(lines)


def shares(total: int, *, parts: int) -> list[int]:
    """Divide a whole number into parts that differ by one at most and add up to it."""
    return [total * (part + 1) // parts - total * part // parts for part in range(parts)]


def _by_disks(cents: int, disks: list[int]) -> list[int]:
    """Divide the cents in proportion to the discs; the differences of running totals lose nothing."""
    edges, seen = [0], 0
    for some in disks:
        seen += some
        edges.append(cents * seen // sum(disks))
    return [after - before for before, after in pairwise(edges)]


def _moment(sale: Sale, *, weeks: int, dice: Dice) -> datetime:
    """Choose a time of day: a web shop sells from eight in the morning to midnight, most in the evening, hence the later of two draws."""
    first, second = (dice.between(8 * 3600, 24 * 3600 - 1, "time", which, sale.number) for which in (1, 2))
    local = datetime.combine(moved(sale.day, weeks=weeks), time(), ZoneInfo(SHOP_ZONE)) + timedelta(seconds=max(first, second))
    return local.astimezone(UTC)
