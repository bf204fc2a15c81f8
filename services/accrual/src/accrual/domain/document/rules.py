"""What is wrong with a rule as a part of its programme: a rule that could never give, or never as much as it says."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import combinations, pairwise
from typing import Any

from accrual.domain.amounts import in_units, minor_digits
from accrual.domain.document.caps import cap_findings
from accrual.domain.document.document import Document
from accrual.domain.document.earning import Dates, Goods, Rule
from accrual.domain.document.problems import Finding, Path
from accrual.domain.rules import WEEKDAYS

#: Ids that explanations and counters use for the programme and the receipt as a whole.
RESERVED = frozenset({"programme", "receipt"})

_OF_PURCHASES = ("category", "brand", "sku", "label", "exclude", "store", "channel", "currency", "minimum", "quantity", "first_purchase")


def rule_findings(rule: Rule, path: Path, document: Document) -> Iterator[Finding]:
    """Yield what is wrong with one rule."""
    if rule.id in RESERVED:
        yield Finding((*path, "id"), f"`{rule.id}` means something else in explanations", "choose another id")
    if next(other for other in document.earning if other.id == rule.id) is not rule:
        yield Finding((*path, "id"), f"another rule is called `{rule.id}` too", "give each rule an id of its own")
    yield from _trigger_findings(rule, path)
    yield from _money_findings(rule, path, document)
    yield from _unit_findings(rule, path, document)
    yield from _goods_findings(rule, (*path, "when"))
    yield from _window_findings(rule, (*path, "when"), document)
    yield from _target_findings(rule, (*path, "give"), document)
    yield from cap_findings(rule.cap, (*path, "cap"), document, rule=rule)


def group_findings(document: Document) -> Iterator[Finding]:
    """Yield groups of rules that cannot be compared."""
    first: dict[str, Rule] = {}
    for number, rule in enumerate(document.earning):
        if rule.stacking != "best_of":
            if "group" in rule.model_fields_set:
                yield Finding(("earning", number, "group"), "a group means nothing here", "add stacking: best_of, or remove the group")
            continue
        other = first.setdefault(rule.group, rule)
        if (other.give.multiply is None) != (rule.give.multiply is None):
            advice = "give the multipliers a group of their own"
            yield Finding(("earning", number, "group"), f"compares a multiplier with points: `{other.id}` and `{rule.id}`", advice)


def _trigger_findings(rule: Rule, path: Path) -> Iterator[Finding]:
    given = rule.when.model_fields_set
    if rule.on != "purchase":
        for key in _OF_PURCHASES:
            if key in given:
                yield Finding((*path, "when", key), f"`{key}` is a condition on purchases, and the rule is on {rule.on}", "remove it")
        if rule.give.fixed is None:
            yield Finding((*path, "give"), f"a rule on {rule.on} has no money to count", "write {fixed: 100}")
    if rule.on == "activity" and rule.when.activity is None:
        yield Finding((*path, "when"), "says not which activity", "write when: {activity: newsletter-subscribed}")
    if rule.on != "activity" and rule.when.activity is not None:
        yield Finding((*path, "when", "activity"), f"the rule is on {rule.on}", "write on: activity, or remove it")


def _money_findings(rule: Rule, path: Path, document: Document) -> Iterator[Finding]:
    programme = document.all_currencies
    for currency in rule.when.currency or ():
        if currency not in programme:
            yield Finding((*path, "when", "currency"), f"{currency} is not a currency of the programme", f"known here: {', '.join(programme)}")
    currencies = rule.when.currency or programme
    if not isinstance(rule.give.per, str):
        yield from _amount_findings(rule.give.per, (*path, "give", "per"), currencies)
    yield from _amount_findings(rule.when.minimum, (*path, "when", "minimum"), currencies)


def _amount_findings(money: Any, path: Path, currencies: Sequence[str]) -> Iterator[Finding]:
    if money is None:
        return
    if isinstance(money, Decimal) and len(currencies) > 1:
        example = ", ".join(f"{currency}: {money}" for currency in currencies)
        yield Finding(path, "says not in which currency", f"write {{{example}}} with the amount in each")
        return
    amounts = dict.fromkeys(currencies, money) if isinstance(money, Decimal) else money
    for currency in currencies:
        if currency not in amounts:
            yield Finding(path, f"says nothing for {currency}", f"add {currency}, or restrict the rule with when: {{currency: …}}")
    for currency, amount in amounts.items():
        if currency not in currencies:
            yield Finding(path, f"{currency} cannot occur here", f"remove it; known here: {', '.join(currencies)}")
        elif in_units(amount, minor_digits(currency)) is None:
            yield Finding(path, f"{amount} is finer than the smallest coin of {currency}", f"write at most {minor_digits(currency)} decimals")


def _unit_findings(rule: Rule, path: Path, document: Document) -> Iterator[Finding]:
    decimals = document.points.decimals
    if rule.give.fixed is not None and in_units(rule.give.fixed, decimals) is None:
        yield Finding(
            (*path, "give", "fixed"), f"{rule.give.fixed} points are finer than {decimals} decimals", "write fewer decimals, or raise points.decimals"
        )
    if rule.when.quantity is not None and in_units(rule.when.quantity, 3) is None:
        yield Finding((*path, "when", "quantity"), "finer than a thousandth", "write at most 3 decimals")


def _goods_findings(rule: Rule, path: Path) -> Iterator[Finding]:
    if rule.when.exclude is None:
        return
    if not rule.when.exclude.model_fields_set:
        yield Finding((*path, "exclude"), "excludes nothing", "name a category, brand, sku or label, or remove it")
    for key in Goods.model_fields:
        both = set(getattr(rule.when, key) or ()) & set(getattr(rule.when.exclude, key) or ())
        for word in sorted(both):
            yield Finding((*path, "exclude", key), f"{word} is both asked for and excluded", "remove it from one of the two")


def _window_findings(rule: Rule, path: Path, document: Document) -> Iterator[Finding]:
    windows, hours = rule.when.dates or (), sorted(rule.when.hours or ())
    for one, other in combinations(windows, 2):
        if _first(one) <= _last(other) and _first(other) <= _last(one):
            yield Finding((*path, "dates"), f"two windows overlap from {max(_first(one), _first(other))} on", "make them one, or part them")
    for early, late in pairwise(hours):
        if late[:5] < early[6:]:
            yield Finding((*path, "hours"), f"{early} and {late} overlap", "make them one")
    start, end = _day(document.effective_from, date.min), _day(document.effective_until, date.max)
    if windows and all(_last(window) < start or _first(window) > end for window in windows):
        yield Finding((*path, "dates"), "the rule can never apply: the programme version is not in force then", "remove the rule, or correct its dates")
    elif windows and rule.when.days and not any(_has_weekday(window, rule.when.days) for window in windows):
        yield Finding((*path, "days"), f"there is no {' or '.join(rule.when.days)} between these dates", "correct the days or the dates")


def _first(window: Dates) -> date:
    return window.first or date.min


def _last(window: Dates) -> date:
    return window.until or date.max


def _day(moment: date | None, otherwise: date) -> date:
    return otherwise if moment is None else moment.date() if isinstance(moment, datetime) else moment


def _has_weekday(window: Dates, days: Sequence[str]) -> bool:
    if window.first is None or window.until is None:
        return True
    length = min((window.until - window.first).days + 1, 7)
    return any(WEEKDAYS[(window.first + timedelta(days=number)).weekday()] in days for number in range(length))


def _target_findings(rule: Rule, path: Path, document: Document) -> Iterator[Finding]:
    if rule.give.multiply is None:
        return
    base = [other.id for other in document.earning if other.give.points is not None and other.on == "purchase"]
    if not base:
        yield Finding((*path, "multiply"), "there is no base rule whose points it could multiply", "add a rule with points and per")
    for target in rule.give.of or ():
        if base and target not in base:
            yield Finding((*path, "of"), f"`{target}` is not a base rule", f"known here: {', '.join(base)}")
    if rule.when.model_fields_set & {*Goods.model_fields, "exclude"}:
        whole = [other.id for other in document.earning if other.give.whole_steps and other.id in (rule.give.of or base)]
        if whole:
            message = f"full steps of `{whole[0]}` belong to the receipt, and the multiplier asks for certain goods"
            yield Finding((*path, "multiply"), message, "name other base rules with `of`, or give whole_steps up")
