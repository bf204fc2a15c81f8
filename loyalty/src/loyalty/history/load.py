"""Loads a history from wherever it is, sorts it by time, and says what should be known about it."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from loyalty.console import COULD_NOT, Advance, Failure
from loyalty.history.cloud import event_of
from loyalty.history.collecting import uncollected
from loyalty.history.columns import Columns
from loyalty.history.events import Bought, Brought, Event, History
from loyalty.history.files import header_of, kind_of, opened, pieces_of
from loyalty.history.guess import guessed, told
from loyalty.history.platform import is_database, name_of, read_platform
from loyalty.publish.mapping import BadPiece, FileMapping

#: Bad places named in the notes; the others are counted.
NAMED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How to read purchases. Currency and zone are those of purchases for which the data name none."""

    mapping: FileMapping | None = None
    currency: str = "EUR"
    digits: int = 2
    zone: str = "UTC"
    skip_bad: bool = False


def loaded(data: str, reading: Reading, *, programme: str | None = None, advance: Advance) -> History:
    """Read a file, or the platform's own history of a programme, or of all, where an address of a database is given."""
    if is_database(data):
        events = read_platform(data, programme=programme, advance=advance)
        return assembled(name_of(data), events, skipped=0, notes=["Read from the platform: what was accepted, as it stands now. Customers are accounts."])
    return load(Path(data), reading, advance=advance)


def load(path: Path, reading: Reading, *, advance: Advance) -> History:
    """Read a file. Fails at the first bad place, named with its row and column, unless told to skip them."""
    found, bad, notes = list[Event](), list[str](), list[str]()
    with uncollected():
        for number, pieces in _pieces(path, reading, notes):
            try:
                found += pieces()
            except BadPiece as fault:
                if not reading.skip_bad:
                    advice = "Mend it, or add --skip-bad to go on without such rows and count them."
                    raise Failure(f"Row {number}: {fault}", advice=advice) from fault
                bad.append(f"row {number}: {fault}")
            advance(number)
    if bad:
        shown = "; ".join(bad[:NAMED]) + (f"; and {len(bad) - NAMED:,} more" if len(bad) > NAMED else "")
        told = "One receipt could not be read and was" if len(bad) == 1 else f"{len(bad):,} receipts could not be read and were"
        notes.append(f"{told} left out: {shown}.")
    return assembled(path.name, found, skipped=len(bad), notes=notes)


def assembled(source: str, events: list[Event], *, skipped: int, notes: list[str]) -> History:
    """Make a history of events in any order. Of several currencies the one of most purchases is kept."""
    currencies = Counter(event.purchase.currency for event in events if isinstance(event, Bought))
    if not currencies:
        raise Failure("There is no purchase in it.", advice="Each row should be a purchase, or a line of one.", code=COULD_NOT)
    (currency, count), *others = currencies.most_common()
    if others:
        left = ", ".join(f"{number:,} in {name}" for name, number in others)
        notes.append(f"Only the {count:,} purchases in {currency} are looked at; left out: {left}.")
        events = [event for event in events if _currency_of(event, currency) == currency]
    events.sort(key=lambda event: event.occurred_at)  # stable: what is told at one moment stays in its order
    return History(source=source, events=events, currency=currency, skipped=skipped, notes=tuple(notes))


def _currency_of(event: Event, usual: str) -> str:
    if isinstance(event, Bought):
        return event.purchase.currency
    return event.asked.currency if isinstance(event, Brought) else usual


class _Receipt:
    """One piece of the input, read when it is asked for, so that its faults are met in one place."""

    __slots__ = ("_read",)

    def __init__(self, read: Iterator[Event]) -> None:
        self._read = read

    def __call__(self) -> list[Event]:
        return list(self._read)


def _pieces(path: Path, reading: Reading, notes: list[str]) -> Iterator[tuple[int, _Receipt]]:
    mapping = reading.mapping
    header, delimiter = header_of(path)
    if mapping is None and kind_of(path) == "jsonl" and {"specversion", "type"} <= set(header):
        yield from _cloud_events(path, reading.currency)
        return
    if mapping is None:
        mapping = guessed(header, digits=reading.digits, zone=reading.zone).model_copy(update={"delimiter": delimiter})
        notes.append(told(mapping))
    columns = Columns(mapping, currency=reading.currency, zone=reading.zone)
    for number, rows in pieces_of(path, delimiter=mapping.delimiter, group_by=mapping.group_by):
        yield number, _Receipt(columns.events(rows, number=number))


def _cloud_events(path: Path, currency: str) -> Iterator[tuple[int, _Receipt]]:
    with opened(path) as stream:
        for number, line in enumerate(stream, start=1):
            if line.strip():
                yield number, _Receipt(_one(line, currency))


def _one(line: bytes, currency: str) -> Iterator[Event]:
    event = event_of(line, currency=currency)
    if event is not None:
        yield event
