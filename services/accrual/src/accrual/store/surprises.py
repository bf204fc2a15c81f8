"""Surprises: the secret seed of each, and the commitment to it."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from accrual.store import Connection


class Lot(NamedTuple):
    """The seed by which a surprise is drawn, and what was promised of it when it was first published."""

    programme: str
    surprise: str
    chance: str
    commitment: bytes
    seed: bytes
    committed_at: datetime


_COLUMNS = ", ".join(Lot._fields)
_PROMISE = f"insert into surprise ({_COLUMNS}) values ($1, $2, $3, $4, $5, $6) on conflict do nothing"  # noqa: S608  a constant
_OF = f"select {_COLUMNS} from surprise where programme = any($1::text[]) order by programme, surprise"  # noqa: S608  a constant


async def promise(connection: Connection, lots: Iterable[Lot]) -> None:
    """Write seeds with their commitments. One that is there stays: a surprise has one seed, whatever version it is in."""
    rows = list(lots)
    if rows:
        await connection.executemany(_PROMISE, rows)


async def of(connection: Connection, programmes: Iterable[str]) -> list[Lot]:
    """Read the seeds of these programmes."""
    names = list(programmes)
    return [Lot(*row) for row in await connection.fetch(_OF, names)] if names else []
