"""Compiles one rule for one trigger and currency."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from dateutil.relativedelta import relativedelta

from accrual.domain.amounts import in_units, minor_digits
from accrual.domain.campaigns import CompiledCampaign
from accrual.domain.decisions import Operation, Step
from accrual.domain.demands import Demand, coupon_of, in_segment, member_for, offered_to, on_level, paid_by
from accrual.domain.document.campaigns import Campaign
from accrual.domain.document.document import Document
from accrual.domain.document.earning import Cap, Paid, Rule
from accrual.domain.rates import amount_in, minor, rate_of, tracked_by
from accrual.domain.refusals import named, refusals_of
from accrual.domain.rules import CompiledRule, DayLimit, Limit
from accrual.domain.settlement import BALANCE
from accrual.domain.wording import plain

_OPERATIONS = {"points": Operation.EARN, "table": Operation.EARN, "volume": Operation.EARN, "multiply": Operation.MULTIPLY, "fixed": Operation.FIXED}


class Placed(NamedTuple):
    """A rule where it stands: among the programme's own, or in a campaign."""

    rule: Rule
    id: str
    campaign: Campaign | None = None

    def is_open(self, currency: str) -> bool:
        """Tell whether it is switched on, and for purchases in a currency."""
        return self.rule.enabled and (self.campaign is None or self.campaign.enabled) and currency in (self.rule.when.currency or (currency,))


def is_base(rule: Rule) -> bool:
    """Tell whether multipliers raise what a rule gives."""
    return rule.give.points is not None or rule.give.table is not None or rule.give.volume is not None


def compile_rule(placed: Placed, place: int, base_bits: Mapping[str, int], document: Document, currency: str) -> CompiledRule:
    """Return a rule as whole numbers, at its place among all rules of the trigger."""
    rule, campaign = placed.rule, placed.campaign
    rate = rate_of(rule, document, currency)
    goods = rule.when.model_fields_set & {"category", "brand", "sku", "label", "exclude"}
    minimum, tracked = amount_in(rule.when.minimum, currency), tracked_by(rule, placed.id, document, currency)
    demands = _demands(rule, campaign, document)
    operation = next((found for kind, found in _OPERATIONS.items() if getattr(rule.give, kind) is not None), Operation.REWARD)
    once = rate.counts == "once" and operation is not Operation.REWARD
    asks = bool(demands or tracked or (campaign is not None and campaign.budget is not None))
    return CompiledRule(
        id=placed.id,
        bit=1 << place,
        operation=operation,
        numerator=rate.rate.numerator,
        denominator=rate.rate.denominator,
        counts=rate.counts,
        step=rate.step,
        words=rate.words,
        everything=not goods,
        point_digits=document.points.decimals,
        rank=place,
        exclusive=rule.stacking == "exclusive",
        group=rule.group if rule.stacking == "best_of" else None,
        targets=sum(base_bits[target] for target in rule.give.of or base_bits),
        minimum=minor(rule.when.minimum, currency),
        quantity=None if rule.when.quantity is None else in_units(rule.when.quantity, 3),
        first_purchase=rule.when.first_purchase,
        limits=limits_of(rule.cap, document.points.decimals),
        limited=bool(rule.cap),
        guarded=asks or bool(rule.cap) or rule.when.first_purchase or minimum is not None or rule.when.quantity is not None,
        refusals=refusals_of(rule, placed.id, minimum, currency, campaign),
        table=rate.table,
        bands=rate.bands,
        reward=rule.give.reward,
        quantity_given=rule.give.quantity,
        always=Step(placed.id, operation, rate.rate.numerator, rate.rate.denominator, (), None, (plain, rate.words)) if once and not goods else None,
        demands=demands,
        coupons=(*(rule.when.coupon or ()), *([campaign.coupon] if campaign is not None and campaign.coupon is not None else [])),
        tracked=tracked,
        campaign=None if campaign is None else _campaign(campaign, document, currency),
    )


def level_rule(level: str, factor: Decimal, bit: int, base_bits: Mapping[str, int], document: Document) -> CompiledRule:
    """Return the multiplier of a level. It asks for nothing, and comes after all rules."""
    rate = Fraction(factor)
    return CompiledRule(
        id=f"tier:{level}",
        bit=bit,
        operation=Operation.MULTIPLY,
        numerator=rate.numerator,
        denominator=rate.denominator,
        counts="money",
        step=1,
        words=f"x {factor.normalize():f} for {level}",
        everything=True,
        point_digits=document.points.decimals,
        rank=len(document.earning),
        exclusive=False,
        group=None,
        targets=sum(base_bits.values()),
        minimum=None,
        quantity=None,
        first_purchase=False,
        limits=(),
        limited=False,
        guarded=False,
        refusals={},
    )


