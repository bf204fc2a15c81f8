"""The broker stops, the database is killed; both come back, and everything goes on by itself."""

import asyncio
from collections.abc import Sequence
from typing import Any

import psutil
import pytest

from contracts.envelope import Event
from e2e.builders import Cast
from e2e.system import eventually
from faults.people import Joining
from faults.place import Place
from shared.kafka import UnpublishedError
from shared.local import start_broker, start_postgres

PEOPLE, MANY = 24, 1_200


def purchases(cast: Cast, name: str, count: int) -> list[Event[Any]]:
    """Purchases of one euro by some people in turn."""
    return [cast.a_purchase(cast.holder(f"{name}{number % PEOPLE}"), total_cents=1_00) for number in range(count)]


async def test_after_the_broker_was_away_everything_goes_on(place: Place, cast: Cast):
    if place.servers.broker.kind != "kafka":
        pytest.skip("the small broker forgets everything when it stops")
    before, after = purchases(cast, "fay", MANY), purchases(cast, "fay", PEOPLE)
    await place.system.publish(*before)
    place.servers.broker.stop()
    joining = Joining(cast, ("fay0",), f"{cast.token}-fay")
    assert (await place.system.client.post(**joining.request())).is_success  # what follows from it waits in the outbox
    with place.took("the broker starts"):
        place.servers.broker = start_broker(place.servers.broker.folder)
    with place.took("… and the first events after it count"):
        await eventually(lambda: _published(place, after))
        await place.all_granted(after)
    await place.all_granted(before)
    await eventually(lambda: _is_a_member(place, cast.holder("fay0")))
    await _everybody_has(place, cast, "fay", points=MANY // PEOPLE + 1)


async def _published(place: Place, events: Sequence[Event[Any]]) -> bool:
    try:
        await place.system.publish(*events)
    except UnpublishedError:
        return False
    return True


async def _is_a_member(place: Place, identifier: str) -> bool:
    async with place.asking("accrual") as connection:
        return bool(await connection.fetchval("select member_id is not null from identifier where identifier = $1", identifier))


async def test_after_the_database_was_killed_everything_goes_on(place: Place, cast: Cast):
    events = purchases(cast, "gil", MANY)
    publishing = asyncio.create_task(place.system.publish(*events))
    await eventually(lambda: place.decided(events))
    sessions = psutil.Process(place.servers.postgres.served.pid).children()
    place.servers.postgres.kill()
    psutil.wait_procs(sessions, timeout=30)
    with place.took("the database starts"):
        place.servers.postgres = start_postgres(place.servers.postgres.folder, durable=False)
    with place.took("… and all that was on its way counts"):
        await publishing
        await place.all_granted(events)
    await _everybody_has(place, cast, "gil", points=MANY // PEOPLE)


async def _everybody_has(place: Place, cast: Cast, name: str, *, points: int) -> None:
    for number in range(PEOPLE):
        await eventually(lambda number=number: _has(place, cast.email(f"{name}{number}"), points))


async def _has(place: Place, email: str, points: int) -> bool:
    return await place.system.available(email) == points
