"""What the owner wants of the programme, beside what the purchases show without it: how far there is to go."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta
from fractions import Fraction
from typing import NamedTuple

from accrual.domain.amounts import minor_digits
from accrual.domain.document.goals import Goal, Kpi
from loyalty.analyse.customers import Customer

#: A member is active who has bought within so many days.
ACTIVE = timedelta(days=90)


class Standing(NamedTuple):
    """A goal, and the same figure in the purchases: a percentage, a number, or money in minor units. None: they do not tell it."""

    goal: Goal
    target: Fraction
    found: Fraction | None


def standings(goals: Sequence[Goal], customers: Mapping[str, Customer], *, until: date, currency: str) -> tuple[Standing, ...]:
    """Find each goal's figure among identified customers. Segments, registrations and redemption are known of a running programme only."""
    figures, scale = _figures(customers.values(), until), 10 ** minor_digits(currency)
    return tuple(
        Standing(goal, Fraction(goal.target) * (scale if is_money(goal) else 1), figures.get(goal.kpi) if goal.segment is None else None) for goal in goals
    )


def is_money(goal: Goal) -> bool:
    """Tell whether a goal is an amount."""
    return goal.kpi in {"average_receipt", "revenue"}


def _figures(customers: Collection[Customer], until: date) -> dict[Kpi, Fraction]:
    revenue = sum(customer.revenue for customer in customers)
    purchases = sum(customer.purchases for customer in customers)
    repeating = sum(customer.purchases > 1 for customer in customers)
    active = sum(customer.days[-1] > until - ACTIVE for customer in customers)
    figures: dict[Kpi, Fraction] = {"active_members": Fraction(active), "revenue": Fraction(revenue)}
    if customers:
        figures["average_receipt"] = Fraction(revenue, purchases)
        figures["purchases_per_member"] = Fraction(purchases, len(customers))
        figures["repeat_rate"] = Fraction(100 * repeating, len(customers))
    return figures
