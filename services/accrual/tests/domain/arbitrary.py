"""Arbitrary programmes and baskets for the laws.

Each is made from one seed that hypothesis draws, because drawing a whole document choice by choice takes longer than everything
else together. What a failing seed made is printed by `note`.
"""

from collections.abc import Iterable
from datetime import timedelta
from functools import reduce
from itertools import count
from typing import Any, Protocol

from accrual.domain.facts import Line, Purchase
from accrual.domain.returns import Back, Returned, left_of

from .builders import FRIDAY_NOON, a_purchase

_CATEGORIES, _BRANDS, _LABELS = ("rock", "jazz", "pop"), ("x", "y"), ("new", "sale")
_RULE_CAPS = (
    [{"points": "60", "per": "day"}],
    [{"times": "1", "per": "day"}],
    [{"points": "50", "per": "receipt"}, {"points": "70", "per": "month"}],
)
_PROGRAMME_CAPS = (None, [{"points": "120", "per": "day"}], [{"times": "2", "per": "month"}, {"points": "150", "per": "ever"}])
_WITH = ("with", "without")


class Chance(Protocol):
    """As much of a random.Random as is needed."""

    def randint(self, a: int, b: int) -> int: ...
    def choice(self, seq: Any) -> Any: ...
    def sample(self, population: Any, k: int) -> list[Any]: ...
    def shuffle(self, x: list[Any]) -> None: ...


def a_programme_document(chance: Chance, *, stacking: bool = True) -> dict[str, Any]:
    """A document in order, with one to six rules; without `stacking` all of them add up."""
    rules: list[dict[str, Any]] = []
    for number in range(chance.randint(1, 6)):
        base = [rule["id"] for rule in rules if "points" in rule["give"]]
        rules.append(_rule(chance, number, base, stacking=stacking))
    _spare_full_steps(rules)
    chance.shuffle(rules)
    terms = {
        "decimals": str(chance.randint(0, 2)),
        "basis": {"amount": chance.choice(("after_discounts", "before_discounts")), "tax": chance.choice(_WITH), "delivery": chance.choice(_WITH)},
        "rounding": {"mode": chance.choice(("floor", "half_up", "ceil")), "per": chance.choice(("rule", "receipt"))},
    }
    document = {
        "programme": "shop",
        "version": "1",
        "effective_from": "2020-01-01",
        "zone": "UTC",
        "currency": "EUR",
        "merchants": ["shop"],
        "points": {"name": {"en": "p"}, "worth": "0.01"} | terms,
        "earning": rules,
    }
    cap = chance.choice(_PROGRAMME_CAPS)
    return document | {"cap": cap} if cap else document


def some_purchases(chance: Chance, most: int) -> list[Purchase]:
    """One or more baskets within four days."""
    return [_purchase(chance) for _ in range(chance.randint(1, most))]


def _when(chance: Chance) -> dict[str, Any]:
    possible = {
        "category": chance.sample(_CATEGORIES, chance.randint(1, 2)),
        "brand": chance.sample(_BRANDS, chance.randint(1, 2)),
        "label": chance.sample(_LABELS, chance.randint(1, 2)),
        "store": ["s1"],
        "days": chance.choice((["fri", "sat"], ["mon"])),
        "minimum": chance.choice(("10.00", "0.01")),
        "quantity": chance.choice(("1.5", "3")),
        "first_purchase": "true",
    }
    when: dict[str, Any] = {key: possible[key] for key in chance.sample(sorted(possible), chance.choice((0, 0, 1, 1, 1, 2, 3)))}
    if chance.randint(0, 3) == 0:
        kind, words = chance.choice((("category", _CATEGORIES), ("brand", _BRANDS), ("label", _LABELS)))
        free = [word for word in words if word not in when.get(kind, [])]
        if free:
            when["exclude"] = {kind: [chance.choice(free)]}
    return when


def _give(chance: Chance, kind: str, base: list[str]) -> dict[str, Any]:
    if kind == "fixed":
        return {"fixed": str(chance.randint(1, 50))}
    if kind == "multiply":
        give: dict[str, Any] = {"multiply": chance.choice(("1.5", "2", "1.25", "3"))}
        return give | {"of": [chance.choice(base)]} if chance.randint(0, 2) == 0 else give
    give = {"points": str(chance.randint(1, 9)), "per": chance.choice(("1.00", "3", "0.75", "20.00")) if kind == "money" else kind}
    return give | {"whole_steps": "true"} if kind == "money" and chance.randint(0, 3) == 0 else give


