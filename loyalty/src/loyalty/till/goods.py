"""What a till can scan: goods with their prices, from a CSV file."""

import csv
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import NamedTuple

from accrual.domain.amounts import in_units, minor_digits
from loyalty.console import COULD_NOT, Failure

EXAMPLE = Path(__file__).with_name("goods.csv")
_COLUMNS = ("sku", "price")


class Good(NamedTuple):
    """Something that is sold by the piece. The price is in minor units, tax included."""

    sku: str
    price: int
    name: str = ""
    category: str | None = None
    brand: str | None = None
    labels: tuple[str, ...] = ()


def load_goods(path: Path, *, currency: str) -> Mapping[str, Good]:
    """Read `sku,price` and, where they are there, `name,category,brand,labels` (labels separated by spaces). Fails with the line."""
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = csv.DictReader(file)
            missing = [column for column in _COLUMNS if column not in (rows.fieldnames or ())]
            if missing:
                raise Failure(
                    f"{path} has no column {' and no column '.join(missing)}.", advice="Its first line names the columns: sku,name,price.", code=COULD_NOT
                )
            return {good.sku: good for good in (_good(row, f"{path}, line {rows.line_num}", currency) for row in rows)}
    except (OSError, UnicodeDecodeError) as error:
        raise Failure(f"{path} cannot be read: {error}", code=COULD_NOT) from error


def price_of(text: str, *, currency: str) -> int | None:
    """Read a price as it is written on a shelf, `4.50`; None where it is none."""
    try:
        amount = Decimal(text)
    except InvalidOperation:
        return None
    return in_units(amount, minor_digits(currency)) if amount.is_finite() and 0 <= amount < 10**9 else None


def _good(row: Mapping[str, str | None], place: str, currency: str) -> Good:
    sku, price = (row["sku"] or "").strip(), price_of((row["price"] or "").strip(), currency=currency)
    if not sku or price is None:
        fault = f"{row['price']!r} is no price in {currency}" if sku else "no SKU"
        raise Failure(f"{place}: {fault}.", advice="Write tea,4.50.", code=COULD_NOT)
    labels = tuple((row.get("labels") or "").split())
    return Good(sku, price, (row.get("name") or "").strip(), row.get("category") or None, row.get("brand") or None, labels)
