"""Draws that look random and are not: the same seed and name give the same answer on every machine."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Dice:
    """Draws by name: adding one draw changes none of the others."""

    seed: str

    def below(self, limit: int, *name: object) -> int:
        """Give a whole number from 0 to `limit - 1`. The bias of the remainder is below 2⁻³² for every limit used here."""
        text = "\x00".join([self.seed, *map(str, name)])
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") % limit

    def between(self, low: int, high: int, *name: object) -> int:
        """Give a whole number from `low` to `high`, both included."""
        return low + self.below(high - low + 1, *name)

    def chance(self, percent: int, *name: object) -> bool:
        """Say yes in `percent` of 100 names."""
        return self.below(100, *name) < percent

    def one_of(self, choices: Sequence[T], *name: object) -> T:
        """Pick one of the choices, each as likely as the others."""
        return choices[self.below(len(choices), *name)]
