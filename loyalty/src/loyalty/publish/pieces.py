"""Cuts a file into pieces, one an event to be, without reading them yet: so a resumed run skips quickly."""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

import orjson

from loyalty.console import Failure

if TYPE_CHECKING:
    from _csv import Reader as Rows

#: Payloads are at most 900 KB on the wire; a longer line is no event, and is not taken into memory whole.
MAX_LINE_BYTES = 1024 * 1024
#: Marks a row that does not fit the header; the value says how. No header can hold it: `csv` reads no U+0000.
MISFIT = "\0"
#: Rows in a row that do not fit and may still be the inside of a receipt; after more of them it is over.
MAX_STRAYS = 100


@dataclass(frozen=True, slots=True)
class Piece:
    """The bytes of one event to be, and the line of the file where they begin."""

    line: int
    content: bytes


def pieces_of_jsonl(stream: IO[bytes]) -> Iterator[Piece]:
    """Give one piece a line; blank lines are skipped, a line that is too long is cut just above the limit."""
    number = 0
    while line := stream.readline(MAX_LINE_BYTES + 1):
        number += 1
        kept = line
        while line and not line.endswith(b"\n"):
            line = stream.readline(MAX_LINE_BYTES)
        if kept.strip():
            yield Piece(number, kept.rstrip(b"\r\n"))


def pieces_of_csv(stream: IO[bytes], *, delimiter: str, group_by: str | None) -> Iterator[Piece]:
    """Give one piece a row, or one for neighbouring rows that agree in the column `group_by`. The content is JSON: the rows as objects."""
    reader = csv.reader(_text(stream), delimiter=delimiter, strict=True)
    try:
        header = next(reader, None)
        if header is None:
            return
        if group_by is not None and group_by not in header:
            raise Failure(f"The file has no column {group_by}.", advice=f"Its columns: {', '.join(header)}.")
        yield from grouped(_rows(reader, header), group_by)
    except csv.Error as error:
        raise Failure(f"Line {reader.line_num} is not CSV: {error}.", advice="Mind the delimiter: a mapping file may say `delimiter: ';'`.") from error


def _text(stream: IO[bytes]) -> Iterator[str]:
    for number, line in enumerate(stream, start=1):
        try:
            yield line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            raise Failure(f"Line {number} is not UTF-8.", advice="Convert the file: iconv -f latin1 -t utf-8.") from error


def _rows(reader: "Rows", header: list[str]) -> Iterator[tuple[int, dict[str, str]]]:
    line = reader.line_num + 1
    for cells in reader:
        if cells:
            yield line, _row(header, cells)
        line = reader.line_num + 1


def _row(header: list[str], cells: list[str]) -> dict[str, str]:
    """Make the row an object. One with too few or too many cells is marked, not guessed: a stray delimiter moves amounts."""
    if len(cells) != len(header):
        return {**dict.fromkeys(header, ""), MISFIT: f"{len(cells)} cells under {len(header)} columns"}
    return dict(zip(header, cells, strict=True))


def grouped(rows: Iterable[tuple[int, dict[str, str]]], column: str | None) -> Iterator[Piece]:
    """Give one piece a row, or one for neighbouring rows that agree in a column. Each row comes with its line.

    One that does not fit stands alone; between rows that agree it is a part of theirs, for without it they would be two halves of one receipt.
    """
    begun, together, strays = 0, list[dict[str, str]](), list[tuple[int, dict[str, str]]]()
    for line, row in rows:
        if together and column is not None and MISFIT in row and len(strays) < MAX_STRAYS:
            strays.append((line, row))
            continue
        if together and (column is None or MISFIT in row or row[column] != together[0][column]):
            yield from _parted(begun, together, strays)
            together, strays = [], []
        if MISFIT in row:
            yield Piece(line, orjson.dumps([row]))
            continue
        if not together:
            begun = line
        together += [*({**stray, MISFIT: f"line {at}: {stray[MISFIT]}"} for at, stray in strays), row]
        strays = []
    yield from _parted(begun, together, strays)


def _parted(begun: int, together: list[dict[str, str]], strays: list[tuple[int, dict[str, str]]]) -> Iterator[Piece]:
    if together:
        yield Piece(begun, orjson.dumps(together))
    for line, row in strays:
        yield Piece(line, orjson.dumps([row]))
