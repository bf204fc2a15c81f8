"""What steps of an explanation say. Decisions keep the numbers; the words are made when somebody reads them."""

from datetime import datetime

from accrual.domain.amounts import Rounding, written, written_exactly

_ROUNDED = {Rounding.FLOOR: "rounded down to", Rounding.HALF_UP: "rounded to", Rounding.CEIL: "rounded up to"}


def plain(words: str) -> str:
    """`100 given once`."""
    return words


def won(place: int, score: int) -> str:
    """`place 2 with a score of 140`."""
    return f"place {place} with a score of {score}"


def of_money(basis: int, money_digits: int, words: str) -> str:
    """`120.00 at 1 per 20.00`."""
    return f"{written(basis, money_digits)} {words}"


def of_quantity(thousandths: int, words: str) -> str:
    """`1.5 at 10 each`."""
    return f"{written_exactly(thousandths, 1000, 0)} {words}"


def multiplied(met: int, denominator: int, rate: int, rate_denominator: int, digits: int, words: str) -> str:
    """`36 x 1.5: 18 more`."""
    more = written_exactly(met * (rate - rate_denominator), denominator * rate_denominator, digits)
    return f"{written_exactly(met, denominator, digits)} {words}: {more} more"


def rounding(numerator: int, denominator: int, whole: int, digits: int, mode: Rounding) -> str:
    """`6.25 rounded down to 6`."""
    return f"{written_exactly(numerator, denominator, digits)} {_ROUNDED[mode]} {written(whole, digits)}"


def capped(limit: str, used: int, left: int, points: int, denominator: int, digits: int) -> str:
    """`at most 500 points per month, 480 so far: 20 of 60`."""
    return f"at most {limit}, {written(used, digits)} so far: {written(left, digits)} of {written_exactly(points, denominator, digits)}"


def rejected(limit: str, used: int, points: int, denominator: int, digits: int) -> str:
    """`more than 500 points per month allow, 480 so far: none of 60`."""
    return f"more than {limit} allow, {written(used, digits)} so far: none of {written_exactly(points, denominator, digits)}"


def counted_out(limit: str, points: int, denominator: int, digits: int) -> str:
    """`at most 1 times per day, reached: 0 of 60`."""
    return f"at most {limit}, reached: {written(0, digits)} of {written_exactly(points, denominator, digits)}"


def within_given(given: int, points: int, denominator: int, digits: int) -> str:
    """`no more than was given: 50 of 60`."""
    return f"no more than was given: {written(given, digits)} of {written_exactly(points, denominator, digits)}"


def within_campaign(_: str, room: int, points: int, denominator: int, digits: int) -> str:
    """`no more than the campaign gave: 20 of 60`."""
    return f"no more than the campaign gave: {written(room, digits)} of {written_exactly(points, denominator, digits)}"


def share_kept(left: int, whole: int, points: int, money_digits: int, digits: int) -> str:
    """`20.00 of 40.00 kept: the same share of 70`."""
    return f"{written(left, money_digits)} of {written(whole, money_digits)} kept: the same share of {written(points, digits)}"


def given_before(points: int, digits: int) -> str:
    """`40 of it given before`."""
    return f"{written(points, digits)} of it given before"


def exchanged(purchase_id: str, occurred_at: datetime) -> str:
    """`in exchange for 4711: as of 2026-11-20T12:00:00+00:00`."""
    return f"in exchange for {purchase_id}: as of {occurred_at.isoformat()}"


def over_budget(budget: str, room: int, points: int, denominator: int, digits: int) -> str:
    """`budget of 1000 points: room for 20 of 60`."""
    return f"budget of {budget}: room for {written(room, digits)} of {written_exactly(points, denominator, digits)}"


def several(times: int, words: str) -> str:
    """`2 times 100 given once`."""
    return f"{times} times {words}"


def rewarded(quantity: int, reward: str) -> str:
    """`2 of the reward free-drink`."""
    return f"{quantity} of the reward {reward}"


def for_volume(volume: int, due: int, given: int, money_digits: int, digits: int, words: str) -> str:
    """`120000.00 so far at 2 per 100.00: 2400, less 990 given before`."""
    return f"{written(volume, money_digits)} so far {words}: {written(due, digits)}, less {written(given, digits)} given before"


def by_table(basis: int, money_digits: int, points: int, digits: int) -> str:
    """`120.00: 15 by the table`."""
    return f"{written(basis, money_digits)}: {written(points, digits)} by the table"
