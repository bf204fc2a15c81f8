"""Opens files of purchases: CSV, JSON lines and Parquet, packed by gzip or not, and cuts them into receipts."""

import gzip
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

import orjson

from loyalty.console import COULD_NOT, Failure
from loyalty.publish.pieces import MISFIT, Piece, grouped, pieces_of_csv

if TYPE_CHECKING:
    import duckdb

#: Rows fetched from a Parquet file at once.
FETCHED = 10_000
_DELIMITERS = ",;\t|"


@contextmanager
def opened(path: Path) -> Iterator[IO[bytes]]:
    """Open a file for reading bytes, unpacked. Whatever is wrong with it, also further down, is told by its name."""
    try:
        with cast("IO[bytes]", gzip.open(path, "rb")) if path.suffix == ".gz" else path.open("rb") as stream:
            yield stream
    except (OSError, EOFError, zlib.error) as error:
        what = error.strerror if isinstance(error, OSError) else None
        raise Failure(f"Cannot read {path}: {what or 'it is not packed as its name says, or not whole'}.", code=COULD_NOT) from error


def kind_of(path: Path) -> str:
    """Return `csv`, `jsonl` or `parquet`, by the name."""
    name = path.name.removesuffix(".gz").lower()
    if name.endswith((".jsonl", ".ndjson")):
        return "jsonl"
    if name.endswith(".parquet"):
        return "parquet"
    if name.endswith((".csv", ".tsv", ".txt")):
        return "csv"
    advice = "Rename it to .csv, .jsonl or .parquet, with .gz behind it if it is packed."
    raise Failure(f"Cannot tell by its name what {path.name or path} is.", advice=advice, code=COULD_NOT)


def header_of(path: Path) -> tuple[list[str], str]:
    """Return the names of the columns, and the character between them (a comma where that has no sense)."""
    kind = kind_of(path)
    if kind == "parquet":
        with _parquet(path) as database:
            return _names(database), ","
    with opened(path) as stream:
        first = stream.readline()
    if kind == "jsonl":
        return list(_object(first, 1)), ","
    try:
        text = first.decode("utf-8-sig").rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise Failure("Line 1 is not UTF-8.", advice="Convert the file: iconv -f latin1 -t utf-8.", code=COULD_NOT) from error
    if not text.strip():
        raise Failure(f"{path} does not begin with the names of its columns.", advice="Is it empty?", code=COULD_NOT)
    delimiter = max(_DELIMITERS, key=text.count)
    return [name.strip('"') for name in text.split(delimiter)], delimiter


def pieces_of(path: Path, *, delimiter: str, group_by: str | None) -> Iterator[tuple[int, Sequence[dict[str, str]]]]:
    """Yield the rows of each receipt with the number of the first one: in CSV and JSON lines its line, in Parquet its place."""
    kind = kind_of(path)
    if kind == "csv":
        with opened(path) as stream:
            yield from _read(pieces_of_csv(stream, delimiter=delimiter, group_by=group_by))
        return
    rows = _parquet_rows(path) if kind == "parquet" else _json_rows(path)
    first = next(rows, None)
    if first is None:
        return
    if group_by is not None and group_by not in first[1]:
        raise Failure(f"The file has no column {group_by}.", advice=f"Its columns: {', '.join(first[1])}.")
    yield from _read(grouped(chain([first], rows), group_by))


def _read(pieces: Iterator[Piece]) -> Iterator[tuple[int, Sequence[dict[str, str]]]]:
    for piece in pieces:
        yield piece.line, orjson.loads(piece.content)


def _json_rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield objects as rows of one table: the first one names the columns; a line that is no object is marked like a row that does not fit."""
    empty: dict[str, str] = {}
    with opened(path) as stream:
        for number, line in enumerate(stream, start=1):
            if not line.strip():
                continue
            try:
                row = {name: _text(value) for name, value in _object(line, number).items()}
            except Failure as failure:
                row = {MISFIT: failure.what}
            empty = empty or dict.fromkeys(row, "")
            yield number, empty | row


def _object(line: bytes, number: int) -> dict[str, Any]:
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise Failure(f"Line {number} is not JSON: {error}.") from error
    if not isinstance(value, dict):
        raise Failure(f"Line {number} is no JSON object.")
    return value


@contextmanager
def _parquet(path: Path) -> Iterator["duckdb.DuckDBPyConnection"]:
    """Ask for everything in a Parquet file. Nothing is fetched from a network: whatever the file says, extensions stay as they are."""
    import duckdb  # noqa: PLC0415  large, and only this kind of file needs it: no other command waits for it

    try:
        with duckdb.connect(config={"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}) as database:
            yield database.execute("select * from read_parquet(?)", [str(path)])
    except (duckdb.Error, OSError) as error:
        raise Failure(f"Cannot read {path} as Parquet: {str(error).splitlines()[0]}", code=COULD_NOT) from error


def _names(database: "duckdb.DuckDBPyConnection") -> list[str]:
    return [column[0] for column in database.description or ()]


def _parquet_rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    with _parquet(path) as database:
        columns, number = _names(database), 0
        while cells := database.fetchmany(FETCHED):
            for row in cells:
                number += 1
                yield number, {name: _text(value) for name, value in zip(columns, row, strict=True)}


def _text(value: Any) -> str:
    """Write a typed value as a CSV file would hold it."""
    if value is None:
        return ""
    if isinstance(value, list):
        return ";".join(map(str, value))
    return value if isinstance(value, str) else str(value)