def _rule(chance: Chance, number: int, base: list[str], *, stacking: bool) -> dict[str, Any]:
    kind = chance.choice(("money", "money", "visit", "unit", "fixed", *(("multiply", "multiply") if base else ())))
    rule = {"id": f"{kind}-{number}", "give": _give(chance, kind, base), "when": _when(chance), "priority": str(chance.randint(-2, 2))}
    if stacking and chance.randint(0, 2) == 0:
        rule["stacking"] = chance.choice(("exclusive", "best_of", "best_of"))
        if rule["stacking"] == "best_of":
            rule["group"] = "multipliers" if kind == "multiply" else chance.choice(("g1", "g2"))
    if chance.randint(0, 2) == 0:
        rule["cap"] = chance.choice(_RULE_CAPS)
    if chance.randint(0, 7) == 0:
        rule["enabled"] = False
    return rule


def _spare_full_steps(rules: list[dict[str, Any]]) -> None:
    """Let multipliers that ask for certain goods leave rules alone that count full steps, or ask for none."""
    base = [rule for rule in rules if "points" in rule["give"]]
    spared = [rule["id"] for rule in base if not rule["give"].get("whole_steps")]
    for rule in rules:
        asks = [key for key in rule["when"] if key in ("category", "brand", "label", "exclude")]
        if "multiply" in rule["give"] and asks and len(spared) < len(base):
            rule["give"]["of"] = spared
            if not spared:
                del rule["give"]["of"]
                for key in asks:
                    del rule["when"][key]


def _line(chance: Chance, line_id: str) -> Line:
    return Line(
        line_id=line_id,
        sku="s",
        paid_amount=chance.choice((0, chance.randint(0, 60_00), chance.randint(0, 60_00))),
        list_amount=chance.choice((None, chance.randint(0, 80_00))),
        tax_amount=chance.choice((0, chance.randint(0, 9_00))),
        quantity=chance.choice((1000, 1500, 3000)),
        category=chance.choice((*_CATEGORIES, None)),
        brand=chance.choice((*_BRANDS, None)),
        labels=tuple(chance.sample(_LABELS, chance.randint(0, 2))),
    )


def _purchase(chance: Chance) -> Purchase:
    numbers = count(1)
    return a_purchase(
        *(_line(chance, str(next(numbers))) for _ in range(chance.randint(1, 3))),
        delivery_amount=chance.choice((0, 0, 5_00)),
        delivery_tax_amount=chance.choice((0, 80)),
        store=chance.choice((None, "s1", "s2")),
        occurred_at=FRIDAY_NOON + timedelta(days=chance.randint(0, 3)),
    )


def some_terms_of_return(chance: Chance, document: dict[str, Any]) -> dict[str, Any]:
    """The `returns` section of a document in order."""
    if chance.randint(0, 3) == 0:
        return {"by": "money"}
    asking = [rule for rule in document["earning"] if rule["when"].keys() & {"minimum", "quantity"}]
    return {"recheck": "true"} if asking and chance.randint(0, 1) else {}


def some_returns(chance: Chance, purchase: Purchase, most: int) -> list[Returned]:
    """Up to so many returns of a purchase, each of one line or of delivery, none of them for more than was left."""
    parts: list[Returned] = []
    for _ in range(chance.randint(0, most)):
        left = left_of(purchase, so_far(parts))
        if left.delivery_amount and chance.randint(0, 4) == 0:
            parts.append(Returned({}, chance.randint(1, left.delivery_amount)))
        elif left.lines:
            line_id, (quantity, amount) = chance.choice(sorted(left.lines.items()))
            part = chance.choice((quantity, chance.randint(1, quantity), 1))
            parts.append(Returned({line_id: Back(part, chance.choice((amount * part // quantity, chance.randint(0, amount))))}))
    return parts


def so_far(parts: Iterable[Returned]) -> Returned:
    """All of these returns together."""
    return reduce(Returned.plus, parts, Returned())
