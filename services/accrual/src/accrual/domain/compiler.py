"""Compiles a checked programme document, once per version, into whole numbers and bit masks."""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

from accrual.domain.amounts import in_units, minor_digits
from accrual.domain.conditions import conditions_of
from accrual.domain.decisions import Operation
from accrual.domain.document.consistency import period_of
from accrual.domain.document.document import Document
from accrual.domain.document.earning import Cap, Rule
from accrual.domain.evaluation import RuleSet
from accrual.domain.lifetimes import days_in
from accrual.domain.matching import Matcher
from accrual.domain.programme import Programme, Terms
from accrual.domain.refusals import refusals_of
from accrual.domain.rules import Arithmetic, CompiledRule, Limit

_OPERATIONS = {"points": Operation.EARN, "multiply": Operation.MULTIPLY, "fixed": Operation.FIXED}


def compile_document(document: Document) -> Programme:
    """Return the programme that decides as the document says. The document must have been checked by `document.reading.read`."""
    starts_at, ends_at = period_of(document)
    points, expiry, pending = document.points, document.expiry, document.pending
    triggers = {kind for rule in document.earning for kind in rule.when.activity or ()}
    return Programme(
        terms=Terms(
            id=document.programme,
            version=document.version,
            names=document.name,
            point_names=points.name,
            decimals=points.decimals,
            currencies=document.all_currencies,
            merchants=frozenset(document.merchants),
            zone=ZoneInfo(document.zone),
            starts_at=starts_at,
            ends_at=ends_at,
            late_days=days_in(document.late.accept),
            expiry=expiry,
            pending_days={} if pending is None else dict.fromkeys(pending.on, days_in(pending.at_latest or pending.until)),
            confirmable=pending is not None and pending.until == "confirmed",
            delivery_counts=points.basis.delivery == "with",
            delivery_without_tax=points.basis.tax == "without",
            worth={currency: _worth(document, currency) for currency in document.all_currencies},
            limits=_limits(document.cap, points.decimals),
            returns=document.returns,
        ),
        document=document,
        purchases={
            currency: _rule_set(document, [rule for rule in document.earning if rule.on == "purchase"], currency) for currency in document.all_currencies
        },
        activities={
            kind: _rule_set(document, [rule for rule in document.earning if kind in (rule.when.activity or ())], document.all_currencies[0])
            for kind in sorted(triggers)
        },
        registration=_rule_set(document, [rule for rule in document.earning if rule.on == "registration"], document.all_currencies[0]),
    )


def _rule_set(document: Document, rules: Sequence[Rule], currency: str) -> RuleSet:
    """Compile the rules of one trigger; money in one currency."""
    by_priority = sorted(rules, key=lambda rule: -rule.priority)  # stable: on a tie as written
    base_bits = {rule.id: 1 << place for place, rule in enumerate(by_priority) if rule.give.points is not None}
    compiled = [_compiled(rule, place, base_bits, document, currency) for place, rule in enumerate(by_priority)]
    open_bits = sum(done.bit for done, rule in zip(compiled, by_priority, strict=True) if rule.enabled and currency in (rule.when.currency or (currency,)))
    points = document.points
    return RuleSet(
        rules=tuple(compiled),
        matcher=Matcher(compiled, [conditions_of(rule.when) for rule in by_priority], open_bits=open_bits),
        arithmetic=Arithmetic(
            before_discounts=points.basis.amount == "before_discounts",
            without_tax=points.basis.tax == "without",
            money_digits=minor_digits(currency),
            point_digits=points.decimals,
            rounding=points.rounding.mode,
            per_receipt=points.rounding.per == "receipt",
        ),
        stacking=any(rule.exclusive or rule.group is not None for rule in compiled),
    )


def _compiled(rule: Rule, place: int, base_bits: dict[str, int], document: Document, currency: str) -> CompiledRule:
    kind = next(kind for kind in _OPERATIONS if getattr(rule.give, kind) is not None)
    rate, counts, step, words = _rate(rule, kind, document, currency)
    goods = rule.when.model_fields_set & {"category", "brand", "sku", "label", "exclude"}
    minimum = _in(rule.when.minimum, currency)
    return CompiledRule(
        id=rule.id,
        bit=1 << place,
        operation=_OPERATIONS[kind],
        numerator=rate.numerator,
        denominator=rate.denominator,
        counts=counts,
        step=step,
        words=words,
        everything=not goods,
        point_digits=document.points.decimals,
        rank=place,
        exclusive=rule.stacking == "exclusive",
        group=rule.group if rule.stacking == "best_of" else None,
        targets=sum(base_bits[target] for target in rule.give.of or base_bits),
        minimum=None if minimum is None else in_units(minimum, minor_digits(currency)),
        quantity=None if rule.when.quantity is None else in_units(rule.when.quantity, 3),
        first_purchase=rule.when.first_purchase,
        limits=_limits(rule.cap, document.points.decimals),
        limited=bool(rule.cap),
        guarded=bool(rule.cap) or rule.when.first_purchase or minimum is not None or rule.when.quantity is not None,
        refusals=refusals_of(rule, minimum, currency),
    )


def _rate(rule: Rule, kind: str, document: Document, currency: str) -> tuple[Fraction, str, int, str]:
    """Return the rate per unit counted, what is counted, the full step in minor units, and the rate in words."""
    give, scale = rule.give, 10**document.points.decimals
    if give.multiply is not None:
        return Fraction(give.multiply), "money", 1, f"x {give.multiply.normalize():f}"
    if kind == "fixed" or give.per == "visit":
        points = give.fixed or give.points or Decimal(0)
        return Fraction(points) * scale, "once", 1, f"{points.normalize():f} {'given once' if kind == 'fixed' else 'per visit'}"
    points = give.points or Decimal(0)
    if give.per == "unit":
        return Fraction(points) * scale / 1000, "quantity", 1, f"at {points.normalize():f} each"
    money = _in(give.per, currency)
    step = None if money is None else in_units(money, minor_digits(currency))
    if money is None or step is None:  # another currency's rule: it stays closed
        return Fraction(0), "money", 1, ""
    rate = Fraction(points) * scale
    if give.whole_steps:
        return rate, "steps", step, f"at {points.normalize():f} per full {money}"
    return rate / step, "money", 1, f"at {points.normalize():f} per {money}"


def _in(money: object, currency: str) -> Decimal | None:
    """Return an amount of money in one currency, where the document says one."""
    amount = money.get(currency) if isinstance(money, dict) else money
    return amount if isinstance(amount, Decimal) else None


def _limits(caps: Sequence[Cap], decimals: int) -> tuple[Limit, ...]:
    limits = []
    for cap in caps:
        counts_points = cap.points is not None
        slot = "" if cap.per == "receipt" else f"{'points' if counts_points else 'times'}/{cap.per}"
        amount = in_units(cap.points, decimals) if cap.points is not None else cap.times
        period = "in all" if cap.per == "ever" else f"per {cap.per}"
        limits.append(Limit(slot, amount or 0, counts_points, f"{cap.points} points {period}" if counts_points else f"{cap.times} times {period}"))
    return tuple(limits)


def _worth(document: Document, currency: str) -> Fraction:
    """Return what the smallest unit of points is worth, in minor units."""
    scale = Fraction(10 ** minor_digits(currency), 10**document.points.decimals)
    return Fraction(_in(document.points.worth, currency) or 0) * scale
