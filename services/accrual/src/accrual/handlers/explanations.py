"""An explanation as JSON: the bytes that are stored with the decision are the ones that the event carries."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import orjson

from accrual.domain.decisions import Explanation, NotGiven, Step

#: An event may have 900 KB. Two hundred rules without lines fill less than half of that; a thousand long ids for each of ten would fill it twice.
MAX_BYTES = 400_000


def explanation_json(explanation: Explanation) -> bytes:
    """Write an explanation in the form of `contracts.rewards.Explanation`. One that is too long for an event does not name its lines."""
    written = _written(explanation, [step.lines for step in explanation.steps])
    return written if len(written) <= MAX_BYTES else _written(explanation, [()] * len(explanation.steps))


def _written(explanation: Explanation, lines: Sequence[Sequence[str]]) -> bytes:
    return orjson.dumps(
        {
            "points": explanation.points,
            "steps": [_step(step, named) for step, named in zip(explanation.steps, lines, strict=True)],
            "not_given": _not_given(explanation.not_given),
        }
    )


def _step(step: Step, lines: Sequence[str]) -> dict[str, Any]:
    return {
        "rule": step.rule,
        "operation": step.operation,
        "points_exact": step.points_exact,
        "lines": lines,
        "basis": step.basis,
        "text": step.text,
        "quantity": step.quantity,
    }


@lru_cache(maxsize=10_000)  # most purchases are alike in what they are not given, and why
def _not_given(silent: tuple[NotGiven, ...]) -> orjson.Fragment:
    return orjson.Fragment(orjson.dumps([each._asdict() for each in silent]))
