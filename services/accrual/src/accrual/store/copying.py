"""Rows for COPY in PostgreSQL's binary format. A row packed in one go costs us a third of the same values handed to the driver one by one.

A row is its number of columns, then each value with its length before it; -1 instead of a length is null. Numbers are big-endian,
moments are microseconds since 2000. See "Binary Format" in PostgreSQL's documentation of COPY.
"""

from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from struct import Struct

from accrual.domain.chain import microseconds
from accrual.store import Connection

NULL = b"\xff\xff\xff\xff"
_HEADER = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
_TRAILER = b"\xff\xff"
_LENGTH = Struct(">i")
_EIGHT_BYTES = Struct(">iq")
_FOUR_BYTES = Struct(">ii")


async def copy(connection: Connection, table: str, columns: Sequence[str], rows: Iterable[bytes]) -> None:
    """Add rows to a table, in one statement. Each has its values in the order of the columns."""
    await connection.copy_to_table(table, source=_whole(b"".join((_HEADER, *rows, _TRAILER))), columns=columns, format="binary")


async def _whole(data: bytes) -> AsyncIterator[bytes]:
    """Give it as a stream: a file the driver would read in another thread."""
    yield data


def text(value: str | None) -> bytes:
    """Pack a text, or null."""
    return NULL if value is None else raw(value.encode())


def raw(value: bytes | None) -> bytes:
    """Pack bytes (or what is bytes to PostgreSQL, as a UUID's), or null."""
    return NULL if value is None else _LENGTH.pack(len(value)) + value


def integer(value: int | None) -> bytes:
    """Pack a number of four bytes, or null."""
    return NULL if value is None else _FOUR_BYTES.pack(4, value)


def moment(value: datetime | None) -> bytes:
    """Pack a moment, or null."""
    return NULL if value is None else _EIGHT_BYTES.pack(8, microseconds(value))


@lru_cache(maxsize=4096)  # programmes, sources, verdicts: the same few for thousands of rows
def word(value: str | None) -> bytes:
    """Pack a text that comes again and again, or null."""
    return text(value)
