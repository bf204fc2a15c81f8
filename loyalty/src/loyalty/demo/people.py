"""Made-up people for real customers: names, identifiers, and whether and when each of them registers."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from loyalty.demo.dice import Dice

SHOP_ZONE = "America/New_York"
#: Eight weeks before the last purchase: late enough that most guests have points waiting, early enough that members go on buying.
DRIVE_DAYS_BEFORE_END = 56
#: Of 100 customers: this many register before their first purchase, then this many in the registration week; the others never do.
EARLY_PERCENT, LATE_PERCENT = 50, 30
PHONE_PERCENT = 35

GIVEN = "Ana Ben Cora Dan Eva Finn Gia Hugo Iris Jon Kira Leo Mia Noah Olga Paul Quinn Rosa Sam Tess Uma Vera Will Xena Yara Zoe".split()  # noqa: SIM905  reads better
FAMILY = "Archer Baker Carter Draper Ellis Fisher Glover Hooper Irving Joiner Keeler Lister Mason Nash Osler Potter Reeve Smith Tanner Weaver".split()  # noqa: SIM905
#: Numbers 555-0100 to 555-0199 of every area are kept for fiction; 25 areas hold 2,500 people.
AREAS = (202, 203, 206, 212, 213, 214, 215, 216, 303, 305, 312, 313, 314, 404, 412, 415, 503, 504, 512, 602, 610, 612, 614, 617, 702)
NUMBERS_PER_AREA = 100


class Joining(StrEnum):
    """When somebody registers."""

    EARLY = "early"
    LATE = "late"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Person:
    """A customer as the demo tells of them. Everything but the customer's number and purchases is synthetic."""

    customer: int
    given_name: str
    family_name: str
    card: str
    email: str
    phone: str | None
    shows: str
    joining: Joining

    @property
    def shown(self) -> str:
        """The identifier this person gives when buying, as kind and value."""
        return self.card if self.shows == "card" else self.email

    @property
    def identifiers(self) -> tuple[tuple[str, str], ...]:
        """All identifiers as (kind, value), the one used when buying first."""
        others = [("card", self.card), ("email", self.email), *([("phone", self.phone)] if self.phone else [])]
        return ((self.shows, self.shown), *[pair for pair in others if pair[0] != self.shows])


def person(customer: int, *, dice: Dice, card_prefix: str) -> Person:
    """Make up the person behind a customer number, always the same one."""
    given, family = dice.one_of(GIVEN, "given", customer), dice.one_of(FAMILY, "family", customer)
    area, number = AREAS[customer // NUMBERS_PER_AREA], customer % NUMBERS_PER_AREA
    joining = _joining(dice.below(100, "joining", customer))
    return Person(
        customer=customer,
        given_name=given,
        family_name=family,
        card=_card(card_prefix, customer, dice=dice),
        email=f"{given}.{family}.{customer:04}@example.org".lower(),
        phone=f"+1{area}55501{number:02}" if dice.chance(PHONE_PERCENT, "phone", customer) else None,
        # A member shows the card. A guest of a web shop is known by e-mail, unless a till handed out a card not registered yet.
        shows="card" if joining is Joining.EARLY or dice.chance(40, "card", customer) else "email",
        joining=joining,
    )


def _joining(roll: int) -> Joining:
    if roll < EARLY_PERCENT:
        return Joining.EARLY
    return Joining.LATE if roll < EARLY_PERCENT + LATE_PERCENT else Joining.NEVER


def _card(prefix: str, customer: int, *, dice: Dice) -> str:
    """Sixteen digits: the programme's four, seven drawn, four that tell customers apart, and Luhn's check digit."""
    body = f"{prefix}{dice.below(10**7, 'card number', customer):07}{customer:04}"
    doubled = [sum(divmod(2 * int(digit), 10)) for digit in body[::-2]]
    return body + str(-(sum(doubled) + sum(map(int, body[-2::-2]))) % 10)


def registered_at(who: Person, *, first_day: date, last_day: date, dice: Dice) -> datetime:
    """Say when an early or late person fills in the form: before the first purchase, or in the registration week."""
    if who.joining is Joining.EARLY:
        day = first_day - timedelta(days=dice.between(1, 30, "days before", who.customer))
    else:
        day = last_day - timedelta(days=DRIVE_DAYS_BEFORE_END - dice.below(7, "day of the week", who.customer))
    moment = time(hour=dice.between(9, 20, "hour of joining", who.customer), minute=dice.below(60, "minute of joining", who.customer))
    return datetime.combine(day, moment, ZoneInfo(SHOP_ZONE))
