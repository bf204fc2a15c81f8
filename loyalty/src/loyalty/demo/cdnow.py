"""The real part of the demo: 6,919 purchases of 2,357 customers of a shop for compact discs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from importlib.resources import files

COLUMNS = 5


@dataclass(frozen=True, slots=True)
class Sale:
    """One line of the data set. Exact repeats of a line are purchases all the same, so the line number is the identity."""

    number: int
    customer: int
    day: date
    disks: int
    cents: int

    @property
    def purchase_id(self) -> str:
        """Name the purchase: the data set has no receipt numbers."""
        return f"cdnow-{self.number:04}"


def read_sales() -> list[Sale]:
    """Read the committed sample, in its own order."""
    text = files("loyalty.demo").joinpath("data", "cdnow_sample.txt").read_text("ascii")
    return [_sale(number, line) for number, line in enumerate(text.splitlines(), start=1)]


def _sale(number: int, line: str) -> Sale:
    columns = line.split()
    if len(columns) != COLUMNS:
        raise ValueError(f"line {number} of the CDNOW sample has {len(columns)} columns instead of {COLUMNS}")
    _, customer, day, disks, dollars = columns
    whole, cents = dollars.split(".")
    return Sale(
        number=number,
        customer=int(customer),
        day=date(int(day[:4]), int(day[4:6]), int(day[6:])),
        disks=int(disks),
        cents=int(whole) * 100 + int(cents),
    )


def weeks_to_last_week(sales: Sequence[Sale], *, today: date) -> int:
    """Count the whole weeks that bring the last purchase into the calendar week before `today`, Monday to Sunday."""
    last = max(sale.day for sale in sales)
    return (_monday(today) - timedelta(weeks=1) - _monday(last)).days // 7


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def first_customers(sales: Sequence[Sale], limit: int | None) -> list[Sale]:
    """Keep the purchases of the first `limit` customers, all of each one's."""
    return [sale for sale in sales if limit is None or sale.customer <= limit]


def moved(day: date, *, weeks: int) -> date:
    """Give the day that many whole weeks later: the weekday stays."""
    return day + timedelta(weeks=weeks)
