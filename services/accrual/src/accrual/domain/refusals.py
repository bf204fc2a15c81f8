"""Why a rule stays silent, in words, prepared once per rule."""

from decimal import Decimal

from accrual.domain.decisions import NotGiven
from accrual.domain.document.earning import Dates, Goods, Rule

MAX_NAMED = 10
#: Texts of events are at most this long.
MAX_TEXT = 500


def refusals_of(rule: Rule, minimum: Decimal | None, currency: str) -> dict[str, NotGiven]:
    """Return, by reason, everything the rule may have to say when it gives nothing. Reasons are stable codes."""
    when = rule.when
    words = {
        "other-currency": f"only in {_list(when.currency)}",
        "other-place": " ".join(["only", *([f"in store {_list(when.store)}"] if when.store else []), *([f"by {_list(when.channel)}"] if when.channel else [])]),
        "outside-dates": f"only {' or '.join(_dates(window) for window in when.dates or ())}",
        "other-day-or-hour": f"only on {_list(when.days)} {_list(when.hours)}".replace(" on  ", " at ").rstrip(),
        "no-such-goods": f"only for {_goods(when)}" + (f", not for {_goods(when.exclude)}" if when.exclude else ""),
        "not-first-purchase": "only on the first purchase",
        "below-minimum": f"only from {minimum} {currency} on",
        "too-few-items": f"only from {when.quantity} pieces on",
        "cap-reached": f"at most {' and '.join(_cap(rule, place) for place in range(len(rule.cap)))}",
        "nothing-to-count": "no money or goods to count",
        "nothing-to-multiply": "no points to multiply",
    }
    if not rule.enabled:
        words["disabled"] = "switched off"
    return {reason: NotGiven(rule.id, reason, _short(text)) for reason, text in words.items()}


def _short(text: str) -> str:
    """Keep words within what an event's text may hold."""
    return text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 2] + " …"


def _list(items: tuple[str, ...] | None) -> str:
    """Name a few; of a hundred goods nobody reads more."""
    named = items or ()
    rest = len(named) - MAX_NAMED
    return ", ".join(named) if rest <= 0 else f"{', '.join(named[:MAX_NAMED])} and {rest} more"


def _dates(window: Dates) -> str:
    return " ".join([*([f"from {window.first}"] if window.first else []), *([f"until {window.until}"] if window.until else [])])


def _goods(goods: Goods) -> str:
    named = [f"{kind} {_list(words)}" for kind in Goods.model_fields if (words := getattr(goods, kind)) is not None]
    return " and ".join(named) or "all goods"


def _cap(rule: Rule, place: int) -> str:
    cap = rule.cap[place]
    amount = f"{cap.points} points" if cap.points is not None else f"{cap.times} times"
    return f"{amount} in all" if cap.per == "ever" else f"{amount} per {cap.per}"
