"""How programs ask members, and tell it things, by HTTP."""

from fastapi import APIRouter

from members.api import commanding, reading
from members.api.parts import Desk


def routers(desk: Desk) -> tuple[APIRouter, ...]:
    """Return everything that members answers."""
    return (reading.routes(desk), commanding.routes(desk))
