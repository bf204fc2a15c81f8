"""How programs ask accrual, by HTTP: balances, history, explanations, quotes, verdicts, programmes, drafts, returns, levels, holds."""

from fastapi import APIRouter

from accrual.api import accounts, budgets, coupons, decisions, drafts, holds, programmes, quotes, raffles, returns, rewards, tiers
from accrual.api.parts import Desk


def routers(desk: Desk) -> tuple[APIRouter, ...]:
    """Return everything that accrual answers."""
    return tuple(part.routes(desk) for part in (accounts, budgets, coupons, decisions, quotes, returns, rewards, raffles, programmes, drafts, tiers, holds))
