"""How programs ask accrual, by HTTP: balances, history, explanations, quotes, verdicts, programmes, drafts, returns, levels, holds, adjustments."""

from fastapi import APIRouter

from accrual.api import (
    accounts,
    adjustments,
    budgets,
    coupons,
    decisions,
    drafts,
    holds,
    programmes,
    quotes,
    raffles,
    returns,
    rewards,
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
    programmes,
    drafts,
    tiers,
    adjustments,
    transfers,
)


def routers(desk: Desk) -> tuple[APIRouter, ...]:
    """Return everything that accrual answers."""
    return tuple(part.routes(desk) for part in _PARTS)
