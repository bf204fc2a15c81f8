"""A second evaluator, slow and simple, written from the meaning of documents and from nothing of the first one.

It reads the document as plain values and counts with fractions.
"""

from dataclasses import dataclass, field
from fractions import Fraction
from hashlib import sha256
from math import ceil, floor
from typing import Any

from accrual.domain.accounts import STRANGER, Profile
from accrual.domain.facts import Line, Purchase

from .memory import Memory


@dataclass
class Answer:
    """What each rule gives: exactly, and in whole points; why others give nothing; and how far counters have come."""

    exact: dict[str, Fraction] = field(default_factory=dict)
    whole: dict[str, int] = field(default_factory=dict)
    silent: dict[str, str] = field(default_factory=dict)
    counters: dict[tuple[str, str], int] = field(default_factory=dict)
    shared: dict[tuple[str, str], int] = field(default_factory=dict)
    rewards: dict[str, int] = field(default_factory=dict)


class Naive:
    """One evaluation of one purchase, for somebody (a profile), after so much was counted."""

    def __init__(
        self,
        document: dict[str, Any],
        purchase: Purchase,
        *,
        purchases: int,
        counters: dict[tuple[str, str], int],
        shared: dict[tuple[str, str], int] | None = None,
        profile: Profile = STRANGER,
    ) -> None:
        self.document, self.purchase, self.purchases, self.counters = document, purchase, purchases, counters
        self.shared, self.profile = shared or {}, profile
        self.campaigns = document.get("campaigns", [])
        self.own = sorted(document["earning"], key=lambda rule: -int(rule.get("priority", 0)))
        overlays = [rule | {"id": f"{campaign['id']}/{rule['id']}", "campaign": campaign} for campaign in self.campaigns for rule in campaign["earning"]]
        self.rules = self.own + overlays
        self.levels = {level["id"]: Fraction(level.get("multiply", 1)) for level in document.get("tiers", {}).get("levels", [])}
        self.memory = Memory(purchase, counters)
        self.basis = document["points"].get("basis", {})
        self.scale = 10 ** int(document["points"].get("decimals", 0))
        self.answer = Answer()

    def money(self, line: Line) -> int:
        amount = line.paid_amount
        if self.basis.get("amount") == "before_discounts" and line.list_amount is not None:
            amount = line.list_amount
        return max(self.in_money(amount) - self.in_money(line.tax_amount), 0) if self.basis.get("tax") == "without" else self.in_money(amount)

    def in_money(self, amount: int) -> int:
        """The part of a price that was not paid with points, if that is asked, to the cent."""
        total = sum(payment.amount for payment in self.purchase.payments)
        points = sum(payment.amount for payment in self.purchase.payments if payment.kind == "points")
        return floor(Fraction(amount * (total - points), total) + Fraction(1, 2)) if total and self.basis.get("paid_by_points") == "without" else amount

    def delivery(self) -> int:
        if self.basis.get("delivery") != "with":
            return 0
        tax = self.purchase.delivery_tax_amount if self.basis.get("tax") == "without" else 0
        return self.in_money(max(self.purchase.delivery_amount - tax, 0))

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

    def parts_of(self, rule: dict[str, Any]) -> dict[str, Fraction]:
        """What a base rule gives, by what it gives it for: a line, the delivery, the visit."""
        give = rule["give"]
        if "table" in give:
            rows = [Fraction(row["points"]) * self.scale for row in give["table"] if self.spent_on(rule) >= max(Fraction(row["from"]) * 100, 1)]
            return {"table": rows[-1]} if rows else {}
        if "volume" in give:
            return self.by_volume(rule)
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

    def by_volume(self, rule: dict[str, Any]) -> dict[str, Fraction]:
        """What is due for a month's money less what was given for it, or for that of this receipt alone."""
        give, money = rule["give"], self.spent_on(rule)
        if give["per"] == "month":
            return {"volume": Fraction(self.memory.volume(rule, money, self.rounded, self.scale))}
        bands = [band for band in give["volume"] if money >= Fraction(band["from"]) * 100]
        return {"volume": money * Fraction(bands[-1]["points"]) * self.scale / (Fraction(bands[-1]["per"]) * 100)} if money and bands else {}

    def spent_on(self, rule: dict[str, Any]) -> int:
        """The money of the goods that a rule is about."""
        return sum(self.money(line) for line in self.purchase.lines if self.meets(line, rule)) + (self.delivery() if self.open_to_all(rule) else 0)

    def closed(self, part: dict[str, Any]) -> str | None:
        """Why a campaign's window, or a rule's condition on days, is not open."""
        day = self.purchase.occurred_at
        weekday = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")[day.weekday()]
        if weekday not in part.get("days", [weekday]):
            return "other-day-or-hour"
        again = part.get("repeats", "").partition("BYDAY=")[2]
        windows = part.get("dates", [{"from": "2000-01-01"}])
        missed = (again and weekday[:2].upper() not in again.split(",")) or all(f"{day:%Y-%m-%d}" < window["from"] for window in windows)
        return "outside-dates" if missed else None

    def barred(self, rule: dict[str, Any]) -> str | None:
        """Why a rule is not for this member or this way of paying."""
        when, campaign, mine = rule.get("when", {}), rule.get("campaign", {}), self.profile.segments
        wanted = campaign.get("audience", {}).get("segment")
        outside = wanted is not None and not mine & set(wanted)
        if campaign.get("public") == "false":
            digest = sha256(f"shop/{campaign['id']}".encode() + b"\0" + self.profile.seed).digest()
            in_control = Fraction(int.from_bytes(digest[:8]), 2**64) < Fraction(campaign["control"].rstrip("%")) / 100
            if outside or in_control or not self.profile.seed:
                return "not-offered"
        if outside:
            return "other-segment"
        if "tier" in when and self.profile.tier not in when["tier"]:
            return "other-tier"
        if "segment" in when and not mine & set(when["segment"]):
            return "other-segment"
        total = sum(payment.amount for payment in self.purchase.payments)
        card = sum(payment.amount for payment in self.purchase.payments if payment.kind == "card")
        return "other-payment" if "payment" in when and (not card or 2 * card < total) else None

    def exhausted(self, rule: dict[str, Any]) -> bool:
        return "campaign" in rule and self.budget_room(rule["campaign"]) == 0

    def budget_room(self, campaign: dict[str, Any]) -> int | None:
        """How many points a campaign may still give."""
        rooms = []
        used = {what: self.shared.get((f"campaign/{campaign['id']}", what), 0) for what in ("points", "grants", "money/EUR")}
        for what, limit in campaign.get("budget", {}).items():
            if what == "grants":
                rooms += [] if used[what] < int(limit) else [0]
            elif what == "points":
                rooms.append(int(limit) * self.scale - used[what])
            else:  # a point is worth a cent
                rooms.append((int(Fraction(limit) * 100) - used["money/EUR"]) * self.scale)
        return min(rooms) if rooms else None

    def reason(self, rule: dict[str, Any]) -> str | None:
        when, lines = rule.get("when", {}), self.purchase.lines
        met = [line for line in lines if self.meets(line, rule)]
        total = sum(map(self.money, lines)) + self.delivery()
        once = rule["give"].keys() & {"fixed", "reward"} or rule["give"].get("per") == "visit"
        counts_delivery = self.delivery() > 0 and self.open_to_all(rule) and not once
        closed = {reason for part in (when, rule.get("campaign", {})) if (reason := self.closed(part)) is not None}
        checks = [
            ("disabled", rule.get("enabled", True) and rule.get("campaign", {}).get("enabled", True) != "false"),
            ("other-place", self.purchase.store in when.get("store", [self.purchase.store])),
            ("other-day-or-hour", "other-day-or-hour" not in closed),
            ("outside-dates", "outside-dates" not in closed),
            ("no-such-goods", met or counts_delivery),
            ("not-first-purchase", not when.get("first_purchase") or self.purchases == 0),
            ("below-minimum", total >= Fraction(when.get("minimum", 0)) * 100),
            ("too-few-items", sum(line.quantity for line in met) >= Fraction(when.get("quantity", 0)) * 1000),
        ]
        barred = next((reason for reason, holds in checks if not holds), None) or self.barred(rule)
        if barred is not None:
            return barred
        due = self.memory.count(rule, pieces=sum(line.quantity for line in met), money=self.spent_on(rule))
        if not all(self.room(rule["id"], cap) > 0 for cap in rule.get("cap", [])):
            return "cap-reached"
        if self.exhausted(rule):
            return "budget-spent"
        return None if due else "not-yet"

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
        overlays = [rule for rule in candidates if "campaign" in rule]
        candidates = [rule for rule in candidates if "campaign" not in rule]
        base = {rule["id"]: self.parts_of(rule) for rule in candidates if self.is_base(rule)}
        for name in [name for name in base if self.is_nothing(name, base[name])]:
            del base[name]
            self.answer.silent[name] = "nothing-to-count"
        fixed = {rule["id"]: self.once(rule) for rule in candidates if rule["give"].keys() & {"fixed", "reward"}}
        multipliers = [rule for rule in candidates if "multiply" in rule["give"]]
        totals = {name: sum(parts.values(), Fraction(0)) for name, parts in base.items()} | fixed
        kept, alone = self.stacked([rule for rule in candidates if rule["id"] in totals], totals)
        if alone:
            self.answer.silent |= {rule["id"]: "exclusive-rule" for rule in multipliers}
            multipliers = []
        base = {name: parts for name, parts in base.items() if name in kept}
        plain = {name: dict(parts) for name, parts in base.items()}
        more = self.multiplied(base, multipliers)
        level = self.levels.get(self.profile.tier or "", Fraction(1))
        raised = sum((amount for parts in base.values() for amount in parts.values()), Fraction(0)) * (level - 1)
        unmultiplied = {name: totals[name] for name in base}
        self.answer.exact = unmultiplied | more | ({f"tier:{self.profile.tier}": raised} if raised else {})
        self.answer.exact |= {name: amount for name, amount in fixed.items() if name in kept}
        self.answer.exact |= self.overlaid(overlays, plain)
        self.settle()
        self.answer.counters |= self.memory.after(self.answer.exact)
        return self.answer

    def is_base(self, rule: dict[str, Any]) -> bool:
        return bool(rule["give"].keys() & {"points", "table", "volume"})

    def is_nothing(self, name: str, parts: dict[str, Fraction]) -> bool:
        return not sum(parts.values()) and self.named(name)["give"].get("per") not in ("unit", "visit")

    def once(self, rule: dict[str, Any]) -> Fraction:
        times = self.memory.times(rule["id"])
        if "reward" in rule["give"]:
            return Fraction(0)
        return Fraction(rule["give"]["fixed"]) * self.scale * times

    def overlaid(self, rules: list[dict[str, Any]], base: dict[str, dict[str, Fraction]]) -> dict[str, Fraction]:
        """What campaigns give on top; multipliers see base points only."""
        found: dict[str, dict[str, Fraction]] = {}
        for rule in rules:
            give, name = rule["give"], rule["id"]
            amount = self.once(rule) if give.keys() & {"fixed", "reward"} else Fraction(0)
            if "multiply" in give:
                amount = self.multiplied({source: dict(parts) for source, parts in base.items()}, [rule]).get(name, Fraction(0))
            elif self.is_base(rule):
                parts = self.parts_of(rule)
                amount = sum(parts.values(), Fraction(0))
                if self.is_nothing(name, parts):
                    self.answer.silent[name] = "nothing-to-count"
            if name not in self.answer.silent:
                found.setdefault(rule["campaign"]["id"], {})[name] = amount
        giving = [id_ for id_, amounts in found.items() if any(amount or "reward" in self.named(name)["give"] for name, amount in amounts.items())]
        stacking = self.document.get("campaign_stacking", "all")
        if stacking != "all" and len(giving) > 1:
            winner = giving[-1] if stacking == "newest" else max(giving, key=lambda id_: sum(found[id_].values()))
            self.answer.silent |= {name: "other-campaign" for id_ in found if id_ != winner for name in found[id_]}
            found = {winner: found[winner]}
        return {name: amount for amounts in found.values() for name, amount in amounts.items()}

    def named(self, name: str) -> dict[str, Any]:
        return next((rule for rule in self.rules if rule["id"] == name), {"id": name, "give": {}})

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
        amounts = {name: Fraction(self.rounded(amount)) if per_rule else amount for name, amount in answer.exact.items()}
        for name, amount in amounts.items():
            room = self.points_room(self.named(name))
            amounts[name] = amount if room is None else min(amount, room)
        for campaign in self.campaigns:
            left = self.budget_room(campaign)
            mine = [name for name in amounts if name.startswith(f"{campaign['id']}/")]
            for name in mine if left is not None else ():
                amounts[name] = min(amounts[name], Fraction(left))  # type: ignore[arg-type]
                left -= amounts[name]  # type: ignore[operator,assignment]
        for name, amount in amounts.items():
            answer.whole[name] = self.rounded(running + amount) - self.rounded(running)
            running += amount
        answer.rewards = {name: int(give.get("quantity", 1)) * self.memory.times(name) for name in amounts if "reward" in (give := self.named(name)["give"])}
        for cap in self.document.get("cap", []):
            self.cut(sum(answer.whole.values()), self.room("programme", cap), cap)
        given = [("programme", sum(answer.whole.values()), self.document.get("cap", []))]
        given += [(name, whole, self.named(name).get("cap", [])) for name, whole in answer.whole.items()]
        for name, whole, caps in given:
            for cap in caps:
                if (whole or name in answer.rewards) and cap["per"] != "receipt":
                    key = self.key(name, cap)
                    answer.counters[key] = self.counters.get(key, 0) + (whole if "points" in cap else 1)
        self.use_budgets()

    def use_budgets(self) -> None:
        answer = self.answer
        for campaign in self.campaigns:
            mine = {name: whole for name, whole in answer.whole.items() if name.startswith(f"{campaign['id']}/") and (whole or name in answer.rewards)}
            points = sum(mine.values())
            used = {"points": ("points", points), "grants": ("grants", 1 if mine else 0), "money": ("money/EUR", ceil(Fraction(points, self.scale)))}
            for what in campaign.get("budget", {}):
                name, amount = used[what]
                if amount:
                    key = (f"campaign/{campaign['id']}", name)
                    answer.shared[key] = self.shared.get(key, 0) + amount

    def cut(self, total: int, room: int, cap: dict[str, Any]) -> None:
        allowed = min(total, room) if "points" in cap else total if room else 0
        for name in reversed(self.answer.whole):
            taken = min(total - allowed, self.answer.whole[name])
            self.answer.whole[name] -= taken
            total -= taken
