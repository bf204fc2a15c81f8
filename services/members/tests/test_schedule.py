from dataclasses import replace
from datetime import timedelta

from members.handlers.lapses import PROOF_DAYS
from members.schedule import JOBS
from shared.inbox import verdict_of

from .builders import ANA, BORIS, a_form, proven
from .conftest import Service


async def forget(service: Service) -> int:
    (job,) = JOBS
    async with service.pool.acquire() as connection, connection.transaction():
        return await job.run(connection, service.clock())


async def counts(service: Service) -> dict[str, int]:
    return {table: (await service.fetch(f"select count(*) from {table}"))[0][0] for table in ("attempt", "claim", "identifier", "member_key", "member")}


async def test_what_nobody_proved_in_time_is_forgotten_and_its_event_refused(service: Service):
    await service.hear(a_form("r-1", *ANA.all).event())
    service.clock.advance(days=PROOF_DAYS)
    assert await forget(service) == 0
    service.clock.advance(seconds=1)
    assert await forget(service) == 1
    assert await counts(service) == {"attempt": 0, "claim": 0, "identifier": 0, "member_key": 0, "member": 0}
    async with service.pool.acquire() as connection:
        verdict = await verdict_of(connection, "urn:store:1", "r-1")
    assert verdict is not None
    assert (verdict.verdict, verdict.reason) == ("refused", "unproven")


async def test_a_member_keeps_what_was_proven_and_loses_what_was_not(service: Service):
    await service.hear(replace(a_form("r-1", *ANA.all), proven=(ANA.phone,)).event(), proven("r-2", BORIS.card, person=BORIS).event())
    service.clock.advance(days=PROOF_DAYS + 1)
    assert await forget(service) == 1
    assert await forget(service) == 0
    assert await counts(service) == {"attempt": 2, "claim": 0, "identifier": 3, "member_key": 2, "member": 2}
    assert await service.fetch("select count(sealed_submission) from attempt") == [(0,)]


async def test_somebody_else_may_try_an_identifier_that_was_forgotten(service: Service):
    await service.hear(a_form("r-1", ANA.phone).event())
    service.clock.advance(days=PROOF_DAYS + 1)
    await forget(service)
    (outcome,) = await service.hear(a_form("r-2", ANA.phone, at=service.clock() - timedelta(hours=1)).event())
    assert outcome.verdict == "waiting"
