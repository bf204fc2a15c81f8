"""Reads balances that another system exported: a row for each member, or for each part of a balance with an expiry of its own."""

import csv
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from loyalty.console import COULD_NOT, Failure

_KNOWN = frozenset({"row", "holder", "kind", "identifier", "points", "expires_at"})
#: More faults than anybody mends at once; the rest is found when these are mended.
MOST_FAULTS = 100


@dataclass(frozen=True, slots=True)
class Balance:
    """One row: who, how many points in the programme's smallest unit, and until when."""

    name: str
    holder: str
    points: int
    expires_at: datetime | date | None  #: a day is meant to its end in the programme's zone

    def as_json(self) -> dict[str, Any]:
        """Return the row as accrual takes it."""
        return {"name": self.name, "holder": self.holder, "points": self.points, "expires_at": self.expires_at.isoformat() if self.expires_at else None}


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a line."""

    line: int
    message: str


@dataclass(frozen=True, slots=True)
class Balances:
    """A file of balances."""

    rows: tuple[Balance, ...]
    faults: tuple[Fault, ...]

    @property
    def points(self) -> int:
        """All points."""
        return sum(row.points for row in self.rows)

    @property
    def members(self) -> int:
        """How many different holders there are."""
        return len({row.holder for row in self.rows})

    def by_expiry(self) -> dict[str, int]:
        """Return points by the month of their last day."""
        found: Counter[str] = Counter()
        for row in self.rows:
            found[f"until {row.expires_at:%Y-%m}" if row.expires_at else "for ever"] += row.points
        return dict(sorted(found.items()))


def read_balances(path: Path, holder_of: Callable[[str, str], str]) -> Balances:
    """Read a CSV. `holder_of` hashes an identifier of a kind, and raises ValueError where it is none. Fails where it is no such file."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream)
            columns = set(reader.fieldnames or ())
            if "points" not in columns or not ({"holder"} <= columns or {"kind", "identifier"} <= columns) or columns - _KNOWN:
                wanted = "points and either holder or kind, identifier; expires_at and row if you like"
                raise Failure(f"{path} has the columns {', '.join(sorted(columns)) or 'none'}.", advice=f"It needs {wanted}.", code=COULD_NOT)
            return _read(reader, holder_of)
    except (OSError, UnicodeDecodeError) as error:
        raise Failure(f"{path} cannot be read: {error}.", code=COULD_NOT) from error


def _read(lines: Iterable[Mapping[str, str | None]], holder_of: Callable[[str, str], str]) -> Balances:
    rows, faults, names = list[Balance](), list[Fault](), set[str]()
    for number, line in enumerate(lines, start=2):
        try:
            rows.append(_row(number, {key: (value or "").strip() for key, value in line.items() if key}, holder_of, known=names))
            names.add(rows[-1].name)
        except ValueError as error:
            faults.append(Fault(number, str(error)))
            if len(faults) == MOST_FAULTS:
                break
    return Balances(tuple(rows), tuple(faults))


def _row(number: int, line: Mapping[str, str], holder_of: Callable[[str, str], str], *, known: set[str]) -> Balance:
    points = line["points"]
    if not points.isdecimal() or int(points) == 0:
        raise ValueError(f"points: {points!r} is no whole number above 0")
    name = line.get("row") or str(number)
    if name in known:
        raise ValueError(f"another row is called {name} too")
    holder = line.get("holder") or holder_of(line.get("kind", ""), line.get("identifier", ""))
    return Balance(name, holder, int(points), _end_of(line.get("expires_at", "")))


def _end_of(text: str) -> datetime | date | None:
    """Read a moment, or a day to whose end points live."""
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text) if "T" in text else date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"expires_at: {text!r} is no date") from None
    if isinstance(moment, datetime) and moment.tzinfo is None:
        raise ValueError(f"expires_at: {text!r} has no offset")
    return moment