def limits_of(caps: Sequence[Cap], decimals: int) -> tuple[Limit, ...]:
    """Return caps in smallest units of points."""
    limits = []
    for cap in caps:
        counts_points = cap.points is not None
        slot = "" if cap.per == "receipt" else f"{'points' if counts_points else 'times'}/{cap.per}"
        amount = in_units(cap.points, decimals) if cap.points is not None else cap.times
        period = "in all" if cap.per == "ever" else f"per {cap.per}"
        words = f"{cap.points} points {period}" if counts_points else f"{cap.times} times {period}"
        limits.append(Limit(slot, amount or 0, counts_points, words, cap.over == "reject"))
    return tuple(limits)


def ceiling_of(document: Document) -> DayLimit | None:
    """Return the most points that an account may have, if there is such a limit."""
    found, decimals = document.balance, document.points.decimals
    if found is None:
        return None
    return DayLimit(BALANCE, in_units(found.most, decimals) or 0, True, f"{found.most} points on the account", found.over == "reject")


def worth_of(document: Document, currency: str) -> Fraction:
    """Return what the smallest unit of points is worth, in minor units."""
    scale = Fraction(10 ** minor_digits(currency), 10**document.points.decimals)
    return Fraction(amount_in(document.points.worth, currency) or 0) * scale


def _demands(rule: Rule, campaign: Campaign | None, document: Document) -> tuple[Demand, ...]:
    """Return what a rule asks about who buys and how; whether its campaign is offered comes first."""
    when = rule.when
    demands: list[Demand] = []
    if campaign is not None:
        demands += audience_of(campaign, document)
        if campaign.coupon is not None:
            demands.append(coupon_of((campaign.coupon,), f"only with the coupon {campaign.coupon}"))
    if when.tier is not None:
        demands.append(on_level(frozenset(when.tier), f"only for the level {named(when.tier)}"))
    if when.segment is not None:
        demands.append(in_segment(frozenset(when.segment), f"only for {named(when.segment)}"))
    if when.member_for is not None:
        number, unit = when.member_for.split(" ")
        span = relativedelta(days=int(number)) if unit[0] == "d" else relativedelta(months=int(number) * (12 if unit[0] == "y" else 1))
        demands.append(member_for(span, f"only for members of {when.member_for} and more"))
    if when.payment is not None:
        demands.append(_payment(when.payment))
    if when.coupon is not None:
        demands.append(coupon_of(when.coupon, f"only with the coupon {named(when.coupon)}"))
    return tuple(demands)


def audience_of(campaign: Campaign, document: Document) -> list[Demand]:
    """Return what a campaign asks of whoever it is for."""
    audience = campaign.audience
    levels = None if audience is None or audience.tier is None else frozenset(audience.tier)
    segments = None if audience is None or audience.segment is None else frozenset(audience.segment)
    if not campaign.public:
        share = Fraction(0) if campaign.control is None else Fraction(campaign.control.rstrip("%")) / 100
        return [offered_to(levels, segments, (f"{document.programme}/{campaign.id}", share.numerator, share.denominator))]
    demands = [] if levels is None else [on_level(levels, f"only for the level {named(tuple(sorted(levels)))}")]
    return demands if segments is None else [*demands, in_segment(segments, f"only for {named(tuple(sorted(segments)))}")]


def _payment(paid: Paid) -> Demand:
    share = Fraction(0) if paid.share is None else Fraction(paid.share.rstrip("%")) / 100
    words = f"only if {'some' if paid.share is None else paid.share} of it is paid by {named(paid.kind)}"
    return paid_by(frozenset(paid.kind), share.numerator, share.denominator, words)


def _campaign(campaign: Campaign, document: Document, currency: str) -> CompiledCampaign:
    budget = campaign.budget
    if budget is None:
        return CompiledCampaign(id=campaign.id)
    limits = {"points": budget.points, "times": budget.grants, currency: amount_in(budget.money, currency)}
    return CompiledCampaign(
        id=campaign.id,
        points=None if budget.points is None else in_units(budget.points, document.points.decimals),
        grants=budget.grants,
        money=minor(budget.money, currency),
        currency=currency,
        worth=worth_of(document, currency),
        words=" and ".join(f"{amount} {what}" for what, amount in limits.items() if amount is not None),
    )
