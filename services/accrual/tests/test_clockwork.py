"""What the clock brings: waiting points become usable, others are gone."""

from datetime import UTC, datetime, timedelta

import asyncpg
import pytest
from prometheus_client import REGISTRY

from accrual.handlers import clockwork
from contracts.envelope import decode

from .builders import ANAS_CARD, BORIS_CARD, MEMBER_ANA, NOON, TEA, TEA_HOUSE, a_purchase, back, linked
from .conftest import NewService, Service
from .spending import SHOP, held
from .test_captures import TWO, brought_back, paid_with
from .test_checks import audit
from .test_holds import bought


async def tea(service: Service, *purchase_ids: str, holder: str = ANAS_CARD, at: datetime = NOON) -> None:
    """Purchases of 100.00: 10.0 points, usable after 14 days, gone after two months."""
    await service.publish(TEA)
    await service.hear(*(a_purchase(purchase_id, merchant=TEA_HOUSE, zone="UTC", holder=holder, at=at) for purchase_id in purchase_ids))


async def test_waiting_points_become_usable_on_their_day_and_not_before(service: Service):
    await tea(service, "1")
    service.clock.now = datetime(2025, 3, 23, 23, 59, 59, tzinfo=UTC)
    assert await service.turn() == 0
    service.clock.now = datetime(2025, 3, 24, tzinfo=UTC)
    assert await service.turn() == 1
    assert await service.balances() == {(ANAS_CARD, "tea"): (0, 100)}
    activated = decode((await service.said())[-1])
    assert (activated.type, activated.data.points, activated.data.account_version, activated.data.cause.kind) == (
        "loyalty.reward.activated.v1",
        100,
        2,
        "schedule",
    )


async def test_points_are_gone_after_their_last_day(service: Service):
    await tea(service, "1")
    service.clock.now = datetime(2025, 5, 10, 23, 59, 59, tzinfo=UTC)
    await service.turn()
    assert await service.balances() == {(ANAS_CARD, "tea"): (0, 100)}
    service.clock.now = datetime(2025, 5, 11, tzinfo=UTC)
    assert await service.turn() == 1
    assert await service.balances() == {}
    expired = decode((await service.said())[-1])
    assert (expired.type, expired.data.points, expired.data.balance.available, expired.data.account_version) == ("loyalty.reward.expired.v1", 100, 0, 3)


async def test_a_second_run_changes_nothing(service: Service):
    await tea(service, "1", "2")
    service.clock.now = NOON + timedelta(days=100)
    assert await service.turn() == 4
    before = await service.fetch("select * from entry order by 1, 2, 6"), await service.said()
    assert await service.turn() == 0
    assert (await service.fetch("select * from entry order by 1, 2, 6"), await service.said()) == before


async def test_what_is_due_for_both_is_activated_first(service: Service):
    await tea(service, "1")
    service.clock.now = NOON + timedelta(days=100)
    await service.turn()
    assert await service.fetch("select operation from entry where hash is not null order by version") == [
        ("grant",),
        ("activate",),
        ("expire",),
    ]


async def test_a_late_purchase_whose_points_are_gone_already_is_granted_and_then_expires(service: Service):
    await tea(service, "1", at=NOON - timedelta(days=100))
    assert await service.balances() == {(ANAS_CARD, "tea"): (0, 100)}
    assert await service.turn() == 1
    assert await service.balances() == {}


