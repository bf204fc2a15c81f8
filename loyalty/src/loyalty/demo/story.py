"""The whole of what the demo publishes, made before anything is sent: the same for the same week."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from contracts.activities import ActivityRecorded
from contracts.envelope import Event, Record, encode
from contracts.purchases import PurchaseRecorded
from loyalty.demo.cdnow import Sale, moved
from loyalty.demo.dice import Dice
from loyalty.demo.edges import garbled, odd_purchases, purchase_record, under_new_ids, unreadable, with_repeats
from loyalty.demo.people import DRIVE_DAYS_BEFORE_END, SHOP_ZONE, Joining, Person, person, registered_at
from loyalty.demo.purchases import SOURCE, purchase_of
from loyalty.demo.returns import returns_of

SEED = "cdnow 1"
DRIVE_DAYS = 7
NEWSLETTER_PERCENT = 20

HolderOf = Callable[[str, str], str]
#: Makes the record of a person's registration at a time.
Register = Callable[[Person, datetime], Record]


@dataclass(frozen=True, slots=True)
class World:
    """What the story is told for: a programme and its cards, who hashes identifiers, who registers people, and how far the days move."""

    programme: str
    card_prefix: str
    holder_of: HolderOf
    register: Register
    weeks: int


@dataclass(frozen=True, slots=True)
class Story:
    """Five acts: who registered first, a year and a half of purchases, the registration week, the last seven weeks, and what is mended after."""

    early: Sequence[Record]
    past: Sequence[Record]
    late: Sequence[Record]
    newsletter: Sequence[Record]
    recent: Sequence[Record]
    mended: Sequence[Record]
    people: Sequence[Person]
    sales: Sequence[Sale]
    recent_purchases: frozenset[str]
    returns: int
    sent_twice: int
    under_a_new_id: int

    @property
    def events(self) -> int:
        """Count all records, repeats and broken ones included."""
        return sum(len(act) for act in (self.early, self.past, self.late, self.newsletter, self.recent, self.mended))

    @property
    def purchase_events(self) -> int:
        """Count the records of the purchases' topic."""
        return len(self.past) + len(self.recent) + len(self.mended)

    def joining(self, when: Joining) -> list[Person]:
        """List the people who register then."""
        return [who for who in self.people if who.joining is when]


def tell(sales: Sequence[Sale], world: World) -> Story:
    """Make all records. Every sale becomes one purchase; `data/ATTRIBUTION.md` says what else is real, and what is not."""
    dice = Dice(SEED)
    people = {customer: person(customer, dice=dice, card_prefix=world.card_prefix) for customer in sorted({sale.customer for sale in sales})}
    last_day = moved(max(sale.day for sale in sales), weeks=world.weeks)
    drive_ends = _midnight(last_day - timedelta(days=DRIVE_DAYS_BEFORE_END - DRIVE_DAYS))
    receipts = _receipts(sales, people, world, dice=dice)
    past = [each for each in receipts if each.occurred_at < drive_ends]
    recent = [each for each in receipts if each.occurred_at >= drive_ends]
    returned = returns_of(recent, dice=dice)
    mended = purchase_record(past.pop())  # its till sends it garbled at first
    again = under_new_ids(past)
    also = [*again, *odd_purchases(past[0]), garbled(mended), *unreadable(purchase_record(past[0]))]
    once = {
        "early": _registrations(sales, people, world, last_day=last_day, joining=Joining.EARLY, dice=dice),
        "past": [purchase_record(each) for each in past],
        "late": _registrations(sales, people, world, last_day=last_day, joining=Joining.LATE, dice=dice),
        "recent": [record for _, record in sorted([*((each.occurred_at, purchase_record(each)) for each in recent), *returned], key=lambda pair: pair[0])],
    }
    acts = {name: with_repeats(records, dice=dice, name=name, also=also if name == "past" else ()) for name, records in once.items()}
    return Story(
        **acts,
        newsletter=_subscriptions(people.values(), world, at=drive_ends, dice=dice),
        mended=(mended,),
        people=tuple(people.values()),
        sales=tuple(sales),
        recent_purchases=frozenset(each.purchase_id for each in recent),
        returns=len(returned),
        sent_twice=sum(map(len, acts.values())) - sum(map(len, once.values())) - len(also),
        under_a_new_id=len(again),
    )


def _receipts(sales: Sequence[Sale], people: dict[int, Person], world: World, *, dice: Dice) -> list[PurchaseRecorded]:
    """Make the receipts, in the order of time."""
    holders = {customer: world.holder_of(who.shows, who.shown) for customer, who in people.items()}
    receipts = [purchase_of(sale, holder=holders[sale.customer], weeks=world.weeks, dice=dice) for sale in sales]
    return sorted(receipts, key=lambda receipt: (receipt.occurred_at, receipt.purchase_id))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(SHOP_ZONE)).astimezone(UTC)


def _registrations(sales: Sequence[Sale], people: dict[int, Person], world: World, *, last_day: date, joining: Joining, dice: Dice) -> list[Record]:
    """Make the registrations of those who join then, in the order of time."""
    first = {sale.customer: moved(sale.day, weeks=world.weeks) for sale in sorted(sales, key=lambda sale: sale.day, reverse=True)}
    moments = [(registered_at(who, first_day=first[customer], last_day=last_day, dice=dice), who) for customer, who in people.items() if who.joining is joining]
    return [world.register(who, moment) for moment, who in sorted(moments, key=lambda pair: (pair[0], pair[1].customer))]


def _subscriptions(people: Iterable[Person], world: World, *, at: datetime, dice: Dice) -> list[Record]:
    """Let some members subscribe to the newsletter right after the registration week."""
    records = []
    for who in people:
        if who.joining is Joining.NEVER or not dice.chance(NEWSLETTER_PERCENT, "newsletter", who.customer):
            continue
        deed = ActivityRecorded(
            programme=world.programme,
            activity_id=f"newsletter-{who.customer:04}",
            kind="newsletter-subscribed",
            holder=world.holder_of(who.shows, who.shown),
            zone=SHOP_ZONE,
            occurred_at=at,
        )
        records.append(encode(Event(id=deed.activity_id, source=SOURCE, type=deed.type, time=at, data=deed)))
    return records
