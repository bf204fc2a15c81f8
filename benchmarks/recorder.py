"""Runs the service with a note taken of every statement it sends: `recorder.py FILE`. The service itself knows nothing of it.

The notes are one list a connection, in the order of time, pickled when the service has stopped.
"""

import asyncio
import pickle
import runpy
import sys
import time
from collections.abc import AsyncIterator, Iterable
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import asyncpg
from asyncpg.connection import LoggedQuery

#: Number of the statement over all connections, its text, its arguments, and the seconds until it was answered.
Note = tuple[int, str, tuple[Any, ...], float]
SERVICE = "accrual"
#: A copy is no statement of the driver's; it is noted under this word and the table, with its records (or bytes), columns and options.
COPY = "copy "


class Noted(asyncpg.Connection):
    """A connection that notes what is said on it."""

    all_notes: list[list[Note]] = []  # noqa: RUF012  one for the process
    numbers = count()

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._notes: list[Note] = []
        self.all_notes.append(self._notes)
        self.add_query_logger(self._take)

    def _take(self, query: LoggedQuery) -> None:
        self._notes.append((next(self.numbers), query.query, tuple(query.args or ()), query.elapsed))

    async def copy_records_to_table(self, table_name: str, *, records: Iterable[Any], columns: Any = None, **named: Any) -> str:  # type: ignore[override]
        """Copy, and note it."""
        rows = list(records)
        began = time.monotonic()
        done: str = await super().copy_records_to_table(table_name, records=rows, columns=columns, **named)
        self._note_copy(table_name, (rows, columns, None), time.monotonic() - began)
        return done

    async def copy_to_table(self, table_name: str, *, source: Any, columns: Any = None, **named: Any) -> str:
        """Copy what is packed already, and note it."""
        data = b"".join([part async for part in source])
        began = time.monotonic()
        done: str = await super().copy_to_table(table_name, source=stream(data), columns=columns, **named)
        self._note_copy(table_name, (data, columns, named), time.monotonic() - began)
        return done

    def _note_copy(self, table: str, arguments: tuple[Any, ...], seconds: float) -> None:
        """Note it in turn: notes of statements are taken by the loop, too."""
        asyncio.get_running_loop().call_soon(self._notes.append, (next(self.numbers), COPY + table, arguments, seconds))


async def stream(data: bytes) -> AsyncIterator[bytes]:
    """Give bytes as the driver likes them: a file it would read in another thread."""
    yield data


def main(file: Path) -> None:
    """Run the service until it is told to stop."""
    asyncpg.create_pool = partial(asyncpg.create_pool, connection_class=Noted)
    sys.argv = [SERVICE]
    try:
        runpy.run_module(SERVICE, run_name="__main__")
    finally:
        with file.open("wb") as output:
            pickle.dump(Noted.all_notes, output, protocol=pickle.HIGHEST_PROTOCOL)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
