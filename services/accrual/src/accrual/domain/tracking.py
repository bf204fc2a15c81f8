"""What a rule counts from purchase to purchase: each tenth, so much spent, weeks in a row, the volume of a quarter.

Only purchases that meet everything else the rule says are counted, whether or not it then gives. What is due for all that was counted,
less what was given for it before, is given: so goods that come back and are bought again bring nothing twice.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from functools import lru_cache
from typing import NamedTuple

from accrual.domain.accounts import CounterKey
from accrual.domain.amounts import Rounding, rounded, written, written_exactly
from accrual.domain.periods import last_ones, named

_REMEMBERED_DAYS = 1_024
#: Reasons for giving nothing that come after counting: the purchase counted all the same.
COUNTED = frozenset({"not-yet", "cap-reached", "budget-spent", "exclusive-rule", "not-the-best", "other-campaign", "nothing-to-count", "nothing-to-multiply"})


class Band(NamedTuple):
    """From so much volume on, in minor units, `numerator / denominator` points (smallest unit) for each minor unit of all of it."""

    first: int
    numerator: int
    denominator: int
    words: str  #: `at 2 per 100.00`


class Tracked(NamedTuple):
    """What one rule tracks; parts that it does not are None."""

    rule: str
    currency: str
    money_digits: int
    every: int | None = None  #: pieces in thousandths, or purchases
    pieces: bool = False
    spent: tuple[int, str] | None = None  #: minor units, and per which period
    streak: tuple[int, str, int] | None = None  #: purchases, per which period, in how many of them
    volume: tuple[tuple[Band, ...], str] | None = None


class Keys(NamedTuple):
    """The counters of a rule on a day: what was counted, and what was given for it."""

    every: CounterKey | None
    every_given: CounterKey | None
    spent: CounterKey | None
    streak: tuple[CounterKey, ...]  #: the newest period first
    streak_given: tuple[CounterKey, ...]
    volume: CounterKey | None
    volume_given: CounterKey | None

    def all(self) -> tuple[CounterKey, ...]:
        """Return those that there are."""
        single = (self.every, self.every_given, self.spent, self.volume, self.volume_given)
        return (*(key for key in single if key is not None), *self.streak, *self.streak_given)


class Measure(NamedTuple):
    """What a purchase has of the goods that a rule is about."""

    about: bool  #: any of them
    quantity: int  #: in thousandths
    money: int  #: in minor units, as the programme's basis counts


@lru_cache(_REMEMBERED_DAYS)
def keys_on(tracked: Tracked, day: date) -> Keys:
    """Return the counters of a rule on a day of the programme's calendar."""
    rule, money = tracked.rule, tracked.currency
    every = spent = volume = None
    if tracked.every is not None:
        every = "items" if tracked.pieces else "purchases"
    if tracked.spent is not None:
        spent = f"spent-{money}/{named(tracked.spent[1], day)}"
    if tracked.volume is not None:
        volume = named(tracked.volume[1], day)
    streak = () if tracked.streak is None else tuple(named(tracked.streak[1], past) for past in last_ones(tracked.streak[1], day, tracked.streak[2]))
    return Keys(
        None if every is None else CounterKey(rule, every),
        None if every is None else CounterKey(rule, f"given-{every}"),
        None if spent is None else CounterKey(rule, spent),
        tuple(CounterKey(rule, f"streak/{period}") for period in streak),
        tuple(CounterKey(rule, f"given-streak/{period}") for period in streak),
        None if volume is None else CounterKey(rule, f"volume-{money}/{volume}"),
        None if volume is None else CounterKey(rule, f"given-volume-{money}/{volume}"),
    )


def counted(tracked: Tracked, keys: Keys, measure: Measure) -> dict[CounterKey, int]:
    """Return what a purchase adds to what is counted."""
    amounts: dict[CounterKey, int] = {}
    if keys.every is not None:
        amounts[keys.every] = measure.quantity if tracked.pieces else int(measure.about)
    if keys.spent is not None:
        amounts[keys.spent] = measure.money
    if keys.streak:
        amounts[keys.streak[0]] = int(measure.about)
    if keys.volume is not None:
        amounts[keys.volume] = measure.money
    return {key: amount for key, amount in amounts.items() if amount}


def due_for_volume(bands: Sequence[Band], volume: int, rounding: Rounding) -> tuple[int, Band | None]:
    """Return the points due for all of a volume, rounded, and the band it has reached."""
    reached = [band for band in bands if volume >= band.first]
    if not reached:
        return 0, None
    return rounded(volume * reached[-1].numerator, reached[-1].denominator, rounding), reached[-1]


class Progress(NamedTuple):
    """How far an account has come with a rule, this purchase included."""

    times: int  #: how often the rule gives now; 0: not yet
    text: str  #: what is missing


def progress(tracked: Tracked, keys: Keys, before: Mapping[CounterKey, int], now: Mapping[CounterKey, int]) -> Progress:
    """Say whether a rule gives, by its counters before and after the purchase was counted."""
    times = 1
    if tracked.every is not None and keys.every is not None and keys.every_given is not None:
        have = now.get(keys.every, 0)
        times = have // tracked.every - before.get(keys.every_given, 0)
        if times <= 0:
            scale = 1000 if tracked.pieces else 1
            return Progress(0, f"{written_exactly(have % tracked.every, scale, 0)} of {tracked.every // scale}")
    if tracked.spent is not None and keys.spent is not None and now.get(keys.spent, 0) < tracked.spent[0]:
        have, digits = now.get(keys.spent, 0), tracked.money_digits
        return Progress(0, f"{written(have, digits)} of {written(tracked.spent[0], digits)} {_per(tracked.spent[1])}")
    if tracked.streak is not None:
        wanted, per, number = tracked.streak
        row = 0
        while row < number and now.get(keys.streak[row], 0) >= wanted and not before.get(keys.streak_given[row], 0):
            row += 1
        if row < number:
            return Progress(0, f"{row} of {number} in a row, {wanted} {_per(per)}")
    return Progress(times, "")


def _per(period: str) -> str:
    return "in all" if period == "ever" else f"per {period}"
