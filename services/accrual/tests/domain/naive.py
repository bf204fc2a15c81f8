"""A second evaluator, slow and simple, written from the meaning of documents and from nothing of the first one.

It reads the document as plain values and counts with fractions.
"""

from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil, floor
from typing import Any

from accrual.domain.facts import Line, Purchase


@dataclass
class Answer:
    """What each rule gives: exactly, and in whole points; why others give nothing; and how far counters have come."""

    exact: dict[str, Fraction] = field(default_factory=dict)
    whole: dict[str, int] = field(default_factory=dict)
    silent: dict[str, str] = field(default_factory=dict)
    counters: dict[tuple[str, str], int] = field(default_factory=dict)


class Naive:
    """One evaluation of one purchase."""

    def __init__(self, document: dict[str, Any], purchase: Purchase, *, purchases: int, counters: dict[tuple[str, str], int]) -> None:
        self.document, self.purchase, self.purchases, self.counters = document, purchase, purchases, counters
        self.rules = sorted(document["earning"], key=lambda rule: -int(rule.get("priority", 0)))
        self.basis = document["points"].get("basis", {})
        self.scale = 10 ** int(document["points"].get("decimals", 0))
        self.answer = Answer()

    def money(self, line: Line) -> int:
        amount = line.paid_amount
        if self.basis.get("amount") == "before_discounts" and line.list_amount is not None:
            amount = line.list_amount
        return max(amount - line.tax_amount, 0) if self.basis.get("tax") == "without" else amount

    def delivery(self) -> int:
        if self.basis.get("delivery") != "with":
            return 0
        tax = self.purchase.delivery_tax_amount if self.basis.get("tax") == "without" else 0
        return max(self.purchase.delivery_amount - tax, 0)

    def meets(self, line: Line, rule: dict[str, Any]) -> bool:
        def has(goods: dict[str, Any], kind: str) -> bool:
            mine = {"category": [line.category], "brand": [line.brand], "label": line.labels}[kind]
            return any(word in mine for word in goods[kind])

        when = rule.get("when", {})
        wanted = [kind for kind in ("category", "brand", "label") if kind in when]
        excluded = when.get("exclude", {})
        return all(has(when, kind) for kind in wanted) and not any(has(excluded, kind) for kind in excluded)

    def open_to_all(self, rule: dict[str, Any]) -> bool:
        return not any(kind in rule.get("when", {}) for kind in ("category", "brand", "label"))

    def counted(self, rule: dict[str, Any]) -> dict[str, Fraction]:
        """What a base rule gives, by what it gives it for: a line, the delivery, the visit."""
        give = rule["give"]
        points = Fraction(give["points"]) * self.scale
        if give["per"] == "visit":
            return {"visit": points}
        lines = [line for line in self.purchase.lines if self.meets(line, rule)]
        if give["per"] == "unit":
            return {line.line_id: points * line.quantity / 1000 for line in lines}
        step = Fraction(give["per"]) * 100
        amounts = {line.line_id: self.money(line) for line in lines}
        if self.open_to_all(rule):
            amounts["delivery"] = self.delivery()
        total = sum(amounts.values())
        if give.get("whole_steps"):
            return {"steps": floor(total / step) * points}
        return {key: points * amount / step for key, amount in amounts.items()}

    def reason(self, rule: dict[str, Any]) -> str | None:
        when, lines = rule.get("when", {}), self.purchase.lines
        met = [line for line in lines if self.meets(line, rule)]
        total = sum(map(self.money, lines)) + self.delivery()
        counts_delivery = self.delivery() > 0 and self.open_to_all(rule) and "fixed" not in rule["give"] and rule["give"].get("per") != "visit"
        weekday = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")[self.purchase.occurred_at.weekday()]
        checks = [
            ("disabled", rule.get("enabled", True)),
            ("other-place", self.purchase.store in when.get("store", [self.purchase.store])),
            ("other-day-or-hour", weekday in when.get("days", [weekday])),
            ("no-such-goods", met or counts_delivery),
            ("not-first-purchase", not when.get("first_purchase") or self.purchases == 0),
            ("below-minimum", total >= Fraction(when.get("minimum", 0)) * 100),
            ("too-few-items", sum(line.quantity for line in met) >= Fraction(when.get("quantity", 0)) * 1000),
            ("cap-reached", all(self.room(rule["id"], cap) > 0 for cap in rule.get("cap", []))),
        ]
        return next((reason for reason, holds in checks if not holds), None)

    def key(self, rule: str, cap: dict[str, Any]) -> tuple[str, str]:
        period = {"day": f":{self.purchase.occurred_at:%Y-%m-%d}", "month": f":{self.purchase.occurred_at:%Y-%m}", "ever": ""}[cap["per"]]
        return rule, f"{'points' if 'points' in cap else 'times'}/{cap['per']}{period}"

    def room(self, rule: str, cap: dict[str, Any]) -> int:
        amount = int(Fraction(cap["points"]) * self.scale) if "points" in cap else int(cap["times"])
        return amount if cap["per"] == "receipt" else max(amount - self.counters.get(self.key(rule, cap), 0), 0)

    def points_room(self, rule: dict[str, Any]) -> Fraction | None:
        rooms = [self.room(rule["id"], cap) for cap in rule.get("cap", []) if "points" in cap]
        return Fraction(min(rooms)) if rooms else None

    def evaluate(self) -> Answer:
        candidates = []
        for rule in self.rules:
            reason = self.reason(rule)
            if reason is None:
                candidates.append(rule)
            else:
                self.answer.silent[rule["id"]] = reason
        base = {rule["id"]: self.counted(rule) for rule in candidates if "points" in rule["give"]}
        for name in [name for name, parts in base.items() if not sum(parts.values()) and self.named(name)["give"]["per"] not in ("unit", "visit")]:
            del base[name]
            self.answer.silent[name] = "nothing-to-count"
        fixed = {rule["id"]: Fraction(rule["give"]["fixed"]) * self.scale for rule in candidates if "fixed" in rule["give"]}
        multipliers = [rule for rule in candidates if "multiply" in rule["give"]]
        totals = {name: sum(parts.values(), Fraction(0)) for name, parts in base.items()} | fixed
        kept, alone = self.stacked([rule for rule in candidates if rule["id"] in totals], totals)
        if alone:
            self.answer.silent |= {rule["id"]: "exclusive-rule" for rule in multipliers}
            multipliers = []
        base = {name: parts for name, parts in base.items() if name in kept}
        more = self.multiplied(base, multipliers)
        unmultiplied = {name: totals[name] for name in base}
        self.answer.exact = unmultiplied | more | {name: amount for name, amount in fixed.items() if name in kept}
        self.settle()
        return self.answer

    def named(self, name: str) -> dict[str, Any]:
        return next(rule for rule in self.rules if rule["id"] == name)

    def stacked(self, rules: list[dict[str, Any]], totals: dict[str, Fraction]) -> tuple[set[str], bool]:
        exclusive = [rule["id"] for rule in rules if rule.get("stacking") == "exclusive"]
        if exclusive:
            self.answer.silent |= {rule["id"]: "exclusive-rule" for rule in rules if rule["id"] != exclusive[0]}
            return {exclusive[0]}, True
        kept = {rule["id"] for rule in rules}
        best: dict[str, str] = {}

        def worth(name: str) -> Fraction:
            room = self.points_room(self.named(name))
            return totals[name] if room is None else min(totals[name], room)

        for rule in [rule for rule in rules if rule.get("stacking") == "best_of"]:
            group, name = rule.get("group", "best"), rule["id"]
            loser = name
            if group not in best or worth(name) > worth(best[group]):
                loser, best[group] = best.get(group, ""), name
            if loser:
                kept.discard(loser)
                self.answer.silent[loser] = "not-the-best"
        return kept, False

    def multiplied(self, base: dict[str, dict[str, Fraction]], rules: list[dict[str, Any]]) -> dict[str, Fraction]:
        lines = {line.line_id: line for line in self.purchase.lines}

        def raises(rule: dict[str, Any], source: str, part: str) -> bool:
            if source not in rule["give"].get("of", base):
                return False
            return self.meets(lines[part], rule) if part in lines else self.open_to_all(rule)

        def met(rule: dict[str, Any]) -> Fraction:
            return sum((amount for name, parts in base.items() for part, amount in parts.items() if raises(rule, name, part)), Fraction(0))

        adding = [rule for rule in rules if met(rule)]
        exclusive = [rule for rule in adding if rule.get("stacking") == "exclusive"]
        if exclusive:
            self.answer.silent |= {rule["id"]: "exclusive-rule" for rule in rules if rule is not exclusive[0]}
            rules = exclusive[:1]
        else:
            for group in {rule.get("group", "best") for rule in adding if rule.get("stacking") == "best_of"}:
                members = [rule for rule in adding if rule.get("stacking") == "best_of" and rule.get("group", "best") == group]
                winner = max(members, key=lambda rule: met(rule) * (Fraction(rule["give"]["multiply"]) - 1))
                losers = [rule for rule in members if rule is not winner]
                self.answer.silent |= {rule["id"]: "not-the-best" for rule in losers}
                rules = [rule for rule in rules if rule not in losers]
        more: dict[str, Fraction] = {}
        for rule in rules:
            factor = Fraction(rule["give"]["multiply"])
            if not met(rule):
                self.answer.silent[rule["id"]] = "nothing-to-multiply"
                continue
            more[rule["id"]] = met(rule) * (factor - 1)
            for name, parts in base.items():
                for part in parts:
                    parts[part] *= factor if raises(rule, name, part) else 1
        return more

    def rounded(self, amount: Fraction) -> int:
        mode = self.document["points"]["rounding"]["mode"]
        return {"floor": floor(amount), "ceil": ceil(amount), "half_up": floor(amount + Fraction(1, 2))}[mode]

    def settle(self) -> None:
        answer, running = self.answer, Fraction(0)
        per_rule = self.document["points"]["rounding"]["per"] == "rule"
        for name, amount in answer.exact.items():
            room = self.points_room(self.named(name))
            if per_rule:
                answer.whole[name] = self.rounded(amount) if room is None else min(self.rounded(amount), int(room))
                continue
            left = amount if room is None else min(amount, room)
            answer.whole[name] = self.rounded(running + left) - self.rounded(running)
            running += left
        for cap in self.document.get("cap", []):
            self.cut(sum(answer.whole.values()), self.room("programme", cap), cap)
        given = [("programme", sum(answer.whole.values()), self.document.get("cap", []))]
        given += [(name, whole, self.named(name).get("cap", [])) for name, whole in answer.whole.items()]
        for name, whole, caps in given:
            for cap in caps:
                if whole and cap["per"] != "receipt":
                    key = self.key(name, cap)
                    answer.counters[key] = self.counters.get(key, 0) + (whole if "points" in cap else 1)

    def cut(self, total: int, room: int, cap: dict[str, Any]) -> None:
        allowed = min(total, room) if "points" in cap else total if room else 0
        for name in reversed(self.answer.whole):
            taken = min(total - allowed, self.answer.whole[name])
            self.answer.whole[name] -= taken
            total -= taken
