"""From rows of a table to purchases and returns, by the same mapping file that `loyalty publish` reads.

Here a line may have a negative quantity or a negative amount: it came back. A holder needs no key, for nothing leaves the machine: the value is the
customer's name.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import InvalidOperation
from functools import lru_cache
from typing import Any

from accrual.domain.facts import Line, Purchase
from accrual.domain.returns import AskedLine, AskedReturn
from loyalty.history.events import Bought, Brought
from loyalty.publish.mapping import COLUMN, CONVERSIONS, BadPiece, FileMapping, product
from loyalty.publish.pieces import MISFIT

Row = Mapping[str, str]
Cell = Callable[[Row], Any]

#: How many different texts of a column are remembered with what they mean: prices and days repeat.
REMEMBERED = 65_536
_CHANNELS = {"store", "web", "app", "phone", "other"}
_ANY = "any"


class Columns:
    """Reads rows as a mapping says."""

    def __init__(self, mapping: FileMapping, *, currency: str, zone: str) -> None:
        """Take the currency and the zone of purchases for which the mapping names none."""
        self._data = {name: _cell(name, rule) for name, rule in mapping.data.items()}
        self._lines = {name: _cell(name, rule) for name, rule in (mapping.lines or {}).items()}
        self._currency, self._zone = currency, zone

    def events(self, rows: Sequence[Row], *, number: int) -> Iterator[Bought | Brought]:
        """Yield what the rows of one receipt say: a purchase, a return, or both. Raises BadPiece with the column."""
        for row in rows:
            if MISFIT in row:
                raise BadPiece(row[MISFIT])
        said = {name: cell(rows[0]) for name, cell in self._data.items()}
        if said.get("occurred_at") is None:
            raise BadPiece("there is no time of the purchase" + _named(self._data.get("occurred_at")))
        moment = datetime.fromisoformat(said["occurred_at"]).astimezone(UTC)
        customer = said.get("holder") or None
        currency = said.get("currency") or self._currency
        found = [_line(place, {name: cell(row) for name, cell in self._lines.items()}) for place, row in enumerate(rows, start=1)]
        bought = tuple(line for line, _ in found if line.quantity > 0)
        if bought:
            yield Bought(moment, customer, self._purchase(said, bought, currency, moment, number), _cost(found, back=False))
        back = tuple(AskedLine(-line.quantity, -line.paid_amount, sku=line.sku) for line, _ in found if line.quantity < 0)
        if back:
            yield Brought(moment, customer, AskedReturn(currency, back), None, _cost(found, back=True))

    def _purchase(self, said: Mapping[str, Any], lines: tuple[Line, ...], currency: str, moment: datetime, number: int) -> Purchase:
        channel = said.get("channel") or "store"
        return Purchase(
            merchant=said.get("merchant") or "",
            purchase_id=said.get("purchase_id") or str(number),
            lines=lines,
            currency=currency,
            occurred_at=moment,
            store=said.get("store"),
            zone=said.get("zone") or self._zone,
            channel=channel if channel in _CHANNELS else "other",
            delivery_amount=said.get("delivery_amount") or 0,
            delivery_tax_amount=said.get("delivery_tax_amount") or 0,
            identified=bool(said.get("holder")),
            coupons=tuple(said.get("coupons") or ()),
        )


def _line(place: int, said: Mapping[str, Any]) -> tuple[Line, int | None]:
    paid = said.get("paid_amount")
    if paid is None:
        raise BadPiece(f"row {place} of the receipt has no amount")
    quantity = 1000 if said.get("quantity") is None else said["quantity"]
    if quantity == 0:
        raise BadPiece(f"row {place} of the receipt has a quantity of 0")
    if paid < 0 < quantity:  # some tills give the sign to the amount only
        quantity = -quantity
    elif quantity < 0 < paid:
        paid = -paid
    return Line(
        line_id=str(place),
        sku=said.get("sku") or _ANY,
        paid_amount=paid,
        category=said.get("category"),
        brand=said.get("brand"),
        labels=tuple(said.get("labels") or ()),
        quantity=quantity,
        list_amount=said.get("list_amount"),
        tax_amount=said.get("tax_amount") or 0,
    ), said.get("cost_amount")


def _cost(found: Sequence[tuple[Line, int | None]], *, back: bool) -> int | None:
    costs = [cost for line, cost in found if (line.quantity < 0) is back]
    known = [abs(cost) for cost in costs if cost is not None]
    return sum(known) if known and len(known) == len(costs) else None


def _named(cell: Cell | None) -> str:
    return ": no column is mapped to occurred_at" if cell is None else ""


def _cell(name: str, rule: Any) -> Cell:
    """Turn one rule of a mapping into a function of a row."""
    if isinstance(rule, str):
        return _text(rule)
    if not isinstance(rule, Mapping):
        return lambda _: rule
    if "identifier" in rule:
        return _text(str(rule.get("value", "")))
    word = next((word for word in CONVERSIONS if word in rule), None)
    if word is None:
        raise BadPiece(f"{name}: the mapping knows {', '.join([*CONVERSIONS, 'identifier'])}, not {', '.join(map(str, rule))}")
    template = str(rule[word])
    read, factor = _text(template), _text(str(rule["times"])) if "times" in rule else None
    columns = " x ".join(COLUMN.findall(template + str(rule.get("times", ""))))

    @lru_cache(REMEMBERED)
    def converted(text: str, times: str | None) -> Any:
        try:
            return CONVERSIONS[word](text if times is None else product(text, times, rule), rule)
        except (ValueError, InvalidOperation, KeyError) as error:
            raise BadPiece(f"column {columns}: {text if times is None else f'{text} x {times}'!r} is no {word} ({name})") from error

    def value(row: Row) -> Any:
        text = read(row)
        return converted(text, factor(row) if factor else None) if text else None

    return value


def _text(template: str) -> Callable[[Row], str | None]:
    whole = COLUMN.fullmatch(template)
    if whole is None:
        return lambda row: COLUMN.sub(lambda match: _column(row, match[1]), template) or None
    name = whole[1]

    def plain(row: Row) -> str | None:
        return _column(row, name) or None

    return plain


def _column(row: Row, name: str) -> str:
    try:
        return row[name].strip()
    except KeyError as error:
        raise BadPiece(f"no column {name}; the columns are {', '.join(row)}") from error
