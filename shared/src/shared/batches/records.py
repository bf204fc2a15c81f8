"""A record as it was fetched: what it says, and where it was found."""

from dataclasses import dataclass

from contracts.envelope import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched(Record):
    """A record and its place."""

    partition: int
    offset: int
    timestamp_ms: int
