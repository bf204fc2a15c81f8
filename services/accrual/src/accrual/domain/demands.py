"""Conditions about who buys and how they pay: level, segments, age as a member, means of payment, coupons, and whom a campaign is offered to."""

from collections.abc import Callable
from datetime import date
from hashlib import sha256
from typing import NamedTuple

from dateutil.relativedelta import relativedelta

from accrual.domain.accounts import Profile
from accrual.domain.coupons import REASONS, Usable
from accrual.domain.decisions import NotGiven
from accrual.domain.facts import Payment

_HASHED = 1 << 64


class Asked(NamedTuple):
    """What these conditions look at."""

    profile: Profile
    today: date  #: in the programme's calendar
    joined: date | None  #: the day the member registered, in the same calendar
    payments: tuple[Payment, ...]
    coupons: Usable


Demand = Callable[[str, Asked], NotGiven | None]
"""Asks one condition of a rule, by its id: None where it is met, else why not."""


def on_level(levels: frozenset[str], words: str) -> Demand:
    """Ask for one of some levels."""
    return lambda rule, asked: None if asked.profile.tier in levels else NotGiven(rule, "other-tier", words)


def in_segment(segments: frozenset[str], words: str) -> Demand:
    """Ask for one of some segments."""
    return lambda rule, asked: NotGiven(rule, "other-segment", words) if segments.isdisjoint(asked.profile.segments) else None


def member_for(span: relativedelta, words: str) -> Demand:
    """Ask for a member who joined so long ago."""

    def ask(rule: str, asked: Asked) -> NotGiven | None:
        return None if asked.joined is not None and asked.joined + span <= asked.today else NotGiven(rule, "member-too-new", words)

    return ask


def paid_by(kinds: frozenset[str], numerator: int, denominator: int, words: str) -> Demand:
    """Ask for at least a share of all payments by some means; a share of 0 asks for any amount."""

    def ask(rule: str, asked: Asked) -> NotGiven | None:
        paid = sum(payment.amount for payment in asked.payments if payment.kind in kinds)
        enough = paid > 0 and paid * denominator >= numerator * sum(payment.amount for payment in asked.payments)
        return None if enough else NotGiven(rule, "other-payment", words)

    return ask


def coupon_of(coupons: tuple[str, ...], words: str) -> Demand:
    """Ask for one of some coupons, presented and good for use."""

    def ask(rule: str, asked: Asked) -> NotGiven | None:
        if any(coupon in asked.coupons.codes for coupon in coupons):
            return None
        reason = next((asked.coupons.refused[coupon] for coupon in coupons if coupon in asked.coupons.refused), "no-coupon")
        return NotGiven(rule, reason, words if reason == "no-coupon" else REASONS[reason])

    return ask


def offered_to(levels: frozenset[str] | None, segments: frozenset[str] | None, control: tuple[str, int, int]) -> Demand:
    """Ask whether a private campaign is offered to somebody: to those it is for, without the control group; never to those unknown.

    `control` names the campaign and says the group's share, as numerator and denominator.
    """

    def ask(rule: str, asked: Asked) -> NotGiven | None:
        profile = asked.profile
        chosen = (levels is None or profile.tier in levels) and (segments is None or not segments.isdisjoint(profile.segments))
        if chosen and profile.seed and not in_control_group(profile.seed, *control):
            return None
        return NotGiven(rule, "not-offered", "not offered to you")

    return ask


def in_control_group(seed: bytes, campaign: str, numerator: int, denominator: int) -> bool:
    """Tell whether the holder of a seed belongs to a campaign's control group of such a share: always the same ones, in each campaign others."""
    drawn = int.from_bytes(sha256(campaign.encode() + b"\0" + seed).digest()[:8])
    return drawn * denominator < numerator * _HASHED
