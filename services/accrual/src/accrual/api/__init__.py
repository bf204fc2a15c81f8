"""How programs ask accrual, by HTTP: a router for each kind of thing that they ask for."""

from fastapi import APIRouter

from accrual.api import (
    accounts,
    adjustments,
    budgets,
    contests,
    coupons,
    decisions,
    drafts,
    holds,
    migrations,
    programmes,
    quotes,
    raffles,
    referrals,
    returns,
    rewards,
    social,
    surprises,
    tiers,
    transfers,
)
from accrual.api.parts import Desk

_PARTS = (
    accounts,
    budgets,
    coupons,
    decisions,
    quotes,
    holds,
    returns,
    rewards,
    raffles,
    surprises,
    programmes,
    drafts,
    tiers,
    referrals,
    adjustments,
    transfers,
    migrations,
    social,
    contests,
)


def routers(desk: Desk) -> tuple[APIRouter, ...]:
    """Return everything that accrual answers."""
    return tuple(part.routes(desk) for part in _PARTS)
