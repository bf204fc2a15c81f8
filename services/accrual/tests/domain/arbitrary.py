"""Arbitrary programmes and baskets for the laws.

Each is made from one seed that hypothesis draws, because drawing a whole document choice by choice takes longer than everything
else together. What a failing seed made is printed by `note`.
"""

from collections.abc import Iterable
from datetime import timedelta
from functools import reduce
from itertools import count
from typing import Any, Protocol

from accrual.domain.accounts import AccountState, Profile
from accrual.domain.facts import Line, Payment, Purchase
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
_TIERS = {"by": "purchases", "window": "forever", "levels": [{"id": "friend", "from": "0"}, {"id": "gold", "from": "3", "multiply": "1.5"}]}
_BUDGETS = ({"points": "60"}, {"grants": "2"}, {"money": "0.50"}, {"points": "90", "grants": "3"})


class Chance(Protocol):
    """As much of a random.Random as is needed."""

    def randint(self, a: int, b: int) -> int: ...
    def choice(self, seq: Any) -> Any: ...
    def sample(self, population: Any, k: int) -> list[Any]: ...
    def shuffle(self, x: list[Any]) -> None: ...


def a_programme_document(chance: Chance, *, stacking: bool = True, campaigns: bool | None = None, tracking: bool = True) -> dict[str, Any]:
    """A document in order, with one to six rules; without `stacking` all of them add up, without `tracking` none counts from purchase to purchase.

    With or without campaigns, as is asked for, else by chance.
    """
    rules: list[dict[str, Any]] = []
    for number in range(chance.randint(1, 6)):
        base = [rule["id"] for rule in rules if "points" in rule["give"]]
        rules.append(_rule(chance, number, base, stacking=stacking))
    if not tracking:
        rules = [_forgetful(rule) for rule in rules]
    _spare_full_steps(rules)
    chance.shuffle(rules)
    sections: dict[str, Any] = {"rewards": [{"id": "drink", "kind": "gift"}]}
    if _uses(rules, "tier") or chance.randint(0, 3) == 0:
        sections["tiers"] = _TIERS
    if campaigns or (campaigns is None and chance.randint(0, 2) == 0):
        sections["campaigns"] = [_campaign(chance, number, rules, tiers="tiers" in sections) for number in range(chance.randint(1, 2))]
        sections["campaign_stacking"] = chance.choice(("all", "best", "newest")) if stacking else "all"
    terms = {
        "decimals": str(chance.randint(0, 2)),
        "basis": {"amount": chance.choice(("after_discounts", "before_discounts"))}
        | {part: chance.choice(_WITH) for part in ("tax", "delivery", "paid_by_points")},
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
        **sections,
    }
    cap = chance.choice(_PROGRAMME_CAPS)
    return document | {"cap": cap} if cap else document


def some_purchases(chance: Chance, most: int) -> list[Purchase]:
    """One or more baskets within four days."""
    return [_purchase(chance) for _ in range(chance.randint(1, most))]


def somebody(chance: Chance) -> AccountState:
    """An account before its first purchase, of somebody on some level and in some segments."""
    segments = frozenset(chance.sample(("jazz", "rock"), chance.randint(0, 2)))
    return AccountState(profile=Profile(member=True, segments=segments, tier=chance.choice((None, "friend", "gold")), seed=bytes([chance.randint(0, 255)])))


def _uses(rules: list[dict[str, Any]], key: str) -> bool:
    return any(key in rule["when"] for rule in rules)


