"""How many points may be used for a receipt, and why no more."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from accrual.domain.accounts import Profile
from accrual.domain.amounts import in_units, written
from accrual.domain.document.earning import Goods
from accrual.domain.document.spending import Spending
from accrual.domain.facts import Line, Purchase
from accrual.domain.fraud import NEVER
from accrual.domain.programme import Programme

#: Programmes are few, and what they say of spending is asked for every receipt.
_REMEMBERED = 256


class Limited(StrEnum):
    """Why no more points may be used. Stable codes."""

    INSUFFICIENT = "insufficient-points"  #: the holder has no more
    OVER_SHARE = "over-share"  #: the receipt, or the part of it that points may pay for, comes to no more
    NOT_IN_STEPS = "not-in-steps"
    BELOW_MINIMUM = "below-minimum"


class Spendable(NamedTuple):
    """The most points that may be used, and why no more: `limited` is None where all that was wanted may."""

    points: int  #: in the programme's smallest unit; 0: none
    limited: Limited | None = None
    text: str = ""  #: the same in words
    missing: int = 0  #: points that the holder has too few to use any, or to use what was wanted


def frozen_until(programme: Programme, profile: Profile) -> datetime | None:
    """Return until when somebody's points cannot be used, where the programme lets new members wait; `NEVER` for whoever has to register first."""
    if programme.document.joining.spend == "members" and not profile.member:
        return NEVER
    return None if programme.fraud is None else programme.fraud.spending_from(profile)


def needs_receipt(programme: Programme) -> bool:
    """Tell whether the rules cannot be asked without knowing what is bought."""
    rules = programme.document.spending
    return rules.share is not None or rules.exclude is not None


def spendable(programme: Programme, *, usable: int, purchase: Purchase | None = None, wanted: int | None = None, paid: int = 0) -> Spendable:
    """Say how many of a holder's usable points may be used at once; for a receipt, or without one where nothing asks for it.

    Never more than `wanted`, than what points may pay for is worth less the points that pay for it already (`paid`), or than the holder has;
    a multiple of the step, and none below the minimum.
    """
    rules, decimals = programme.document.spending, programme.terms.decimals
    step, minimum = _units(rules.step, decimals) or 1, _units(rules.minimum, decimals) or 0
    most = usable if wanted is None else min(wanted, usable)
    limited, text = None, ""
    if wanted is not None and wanted > usable:
        limited, text = Limited.INSUFFICIENT, f"{written(wanted, decimals)} points are wanted, and {written(usable, decimals)} can be used"
    payable = None if purchase is None else max(_payable(programme, rules, purchase) - paid, 0)
    if payable is not None and payable < most:
        more = " more" if paid else ""
        most, limited, text = payable, Limited.OVER_SHARE, f"points pay for at most {written(payable, decimals)}{more} points' worth of this receipt"
    if most % step:
        most -= most % step
        limited, text = limited or Limited.NOT_IN_STEPS, text or f"points are used in steps of {written(step, decimals)}"
    if most < minimum:
        text = f"at least {written(minimum, decimals)} points are used at once"
        return Spendable(0, Limited.BELOW_MINIMUM, text, max(minimum - usable, 0))
    return Spendable(most, limited, text, max((wanted or 0) - usable, 0))


def _payable(programme: Programme, rules: Spending, purchase: Purchase) -> int:
    """Return how many points are worth no more than what they may pay for."""
    worth = programme.terms.worth.get(purchase.currency)
    if not worth:
        return 0
    rate = _points_for(rules.share, worth)
    return amount_payable(rules, purchase) * rate.numerator // rate.denominator


@lru_cache(_REMEMBERED)
def _points_for(share: str | None, worth: Fraction) -> Fraction:
    """Return how many points pay for a share of one minor unit of money."""
    return (Fraction(1) if share is None else Fraction(share.removesuffix("%")) / 100) / worth


def amount_payable(rules: Spending, purchase: Purchase) -> int:
    """Return the money of a receipt that points may pay for, before the share: all but excluded goods, in minor units."""
    return _paid(purchase.lines, rules.exclude) + purchase.delivery_amount


def _paid(lines: Sequence[Line], excluded: Goods | None) -> int:
    return sum(line.paid_amount for line in lines if excluded is None or not is_of(line, excluded))


def is_of(line: Line, goods: Goods) -> bool:
    """Tell whether a line is of these goods: every key is met, each by one word of its list."""
    wanted = (goods.category, goods.brand, goods.sku)
    words = (line.category, line.brand, line.sku)
    return all(among is None or word in among for among, word in zip(wanted, words, strict=True)) and (
        goods.label is None or not set(goods.label).isdisjoint(line.labels)
    )


@lru_cache(_REMEMBERED)
def _units(points: Decimal | None, decimals: int) -> int | None:
    return None if points is None else in_units(points, decimals)
