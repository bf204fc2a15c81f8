"""How a check is made of a query."""

from collections.abc import AsyncIterator, Sequence

import asyncpg

from shared.checks import Check, Violation

#: Sorting a million rows in memory is worth it; more goes to disk.
_WORK_MEMORY = "set local work_mem = '64MB'"
_ROWS_AT_ONCE = 100


def check(invariant: str, title: str, *queries: tuple[str, str]) -> Check:
    """Make the check of an invariant from queries, each with its table. A query gives (key, expected, found) of each row that breaks it."""

    async def run(connection: asyncpg.Connection) -> AsyncIterator[Violation]:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            await connection.execute(_WORK_MEMORY)
            for table, query in queries:
                async for key, expected, found in connection.cursor(query, prefetch=_ROWS_AT_ONCE):
                    yield Violation(invariant=invariant, table=table, key=str(key), expected=str(expected), found=str(found))

    return Check(invariant, title, run)


def columns(names: Sequence[str], *, of: str) -> str:
    """Write columns of a table as one text, to show what was found."""
    return " || ', ' || ".join(f"'{name} ' || coalesce({of}.{name}::text, 'none')" for name in names)
