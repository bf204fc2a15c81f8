"""Using points as a till does: hold, then capture; straight to the handlers, without HTTP around them."""

from typing import Any
from uuid import UUID

from accrual.handlers import adjusting, holds, transfers
from accrual.handlers.holds import Declined, Shown
from contracts.holds import AdjustmentRequest, HoldRequest, TransferRequest
from shared.ids import random_id

from .builders import ANAS_CARD, MEMBER_ANA, MEMBER_BORIS
from .conftest import Service

SHOP = """
programme: shop
version: 1
effective_from: 2024-01-01
zone: UTC
currency: RUB
merchants: [shop]
points: {name: {en: points}, worth: 1.00}
earning:
  - {id: base, give: {points: 1, per: 1.00}}
  - {id: newsletter, on: activity, when: {activity: newsletter}, give: {fixed: 25}}
"""
TILL = "urn:loyalty:accrual:http:till-7"


async def hold(service: Service, points: int, *, holder: str = ANAS_CARD, merchant: str = "shop", purchase_id: str = "p-1", **asked: Any) -> Shown | Declined:
    """Put points aside for a purchase."""
    request = HoldRequest(holder=holder, merchant=merchant, purchase_id=purchase_id, points=points, **asked)
    async with service.pool.acquire() as connection, connection.transaction():
        programmes = await service.catalogue.current(connection)
        return await holds.hold(connection, programmes, request, source=TILL, key=str(random_id()), now=service.clock())


async def held(service: Service, points: int, **asked: Any) -> UUID:
    """Put points aside that are there, and return the hold's id."""
    made = await hold(service, points, **asked)
    assert isinstance(made, Shown), made
    return made.hold.id


async def capture(service: Service, hold_id: UUID, *, points: int | None = None) -> Shown | Declined:
    """Use the points of a hold."""
    async with service.pool.acquire() as connection, connection.transaction():
        programmes = await service.catalogue.current(connection)
        return await holds.capture(connection, programmes, hold_id, points=points, source=TILL, key=str(random_id()), now=service.clock())


async def release(service: Service, hold_id: UUID) -> Shown | Declined:
    """Give the points of a hold back."""
    async with service.pool.acquire() as connection, connection.transaction():
        return await holds.release(connection, hold_id, source=TILL, key=str(random_id()), now=service.clock())


async def spend(service: Service, amount: int, *, purchase_id: str = "elsewhere") -> None:
    """Use points of the only holder of the shop who has any."""
    rows = await service.fetch("select holder from holder join account on account.id = account_id where holder.programme = 'shop' and available > 0")
    ((holder,),) = rows
    used = await capture(service, await held(service, amount, holder=holder, purchase_id=purchase_id))
    assert isinstance(used, Shown), used


async def by_hand(service: Service, points: int, *, holder: str = ANAS_CARD, forfeit: bool = False) -> None:
    """Give or take points by hand, as two operators do."""
    request = AdjustmentRequest(programme="shop", holder=holder, points=points, forfeit=forfeit, reason="for the trouble")
    async with service.pool.acquire() as connection, connection.transaction():
        asked = await adjusting.request(connection, request, source=TILL, key=str(random_id()), by="olga", now=service.clock())
        assert not isinstance(asked, Declined), asked
        programmes, id_ = await service.catalogue.current(connection), asked.adjustment.id
        done = await adjusting.approve(connection, programmes, id_, source=TILL, key=str(random_id()), by="pavel", now=service.clock())
    assert not isinstance(done, Declined), done


async def handed_on(service: Service, points: int) -> None:
    """Hand points of Ana on to Boris."""
    request = TransferRequest(programme="shop", holder=MEMBER_ANA, to_holder=MEMBER_BORIS, points=points)
    async with service.pool.acquire() as connection, connection.transaction():
        programmes = await service.catalogue.current(connection)
        done = await transfers.transfer(connection, programmes, request, source=TILL, key=str(random_id()), now=service.clock())
    assert not isinstance(done, Declined), done
