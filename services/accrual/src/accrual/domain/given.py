"""What a stored explanation says of a decision, as far as returns need it: which rules gave, what caps left of it, and which purchases counted."""

from collections.abc import Iterable, Mapping
from fractions import Fraction
from types import MappingProxyType
from typing import Any, NamedTuple

from accrual.domain.decisions import Explanation, Operation
from accrual.domain.settlement import PROGRAMME, RECEIPT
from accrual.domain.tracking import COUNTED

_GIVING = frozenset({Operation.EARN, Operation.MULTIPLY, Operation.FIXED, Operation.REWARD})
_NOTHING: Mapping[str, Any] = MappingProxyType({})


class Given(NamedTuple):
    """A grant's points, and the rules that gave them: each with the whole points that its caps left it, None where none cut it."""

    points: int
    rules: Mapping[str, int | None]
    exact: Mapping[str, Fraction] = _NOTHING  #: what each rule gave before caps and rounding
    quantities: Mapping[str, int] = _NOTHING  #: how many times, where not once; of rewards how many
    campaigns: Mapping[str, int] = _NOTHING  #: the points that budgets left of campaigns, where they cut
    counted: frozenset[str] = frozenset()  #: rules that gave nothing, and counted the purchase if they track something


def given_from(explanation: Mapping[str, Any]) -> Given:
    """Read an explanation as it is stored with a decision, in the form of `contracts.rewards.Explanation`."""
    steps = [(step["rule"], Operation(step["operation"]), Fraction(step["points_exact"]), step.get("quantity", 1)) for step in explanation["steps"]]
    return _given(explanation["points"], steps, [(silent["rule"], silent["reason"]) for silent in explanation["not_given"]])


def given_of(explanation: Explanation) -> Given:
    """Read an explanation of a decision just made."""
    steps = [(step.rule, step.operation, Fraction(step.numerator, step.denominator), step.quantity) for step in explanation.steps]
    return _given(explanation.points, steps, [(silent.rule, silent.reason) for silent in explanation.not_given])


def _given(points: int, steps: Iterable[tuple[str, Operation, Fraction, int]], silent: Iterable[tuple[str, str]]) -> Given:
    sums: dict[str, Fraction] = {}
    exact: dict[str, Fraction] = {}
    cut: dict[str, Fraction] = {}
    quantities: dict[str, int] = {}
    for rule, operation, amount, quantity in steps:
        if rule in (PROGRAMME, RECEIPT):
            continue
        if operation in _GIVING:
            exact[rule] = amount
        if operation in _GIVING or rule in sums:
            sums[rule] = sums.get(rule, Fraction(0)) + amount
        if operation is Operation.CAP:
            cut[rule] = amount
        if quantity != 1:
            quantities[rule] = quantity
    campaigns = {id_: int(_of(id_, sums) + amount) for id_, amount in cut.items() if id_ not in sums}
    rules = {rule: int(amount) if rule in cut else None for rule, amount in sums.items()}
    return Given(points, rules, exact, quantities, campaigns, frozenset(rule for rule, reason in silent if reason in COUNTED))


def _of(campaign: str, sums: Mapping[str, Fraction]) -> Fraction:
    return sum((amount for rule, amount in sums.items() if rule.startswith(f"{campaign}/")), Fraction(0))
