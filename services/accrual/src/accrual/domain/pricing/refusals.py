"""Why a discount takes nothing off, in words, prepared once per discount."""

from collections.abc import Iterable, Mapping

from accrual.domain.document.discounts import Discount
from accrual.domain.document.earning import Goods
from accrual.domain.pricing.discounts import NotTaken

_MAX_NAMED = 10


def refusals_of(discount: Discount, currency: str) -> Mapping[str, NotTaken]:
    """Return, by reason, everything a discount may have to say when it takes nothing off. Reasons are stable codes."""
    when = discount.when
    asked = when.minimum or (discount.table[0].first if discount.table else None)
    minimum = asked.get(currency) if isinstance(asked, dict) else asked
    words = {
        "disabled": "switched off",
        "other-currency": f"only in {_list(when.currency)}",
        "other-place": " ".join(["only", *([f"in store {_list(when.store)}"] if when.store else []), *([f"by {_list(when.channel)}"] if when.channel else [])]),
        "outside-dates": "only on other dates",
        "other-day-or-hour": f"only on {_list(when.days)} {_list(when.hours)}".replace(" on  ", " at ").rstrip(),
        "no-such-goods": f"only for {_goods(when)}" + (f", not for {_goods(when.exclude)}" if when.exclude else ""),
        "other-goods-missing": f"only together with {_goods(when.also)}" if when.also else "",
        "below-minimum": f"only from {minimum} {currency} on",
        "too-few-items": f"only for each {when.every} bought" if when.every else f"only from {when.quantity} pieces on",
        "not-first-purchase": "only on the first purchase",
        "nothing-left": "nothing is left to take it off",
    }
    return {reason: NotTaken(discount.id, reason, text) for reason, text in words.items()}


def _list(items: Iterable[str] | None) -> str:
    """Name a few; of a hundred goods nobody reads more."""
    named = tuple(items or ())
    rest = len(named) - _MAX_NAMED
    return ", ".join(named) if rest <= 0 else f"{', '.join(named[:_MAX_NAMED])} and {rest} more"


def _goods(goods: Goods) -> str:
    named = [f"{kind} {_list(words)}" for kind in Goods.model_fields if (words := getattr(goods, kind)) is not None]
    return " and ".join(named) or "all goods"
