"""The seed of a surprise: nobody can read it while something can be drawn by it, and everybody afterwards."""

import orjson
import pytest

from accrual.domain.rewards.surprises import faults, is_lucky
from contracts.entitlements import EntitlementIssued
from contracts.envelope import decode
from shared.problems import Problem

from .benefits import CAFE
from .builders import a_purchase
from .conftest import Caller, NewService, Service

LUCKY = "/v1/surprises/cafe/lucky"
ONE_IN_TWO = CAFE.replace("chance: 99.9999%, minimum: 500.00", "chance: 50%, until: 2025-03-31").replace(
    "stock: 2, per_member: {times: 1, per: day}", "cost: 1"
)
ONE_IN_TWO += "late: {accept: 30 days}\n"
NEXT = ONE_IN_TWO.replace("version: 1", "version: 2").replace("2024-01-01", "2025-03-20")


async def test_a_seed_is_shown_when_no_purchase_can_be_drawn_by_it_any_more_and_is_the_one_that_drew(service: Service, caller: Caller):
    await service.publish(ONE_IN_TWO)
    promised = await caller.get(LUCKY)
    assert (promised["seed"], promised["chance"], promised["secret_until"]) == (None, "50%", "2025-04-30T21:00:00Z")
    await service.hear(*(a_purchase(f"p-{number}", merchant="cafe") for number in range(20)))
    service.clock.advance(days=90)
    shown = await caller.get(LUCKY)
    assert faults(shown, commitment=promised["commitment"]) == []
    drawn = {each for each in range(20) if is_lucky("lucky", "50%", bytes.fromhex(shown["seed"]), merchant="cafe", purchase_id=f"p-{each}")}
    issued = [event.data for event in map(decode, await service.said()) if isinstance(event.data, EntitlementIssued)]
    assert {event.cause.purchase_id for event in issued if event.way == "surprise"} == {f"p-{number}" for number in drawn}
    assert 0 < len(drawn) < 20


async def test_no_answer_event_or_draft_tells_the_seed(service: Service, caller: Caller):
    await service.publish(ONE_IN_TWO)
    ((seed,),) = await service.fetch("select seed from surprise where programme = 'cafe'")
    said = [decode(record).data.model_dump_json() for record in await service.said()]
    shown = [orjson.dumps(await caller.get(path)).decode() for path in (LUCKY, "/v1/programmes/cafe", "/v1/programmes")]
    assert not [text for text in [*said, *shown] if seed.hex() in text]
    assert await caller.refused("/v1/surprises/cafe/other") == (404, "unknown-surprise")


async def test_later_versions_and_other_processes_draw_by_the_same_seed(service: Service, caller: Caller, new_service: NewService):
    await service.publish(ONE_IN_TWO)
    before = await service.fetch("select seed, commitment from surprise")
    async with service.pool.acquire() as connection:
        kept = await service.catalogue.current(connection)
    await service.publish(NEXT)
    assert await service.fetch("select seed, commitment from surprise") == before
    assert kept.version("cafe", 1) is not None
    assert (await caller.get(LUCKY))["commitment"] == before[0][1].hex()


@pytest.mark.parametrize(("days", "chance", "told"), [(0, "40%", "promised with a chance of 50%"), (90, "50%", "its seed is public")])
async def test_a_surprise_keeps_its_chance_and_does_not_come_again(service: Service, days: int, chance: str, told: str):
    await service.publish(ONE_IN_TWO)
    service.clock.advance(days=days)
    starts = f"{service.clock().date()}".replace("2025-03-10", "2025-03-20")
    with pytest.raises(Problem) as refused:
        await service.publish(NEXT.replace("50%", chance).replace("2025-03-20", starts).replace("until: 2025-03-31", "until: 2025-12-31"))
    assert told in str(refused.value.extra["errors"])
