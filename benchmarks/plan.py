"""What to measure, and on how much."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from backlog import Backlog

from contracts.envelope import Record

HOLDERS = 20_000
#: The ceiling needs every argument of every statement in memory, and does not change with the length of the backlog.
CEILING_PURCHASES = 60_000
LATENCY_SECONDS = 20.0


class Part(StrEnum):
    """What can be asked for alone; P12 comes with every run."""

    CHAIN = "P1"
    CEILING = "P2"
    LATENCY = "P3"
    HOT = "P4"
    BALANCES = "P6"
    QUOTES = "P7"
    HOLDS = "P8"
    REPLAY = "P10"
    DEMO = "P14"
    RECOVERY = "P15"
    MEMORY = "P16"


#: What needs a backlog worked off.
BACKLOG = {Part.CHAIN, Part.CEILING, Part.LATENCY, Part.HOT}
#: What needs the whole stack.
STANDING = {Part.BALANCES, Part.QUOTES, Part.HOLDS, Part.RECOVERY, Part.MEMORY}


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to measure."""

    purchases: int
    runs: int
    seed: int
    processes: tuple[str, ...]
    parts: frozenset[Part]
    until: datetime
    holders: int = HOLDERS
    latency_seconds: float = LATENCY_SECONDS

    def backlog(self, *, hot: float = 0.0) -> Iterator[Record]:
        """Make the purchases."""
        return Backlog(purchases=self.purchases, holders=self.holders, seed=self.seed, until=self.until, hot=hot).records()

    @property
    def ceiling_purchases(self) -> int:
        """Return how many purchases the ceiling is measured with."""
        return min(self.purchases, CEILING_PURCHASES) if Part.CEILING in self.parts else 0