def _campaign(chance: Chance, number: int, rules: list[dict[str, Any]], *, tiers: bool) -> dict[str, Any]:
    """A campaign in order, with one or two rules."""
    base = [rule["id"] for rule in rules if "points" in rule["give"] and not rule["give"].get("whole_steps")]
    found: list[dict[str, Any]] = []
    for place in range(chance.randint(1, 2)):
        rule = _rule(chance, place, base, stacking=False)
        del rule["priority"]
        if not tiers:
            rule["when"].pop("tier", None)
        if "multiply" in rule["give"]:
            rule["give"]["of"] = base
        found.append(rule)
    campaign: dict[str, Any] = {"id": f"camp{number}", "earning": found}
    possible = {
        "dates": [{"from": "2026-11-21"}],
        "days": ["fri", "sat"],
        "repeats": "FREQ=WEEKLY;BYDAY=FR,SU",
        "audience": {"segment": ["jazz"]},
        "budget": chance.choice(_BUDGETS),
        "enabled": "false",
    }
    campaign |= {key: possible[key] for key in chance.sample(sorted(possible), chance.choice((0, 1, 1, 2)))}
    for rule in found:
        if "days" in campaign and rule["when"].get("days") == ["mon"]:
            del rule["when"]["days"]  # the campaign is never on then
    if chance.randint(0, 2) == 0:
        campaign |= {"public": "false", "control": "30%"}
    return campaign


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
        "tier": ["gold"],
        "segment": ["jazz"],
        "payment": {"kind": ["card"], "share": "50%"},
        "repeats": "FREQ=WEEKLY;BYDAY=SA,SU",
        "every": chance.choice(("2", "3")),
        "spent": {"from": "50.00", "per": chance.choice(("day", "ever"))},
        "streak": {"per": "day", "times": "2"},
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
    if kind == "reward":
        return {"reward": "drink"} | chance.choice(({}, {"quantity": "2"}))
    if kind == "table":
        return {"table": [{"from": "0", "points": "3"}, {"from": "30.00", "points": "5"}][chance.randint(0, 1) :]}
    if kind == "volume":
        bands = [{"from": "0", "points": "1", "per": "2.00"}, {"from": "80.00", "points": "1", "per": "1.00"}]
        return {"volume": bands, "per": chance.choice(("month", "receipt"))}
    if kind == "multiply":
        give: dict[str, Any] = {"multiply": chance.choice(("1.5", "2", "1.25", "3"))}
        return give | {"of": [chance.choice(base)]} if chance.randint(0, 2) == 0 else give
    give = {"points": str(chance.randint(1, 9)), "per": chance.choice(("1.00", "3", "0.75", "20.00")) if kind == "money" else kind}
    return give | {"whole_steps": "true"} if kind == "money" and chance.randint(0, 3) == 0 else give


def _rule(chance: Chance, number: int, base: list[str], *, stacking: bool) -> dict[str, Any]:
    kind = chance.choice(("money", "money", "visit", "unit", "fixed", "reward", "table", "volume", *(("multiply", "multiply") if base else ())))
    rule = {"id": f"{kind}-{number}", "give": _give(chance, kind, base), "when": _when(chance), "priority": str(chance.randint(-2, 2))}
    _make_sense(rule, kind, chance)
    if stacking and kind != "reward" and chance.randint(0, 2) == 0:
        rule["stacking"] = chance.choice(("exclusive", "best_of", "best_of"))
        if rule["stacking"] == "best_of":
            rule["group"] = "multipliers" if kind == "multiply" else chance.choice(("g1", "g2"))
    if chance.randint(0, 2) == 0:
        rule["cap"] = _RULE_CAPS[1] if kind == "reward" else chance.choice(_RULE_CAPS)
    if chance.randint(0, 7) == 0:
        rule["enabled"] = False
    return rule


def _forgetful(rule: dict[str, Any]) -> dict[str, Any]:
    """The rule without what it counts from purchase to purchase."""
    give = {"fixed": "3"} if "volume" in rule["give"] else rule["give"]
    stays = {key: value for key, value in rule["when"].items() if key not in ("every", "unit", "spent", "streak")}
    return rule | {"when": stays, "give": give}


def _make_sense(rule: dict[str, Any], kind: str, chance: Chance) -> None:
    """Let `every` count pieces where it may, leave volumes alone, and ask for nothing that never comes together."""
    if kind == "volume":
        rule["when"].pop("every", None)
    elif "every" in rule["when"] and kind in ("fixed", "reward") and chance.randint(0, 1):
        rule["when"]["unit"] = "item"
    when = rule["when"]
    if "streak" in when or ("every" in when and when.get("unit") != "item"):
        when.pop("first_purchase", None)
    if "repeats" in when and when.get("days") == ["mon"]:
        del when["days"]


def _spare_full_steps(rules: list[dict[str, Any]]) -> None:
    """Let multipliers that ask for certain goods leave rules alone that count full steps, or ask for none."""
    base = [rule for rule in rules if rule["give"].keys() & {"points", "table", "volume"}]
    spared = [rule["id"] for rule in base if "points" in rule["give"] and not rule["give"].get("whole_steps")]
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
        payments=(Payment("card", chance.choice((0, 10_00))), Payment("cash", chance.choice((0, 5_00, 20_00))), Payment("points", chance.choice((0, 0, 7_00)))),
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
