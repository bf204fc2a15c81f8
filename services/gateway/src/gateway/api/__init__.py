"""The public routes."""

from fastapi import APIRouter

from gateway.api import (
    adjustments,
    contests,
    coupons,
    drafts,
    draws,
    events,
    evidence,
    holding,
    looking_up,
    me,
    members,
    migrations,
    programmes,
    referrals,
    returns,
    rewards,
    social,
    tiers,
    tills,
)
from gateway.api.parts import Gateway


def routers(gateway: Gateway) -> tuple[APIRouter, ...]:
    """Return the routes that need a token, in the order in which people read about them."""
    return tuple(
        module.routes(gateway)
        for module in (
            looking_up,
            members,
            tiers,
            me,
            referrals,
            tills,
            holding,
            rewards,
            returns,
            draws,
            contests,
            adjustments,
            social,
            migrations,
            events,
            evidence,
            programmes,
            drafts,
            coupons,
        )
    )
