"""What an audit finds. Services offer their checks under the entry-point group `loyalty.checks`."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from importlib.metadata import entry_points

import asyncpg

#: Name: the service. Object: a tuple of Check.
ENTRY_POINT_GROUP = "loyalty.checks"


@dataclass(frozen=True, slots=True)
class Violation:
    """One row that contradicts an invariant."""

    invariant: str
    table: str
    key: str
    expected: str
    found: str


@dataclass(frozen=True, slots=True)
class Check:
    """One invariant, and how to look for what breaks it: streaming, in bounded memory, read only."""

    id: str
    title: str
    run: Callable[[asyncpg.Connection], AsyncIterator[Violation]]


def checks_of(service: str) -> tuple[Check, ...]:
    """Return what the installed package of this service offers; nothing if it offers none."""
    return tuple(check for entry in entry_points(group=ENTRY_POINT_GROUP, name=service) for check in entry.load())
