"""What purchases say about customers, without any programme. Pure. Money is in minor units."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import combinations, pairwise
from statistics import median
from typing import NamedTuple
from zoneinfo import ZoneInfo

from loyalty.analyse.customers import Customer, customers_of, scored
from loyalty.history.events import Bought, Brought, History

TENTHS = 10
#: Gaps between two purchases of one customer, in days: up to so many, in columns.
GAPS = (1, 7, 14, 21, 30, 45, 60, 90, 120, 180, 365)
#: Receipts with more different goods than that tell little about what goes together and cost much to look at.
MANY_GOODS = 60
#: Goods are looked at in pairs only if they are among the most bought.
PAIRED_GOODS, FEWEST_TOGETHER, PAIRS = 300, 10, 10
DAYS_A_YEAR = 365.25


class Together(NamedTuple):
    """Two goods on one receipt: how often, and how many times more often than chance would have it."""

    one: str
    other: str
    receipts: int
    lift: float


class Cohort(NamedTuple):
    """Customers by the month of their first purchase, and how many of them bought in the 1st, 2nd, … month after it."""

    month: tuple[int, int]
    customers: int
    active: Sequence[int]


class SegmentOf(NamedTuple):
    """One RFM segment."""

    customers: int
    purchases: int
    revenue: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything found."""

    purchases: int
    returns: int
    revenue: int  #: less what came back
    returned: int
    customers: int
    known_purchases: int  #: by identified customers
    known_revenue: int
    repeating: int  #: customers with more than one purchase
    receipts: Sequence[int]  #: the amount of each, sorted
    lines: Mapping[int, int]  #: receipts by their number of lines
    months: Mapping[tuple[int, int], tuple[int, int, int]]  #: purchases, revenue of identified customers, of nobody
    tenths: Sequence[int]  #: revenue of each tenth of the customers, the best first
    gaps: Sequence[int]  #: days between purchases of one customer, sorted
    week: Mapping[int, Sequence[int]]  #: purchases by weekday (0: Monday) and hour, in the stores' zones
    cohorts: Sequence[Cohort]
    segments: Mapping[str, SegmentOf]
    together: Sequence[Together]
    years: float

    @property
    def middle_receipt(self) -> float:
        """The median receipt."""
        return float(median(self.receipts))

    @property
    def middle_gap(self) -> float | None:
        """The median number of days between two purchases; None where nobody bought twice."""
        return float(median(self.gaps)) if self.gaps else None


def facts_of(history: History) -> Facts:
    """Look at a history."""
    purchases = history.purchases
    returns = [event for event in history.events if isinstance(event, Brought)]
    customers = customers_of(history)
    returned = sum(event.amount for event in returns)
    revenue = sorted((customer.revenue for customer in customers.values()), reverse=True)
    return Facts(
        purchases=len(purchases),
        returns=len(returns),
        revenue=sum(event.amount for event in purchases) - returned,
        returned=returned,
        customers=len(customers),
        known_purchases=sum(customer.purchases for customer in customers.values()),
        known_revenue=sum(revenue),
        repeating=sum(customer.purchases > 1 for customer in customers.values()),
        receipts=sorted(event.amount for event in purchases),
        lines=Counter(len(event.purchase.lines) for event in purchases),
        months=_months(history),
        tenths=[sum(revenue[len(revenue) * part // TENTHS : len(revenue) * (part + 1) // TENTHS]) for part in range(TENTHS)],
        gaps=sorted((later - earlier).days for customer in customers.values() for earlier, later in pairwise(customer.days)),
        week=_week(purchases),
        cohorts=_cohorts(customers),
        segments=_segments(customers),
        together=together(purchases),
        years=history.days / DAYS_A_YEAR,
    )


def _months(history: History) -> dict[tuple[int, int], tuple[int, int, int]]:
    sums: dict[tuple[int, int], list[int]] = {}
    for event in history.events:
        if isinstance(event, Bought | Brought):
            some = sums.setdefault((event.occurred_at.year, event.occurred_at.month), [0, 0, 0])
            some[0] += isinstance(event, Bought)
            some[1 if event.customer is not None else 2] += event.amount if isinstance(event, Bought) else -event.amount
    numbers = [year * 12 + month - 1 for year, month in sums]
    every = [(number // 12, number % 12 + 1) for number in range(min(numbers), max(numbers) + 1)]
    return {month: (some[0], some[1], some[2]) for month in every for some in [sums.get(month, [0, 0, 0])]}


def _week(purchases: Sequence[Bought]) -> dict[int, list[int]]:
    week: dict[int, list[int]] = {day: [0] * 24 for day in range(7)}
    zones: dict[str, ZoneInfo] = {}
    for event in purchases:
        name = event.purchase.zone
        local = event.occurred_at.astimezone(zones.get(name) or zones.setdefault(name, ZoneInfo(name)))
        week[local.weekday()][local.hour] += 1
    return week


def _cohorts(customers: Mapping[str, Customer]) -> list[Cohort]:
    last = max((_number(customer.days[-1]) for customer in customers.values()), default=0)
    active: dict[int, Counter[int]] = {}
    sizes: Counter[int] = Counter()
    for customer in customers.values():
        first = _number(customer.days[0])
        sizes[first] += 1
        active.setdefault(first, Counter()).update({_number(day) - first for day in customer.days})
    return [Cohort((first // 12, first % 12 + 1), sizes[first], [active[first][after] for after in range(1, last - first + 1)]) for first in sorted(sizes)]


def _number(day: date) -> int:
    return day.year * 12 + day.month - 1


def _segments(customers: Mapping[str, Customer]) -> dict[str, SegmentOf]:
    segments: dict[str, SegmentOf] = {}
    for name, score in scored(customers).items():
        known, customer = segments.get(score.segment, SegmentOf(0, 0, 0)), customers[name]
        segments[score.segment] = SegmentOf(known.customers + 1, known.purchases + customer.purchases, known.revenue + customer.revenue)
    return segments


def together(purchases: Sequence[Bought]) -> list[Together]:
    """Return the pairs of goods that are bought together most beyond chance, of those often enough to trust."""
    baskets = [{line.sku for line in event.purchase.lines} for event in purchases]
    counts = Counter(sku for basket in baskets for sku in basket)
    often = {sku for sku, _ in counts.most_common(PAIRED_GOODS)}
    pairs: Counter[tuple[str, str]] = Counter()
    for basket in baskets:
        if len(basket) <= MANY_GOODS:
            pairs.update(combinations(sorted(basket & often), 2))
    found = [
        Together(one, other, times, times * len(baskets) / (counts[one] * counts[other])) for (one, other), times in pairs.items() if times >= FEWEST_TOGETHER
    ]
    return sorted(found, key=lambda pair: (-pair.lift, pair.one, pair.other))[:PAIRS]
