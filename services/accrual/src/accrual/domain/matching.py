"""Which rules an event meets, found with bit masks: bit n stands for rule n.

What depends only on a place, a day, an hour or a kind of goods is worked out once and remembered, so that ten rules cost little
more than one. What is remembered is bounded, and only ever saves time.
"""

from collections.abc import Sequence
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
    fixed: tuple[CompiledRule, ...]


class Matcher:
    """Answers which of a set of rules may apply, and why the others do not."""

    def __init__(self, rules: Sequence[CompiledRule], conditions: Sequence[Conditions], *, open_bits: int) -> None:
        """Take rules with their conditions; `open_bits` are those of rules that are not disabled and allow the currency."""
        self._rules = rules
        self._conditions = tuple(zip((rule.bit for rule in rules), conditions, strict=True))
        self._open = open_bits
        self._all = sum(rule.bit for rule in rules)
        kinds = {kind for condition in conditions for goods in (condition.include, condition.exclude) for kind in goods}
        self._by_sku, self._by_label = "sku" in kinds, "label" in kinds
        self._by_store = any(condition.stores is not None for condition in conditions)
        self._by_hour = any(condition.hours for condition in conditions)
        self._by_time = self._by_hour or any(len(condition.weekdays) < len(WEEKDAYS) for condition in conditions)
        self._by_date = any(condition.windows for condition in conditions)
        #: rules that ask for no certain goods: delivery and visits count for them
        self.beyond_goods = sum(bit for bit, condition in self._conditions if not condition.include)
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
        _, _, store, channel, local = event
        places = self._place(store if self._by_store else None, channel)
        times = self._time(local.weekday(), local.hour * 60 + local.minute if self._by_hour else 0) if self._by_time else self._all
        dates = self._date(local.date()) if self._by_date else self._all
        return self._met(places, times, dates, touched)

    def _place_mask(self, store: str | None, channel: str) -> int:
        return sum(
            bit
            for bit, condition in self._conditions
            if (condition.stores is None or store in condition.stores) and (condition.channels is None or channel in condition.channels)
        )

    def _date_mask(self, day: date) -> int:
        return sum(bit for bit, condition in self._conditions if not condition.windows or any(first <= day <= last for first, last in condition.windows))

    def _time_mask(self, weekday: int, minute: int) -> int:
        return sum(
            bit
            for bit, condition in self._conditions
            if weekday in condition.weekdays and (not condition.hours or any(start <= minute < end for start, end in condition.hours))
        )

    def _goods_mask(self, category: str | None, brand: str | None, sku: str, labels: tuple[str, ...]) -> int:
        found: dict[str, set[str | None]] = {"category": {category}, "brand": {brand}, "sku": {sku}, "label": set(labels)}
        return sum(
            bit
            for bit, condition in self._conditions
            if all(words & found[kind] for kind, words in condition.include.items())
            and not any(words & found[kind] for kind, words in condition.exclude.items())
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
        return Applying(*(tuple(rule for rule in met if rule.operation is kind) for kind in (Operation.EARN, Operation.MULTIPLY, Operation.FIXED)))
