"""What the second evaluator remembers from purchase to purchase: each tenth, money spent, days in a row, volume. Slow and simple too."""

from collections.abc import Callable
from datetime import timedelta
from fractions import Fraction
from typing import Any

from accrual.domain.facts import Purchase

Key = tuple[str, str]


class Memory:
    """The counters of one purchase that are no caps. They are named as the account stores them."""

    def __init__(self, purchase: Purchase, counters: dict[Key, int]) -> None:
        self.day, self.before = purchase.occurred_at.date(), counters
        self.now: dict[Key, int] = {}
        self.due: dict[str, int] = {}
        self.given: dict[str, dict[Key, int]] = {}

    def had(self, key: Key) -> int:
        return self.before.get(key, 0)

    def add(self, key: Key, amount: int) -> int:
        if amount:
            self.now[key] = self.had(key) + amount
        return self.had(key) + amount

    def times(self, rule: str) -> int:
        return self.due.get(rule, 1)

    def count(self, rule: dict[str, Any], *, pieces: int, money: int) -> bool:
        """Count a purchase that meets everything else, and say whether the rule gives."""
        name, when, gives = rule["id"], rule.get("when", {}), True
        given = self.given.setdefault(name, {})
        if "every" in when:
            unit = "items" if when.get("unit") == "item" else "purchases"
            have = self.add((name, unit), pieces if unit == "items" else int(pieces > 0))
            self.due[name] = have // (int(when["every"]) * (1000 if unit == "items" else 1)) - self.had((name, f"given-{unit}"))
            given[name, f"given-{unit}"] = self.due[name]
            gives = self.due[name] > 0
        if "spent" in when:
            per = when["spent"]["per"]
            period = per if per == "ever" else f"day:{self.day}"
            gives &= self.add((name, f"spent-EUR/{period}"), money) >= Fraction(when["spent"]["from"]) * 100
        if "streak" in when:
            today, yesterday = f"day:{self.day}", f"day:{self.day - timedelta(days=1)}"
            bought = [self.add((name, f"streak/{today}"), int(pieces > 0)), self.had((name, f"streak/{yesterday}"))]
            gives &= all(bought) and not any(self.had((name, f"given-streak/{day}")) for day in (today, yesterday))
            given[name, f"given-streak/{today}"] = 1
        if rule["give"].get("per") == "month":
            self.add((name, f"volume-EUR/month:{self.day:%Y-%m}"), money)
        return gives

    def volume(self, rule: dict[str, Any], money: int, rounded: Callable[[Fraction], int], scale: int) -> int:
        """What is due for all of a month's volume, less what was given for it."""
        period = f"EUR/month:{self.day:%Y-%m}"
        total = self.had((rule["id"], f"volume-{period}")) + money
        bands = [band for band in rule["give"]["volume"] if total >= Fraction(band["from"]) * 100]
        if not bands or not money:
            return 0
        due = rounded(Fraction(total) * Fraction(bands[-1]["points"]) * scale / (Fraction(bands[-1]["per"]) * 100))
        points = max(due - self.had((rule["id"], f"given-volume-{period}")), 0)
        self.given[rule["id"]][rule["id"], f"given-volume-{period}"] = points
        return points

    def after(self, gave: dict[str, Fraction]) -> dict[Key, int]:
        """All counters that changed, given which rules gave."""
        for name in gave:
            for key, amount in self.given.get(name, {}).items():
                self.now[key] = self.had(key) + amount
        return self.now
