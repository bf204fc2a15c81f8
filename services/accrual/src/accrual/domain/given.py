"""What a stored explanation says of a grant, as far as returns need it: which rules gave, and what their caps left of it."""

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any, NamedTuple

from accrual.domain.decisions import Explanation, Operation
from accrual.domain.settlement import PROGRAMME, RECEIPT

_GIVING = frozenset({Operation.EARN, Operation.MULTIPLY, Operation.FIXED})


class Given(NamedTuple):
    """A grant's points, and the rules that gave them: each with the whole points that its caps left it, None where none cut it."""

    points: int
    rules: Mapping[str, int | None]


def given_from(explanation: Mapping[str, Any]) -> Given:
    """Read an explanation as it is stored with a decision, in the form of `contracts.rewards.Explanation`."""
    steps = [(step["rule"], Operation(step["operation"]), Fraction(step["points_exact"])) for step in explanation["steps"]]
    return _given(explanation["points"], steps)


def given_of(explanation: Explanation) -> Given:
    """Read an explanation of a decision just made."""
    return _given(explanation.points, [(step.rule, step.operation, Fraction(step.numerator, step.denominator)) for step in explanation.steps])


def _given(points: int, steps: Iterable[tuple[str, Operation, Fraction]]) -> Given:
    sums: dict[str, Fraction] = {}
    cut = set()
    for rule, operation, amount in steps:
        if rule in (PROGRAMME, RECEIPT):
            continue
        if operation in _GIVING or rule in sums:
            sums[rule] = sums.get(rule, Fraction(0)) + amount
        if operation is Operation.CAP:
            cut.add(rule)
    return Given(points, {rule: int(amount) if rule in cut else None for rule, amount in sums.items()})
