"""The results as JSON: money in minor units, points in the programme's smallest unit, shares as parts of 1."""

from fractions import Fraction
from typing import Any

from accrual.domain.programme import Programme
from loyalty.simulate.comparison import Change, Comparison, distribution
from loyalty.simulate.economics import Result
from loyalty.simulate.goals import Standing
from loyalty.simulate.outcome import Outcome
from loyalty.simulate.result import Model, Simulation

TOP_MEMBERS = 20


def as_json(found: Simulation) -> dict[str, Any]:
    """Return everything as plain values."""
    history, outcome = found.history, found.outcome
    margin = found.margin
    value: dict[str, Any] = {
        "programme": {"id": found.programme.terms.id, "version": found.programme.terms.version},
        "data": {
            "source": history.source,
            "from": history.first_day.isoformat(),
            "until": history.last_day.isoformat(),
            "currency": history.currency,
            "skipped": history.skipped,
            "notes": list(history.notes),
        },
        "in_all": totals(outcome),
        "margin": None if margin is None else {"before": float(margin), "after": float(margin - _of(outcome.cost, outcome.revenue))},
        "months": [_month(name, sums) for name, sums in outcome.months.items()],
        "rules": [
            {"rule": rule, "points": float(sums.points), "times": sums.times, "capped": sums.capped, "worth": float(outcome.money(sums.points))}
            for rule, sums in sorted(outcome.rules.items(), key=lambda one: -one[1].points)
        ],
        "not_given": [{"rule": rule, "reason": reason, "text": text, "times": times} for (rule, reason, text), times in outcome.silent.most_common()],
        "discounts": [{"discount": name, "times": times, "taken_off": amount} for name, (times, amount) in outcome.discounts.items()],
        "rewards": dict(outcome.rewards),
        "refused": dict(outcome.refused),
        "top_members": [
            {"member": name, "purchases": sums.purchases, "revenue": sums.revenue, "points": sums.kept, "tier": sums.tier}
            for name, sums in sorted(outcome.members.items(), key=lambda one: (-one[1].kept, one[0]))[:TOP_MEMBERS]
        ],
    }
    if found.goals:
        value["goals"] = [_goal(standing) for standing in found.goals]
    if found.against is not None:
        value["against"] = _against(*found.against)
    if found.model is not None:
        value["scenario"] = _model(found.model)
    return value


def totals(outcome: Outcome) -> dict[str, Any]:
    """Return the sums of an outcome."""
    return {
        "purchases": outcome.purchases,
        "purchases_of_nobody": outcome.anonymous,
        "decided_by_the_version_before": outcome.by_before,
        "returns": outcome.returns,
        "lines_returned_but_not_found": outcome.unmatched_returns,
        "members": len(outcome.members),
        "revenue": outcome.revenue,
        "members_revenue": outcome.members_revenue,
        "points_issued": outcome.issued,
        "points_taken_back": outcome.taken_back,
        "points_spent": outcome.spent,
        "points_expired": outcome.expired,
        "points_open_and_expected_to_be_spent": outcome.open_points,
        "points_taken_back_after_they_were_spent": outcome.forgiven,
        "discounted": outcome.discounted,
        "expected_redemption": float(outcome.redemption),
        "cost": float(outcome.cost),
        "most_cost": float(outcome.most_cost),
        "cost_share": float(outcome.cost_share),
        "return_share": float(outcome.return_share),
    }


def _month(name: tuple[int, int], sums: Any) -> dict[str, Any]:
    plain = ("purchases", "revenue", "members_revenue", "issued", "taken_back", "spent", "expired", "discounts", "new")
    found = {key: getattr(sums, key) for key in plain}
    return {"month": f"{name[0]}-{name[1]:02}", **found, "active": len(sums.active), "tiers": dict(sums.tiers)}


def _goal(standing: Standing) -> dict[str, Any]:
    goal, found = standing.goal, standing.found
    return {
        "kpi": goal.kpi,
        "segment": goal.segment,
        "by": goal.by.isoformat(),
        "target": float(standing.target),
        "found": None if found is None else float(found),
    }


def _against(old: Programme, comparison: Comparison) -> dict[str, Any]:
    return {
        "programme": {"id": old.terms.id, "version": old.terms.version},
        "in_all": totals(comparison.old),
        "gaining": len(comparison.gaining),
        "losing": len(comparison.losing),
        "same": comparison.same,
        "distribution": [{"from": low, "until": high, "members": members} for low, high, members in distribution(comparison, unit=1)],
        "segments": {
            name: {"members": group.members, "gain": group.gain, "lose": group.lose, "old": float(group.old), "new": float(group.new)}
            for name, group in comparison.segments.items()
        },
        "most_gaining": [_change(change) for change in comparison.gaining[:TOP_MEMBERS]],
        "most_losing": [_change(change) for change in comparison.losing[:TOP_MEMBERS]],
    }


def _change(change: Change) -> dict[str, Any]:
    return {"member": change.member, "old": float(change.old), "new": float(change.new), "difference": float(change.difference)}


def _model(model: Model) -> dict[str, Any]:
    return {
        "name": model.scenario.name,
        "break_even_frequency": model.break_even,
        "views": {name: _view(result) for name, result in model.views.items()},
        "sensitivity": [{"assumption": name, "worse": worse, "better": better} for name, worse, better in model.swings],
    }


def _view(result: Result) -> dict[str, Any]:
    return {
        "result": result.total,
        "budget": result.budget,
        "payback_month": result.payback,
        "months": [month._asdict() for month in result.months],
    }


def _of(part: Fraction, whole: int) -> Fraction:
    return part / whole if whole > 0 else Fraction(0)
