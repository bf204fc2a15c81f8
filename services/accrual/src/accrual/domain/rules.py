"""Compiled rules: whole numbers and bit masks, made once per programme version by `compiler`."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, NamedTuple

from accrual.domain.accounts import CounterKey
from accrual.domain.amounts import Rounding
from accrual.domain.decisions import NotGiven, Operation, Step
from accrual.domain.facts import Line, Purchase
from accrual.domain.tracking import Band, Tracked

if TYPE_CHECKING:
    from accrual.domain.campaigns import CompiledCampaign
    from accrual.domain.demands import Demand

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Limit(NamedTuple):
    """A compiled cap. `slot` is `points/month` or `times/day`; empty for points per receipt, which needs no counter."""

    slot: str
    amount: int
    counts_points: bool
    words: str  #: `500 per month`
    rejects: bool = False  #: what does not fit is not given at all


class DayLimit(NamedTuple):
    """A limit on a certain day."""

    key: CounterKey | None  #: its counter; None where it needs none
    amount: int
    counts_points: bool
    words: str
    rejects: bool = False


class Day(NamedTuple):
    """What a day of the programme's calendar means: its limits by rule, and the life of points earned on it."""

    limits: Mapping[str, tuple[DayLimit, ...]]
    usable_from: datetime | None  #: None: at once
    expires_at: datetime | None
    date: date = date.min
    ceiling: DayLimit | None = None  #: the most points that an account may have


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledRule:
    """One rule for one trigger and currency. The rate is `numerator / denominator` smallest units of points per unit counted.

    A unit counted is a minor unit of money, a full step, a thousandth of a piece, or 1. For a multiplier the rate is the factor.
    """

    id: str
    bit: int
    operation: Operation
    numerator: int
    denominator: int
    counts: str  #: money, steps, quantity, pieces (full ones), once, table, bands, volume
    step: int  #: minor units in a full step
    words: str  #: `at 1 per 20.00`, `x 3`
    everything: bool  #: no condition on goods
    point_digits: int
    rank: int  #: its place by priority among all rules of the trigger
    exclusive: bool
    group: str | None  #: its best-of group
    targets: int  #: bits of the base rules it multiplies
    minimum: int | None
    quantity: int | None
    first_purchase: bool
    limits: tuple[Limit, ...]
    limited: bool
    guarded: bool  #: some condition depends on more than goods, place and time
    refusals: Mapping[str, NotGiven]  #: ready answers, by reason
    table: tuple[tuple[int, int], ...] = ()  #: from how many minor units on how many smallest units of points
    bands: tuple[Band, ...] = ()  #: from how many minor units on which rate for all of them
    reward: str | None = None
    quantity_given: int = 1  #: of rewards
    always: Step | None = None  #: what it gives once, where that does not depend on the receipt
    demands: "tuple[Demand, ...]" = ()  #: conditions about who buys and how
    coupons: tuple[str, ...] = ()  #: one of them is used when the rule gives
    tracked: Tracked | None = None
    campaign: "CompiledCampaign | None" = None


class Event(NamedTuple):
    """What rules look at, the same for every kind of fact; activities and registrations have no lines."""

    lines: Sequence[Line]
    delivery_amount: int  #: as far as the programme counts it
    store: str | None
    channel: str
    local: datetime  #: the event's time where it happened
    purchase: Purchase | None = None


Share = tuple[CompiledRule, Step]
"""What one rule gives before rounding, as a step of the explanation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """The conditions of one rule that can be tested by looking only at a line, a place, a day or an hour."""

    include: Mapping[str, frozenset[str]]
    exclude: Mapping[str, frozenset[str]]
    stores: frozenset[str] | None = None
    channels: frozenset[str] | None = None
    windows: tuple[tuple[date, date], ...] = ()
    weekdays: frozenset[int] = frozenset(range(len(WEEKDAYS)))
    hours: tuple[tuple[int, int], ...] = ()  #: minutes of the day, the second one excluded
    merchants: frozenset[str] | None = None
    repeats: Callable[[date], bool] | None = None  #: tells whether a day is one of those that come again


@dataclass(frozen=True, slots=True, kw_only=True)
class Arithmetic:
    """What a programme says about amounts in one currency."""

    before_discounts: bool
    without_tax: bool
    money_digits: int
    point_digits: int
    rounding: Rounding
    per_receipt: bool
