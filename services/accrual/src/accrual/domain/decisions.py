"""What the rules answer: a grant, nothing earned, or a refusal; the first two with every step explained."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from math import gcd
from typing import Any, NamedTuple

from accrual.domain.accounts import CounterKey


class Operation(StrEnum):
    """What a step of an explanation does to the points."""

    EARN = "earn"
    MULTIPLY = "multiply"
    FIXED = "fixed"
    REWARD = "reward"  #: gives no points, but a reward of the catalogue, `quantity` times
    ROUND = "round"
    CAP = "cap"


class Step(NamedTuple):
    """One line of an explanation. The steps of an explanation add up to its points, exactly.

    `numerator / denominator` is what the step adds (or takes, where it rounds or caps), in the smallest unit of points.
    """

    rule: str
    operation: Operation
    numerator: int
    denominator: int
    lines: tuple[str, ...]  #: ids of the lines counted; empty where the step is about the whole receipt
    basis: int | None  #: the money counted, in minor units
    say: tuple[Any, ...]  #: a function of `wording`, and its arguments
    quantity: int = 1  #: how many times it is given: 2 where twenty of "each tenth" were bought at once

    @property
    def text(self) -> str:
        """The same in words: `120.00 at 1 per 20.00`."""
        words: str = self.say[0](*self.say[1:])
        return words

    @property
    def points_exact(self) -> str:
        """What the step adds, reduced, as `7` or `95/2`."""
        shared = gcd(self.numerator, self.denominator)
        whole, parts = self.numerator // shared, self.denominator // shared
        return str(whole) if parts == 1 else f"{whole}/{parts}"


class NotGiven(NamedTuple):
    """A rule that gave nothing, and why: a stable code and the same in words."""

    rule: str
    reason: str
    text: str


class Explanation(NamedTuple):
    """Why so many points: every step in order, and every rule that stayed silent."""

    points: int
    steps: tuple[Step, ...] = ()
    not_given: tuple[NotGiven, ...] = ()


class RewardDue(NamedTuple):
    """A reward that is not points, which a rule gives: it becomes an entitlement."""

    rule: str
    reward: str  #: its id in the programme's catalogue
    quantity: int = 1


class Effects(NamedTuple):
    """What a decision brings about beside points and the account's own counters."""

    shared: tuple[tuple[CounterKey, int], ...] = ()  #: counters of all accounts together that changed, with their new values
    rewards: tuple[RewardDue, ...] = ()
    coupons: tuple[str, ...] = ()  #: codes that were used


NO_EFFECTS = Effects()


class Grant(NamedTuple):
    """Points are given. They are usable from `usable_from` on and no longer from `expires_at` on (None: they stay)."""

    explanation: Explanation
    usable_from: datetime
    expires_at: datetime | None
    confirmable: bool = False  #: a `purchase.confirmed` makes them usable before `usable_from`
    counters: tuple[tuple[CounterKey, int], ...] = ()  #: the account's counters that changed, with their new values
    effects: Effects = NO_EFFECTS
    version: int | None = None  #: of the programme, where another than the one that was asked has decided

    @property
    def points(self) -> int:
        """Points given, in the programme's smallest unit; at least 1."""
        return self.explanation.points


class NothingEarned(NamedTuple):
    """The event is in order, and no rule gave points; the explanation says why not. It may still have counted, or given other rewards."""

    explanation: Explanation
    counters: tuple[tuple[CounterKey, int], ...] = ()  #: the account's counters that changed, with their new values
    effects: Effects = NO_EFFECTS
    version: int | None = None  #: as of a grant


class Reason(StrEnum):
    """Why an event is refused. The closed list."""

    UNKNOWN_MERCHANT = "unknown-merchant"
    UNKNOWN_PROGRAMME = "unknown-programme"
    UNKNOWN_CURRENCY = "unknown-currency"
    UNKNOWN_ZONE = "unknown-zone"
    NOT_IN_FORCE = "not-in-force"  #: no version of the programme was in force at the event's time
    TOO_OLD = "too-old"
    IN_THE_FUTURE = "in-the-future"
    TOO_MANY_POINTS = "too-many-points"  #: more than an account can hold
    UNKNOWN_PURCHASE = "unknown-purchase"
    PURCHASE_REFUSED = "purchase-refused"
    PURCHASE_CANCELLED = "purchase-cancelled"
    PURCHASE_NOT_NAMED = "purchase-not-named"  #: and the programme does not look for it
    CORRECTION_OF_HOLDER = "correction-of-holder"  #: a correction may not change account, programme or merchant
    OTHER_CURRENCY = "other-currency"  #: a return in another currency than its purchase
    UNKNOWN_LINE = "unknown-line"
    OVER_RETURNED = "over-returned"  #: more than is left of the purchase
    ALREADY_RETURNED = "already-returned"  #: nothing is left of it
    LINK_MISSING = "link-missing"  #: a social action without one
    LINK_NOT_ALLOWED = "link-not-allowed"  #: to another site than the programme names
    LINK_KNOWN = "link-known"  #: it was shown before
    NOT_APPROVED = "not-approved"  #: somebody has looked at it and said no
    APPROVAL_LAPSED = "approval-lapsed"  #: nobody has looked at it in time


@dataclass(frozen=True, slots=True)
class Refusal:
    """The event cannot be decided, by name. It leaves no trace in any account."""

    reason: Reason
    text: str


Decision = Grant | NothingEarned | Refusal
