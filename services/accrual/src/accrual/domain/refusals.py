"""Why a rule stays silent, in words, prepared once per rule."""

from collections.abc import Sequence
from decimal import Decimal

from accrual.domain.decisions import NotGiven
from accrual.domain.document.campaigns import Campaign
from accrual.domain.document.earning import Dates, Goods, Rule, When

MAX_NAMED = 10
#: Texts of events are at most this long.
MAX_TEXT = 500


def refusals_of(rule: Rule, id_: str, minimum: Decimal | None, currency: str, campaign: Campaign | None = None) -> dict[str, NotGiven]:
    """Return, by reason, everything the rule may have to say when it gives nothing. Reasons are stable codes."""
    when = rule.when
    times: Sequence[When | Campaign] = [when] if campaign is None else [campaign, when]
    places = [("at", when.merchant), ("in store", when.store), ("by", when.channel)]
    words = {
        "other-currency": f"only in {named(when.currency)}",
        "other-place": " ".join(["only", *(f"{word} {named(place)}" for word, place in places if place)]),
        "outside-dates": f"only {' and '.join(words for each in times if (words := _days(each)))}",
        "other-day-or-hour": " and ".join(_hours(each) for each in times if each.days or each.hours),
        "no-such-goods": f"only for {_goods(when)}" + (f", not for {_goods(when.exclude)}" if when.exclude else ""),
        "not-first-purchase": "only on the first purchase",
        "below-minimum": f"only from {minimum} {currency} on",
        "too-few-items": f"only from {when.quantity} pieces on",
        "budget-spent": "the budget of the campaign is used up",
        "cap-reached": f"at most {' and '.join(_cap(rule, place) for place in range(len(rule.cap)))}",
        "nothing-to-count": "no money or goods to count",
        "nothing-to-multiply": "no points to multiply",
    }
    if not rule.enabled or (campaign is not None and not campaign.enabled):
        words["disabled"] = "switched off"
    return {reason: NotGiven(id_, reason, _short(text)) for reason, text in words.items()}


def _short(text: str) -> str:
    """Keep words within what an event's text may hold."""
    return text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 2] + " …"


def named(items: tuple[str, ...] | None) -> str:
    """Name a few; of a hundred goods nobody reads more."""
    named = items or ()
    rest = len(named) - MAX_NAMED
    return ", ".join(named) if rest <= 0 else f"{', '.join(named[:MAX_NAMED])} and {rest} more"


def _days(when: When | Campaign) -> str:
    windows = " or ".join(_dates(window) for window in when.dates or ())
    return f"{windows} on {when.repeats}" if windows and when.repeats else windows or (f"on {when.repeats}" if when.repeats else "")


def _hours(when: When | Campaign) -> str:
    return f"only on {named(when.days)} {named(when.hours)}".replace(" on  ", " at ").rstrip()


def _dates(window: Dates) -> str:
    return " ".join([*([f"from {window.first}"] if window.first else []), *([f"until {window.until}"] if window.until else [])])


def _goods(goods: Goods) -> str:
    found = [f"{kind} {named(words)}" for kind in Goods.model_fields if (words := getattr(goods, kind)) is not None]
    return " and ".join(found) or "all goods"


def _cap(rule: Rule, place: int) -> str:
    cap = rule.cap[place]
    amount = f"{cap.points} points" if cap.points is not None else f"{cap.times} times"
    return f"{amount} in all" if cap.per == "ever" else f"{amount} per {cap.per}"
