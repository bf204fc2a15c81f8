"""Which rules an event meets, found with bit masks: bit n stands for rule n.

What depends only on a place, a day, an hour or a kind of goods is worked out once and remembered, so that ten rules cost little
more than one. What is remembered is bounded, and only ever saves time.
"""

from collections.abc import Callable, Sequence
from datetime import date
from functools import lru_cache
from typing import NamedTuple

from accrual.domain.decisions import NotGiven, Operation
from accrual.domain.facts import Line
from accrual.domain.rules import WEEKDAYS, CompiledRule, Conditions, Event

#: How many kinds of goods, places, days and combinations are remembered, each: more than a week has minutes.
REMEMBERED = 16_384

_GATES = ("other-place", "other-day-or-hour", "outside-dates", "no-such-goods")


class Met(NamedTuple):
    """The rules an event meets as far as goods, place and time go, why the others stay silent, and which to ask further."""

    candidates: int
    silent: tuple[NotGiven, ...]
    guarded: tuple[CompiledRule, ...]


class Applying(NamedTuple):
    """Rules by what they do, each kind in the order in which it applies."""

    base: tuple[CompiledRule, ...]
    multipliers: tuple[CompiledRule, ...]
    fixed: tuple[CompiledRule, ...]  #: points given once, and rewards
    campaigns: tuple[CompiledRule, ...] = ()


class Matcher:
    """Answers which of a set of rules may apply, and why the others do not."""

    def __init__(self, rules: Sequence[CompiledRule], conditions: Sequence[tuple[Conditions, ...]], *, open_bits: int) -> None:
        """Take rules with their conditions, all of which must be met; `open_bits` are those of rules that are not disabled and allow the currency."""
        self._rules = rules
        self._each = tuple(zip((rule.bit for rule in rules), conditions, strict=True))
        self._conditions = tuple((bit, condition) for bit, found in self._each for condition in found)
        self._open = open_bits
        self._all = sum(rule.bit for rule in rules)
        #: met by all goods and by the receipt as a whole: the multiplier of a level asks for nothing
        self.always = 1 << len(rules)
        kinds = {kind for _, condition in self._conditions for goods in (condition.include, condition.exclude) for kind in goods}
        self._by_sku, self._by_label = "sku" in kinds, "label" in kinds
        self._by_store = any(condition.stores is not None for _, condition in self._conditions)
        self._by_merchant = any(condition.merchants is not None for _, condition in self._conditions)
        self._by_hour = any(condition.hours for _, condition in self._conditions)
        self._by_time = self._by_hour or any(len(condition.weekdays) < len(WEEKDAYS) for _, condition in self._conditions)
        self._by_date = any(condition.windows or condition.repeats for _, condition in self._conditions)
        #: rules that ask for no certain goods: delivery and visits count for them
        self.beyond_goods = self.always | sum(bit for bit, found in self._each if not any(condition.include for condition in found))
        self._counting_delivery = self.beyond_goods & sum(rule.bit for rule in rules if rule.counts != "once")
        self._place = lru_cache(REMEMBERED)(self._place_mask)
        self._date = lru_cache(REMEMBERED)(self._date_mask)
        self._time = lru_cache(REMEMBERED)(self._time_mask)
        self._goods = lru_cache(REMEMBERED)(self._goods_mask)
        self._met = lru_cache(REMEMBERED)(self._met_rules)
        #: sorts candidates by what they do
        self.applying = lru_cache(REMEMBERED)(self._applying_rules)

    def line_masks(self, lines: Sequence[Line]) -> list[int]:
        """Return for each line the rules whose conditions on goods it meets."""
        goods, by_sku, by_label = self._goods, self._by_sku, self._by_label
        return [goods(line.category, line.brand, line.sku if by_sku else "", line.labels if by_label else ()) for line in lines]

    def met(self, event: Event, masks: Sequence[int]) -> Met:
        """Return the rules that an event meets, given which rules each of its lines meets."""
        touched = 0 if masks else self._all  # an event without lines meets every rule
        for mask in masks:
            touched |= mask
        if event.delivery_amount:
            touched |= self._counting_delivery
        _, _, store, channel, local, purchase = event
        merchant = purchase.merchant if self._by_merchant and purchase is not None else ""
        places = self._place(store if self._by_store else None, channel, merchant)
        times = self._time(local.weekday(), local.hour * 60 + local.minute if self._by_hour else 0) if self._by_time else self._all
        dates = self._date(local.date()) if self._by_date else self._all
        return self._met(places, times, dates, touched)

    def _meeting(self, met: Callable[[Conditions], bool]) -> int:
        return sum(bit for bit, found in self._each if all(met(condition) for condition in found))

    def _place_mask(self, store: str | None, channel: str, merchant: str) -> int:
        return self._meeting(
            lambda asked: (
                (asked.stores is None or store in asked.stores)
                and (asked.channels is None or channel in asked.channels)
                and (asked.merchants is None or merchant in asked.merchants)
            )
        )

    def _date_mask(self, day: date) -> int:
        return self._meeting(
            lambda asked: (not asked.windows or any(first <= day <= last for first, last in asked.windows)) and (asked.repeats is None or asked.repeats(day))
        )

    def _time_mask(self, weekday: int, minute: int) -> int:
        return self._meeting(lambda asked: weekday in asked.weekdays and (not asked.hours or any(start <= minute < end for start, end in asked.hours)))

    def _goods_mask(self, category: str | None, brand: str | None, sku: str, labels: tuple[str, ...]) -> int:
        found: dict[str, set[str | None]] = {"category": {category}, "brand": {brand}, "sku": {sku}, "label": set(labels)}
        return self.always | self._meeting(
            lambda asked: (
                all(words & found[kind] for kind, words in asked.include.items()) and not any(words & found[kind] for kind, words in asked.exclude.items())
            )
        )

    def _met_rules(self, *masks: int) -> Met:
        silent: list[NotGiven] = []
        candidates = 0
        for rule in self._rules:
            closed = [gate for gate, mask in zip(_GATES, masks, strict=True) if not mask & rule.bit]
            if not self._open & rule.bit:
                silent.append(rule.refusals["disabled" if "disabled" in rule.refusals else "other-currency"])
            elif closed:
                silent.append(rule.refusals[closed[0]])
            else:
                candidates |= rule.bit
        return Met(candidates, tuple(silent), tuple(rule for rule in self._rules if candidates & rule.bit and rule.guarded))

    def _applying_rules(self, candidates: int) -> Applying:
        met = [rule for rule in self._rules if candidates & rule.bit]
        own = [rule for rule in met if rule.campaign is None]
        kinds = ((Operation.EARN,), (Operation.MULTIPLY,), (Operation.FIXED, Operation.REWARD))
        base, multipliers, fixed = (tuple(rule for rule in own if rule.operation in kind) for kind in kinds)
        return Applying(base, multipliers, fixed, tuple(rule for rule in met if rule.campaign is not None))
