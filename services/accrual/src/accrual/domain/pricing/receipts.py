"""What a till prints about a quote, in the member's language: one short line for each thing worth knowing.

Names of points stand alone, before a colon: no language's grammar has to be known.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from accrual.domain.amounts import minor_digits, written
from accrual.domain.pricing.discounts import Priced

_TEXTS = {
    "en": {
        "gift": "Free with it: {pieces} x {sku}",
        "saved": "You save {amount} {currency}",
        "total": "To pay: {amount} {currency}",
        "earned": "{points_name}: +{points} for this purchase",
        "spendable": "{points_name}: up to {points} for this purchase, worth {amount} {currency}",
        "reward": "{points_name}: {points} for {reward}",
        "missing": "{points_name}: {points} more for {reward}",
        "level": "Your level: {level}",
        "more_money": "{amount} {currency} more for the level {level}",
        "more_points": "{points_name}: {points} more for the level {level}",
    },
    "ru": {
        "gift": "В подарок: {pieces} x {sku}",
        "saved": "Ваша выгода: {amount} {currency}",
        "total": "К оплате: {amount} {currency}",
        "earned": "{points_name}: +{points} за эту покупку",
        "spendable": "{points_name}: до {points} в оплату этой покупки, это {amount} {currency}",
        "reward": "{points_name}: {points} за {reward}",
        "missing": "{points_name}: ещё {points} до {reward}",
        "level": "Ваш уровень: {level}",
        "more_money": "До уровня {level}: ещё {amount} {currency}",
        "more_points": "{points_name}: ещё {points} до уровня {level}",
    },
}

Names = Mapping[str, str]


class Reachable(NamedTuple):
    """A reward that points can be exchanged for, and the points that are missing for it."""

    names: Names
    id: str
    cost: int
    missing: int


class Rung(NamedTuple):
    """A level by its names and its id."""

    names: Names
    id: str


class Climbing(NamedTuple):
    """The level that somebody has, and what is missing for the next one: money, points, or nothing that a receipt can say."""

    level: Rung
    next: Rung | None = None
    money: int | None = None
    points: int | None = None


class Figures(NamedTuple):
    """What there is to tell."""

    priced: Priced
    currency: str
    total: int  #: to be paid, delivery included
    point_names: Names
    decimals: int
    points: int  #: to be earned
    spendable: tuple[int, int] | None  #: points that may be used, and what they are worth
    reachable: Reachable | None  #: the reward worth telling of
    climbing: Climbing | None = None


def named(names: Names, language: str, otherwise: str) -> str:
    """Return a name in a language; else in English, in any, or the id."""
    return names.get(language) or names.get("en") or next(iter(names.values()), otherwise)


def receipt(figures: Figures, language: str) -> tuple[str, ...]:
    """Return the lines to print: what came off, what is to be paid, what it earns, and what points are good for."""
    return tuple(_lines(figures, language, _TEXTS.get(language, _TEXTS["en"])))


def _lines(figures: Figures, language: str, texts: Mapping[str, str]) -> Iterator[str]:
    digits, currency = minor_digits(figures.currency), figures.currency
    for taken in figures.priced.taken:
        yield f"{named(taken.names, language, taken.discount)}: -{written(taken.amount, digits)}"
    for gift in figures.priced.gifts:
        yield texts["gift"].format(pieces=gift.pieces, sku=gift.sku)
    if figures.priced.taken:
        yield texts["saved"].format(amount=written(figures.priced.discount_amount, digits), currency=currency)
    yield texts["total"].format(amount=written(figures.total, digits), currency=currency)
    points_name = named(figures.point_names, language, "")
    if figures.points:
        yield texts["earned"].format(points_name=points_name, points=written(figures.points, figures.decimals))
    if figures.spendable is not None and figures.spendable[0]:
        points, worth = figures.spendable
        yield texts["spendable"].format(points_name=points_name, points=written(points, figures.decimals), amount=written(worth, digits), currency=currency)
    if figures.reachable is not None:
        names, id_, cost, missing = figures.reachable
        text, points = ("missing", missing) if missing else ("reward", cost)
        yield texts[text].format(points_name=points_name, points=written(points, figures.decimals), reward=named(names, language, id_))
    if figures.climbing is not None:
        yield from _levels(figures, figures.climbing, language, texts)


def _levels(figures: Figures, climbing: Climbing, language: str, texts: Mapping[str, str]) -> Iterator[str]:
    yield texts["level"].format(level=named(climbing.level.names, language, climbing.level.id))
    if climbing.next is None:
        return
    level = named(climbing.next.names, language, climbing.next.id)
    if climbing.money:
        amount = written(climbing.money, minor_digits(figures.currency))
        yield texts["more_money"].format(amount=amount, currency=figures.currency, level=level)
    elif climbing.points:
        points = written(climbing.points, figures.decimals)
        yield texts["more_points"].format(points_name=named(figures.point_names, language, ""), points=points, level=level)
