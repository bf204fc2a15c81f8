"""What SREs watch."""

from typing import Any

import pytest
from prometheus_client import REGISTRY

from accrual.schedule import JOBS
from shared import inbox

from .builders import TEA, a_purchase, linked, returned
from .conftest import Service


def points(programme: str, movement: str) -> float | None:
    return REGISTRY.get_sample_value("loyalty_points_total", {"programme": programme, "movement": movement})


async def test_points_are_counted_by_programme_and_movement(service: Service):
    document = TEA.replace("programme: tea", "programme: measured").replace("tea-house", "measured-house")
    await service.publish(document)
    await service.hear(a_purchase("0"))
    assert [points("measured", movement) for movement in ("granted", "activated", "expired", "moved")] == [0, 0, 0, 0]
    await service.hear(a_purchase("1", merchant="measured-house"), linked())
    service.clock.advance(days=100)
    await service.turn()
    assert [points("measured", movement) for movement in ("granted", "activated", "expired", "moved")] == [100, 100, 100, 100]


async def test_a_batch_that_is_repeated_counts_once(service: Service, monkeypatch: pytest.MonkeyPatch):
    insert, asked = inbox.insert, []

    async def late(*arguments: Any, **named: Any) -> bool:
        """Somebody else had one of the events first, the first time."""
        asked.append(arguments)
        return len(asked) > 1 and await insert(*arguments, **named)

    monkeypatch.setattr(inbox, "insert", late)
    await service.publish(TEA.replace("programme: tea", "programme: repeated").replace("tea-house", "repeated-house"))
    assert await service.hear(a_purchase("1", merchant="repeated-house"), returned(merchant="repeated-house", purchase_id="1")) == ["granted", "reversed"]
    assert (len(asked), points("repeated", "granted"), points("repeated", "reversed")) == (2, 100, 100)


async def test_what_waits_is_counted_by_the_process_that_leads(service: Service):
    (job,) = (job for job in JOBS if job.name == "waiting")

    async def counted() -> float | None:
        async with service.pool.acquire() as connection:
            assert await job.run(connection, service.clock()) == 0
        return REGISTRY.get_sample_value("loyalty_waiting_events")

    await service.hear(returned("1"), returned("2", return_id="r-2"))
    assert await counted() == 2
    await service.hear(a_purchase("1"))
    assert await counted() == 1
    assert job.ended is not None
    job.ended()
    assert REGISTRY.get_sample_value("loyalty_waiting_events") == 0
