"""At which rate a rule gives, and what it counts: exact whole numbers out of a document's decimals, for one currency."""

from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from accrual.domain.amounts import in_units, minor_digits
from accrual.domain.document.document import Document
from accrual.domain.document.earning import Rule
from accrual.domain.tracking import Band, Tracked

_PIECE = 1000
_RECEIPT = "receipt"


class Rate(NamedTuple):
    """Smallest units of points per unit counted, what is counted, a full step in minor units, and the rate in words."""

    rate: Fraction
    counts: str
    step: int
    words: str
    table: tuple[tuple[int, int], ...] = ()
    bands: tuple[Band, ...] = ()


def rate_of(rule: Rule, document: Document, currency: str) -> Rate:
    """Return the rate of a rule. One for another currency gives nothing: it stays closed."""
    give, scale = rule.give, 10**document.points.decimals
    if give.multiply is not None:
        return Rate(Fraction(give.multiply), "money", 1, f"x {_short(give.multiply)}")
    if give.points is None and give.fixed is None:
        return _reward(rule, currency) if give.reward is not None else _by_money(rule, document, currency)
    if give.fixed is not None or give.per == "visit":
        points = give.fixed or give.points or Decimal(0)
        return Rate(Fraction(points) * scale, "once", 1, f"{_short(points)} {'per visit' if give.fixed is None else 'given once'}")
    if give.per == "unit":
        return Rate(Fraction(give.points or 0) * scale / _PIECE, "quantity", 1, f"at {_short(give.points or Decimal(0))} each")
    return _per_money(rule, scale, currency)


def _per_money(rule: Rule, scale: int, currency: str) -> Rate:
    give, points = rule.give, rule.give.points or Decimal(0)
    step, per = minor(give.per, currency), amount_in(give.per, currency)
    if step is None:
        return Rate(Fraction(0), "money", 1, "")
    if give.whole_steps:
        return Rate(Fraction(points) * scale, "steps", step, f"at {_short(points)} per full {per}")
    return Rate(Fraction(points) * scale / step, "money", 1, f"at {_short(points)} per {per}")


def tracked_by(rule: Rule, id_: str, document: Document, currency: str) -> Tracked | None:
    """Return what a rule counts from purchase to purchase, if anything."""
    when, volume = rule.when, None if rule.give.per == _RECEIPT else rule.give.volume
    spent = None if when.spent is None else minor(when.spent.first, currency)
    if when.every is None and when.spent is None and when.streak is None and volume is None:
        return None
    pieces = when.unit == "item"
    return Tracked(
        rule=id_,
        currency=currency,
        money_digits=minor_digits(currency),
        every=None if when.every is None else when.every * (_PIECE if pieces else 1),
        pieces=pieces,
        spent=None if when.spent is None or spent is None else (spent, when.spent.per),
        streak=None if when.streak is None else (when.streak.purchases, when.streak.per, when.streak.times),
        volume=None if volume is None else (_bands(rule, document, currency), str(rule.give.per)),
    )


def amount_in(money: object, currency: str) -> Decimal | None:
    """Return an amount of money in one currency, where the document says one."""
    amount = money.get(currency) if isinstance(money, dict) else money
    return amount if isinstance(amount, Decimal) else None


def minor(money: object, currency: str) -> int | None:
    """Return the same in minor units."""
    amount = amount_in(money, currency)
    return None if amount is None else in_units(amount, minor_digits(currency))


def _bands(rule: Rule, document: Document, currency: str) -> tuple[Band, ...]:
    scale = 10**document.points.decimals
    bands = []
    for band in rule.give.volume or ():
        first, per = minor(band.first, currency), minor(band.per, currency)
        if first is not None and per:
            rate = Fraction(band.points) * scale / per
            words = f"at {_short(band.points)} per {amount_in(band.per, currency)}"
            bands.append(Band(first, rate.numerator, rate.denominator, words))
    return tuple(bands)


def _by_money(rule: Rule, document: Document, currency: str) -> Rate:
    """Return the rate of a table, or of a volume, whose bands have rates of their own."""
    if rule.give.volume is not None and rule.give.per == _RECEIPT:
        return Rate(Fraction(0), "bands", 1, "", bands=_bands(rule, document, currency))
    if rule.give.volume is not None:
        return Rate(Fraction(0), "volume", 1, "")
    scale = 10**document.points.decimals
    rows = [(minor(row.first, currency), int(row.points * scale)) for row in rule.give.table or ()]
    return Rate(Fraction(0), "table", 1, "", tuple((first, points) for first, points in rows if first is not None))


def _reward(rule: Rule, currency: str) -> Rate:
    if rule.give.per == "unit":
        return Rate(Fraction(0), "pieces", 1, "")
    step = minor(rule.give.per, currency)
    return Rate(Fraction(0), "once", 1, "") if step is None else Rate(Fraction(0), "steps", step, "")


def _short(number: Decimal) -> str:
    return f"{number.normalize():f}"
