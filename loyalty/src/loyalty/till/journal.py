"""What the till must not forget: its receipts and returns, and which of them the platform has confirmed. One SQLite file, safe against a pulled plug."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from contracts import structured
from contracts.envelope import Event
from contracts.purchases import PurchaseRecorded
from loyalty.console import COULD_NOT, Failure

_TABLE = """
    create table if not exists event (
        number    integer primary key,
        about     text not null unique, -- `receipt/0001`, `return/0001-1`
        body      blob not null,
        state     text not null default 'waiting' check (state in ('waiting', 'confirmed', 'refused'))
    )
"""


class Kept(NamedTuple):
    """An event of this till, and its place in the order in which they happened."""

    number: int
    event: Event[Any]


class Journal:
    """Every event is written here before it is sent, and struck off when the platform has it. Sending is repeated with the same event."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._file = sqlite3.connect(path, isolation_level=None)
            self._file.execute("pragma synchronous = full")
            self._file.execute(_TABLE)
        except sqlite3.DatabaseError as error:
            raise Failure(f"{path} is no journal of a till: {error}", advice="Name another with --journal.", code=COULD_NOT) from error

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def keep(self, about: str, event: Event[Any]) -> None:
        """Write an event down, for ever. What is about the same receipt or return is kept once."""
        self._file.execute("insert into event (about, body) values (?, ?) on conflict do nothing", (about, structured.write(event)))

    def unsent(self) -> list[Kept]:
        """Return what the platform has not confirmed, in the order in which it happened."""
        return list(self._rows("where state = 'waiting' order by number"))

    def settle(self, number: int, *, accepted: bool) -> None:
        """Note that the platform has an event, or that it will never take it."""
        self._file.execute("update event set state = ? where number = ?", ("confirmed" if accepted else "refused", number))

    def receipt(self, number: str) -> PurchaseRecorded | None:
        """Return a receipt of this till by its number."""
        found = next(self._rows("where about = ?", f"receipt/{number}"), None)
        return None if found is None else found.event.data

    def count(self, kind: str) -> int:
        """Return how many events of a kind there are: `receipt`, `return/0001`."""
        with closing(self._file.execute("select count(*) from event where about like ? || '%'", (f"{kind}/",))) as found:
            counted: int = found.fetchone()[0]
        return counted

    def _rows(self, condition: str, *values: object) -> Iterator[Kept]:
        with closing(self._file.execute(f"select number, body from event {condition}", values)) as rows:  # noqa: S608  conditions are constants of this file
            for number, body in rows.fetchall():
                yield Kept(number, structured.read(body))
