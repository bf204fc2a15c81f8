"""How a check is made of queries."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from hashlib import sha256

import asyncpg

from shared.checks import Check, Violation

#: Sorting and hashing of a million rows fits; more goes to disk. Rows are compared whole tables at a time, which no index makes faster.
_SETTINGS = "select set_config('work_mem', '64MB', true), set_config('enable_nestloop', 'off', true)"
_ROWS_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Rows:
    """A query that gives (key, expected, found) of each row of a table that breaks the invariant."""

    table: str
    query: str

    def violation(self, invariant: str, row: asyncpg.Record) -> Violation | None:
        """Every row is one."""
        key, expected, found = row
        return Violation(invariant=invariant, table=self.table, key=str(key), expected=str(expected), found=str(found))


@dataclass(frozen=True, slots=True)
class Hashes:
    """A query that gives (key, bytes, hash) of each row of a table: the hash must be the SHA-256 of the bytes.

    It is computed here: some builds of PostgreSQL take ten times as long for it.
    """

    table: str
    query: str

    def violation(self, invariant: str, row: asyncpg.Record) -> Violation | None:
        """Compare one row."""
        key, written, found = row
        expected = None if written is None else sha256(written).digest()
        if expected == found:
            return None
        shown = ["none" if value is None else value.hex() for value in (expected, found)]
        return Violation(invariant=invariant, table=self.table, key=str(key), expected=shown[0], found=shown[1])


def check(invariant: str, title: str, *questions: Rows | Hashes) -> Check:
    """Make the check of an invariant. Memory stays flat: rows are looked at as they come."""

    async def run(connection: asyncpg.Connection) -> AsyncIterator[Violation]:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            await connection.execute(_SETTINGS)
            for question in questions:
                async for row in connection.cursor(question.query, prefetch=_ROWS_AT_ONCE):
                    violation = question.violation(invariant, row)
                    if violation is not None:
                        yield violation

    return Check(invariant, title, run)
