"""Which conditions on goods, place and time an event meets, found with bit masks: bit n stands for whoever comes nth, a rule or a discount.

What depends only on a place, a day, an hour or a kind of goods is worked out once and remembered, so that ten of them cost little
more than one; what nobody asks for is not looked at. What is remembered is bounded, and only ever saves time.
"""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from functools import lru_cache

from accrual.domain.facts import Line
from accrual.domain.rules import WEEKDAYS, Conditions

#: How many kinds of goods, places, days and combinations are remembered, each: more than a week has minutes.
REMEMBERED = 16_384
#: Why somebody stays out, gate by gate: place, day and hour, date, goods. The first that is closed is told.
SHUT = ("other-place", "other-day-or-hour", "outside-dates", "no-such-goods")


class Gates:
    """The conditions of some rules or discounts, in their order."""

    def __init__(self, conditions: Sequence[tuple[Conditions, ...]]) -> None:
        """Take the conditions of each, all of which must be met; without any it is met by everything."""
        self._each = tuple((1 << place, found) for place, found in enumerate(conditions))
        self.all = (1 << len(conditions)) - 1
        flat = [condition for found in conditions for condition in found]
        kinds = {kind for condition in flat for goods in (condition.include, condition.exclude) for kind in goods}
        self._by_goods, self._by_sku, self._by_label = bool(kinds), "sku" in kinds, "label" in kinds
        self._by_place = any(condition.stores is not None or condition.channels is not None or condition.merchants is not None for condition in flat)
        self._by_store = any(condition.stores is not None for condition in flat)
        self._by_merchant = any(condition.merchants is not None for condition in flat)
        self._by_hour = any(condition.hours for condition in flat)
        self._by_time = self._by_hour or any(len(condition.weekdays) < len(WEEKDAYS) for condition in flat)
        self._by_date = any(condition.windows or condition.repeats for condition in flat)
        self._place = lru_cache(REMEMBERED)(self._place_mask)
        self._date = lru_cache(REMEMBERED)(self._date_mask)
        self._time = lru_cache(REMEMBERED)(self._time_mask)
        self._goods = lru_cache(REMEMBERED)(self._goods_mask)

    def line_masks(self, lines: Sequence[Line]) -> list[int]:
        """Return for each line whose conditions on goods it meets."""
        if not self._by_goods:
            return [self.all] * len(lines)
        goods, by_sku, by_label = self._goods, self._by_sku, self._by_label
        return [goods(line.category, line.brand, line.sku if by_sku else "", line.labels if by_label else ()) for line in lines]

    def opened(self, store: str | None, channel: str, merchant: str, local: datetime) -> tuple[int, int, int]:
        """Return who lets a place in, who a day and hour, and who a date."""
        return (
            self._place(store if self._by_store else None, channel, merchant if self._by_merchant else "") if self._by_place else self.all,
            self._time(local.weekday(), local.hour * 60 + local.minute if self._by_hour else 0) if self._by_time else self.all,
            self._date(local.date()) if self._by_date else self.all,
        )

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
        return self._meeting(
            lambda asked: (
                all(words & found[kind] for kind, words in asked.include.items()) and not any(words & found[kind] for kind, words in asked.exclude.items())
            )
        )
