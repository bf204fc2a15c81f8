"""Which rules an event meets, found with bit masks: bit n stands for rule n.

What depends only on a place, a day, an hour or a kind of goods is worked out once and remembered, so that ten rules cost little
more than one. What is remembered is bounded, and only ever saves time.
"""

from collections.abc import Sequence
from datetime import date, datetime
from functools import lru_cache

from accrual.domain.decisions import NotGiven
from accrual.domain.facts import Line
from accrual.domain.rules import CompiledRule, Conditions

#: How many kinds of goods, places, days and combinations are remembered, each.
REMEMBERED = 8_192

_GATES = ("other-store", "other-channel", "outside-dates", "other-day-or-hour", "no-such-goods")


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
        #: rules that ask for no certain goods: delivery and visits count for them
        self.beyond_goods = sum(bit for bit, condition in self._conditions if not condition.include)
        self._counting_delivery = self.beyond_goods & sum(rule.bit for rule in rules if rule.counts != "once")
        self._store = lru_cache(REMEMBERED)(self._store_mask)
        self._channel = lru_cache(REMEMBERED)(self._channel_mask)
        self._date = lru_cache(REMEMBERED)(self._date_mask)
        self._time = lru_cache(REMEMBERED)(self._time_mask)
        self._goods = lru_cache(REMEMBERED)(self._goods_mask)
        self._silent = lru_cache(REMEMBERED)(self._silent_rules)

    def line_masks(self, lines: Sequence[Line]) -> list[int]:
        """Return for each line the rules whose conditions on goods it meets."""
        goods, by_sku, by_label = self._goods, self._by_sku, self._by_label
        return [goods(line.category, line.brand, line.sku if by_sku else "", line.labels if by_label else ()) for line in lines]

    def touched(self, masks: Sequence[int], *, delivered: bool) -> int:
        """Return the rules that something in the event meets: a line, the delivery where it counts, or an event without lines."""
        if not masks:
            return self._all
        touched = self._counting_delivery if delivered else 0
        for mask in masks:
            touched |= mask
        return touched

    def candidates(self, *, store: str | None, channel: str, local: datetime, touched: int) -> tuple[int, tuple[NotGiven, ...]]:
        """Return the rules that may apply, given the rules that some line meets, and why each other one does not."""
        stores = self._store(store) if self._by_store else self._all
        channels = self._channel(channel)
        dates = self._date(local.date())
        times = self._time(local.weekday(), local.hour * 60 + local.minute)
        return stores & channels & dates & times & touched & self._open, self._silent(stores, channels, dates, times, touched)

    def _store_mask(self, store: str | None) -> int:
        return sum(bit for bit, condition in self._conditions if condition.stores is None or store in condition.stores)

    def _channel_mask(self, channel: str) -> int:
        return sum(bit for bit, condition in self._conditions if condition.channels is None or channel in condition.channels)

    def _date_mask(self, day: date) -> int:
        return sum(bit for bit, condition in self._conditions if not condition.windows or any(first <= day <= last for first, last in condition.windows))

    def _time_mask(self, weekday: int, minute: int) -> int:
        return sum(
            bit
            for bit, condition in self._conditions
            if weekday in condition.weekdays and (not condition.hours or any(start <= minute < end for start, end in condition.hours))
        )

    def _goods_mask(self, category: str | None, brand: str | None, sku: str, labels: tuple[str, ...]) -> int:
        found = {"category": {category}, "brand": {brand}, "sku": {sku}, "label": set(labels)}
        return sum(
            bit
            for bit, condition in self._conditions
            if all(words & found[kind] for kind, words in condition.include.items()) and not any(words & found[kind] for kind, words in condition.exclude.items())
        )

    def _silent_rules(self, *masks: int) -> tuple[NotGiven, ...]:
        silent: list[NotGiven] = []
        for rule in self._rules:
            if not self._open & rule.bit:
                silent.append(rule.refusals["disabled" if "disabled" in rule.refusals else "other-currency"])
                continue
            for gate, mask in zip(_GATES, masks, strict=True):
                if not mask & rule.bit:
                    silent.append(rule.refusals[gate])
                    break
        return tuple(silent)
