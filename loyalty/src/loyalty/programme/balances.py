"""Reads what another system exported: a row for each member, or for each part of a balance with an expiry of its own; levels and totals too."""

import csv
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from loyalty.console import COULD_NOT, Failure

_TOTALS = ("earned", "spent", "purchases")
_BROUGHT = ("points", "level", *_TOTALS)
_KNOWN = frozenset({"row", "holder", "kind", "identifier", "expires_at", "level_until", "counted_on", *_BROUGHT})
#: More faults than anybody mends at once; the rest is found when these are mended.
MOST_FAULTS = 100


@dataclass(frozen=True, slots=True)
class Balance:
    """One row: who, how many points in the programme's smallest unit, until when, and what counts towards a level or is one."""

    name: str
    holder: str
    points: int
    expires_at: datetime | date | None  #: a day is meant to its end in the programme's zone
    level: str | None = None
    level_until: date | None = None
    totals: tuple[int, ...] = (0, 0, 0)  #: points earned, money spent in minor units, purchases
    counted_on: date | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the row as accrual takes it."""
        ends = {"expires_at": self.expires_at, "level_until": self.level_until, "counted_on": self.counted_on}
        told = {"points": self.points, "level": self.level, **dict(zip(_TOTALS, self.totals, strict=True))}
        found = told | {name: day.isoformat() for name, day in ends.items() if day is not None}
        return {"name": self.name, "holder": self.holder} | {name: value for name, value in found.items() if value}


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
    def totals(self) -> int:
        """All that counts towards levels, added up."""
        return sum(sum(row.totals) for row in self.rows)

    def by_level(self) -> dict[str, int]:
        """Return how many rows bring each level."""
        return dict(sorted(Counter(row.level for row in self.rows if row.level is not None).items()))

    @property
    def members(self) -> int:
        """How many different holders there are."""
        return len({row.holder for row in self.rows})

    def by_expiry(self) -> dict[str, int]:
        """Return points by the month of their last day."""
        found: Counter[str] = Counter()
        for row in self.rows:
            if row.points:
                found[f"until {row.expires_at:%Y-%m}" if row.expires_at else "for ever"] += row.points
        return dict(sorted(found.items()))


def read_balances(path: Path, holder_of: Callable[[str, str], str]) -> Balances:
    """Read a CSV. `holder_of` hashes an identifier of a kind, and raises ValueError where it is none. Fails where it is no such file."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream)
            columns = set(reader.fieldnames or ())
            if columns.isdisjoint(_BROUGHT) or not ({"holder"} <= columns or {"kind", "identifier"} <= columns) or columns - _KNOWN:
                wanted = f"one of {', '.join(_BROUGHT)}; and either holder or kind, identifier; expires_at, level_until, counted_on and row if you like"
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
    name = line.get("row") or str(number)
    if name in known:
        raise ValueError(f"another row is called {name} too")
    points, level, totals = _whole(line, "points"), line.get("level") or None, tuple(_whole(line, each) for each in _TOTALS)
    if not (points or level or any(totals)):
        raise ValueError(f"brings nothing: a number above 0 in one of points, {', '.join(_TOTALS)}, or a level")
    for end, whose in (("expires_at", points), ("level_until", level), ("counted_on", any(totals))):
        if line.get(end) and not whose:
            raise ValueError(f"{end}: there is nothing to which it belongs")
    holder = line.get("holder") or holder_of(line.get("kind", ""), line.get("identifier", ""))
    days = _day_of(line, "level_until"), _day_of(line, "counted_on")
    return Balance(name, holder, points, _end_of(line.get("expires_at", "")), level, days[0], totals, days[1])


def _whole(line: Mapping[str, str], column: str) -> int:
    text = line.get(column) or "0"
    if not text.isdecimal():
        raise ValueError(f"{column}: {text!r} is no whole number")
    return int(text)


def _day_of(line: Mapping[str, str], column: str) -> date | None:
    text = line.get(column)
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise ValueError(f"{column}: {text!r} is no date") from None


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
