"""What happened, as simulations and analyses see it: purchases, returns and deeds of customers, in the order of time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple

from accrual.domain.facts import Activity, Purchase
from accrual.domain.returns import AskedReturn

#: Whole weeks, so that weekdays stay what they were, and so close to a year that seasons do.
YEAR = timedelta(weeks=52)


class Bought(NamedTuple):
    """A receipt. `customer` is None where nobody was identified; `cost` is what the goods cost the merchant, None where not known."""

    occurred_at: datetime
    customer: str | None
    purchase: Purchase
    cost: int | None = None

    @property
    def amount(self) -> int:
        """What was paid for goods and delivery, in minor units."""
        return sum([line.paid_amount for line in self.purchase.lines]) + self.purchase.delivery_amount

    def later(self, span: timedelta) -> "Bought":
        """Return the same purchase some time later."""
        moment = self.occurred_at + span
        return self._replace(occurred_at=moment, purchase=self.purchase._replace(occurred_at=moment))


class Brought(NamedTuple):
    """Goods came back. Without a purchase id they are looked for among what the customer bought, the newest first."""

    occurred_at: datetime
    customer: str | None
    asked: AskedReturn
    purchase_id: str | None = None
    cost: int | None = None

    @property
    def amount(self) -> int:
        """What was given back, in minor units; of a return of everything it is known only when the purchase is found."""
        return sum([line.amount for line in self.asked.lines]) + self.asked.delivery_amount

    def later(self, span: timedelta) -> "Brought":
        """Return the same return some time later."""
        return self._replace(occurred_at=self.occurred_at + span)


class Did(NamedTuple):
    """A customer did something that may earn and is no purchase."""

    occurred_at: datetime
    customer: str
    activity: Activity

    def later(self, span: timedelta) -> "Did":
        """Return the same deed some time later."""
        moment = self.occurred_at + span
        return self._replace(occurred_at=moment, activity=self.activity._replace(occurred_at=moment))


Event = Bought | Brought | Did


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """Everything that was read, in the order of time. There is at least one purchase, and all are in one currency."""

    source: str
    events: Sequence[Event]
    currency: str
    skipped: int = 0  #: pieces of the input that could not be read
    notes: tuple[str, ...] = ()  #: what a reader of the results should know about the data

    @property
    def purchases(self) -> list[Bought]:
        """All purchases."""
        return [event for event in self.events if isinstance(event, Bought)]

    @property
    def first_day(self) -> date:
        """The day of the first event, in UTC."""
        return self.events[0].occurred_at.date()

    @property
    def last_day(self) -> date:
        """The day of the last event, in UTC."""
        return self.events[-1].occurred_at.date()

    @property
    def days(self) -> int:
        """How many days it covers, the first and the last one counted."""
        return (self.last_day - self.first_day).days + 1

    def later(self, years: int) -> "History":
        """Return the same history so many times 52 weeks later: weekdays stay, seasons nearly."""
        moved = [event.later(YEAR * years) for event in self.events]
        return History(source=self.source, events=moved, currency=self.currency, skipped=self.skipped, notes=self.notes)