async def test_many_lots_are_done_in_bounded_parts(service: Service, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(clockwork, "LIMIT", 3)
    await tea(service, *map(str, range(4)))
    await tea(service, *map(str, range(4, 8)), holder=BORIS_CARD)
    service.clock.now = NOON + timedelta(days=14)
    async with service.pool.acquire() as connection, connection.transaction():
        assert await service.clockwork.turn(connection, service.clock()) == 3
    assert await service.turn() == 5
    assert await service.balances() == {(ANAS_CARD, "tea"): (0, 400), (BORIS_CARD, "tea"): (0, 400)}


async def test_an_account_at_which_something_fails_stands_in_nobodys_way(service: Service, administrator: asyncpg.Connection):
    await tea(service, "1")
    await tea(service, "2", holder=BORIS_CARD)
    broken = "(select account_id from holder where holder = $1)"
    await administrator.execute(f"update account set pending = 1 where id = {broken}", ANAS_CARD)
    service.clock.now = NOON + timedelta(days=14)
    failures = REGISTRY.get_sample_value("loyalty_clockwork_failures_total")
    await service.turn()
    assert await service.turn() == 0
    assert REGISTRY.get_sample_value("loyalty_clockwork_failures_total") == failures + 1
    assert (await service.balances())[BORIS_CARD, "tea"] == (0, 100)
    await administrator.execute(f"update account set pending = 100 where id = {broken}", ANAS_CARD)
    service.clock.now += clockwork.PAUSE
    await service.turn()
    assert await service.balances() == {(ANAS_CARD, "tea"): (0, 100), (BORIS_CARD, "tea"): (0, 100)}


async def test_the_ids_of_what_the_clock_did_are_the_same_after_a_restore(service: Service, new_service: NewService):
    restored = await new_service()
    for each in (service, restored):
        each.clock.now = NOON
        await tea(each, "1")
        each.clock.now = NOON + timedelta(days=60)
        await each.turn()
    ids = "select id, type from outbox where type like 'loyalty.reward.%' order by sequence"
    assert await service.fetch(ids) == await restored.fetch(ids)


async def test_a_lot_that_was_claimed_is_the_members_when_its_day_comes(service: Service):
    await tea(service, "1")
    await service.hear(linked())
    service.clock.now = NOON + timedelta(days=14)
    assert await service.turn() == 1
    assert await service.balances() == {(MEMBER_ANA, "tea"): (0, 100)}
    assert decode((await service.said())[-1]).data.holder == MEMBER_ANA


async def test_points_of_somebody_who_was_forgotten_expire_in_silence(service: Service):
    await tea(service, "1")
    await service.pool.execute("delete from holder")
    before = await service.said()
    service.clock.now = NOON + timedelta(days=100)
    assert await service.turn() == 2
    assert await service.said() == before
    assert await service.fetch("select available + pending from account where kind = 'unclaimed'") == [(0,)]


async def test_what_is_left_when_a_programme_closes_is_gone(service: Service):
    await tea(service, "1")
    closing = TEA.replace("version: 1", "version: 2").replace("2024-01-01", "2025-03-11") + "close: {earn_until: 2025-03-20, spend_until: 2025-04-15}\n"
    await service.publish(closing)
    service.clock.now = datetime(2025, 3, 21, 12, tzinfo=UTC)
    assert await service.hear(a_purchase("2", merchant=TEA_HOUSE, zone="UTC", at=service.clock.now)) == ["refused not-in-force"]
    service.clock.now = datetime(2025, 4, 15, 23, 59, 59, tzinfo=UTC)
    await service.turn()
    assert await service.balances() == {(ANAS_CARD, "tea"): (0, 100)}
    service.clock.now = datetime(2025, 4, 16, tzinfo=UTC)
    assert await service.turn() == 1
    assert await service.balances() == {}
    expired = decode((await service.said())[-1])
    assert (expired.type, expired.data.points, expired.time) == ("loyalty.reward.expired.v1", 100, service.clock.now)
    assert await service.turn() == 0
    assert not await audit(service)


async def test_what_comes_back_to_a_programme_that_has_closed_is_gone_again(service: Service):
    await service.publish(SHOP + "close: {earn_until: 2025-03-31, spend_until: 2025-04-30}\n")
    await service.hear(bought("p-0", 100))
    await service.hear(paid_with(await held(service, 40)))
    service.clock.now = datetime(2025, 5, 1, tzinfo=UTC)
    await service.turn()
    for part in ("1", "2"):
        line = next(line for line in TWO if line.line_id == part)
        await service.hear(brought_back(back(line.paid_amount, line=part), return_id=part, occurred_at=service.clock()))
        await service.turn()
        assert await service.balances() == {}
    said = [decode(record).id for record in await service.said()]
    assert len(set(said)) == len(said)
    assert await audit(service) == []
