"""Which rules an event meets, and in which order they apply: bit n stands for rule n. Worked out once for each combination of gates."""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from accrual.domain.decisions import NotGiven, Operation
from accrual.domain.facts import Line
from accrual.domain.gates import REMEMBERED, SHUT, Gates
from accrual.domain.rules import CompiledRule, Conditions, Event


class Met(NamedTuple):
    """The rules an event meets as far as goods, place and time go, why the others stay silent, and which to ask further."""

    candidates: int
    silent: tuple[NotGiven, ...]
    guarded: tuple[CompiledRule, ...]


class Applying(NamedTuple):
    """Rules by what they do, each kind in the order in which it applies."""

    base: tuple[CompiledRule, ...]
    multipliers: tuple[CompiledRule, ...]
    fixed: tuple[CompiledRule, ...]  #: points given once, and rewards
    campaigns: tuple[CompiledRule, ...]
    contend: bool  #: not all of the others may apply: one is exclusive, or two are in one best-of group


class Matcher:
    """Answers which of a set of rules may apply, and why the others do not."""

    def __init__(self, rules: Sequence[CompiledRule], conditions: Sequence[tuple[Conditions, ...]], *, open_bits: int) -> None:
        """Take rules with their conditions, all of which must be met; `open_bits` are those of rules that are not disabled and allow the currency."""
        self._rules = rules
        #: met by all goods and by the receipt as a whole: the multiplier of a level asks for nothing
        self.always = 1 << len(rules)
        self._gates = Gates([*conditions, ()])
        self._open = open_bits
        self._all = self.always - 1
        #: rules that ask for no certain goods: delivery and visits count for them
        self.beyond_goods = self.always | sum(
            rule.bit for rule, found in zip(rules, conditions, strict=True) if not any(condition.include for condition in found)
        )
        self._counting_delivery = self.beyond_goods & sum(rule.bit for rule in rules if rule.counts != "once")
        self._met = lru_cache(REMEMBERED)(self._met_rules)
        #: sorts candidates by what they do
        self.applying = lru_cache(REMEMBERED)(self._applying_rules)

    def line_masks(self, lines: Sequence[Line]) -> list[int]:
        """Return for each line the rules whose conditions on goods it meets."""
        return self._gates.line_masks(lines)

    def met(self, event: Event, masks: Sequence[int]) -> Met:
        """Return the rules that an event meets, given which rules each of its lines meets."""
        touched = 0 if masks else self._all  # an event without lines meets every rule
        for mask in masks:
            touched |= mask
        if event.delivery_amount:
            touched |= self._counting_delivery
        _, _, store, channel, local, purchase = event
        return self._met(*self._gates.opened(store, channel, "" if purchase is None else purchase.merchant, local), touched)

    def _met_rules(self, *masks: int) -> Met:
        silent: list[NotGiven] = []
        candidates = 0
        for rule in self._rules:
            closed = [gate for gate, mask in zip(SHUT, masks, strict=True) if not mask & rule.bit]
            if not self._open & rule.bit:
                silent.append(rule.refusals["disabled" if "disabled" in rule.refusals else "other-currency"])
            elif closed:
                silent.append(rule.refusals[closed[0]])
            else:
                candidates |= rule.bit
        return Met(candidates, tuple(silent), tuple(rule for rule in self._rules if candidates & rule.bit and rule.guarded))

    def _applying_rules(self, candidates: int) -> Applying:
        met = [rule for rule in self._rules if candidates & rule.bit]
        own = [rule for rule in met if rule.campaign is None]
        kinds = ((Operation.EARN,), (Operation.MULTIPLY,), (Operation.FIXED, Operation.REWARD))
        base, multipliers, fixed = (tuple(rule for rule in own if rule.operation in kind) for kind in kinds)
        groups = [rule.group for rule in own if rule.group is not None]
        contend = len(groups) > len(set(groups)) or any(rule.exclusive for rule in own)
        return Applying(base, multipliers, fixed, tuple(rule for rule in met if rule.campaign is not None), contend)
