"""Multipliers: each raises the points of base rules on the lines it meets; two on the same line multiply each other."""

from collections.abc import Sequence
from math import lcm

from accrual.domain.baskets import Basket
from accrual.domain.decisions import NotGiven, Step
from accrual.domain.rules import CompiledRule, Share
from accrual.domain.stacking import most_giving, silenced
from accrual.domain.wording import multiplied

Part = list[int]
"""Points of a base rule on a part of what it counted: [rules met there, the rule, numerator, denominator]."""


def multiply(
    earned: Sequence[Share], rules: Sequence[CompiledRule], basket: Basket, *, contend: bool, not_given: list[NotGiven], level: CompiledRule | None = None
) -> list[Share]:
    """Apply multipliers, one after the other, to what base rules gave, and return what each adds; that of the member's level comes last."""
    parts = [part for share in earned for part in basket.parts(share)]
    if contend:
        rules = _chosen(rules, parts, not_given=not_given)
    shares: list[Share] = []
    for place, rule in enumerate(rules, start=1):
        met, denominator = _met(rule, parts)
        if not met:
            not_given.append(rule.refusals["nothing-to-multiply"])
            continue
        shares.append((rule, _more_step(rule, met, denominator, basket)))
        if place < len(rules) or level is not None:
            for part in parts:
                if part[0] & rule.bit and part[1] & rule.targets:
                    part[2] *= rule.numerator
                    part[3] *= rule.denominator
    if level is not None:
        met, denominator = _met(level, parts)
        if met:
            shares.append((level, _more_step(level, met, denominator, basket)))
    return shares


def multiply_base(earned: Sequence[Share], rule: CompiledRule, basket: Basket) -> Step | None:
    """Return what a campaign's multiplier adds to what base rules gave, other multipliers left out of account; None where it meets nothing."""
    met, denominator = _met(rule, [part for share in earned for part in basket.parts(share)])
    return _more_step(rule, met, denominator, basket) if met else None


def _more_step(rule: CompiledRule, met: int, denominator: int, basket: Basket) -> Step:
    lines = () if rule.everything else basket.line_ids(rule.bit)
    say = (multiplied, met, denominator, rule.numerator, rule.denominator, rule.point_digits, rule.words)
    return Step(rule.id, rule.operation, met * (rule.numerator - rule.denominator), denominator * rule.denominator, lines, None, say)


def _met(rule: CompiledRule, parts: Sequence[Part]) -> tuple[int, int]:
    """Return the sum of the points that a multiplier meets, as numerator and denominator."""
    total, common = 0, parts[0][3] if parts else 1
    bit, targets = rule.bit, rule.targets
    for mask, source, numerator, denominator in parts:
        if mask & bit and source & targets:
            if denominator == common:
                total += numerator
            else:
                wider = lcm(common, denominator)
                total = total * (wider // common) + numerator * (wider // denominator)
                common = wider
    return total, common


def _chosen(rules: Sequence[CompiledRule], parts: Sequence[Part], *, not_given: list[NotGiven]) -> list[CompiledRule]:
    """Return the multipliers that apply where some are exclusive or in a best-of group, compared by what each adds alone."""
    adding = [rule for rule in rules if _met(rule, parts)[0]]
    exclusive = [rule for rule in adding if rule.exclusive]
    if exclusive:
        winner = min(exclusive, key=lambda rule: rule.rank)
        not_given += [silenced(rule, "exclusive-rule", winner) for rule in rules if rule is not winner]
        return [winner]
    losers: set[str] = set()
    for group in {rule.group for rule in adding if rule.group is not None}:
        members = [rule for rule in adding if rule.group == group]
        winner = most_giving([(rule, *_more(rule, parts)) for rule in members])
        losers |= {rule.id for rule in members if rule is not winner}
        not_given += [silenced(rule, "not-the-best", winner) for rule in members if rule is not winner]
    return [rule for rule in rules if rule.id not in losers]


def _more(rule: CompiledRule, parts: Sequence[Part]) -> tuple[int, int]:
    met, denominator = _met(rule, parts)
    return met * (rule.numerator - rule.denominator), denominator * rule.denominator
