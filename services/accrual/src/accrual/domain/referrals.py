"""Referrals: which purchase of a friend counts, when both are given their points for it, and why not.

A purchase counts that was made soon enough after joining and of which enough is left. The first one that does is waited for until it can
hardly come back any more; if it comes back after all, the next one counts. Who invites must have joined earlier than the friend, so
invitations never lead back to where they began, however long the chain.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from accrual.domain.amounts import in_units
from accrual.domain.decisions import Explanation, Grant, NotGiven, Operation, Step
from accrual.domain.document.document import Document
from accrual.domain.lifetimes import days_in, end_of, expiry_of, start_of
from accrual.domain.periods import named
from accrual.domain.rates import minor
from accrual.domain.wording import plain

#: What stands where an explanation names a rule.
RULE = "referrals"


class Side(StrEnum):
    """Which of the two."""

    INVITER = "inviter"
    FRIEND = "friend"


class Objection(StrEnum):
    """Why nothing is given for a friend, for ever. The closed list."""

    SAME_PERSON = "same-person"
    NOT_A_MEMBER = "inviter-not-a-member"
    JOINED_LATER = "inviter-joined-later"
    KNOWN_BEFORE = "friend-known-before"
    NO_PURCHASE = "no-purchase-in-time"
    TOO_MANY = "too-many-friends"
    FORGOTTEN = "forgotten"
    RETURNED = "purchase-returned"


TEXTS: Mapping[Objection, str] = {
    Objection.SAME_PERSON: "nobody invites themselves",
    Objection.NOT_A_MEMBER: "whoever invited is no member of the programme",
    Objection.JOINED_LATER: "whoever invited joined no earlier than the friend",
    Objection.KNOWN_BEFORE: "the friend had bought something before joining",
    Objection.NO_PURCHASE: "no purchase that counts was made in time and kept",
    Objection.TOO_MANY: "whoever invited was given points for as many friends as the programme allows in the period",
    Objection.FORGOTTEN: "one of the two has been forgotten",
    Objection.RETURNED: "the purchase for which it was given came back",
}


class Bought(NamedTuple):
    """A purchase of a friend, as far as it did not come back."""

    key: bytes
    occurred_at: datetime
    currency: str
    left: int | None  #: paid for the goods that are left, in minor units; None: no goods are left


class Invited(NamedTuple):
    """A friend, whoever invited the friend, and when each of them joined; None: never, as far as is known."""

    friend: UUID
    inviter: UUID
    joined_at: datetime
    inviter_joined_at: datetime | None


class ReferralRules:
    """What a version says about referrals, compiled. Days are those of the programme's zone."""

    def __init__(self, document: Document) -> None:
        """Take a checked document with a section `referrals`."""
        said = document.referrals
        if said is None:
            raise ValueError(f"version {document.version} of {document.programme} says nothing of referrals")
        decimals = document.points.decimals
        self._points = {Side.INVITER: in_units(said.give.inviter, decimals) or 0, Side.FRIEND: in_units(said.give.friend, decimals) or 0}
        self._minimum = {currency: minor(said.minimum, currency) or 0 for currency in document.all_currencies}
        self._within, self._hold = days_in(said.within), days_in(said.hold)
        self._cap = said.cap
        self._zone = ZoneInfo(document.zone)
        self._expiry = document.expiry
        self._gone_at = None if document.close is None else end_of(document.close.spend_until, self._zone)

    def points(self, side: Side) -> int:
        """Return what one of the two is given, in the programme's smallest unit."""
        return self._points[side]

    def ends_at(self, joined_at: datetime) -> datetime:
        """Return the first moment at which a purchase comes too late to count."""
        return end_of(self._day(joined_at) + timedelta(days=self._within), self._zone)

    def pays_at(self, occurred_at: datetime) -> datetime:
        """Return from when on something is given for a purchase."""
        return start_of(self.payday(occurred_at), self._zone)

    def payday(self, occurred_at: datetime) -> date:
        """Return the day after the last one on which a purchase is waited for."""
        return self._day(occurred_at) + timedelta(days=self._hold + 1)

    def counting(self, joined_at: datetime, bought: Iterable[Bought]) -> Bought | None:
        """Return the first purchase that counts: made in time, in a currency of the version, and enough of it is left."""
        ends_at = self.ends_at(joined_at)
        found = [each for each in bought if joined_at <= each.occurred_at < ends_at and self._is_enough(each)]
        return min(found, key=lambda each: (each.occurred_at, each.key), default=None)

    def look_again(self, joined_at: datetime, counting: Bought | None, *, now: datetime) -> datetime | None:
        """Return when something can be given at the earliest, as things stand; None: never, for no purchase can count any more.

        Where nothing counts yet, whatever is bought from now on is given for no earlier than what is bought now.
        """
        if counting is not None:
            return self.pays_at(counting.occurred_at)
        last = self.pays_at(self.ends_at(joined_at) - timedelta(microseconds=1))
        return None if now >= last else min(self.pays_at(now), last)

    def objection(self, invited: Invited, bought: Iterable[Bought], paid_on: Collection[date], *, payday: date) -> Objection | None:
        """Return why nothing is given for a friend whose purchase counts. `paid_on` are the days on which the inviter was given something for others."""
        if invited.friend == invited.inviter:
            return Objection.SAME_PERSON
        if invited.inviter_joined_at is None:
            return Objection.NOT_A_MEMBER
        if invited.inviter_joined_at >= invited.joined_at:
            return Objection.JOINED_LATER
        if any(each.occurred_at < invited.joined_at for each in bought):
            return Objection.KNOWN_BEFORE
        if self._cap is not None and sum(named(self._cap.per, day) == named(self._cap.per, payday) for day in paid_on) >= self._cap.times:
            return Objection.TOO_MANY
        return None

    def grant(self, side: Side, payday: date) -> Grant:
        """Return what one of the two is given on a day. It can be used at once: the time for returns has been waited for."""
        points = self._points[side]
        whose = "for a friend who joined and bought" if side is Side.INVITER else "for joining on an invitation and buying"
        ends = [each for each in (None if self._expiry is None else expiry_of(self._expiry, payday, self._zone), self._gone_at) if each is not None]
        step = Step(RULE, Operation.FIXED, points, 1, (), None, (plain, whose))
        return Grant(Explanation(points, (step,)), start_of(payday, self._zone), min(ends, default=None))

    def _is_enough(self, bought: Bought) -> bool:
        least = self._minimum.get(bought.currency)
        return least is not None and bought.left is not None and bought.left >= least

    def _day(self, moment: datetime) -> date:
        return moment.astimezone(self._zone).date()


#: What is kept where the purchase came back for which both were given points.
NOTHING_KEPT = Explanation(0, (), (NotGiven(RULE, Objection.RETURNED, TEXTS[Objection.RETURNED]),))


def referrals_of(document: Document) -> ReferralRules | None:
    """Compile what a document says about referrals, if it says anything."""
    return None if document.referrals is None else ReferralRules(document)
