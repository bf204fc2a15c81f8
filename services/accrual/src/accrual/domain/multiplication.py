"""Multipliers: each raises the points of base rules on the lines it meets; two on the same line multiply each other."""

from collections.abc import Sequence
from math import lcm

from accrual.domain.amounts import written_exactly
from accrual.domain.baskets import Basket
from accrual.domain.decisions import NotGiven
from accrual.domain.rules import CompiledRule, Share
from accrual.domain.stacking import most_giving, silenced


class Multiplication:
    """The points of base rules, divided among what they counted, as multipliers raise them one after the other."""

    def __init__(self, earned: Sequence[Share], basket: Basket) -> None:
        """Divide what base rules gave."""
        self._basket = basket
        self._parts = [[mask, share.rule.bit, numerator, denominator] for share in earned for mask, numerator, denominator in basket.parts(share)]

    def chosen(self, rules: list[CompiledRule], *, not_given: list[NotGiven]) -> list[CompiledRule]:
        """Return the multipliers that apply where some are exclusive or in a best-of group, compared by what each adds alone."""
        adding = [rule for rule in rules if self._met(rule)[0]]
        exclusive = [rule for rule in adding if rule.exclusive]
        if exclusive:
            winner = min(exclusive, key=lambda rule: rule.rank)
            not_given += [silenced(rule, "exclusive-rule", winner) for rule in rules if rule is not winner]
            return [winner]
        kept = set(rules)
        for group in {rule.group for rule in adding if rule.group is not None}:
            members = [rule for rule in adding if rule.group == group]
            winner = most_giving([(rule, *self._extra(rule)) for rule in members])
            losers = [rule for rule in members if rule is not winner]
            not_given += [silenced(rule, "not-the-best", winner) for rule in losers]
            kept.difference_update(losers)
        return [rule for rule in rules if rule in kept]

    def shares(self, rules: Sequence[CompiledRule], *, not_given: list[NotGiven]) -> list[Share]:
        """Apply multipliers in order and return what each adds."""
        shares: list[Share] = []
        for rule in rules:
            met, denominator = self._met(rule)
            if not met:
                not_given.append(rule.refusals["nothing-to-multiply"])
                continue
            shares.append(self._share(rule, met, denominator))
            for part in self._parts:
                if part[0] & rule.bit and part[1] & rule.targets:
                    part[2] *= rule.numerator
                    part[3] *= rule.denominator
        return shares

    def _share(self, rule: CompiledRule, met: int, denominator: int) -> Share:
        digits = rule.point_digits
        extra, extra_denominator = met * (rule.numerator - rule.denominator), denominator * rule.denominator
        text = f"{written_exactly(met, denominator, digits)} {rule.words}: {written_exactly(extra, extra_denominator, digits)} more"
        lines = () if rule.everything else self._basket.line_ids(rule.bit)
        return Share(rule, extra, extra_denominator, lines, None, text)

    def _extra(self, rule: CompiledRule) -> tuple[int, int]:
        met, denominator = self._met(rule)
        return met * (rule.numerator - rule.denominator), denominator * rule.denominator

    def _met(self, rule: CompiledRule) -> tuple[int, int]:
        """Return the sum of the points that a multiplier meets, as numerator and denominator."""
        total, common = 0, 1
        for mask, source, numerator, denominator in self._parts:
            if mask & rule.bit and source & rule.targets:
                if denominator == common:
                    total += numerator
                else:
                    wider = lcm(common, denominator)
                    total = total * (wider // common) + numerator * (wider // denominator)
                    common = wider
        return total, common
