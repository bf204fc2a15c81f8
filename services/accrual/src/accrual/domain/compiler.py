"""Compiles a checked programme document, once per version, into whole numbers and bit masks."""

from collections.abc import Mapping
from types import MappingProxyType
from zoneinfo import ZoneInfo

from accrual.domain.amounts import minor_digits
from accrual.domain.conditions import conditions_of
from accrual.domain.coupons import CouponBook
from accrual.domain.document.consistency import period_of
from accrual.domain.document.document import Document
from accrual.domain.document.earning import Rule, Trigger
from accrual.domain.evaluation import RuleSet
from accrual.domain.lifetimes import days_in, end_of
from accrual.domain.matching import Matcher
from accrual.domain.programme import Programme, Terms
from accrual.domain.rules import Arithmetic
from accrual.domain.ruling import Placed, ceiling_of, compile_rule, is_base, level_rule, limits_of, worth_of

#: As a trial has it, or whoever asks for something else than surprises.
NO_SEEDS: Mapping[str, bytes] = MappingProxyType({})


def compile_document(document: Document, *, seeds: Mapping[str, bytes] = NO_SEEDS) -> Programme:
    """Return the programme that decides as the document says, and surprises by their seeds. The document must have been checked by `document.reading.read`."""
    starts_at, ends_at = period_of(document)
    points, expiry, pending = document.points, document.expiry, document.pending
    all_rules = [*document.earning, *(rule for campaign in document.campaigns for rule in campaign.earning)]
    kinds = sorted({kind for rule in all_rules for kind in rule.when.activity or ()})
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
            points_earn=points.basis.paid_by_points == "with",
            worth={currency: worth_of(document, currency) for currency in document.all_currencies},
            limits=limits_of(document.cap, points.decimals),
            ceiling=ceiling_of(document),
            returns=document.returns,
            earns_until=end_of(document.close.earn_until, ZoneInfo(document.zone)) if document.close is not None else None,
            spends_until=end_of(document.close.spend_until, ZoneInfo(document.zone)) if document.close is not None else None,
            better_until=end_of(document.transition.until, ZoneInfo(document.zone)) if document.transition is not None else None,
        ),
        document=document,
        seeds=seeds,
        purchases={currency: _rule_set(document, "purchase", currency) for currency in document.all_currencies},
        activities={kind: _rule_set(document, "activity", document.all_currencies[0], kind) for kind in kinds},
        registration=_rule_set(document, "registration", document.all_currencies[0]),
    )


def _rule_set(document: Document, trigger: Trigger, currency: str, kind: str | None = None) -> RuleSet:
    """Compile the rules of one trigger and kind of activity; money in one currency."""
    own = [rule for rule in document.earning if _is_on(rule, trigger, kind)]
    by_priority = [Placed(rule, rule.id) for rule in sorted(own, key=lambda rule: -rule.priority)]  # stable: on a tie as written
    base_bits = {placed.id: 1 << place for place, placed in enumerate(by_priority) if is_base(placed.rule)}
    for campaign in document.campaigns:
        by_priority += [Placed(rule, f"{campaign.id}/{rule.id}", campaign) for rule in campaign.earning if _is_on(rule, trigger, kind)]
    compiled = [compile_rule(placed, place, base_bits, document, currency) for place, placed in enumerate(by_priority)]
    open_bits = sum(done.bit for done, placed in zip(compiled, by_priority, strict=True) if placed.is_open(currency))
    points = document.points
    conditions = [tuple(conditions_of(part) for part in (placed.rule.when, placed.campaign) if part is not None) for placed in by_priority]
    matcher = Matcher(compiled, conditions, open_bits=open_bits)
    levels = document.tiers.levels if document.tiers is not None and base_bits else ()
    return RuleSet(
        rules=tuple(compiled),
        matcher=matcher,
        arithmetic=Arithmetic(
            before_discounts=points.basis.amount == "before_discounts",
            without_tax=points.basis.tax == "without",
            money_digits=minor_digits(currency),
            point_digits=points.decimals,
            rounding=points.rounding.mode,
            per_receipt=points.rounding.per == "receipt",
        ),
        levels={level.id: level_rule(level.id, level.multiply, matcher.always, base_bits, document) for level in levels if level.multiply is not None},
        campaign_stacking=document.campaign_stacking,
        budgeted=any(rule.campaign.keys for rule in compiled if rule.campaign is not None),
        further=any(rule.demands or rule.tracked or rule.reward or rule.campaign for rule in compiled),
        coupons=CouponBook(document.coupons),
        zone=ZoneInfo(document.zone),
    )


def _is_on(rule: Rule, trigger: Trigger, kind: str | None) -> bool:
    return rule.on == trigger and (kind is None or kind in (rule.when.activity or ()))
