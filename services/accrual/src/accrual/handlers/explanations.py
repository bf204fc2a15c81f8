"""An explanation as JSON: the bytes that are stored with the decision are the ones that the event carries."""

from functools import lru_cache
from typing import Any

import orjson

from accrual.domain.decisions import Explanation, NotGiven, Step


def explanation_json(explanation: Explanation) -> bytes:
    """Write an explanation in the form of `contracts.rewards.Explanation`."""
    return orjson.dumps(
        {
            "points": explanation.points,
            "steps": [_step(step) for step in explanation.steps],
            "not_given": [_not_given(silent) for silent in explanation.not_given],
        }
    )


def _step(step: Step) -> dict[str, Any]:
    return {
        "rule": step.rule,
        "operation": step.operation,
        "points_exact": step.points_exact,
        "lines": step.lines,
        "basis": step.basis,
        "text": step.text,
    }


@lru_cache(maxsize=10_000)  # rules stay silent in the same words, purchase after purchase
def _not_given(silent: NotGiven) -> orjson.Fragment:
    return orjson.Fragment(orjson.dumps(silent._asdict()))
