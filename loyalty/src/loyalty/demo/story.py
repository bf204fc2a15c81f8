"""The whole of what the demo publishes, made before anything is sent: the same for the same week."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from contracts.envelope import Record
from contracts.purchases import PurchaseRecorded

from loyalty.demo.cdnow import Sale, moved
from loyalty.demo.dice import Dice
from loyalty.demo.edges import odd_purchases, purchase_record, under_new_ids, unreadable, with_repeats
from loyalty.demo.people import DRIVE_DAYS_BEFORE_END, SHOP_ZONE, Joining, Person, person, registered_at
from loyalty.demo.purchases import purchase_of

SEED = "cdnow 1"
DRIVE_DAYS = 7

HolderOf = Callable[[str, str], str]
#: Makes the record of a person's registration at a time.
Register = Callable[[Person, datetime], Record]


@dataclass(frozen=True, slots=True)
class Story:
    """Four acts: who registered first, a year and a half of purchases, the registration week, and the last seven weeks."""

    early: Sequence[Record]
    past: Sequence[Record]
    late: Sequence[Record]
    recent: Sequence[Record]
    people: Sequence[Person]
    sales: Sequence[Sale]
    sent_twice: int
    under_a_new_id: int

    @property
    def events(self) -> int:
        """Count all records, repeats and broken ones included."""
        return sum(len(act) for act in (self.early, self.past, self.late, self.recent))

    @property
    def purchase_events(self) -> int:
        """Count the records of the purchases' topic."""
        return len(self.past) + len(self.recent)

    def joining(self, when: Joining) -> list[Person]:
        """List the people who register then."""
        return [who for who in self.people if who.joining is when]


def tell(sales: Sequence[Sale], *, weeks: int, holder_of: HolderOf, register: Register, card_prefix: str) -> Story:
    """Make all records. Every sale becomes one purchase; `data/ATTRIBUTION.md` says what else is real, and what is not."""
    dice = Dice(SEED)
    people = {customer: person(customer, dice=dice, card_prefix=card_prefix) for customer in sorted({sale.customer for sale in sales})}
    past, recent = _purchases(sales, people, weeks=weeks, holder_of=holder_of, dice=dice)
    early, late = (_registrations(sales, people, joining, weeks=weeks, register=register, dice=dice) for joining in (Joining.EARLY, Joining.LATE))
    again = under_new_ids(past)
    broken = unreadable(purchase_record(past[0]))
    plain = [early, [purchase_record(each) for each in past], late, [purchase_record(each) for each in recent]]
    also = [*again, *odd_purchases(past[0]), *broken]
    acts = [
        with_repeats(plain[0], dice=dice, name="early"),
        with_repeats(plain[1], dice=dice, name="past", also=also),
        with_repeats(plain[2], dice=dice, name="late"),
        with_repeats(plain[3], dice=dice, name="recent"),
    ]
    return Story(
        *acts,
        people=tuple(people.values()),
        sales=tuple(sales),
        sent_twice=sum(map(len, acts)) - sum(map(len, plain)) - len(also),
        under_a_new_id=len(again),
    )


def _purchases(
    sales: Sequence[Sale], people: dict[int, Person], *, weeks: int, holder_of: HolderOf, dice: Dice
) -> tuple[list[PurchaseRecorded], list[PurchaseRecorded]]:
    """Make the receipts in the order of time, those before the end of the registration week and those after."""
    shown = {customer: (who.shows, who.shown) for customer, who in people.items()}
    receipts = sorted(
        (purchase_of(sale, holder=holder_of(*shown[sale.customer]), weeks=weeks, dice=dice) for sale in sales),
        key=lambda receipt: (receipt.occurred_at, receipt.purchase_id),
    )
    end = _drive_ends(moved(max(sale.day for sale in sales), weeks=weeks))
    return [each for each in receipts if each.occurred_at < end], [each for each in receipts if each.occurred_at >= end]


def _drive_ends(last_day: date) -> datetime:
    day = last_day - timedelta(days=DRIVE_DAYS_BEFORE_END - DRIVE_DAYS)
    return datetime.combine(day, time(), ZoneInfo(SHOP_ZONE)).astimezone(UTC)


def _registrations(
    sales: Sequence[Sale], people: dict[int, Person], joining: Joining, *, weeks: int, register: Register, dice: Dice
) -> list[Record]:
    first = {sale.customer: moved(sale.day, weeks=weeks) for sale in sorted(sales, key=lambda sale: sale.day, reverse=True)}
    last_day = moved(max(sale.day for sale in sales), weeks=weeks)
    moments = [
        (registered_at(who, first_day=first[customer], last_day=last_day, dice=dice), who)
        for customer, who in people.items()
        if who.joining is joining
    ]
    return [register(who, moment) for moment, who in sorted(moments, key=lambda pair: (pair[0], pair[1].customer))]
