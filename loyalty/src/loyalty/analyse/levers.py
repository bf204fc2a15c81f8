"""What a programme could move: how much a year is in each habit, if it changed a little. Pure. Money is in minor units."""

from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

from loyalty.analyse.facts import Facts

#: Changes that loyalty programmes are said to reach; each is printed with its line.
ONE_MORE, TENTH, QUARTER = Fraction(1, 100), Fraction(1, 10), Fraction(1, 4)
#: Returns to members that are usual.
RETURNS = (Fraction(1, 100), Fraction(2, 100), Fraction(3, 100), Fraction(5, 100))


class Lever(NamedTuple):
    """One habit, how it would change, and what that would bring in sales a year."""

    habit: str
    change: str
    revenue: float


class Price(NamedTuple):
    """A return to members: what it costs a year, and how many more sales to members pay for it. None: none do, or the margin is not known."""

    share: Fraction
    cost: float
    uplift: float | None


def levers_of(facts: Facts) -> list[Lever]:
    """Return what could be moved, the largest first."""
    yearly = facts.known_revenue / facts.years
    receipt = facts.known_revenue / facts.known_purchases if facts.known_purchases else 0.0
    once = facts.customers - facts.repeating
    away = facts.segments.get("Slipping away")
    levers = [
        Lever("How often customers come", "1 % more purchases", yearly * float(ONE_MORE)),
        Lever("How much they buy at once", "1 % larger receipts", yearly * float(ONE_MORE)),
        Lever(f"The {once:,} who bought once", "one in ten comes a second time", once * float(TENTH) * receipt),
    ]
    if away is not None:
        levers.append(Lever(f"The {away.customers:,} good customers slipping away", "one in four comes back", away.revenue / facts.years * float(QUARTER)))
    return sorted(levers, key=lambda lever: -lever.revenue)


def prices_of(facts: Facts, margin: Fraction | None, *, redemption: Fraction) -> Sequence[Price]:
    """Return what usual returns to members would cost."""
    yearly = facts.known_revenue / facts.years
    prices = []
    for share in RETURNS:
        part = float(share * redemption)
        uplift = None if margin is None or float(margin) <= part else part / (float(margin) - part)
        prices.append(Price(share, yearly * part, uplift))
    return prices
