"""Two transactions at once: whoever comes second sees what the first did, and nothing is stranded or counted twice."""

import asyncio
from collections.abc import Sequence
from typing import Any, Self

import asyncpg
import pytest

from contracts.envelope import Event

from .builders import ANAS_CARD, BORIS_CARD, BREAD, MEMBER_ANA, a_purchase, an_activity, linked, registered, returned
from .conftest import Service
from .test_checks import audit

PURCHASES, MEMBERS = "loyalty.purchases.v1", "loyalty.members.v1"


class Transaction:
    """One transaction of a handler, step by step."""

    def __init__(self, service: Service, topic: str, *events: Event[Any]) -> None:
        self._service = service
        self._handler = service.handlers[topic]
        self._events: Sequence[Event[Any]] = events
        self._connection: asyncpg.Connection | None = None

    async def __aenter__(self) -> Self:
        self._connection = await asyncpg.connect(self._service.database.url)
        self._transaction = self._connection.transaction()
        await self._transaction.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._connection is not None
        await self._connection.close()

    async def lock(self) -> None:
        assert self._connection is not None
        await self._handler.lock(self._connection, self._events)

    async def finish(self) -> list[str]:
        assert self._connection is not None
        outcomes, _ = await self._handler.decide(self._connection, self._events, now=self._service.clock())
        await self._transaction.commit()
        return [str(outcome.verdict) for outcome in outcomes]


async def waits(task: asyncio.Task[Any], service: Service) -> bool:
    """Tell whether a transaction waits for a lock of another."""
    blocked = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
    while not task.done():
        if await service.pool.fetchval(blocked):
            return True
    return False


@pytest.mark.parametrize("known", [True, False], ids=["a known card", "a new card"])
async def test_a_purchase_that_comes_during_its_cards_link_is_the_members(service: Service, *, known: bool):
    if known:
        await service.hear(a_purchase("0"))
    async with Transaction(service, MEMBERS, linked()) as link:
        await link.lock()
        purchase = asyncio.create_task(service.hear(a_purchase("1", kopecks=500_00)))
        assert await waits(purchase, service)
        await link.finish()
        assert await purchase == ["granted"]
    assert await service.balances() == {(MEMBER_ANA, "bread"): (0, 15 + 50 if known else 55)}


@pytest.mark.parametrize("known", [True, False], ids=["a known card", "a new card"])
async def test_a_link_that_comes_during_a_purchase_takes_its_points_along(service: Service, *, known: bool):
    if known:
        await service.hear(a_purchase("0"))
    purchase = Transaction(service, PURCHASES, a_purchase("1", kopecks=500_00))
    async with purchase:
        await purchase.lock()
        link = asyncio.create_task(service.hear(linked()))
        assert await waits(link, service)
        assert await purchase.finish() == ["granted"]
        assert await link == ["applied"]
    assert await service.balances() == {(MEMBER_ANA, "bread"): (0, 15 + 50 if known else 55)}
    assert [(each.invariant, each.found) for each in await audit(service) if each.invariant not in {"I4", "I5"}] == []


async def test_the_same_purchase_in_two_partitions_at_once_earns_once(service: Service):
    first = Transaction(service, PURCHASES, a_purchase("1"))
    async with first:
        await first.lock()
        second = asyncio.create_task(service.hear(a_purchase("1", holder=BORIS_CARD, event_id="another"), partition=1))
        assert await waits(second, service)
        assert await first.finish() == ["granted"]
        assert await second == ["duplicate differs"]  # it names another holder
    assert await service.balances() == {(ANAS_CARD, "bread"): (0, 15)}


@pytest.mark.parametrize("named", ["p-1", None], ids=["by id", "by receipt number"])
@pytest.mark.parametrize("first", ["purchase", "return"])
async def test_a_purchase_and_its_return_in_two_partitions_at_once_end_alike(service: Service, first: str, named: str | None):
    events = [a_purchase(receipt_number="0042"), returned(named, receipt_number="0042", holder=None)]
    earlier, later = events if first == "purchase" else reversed(events)
    transaction = Transaction(service, PURCHASES, earlier)
    async with transaction:
        await transaction.lock()
        second = asyncio.create_task(service.hear(later, partition=1))
        assert await waits(second, service)
        assert [*await transaction.finish(), *await second] in (["granted", "reversed"], ["waiting", "granted"])
    assert await service.balances() == {}
    assert await service.fetch("select kept, stands from reversal") == [(0, False)]
    assert await service.fetch("select from waiting where verdict is null") == []


async def test_the_same_deed_in_two_partitions_at_once_earns_once(service: Service):
    first = Transaction(service, "loyalty.activities.v1", an_activity())
    async with first:
        await first.lock()
        second = asyncio.create_task(service.hear(an_activity(holder=BORIS_CARD, event_id="another"), partition=1))
        assert await waits(second, service)
        assert await first.finish() == ["granted"]
        assert await second == ["duplicate"]
    assert await service.balances() == {(ANAS_CARD, "bread"): (0, 25)}


async def test_two_purchases_of_one_new_card_at_once_open_one_account(service: Service):
    first = Transaction(service, PURCHASES, a_purchase("1"))
    async with first:
        await first.lock()
        second = asyncio.create_task(service.hear(a_purchase("2"), partition=1))
        assert await waits(second, service)
        await first.finish()
        await second
    assert await service.balances() == {(ANAS_CARD, "bread"): (0, 15 + 10)}
    assert len(await service.fetch("select from account where kind = 'unclaimed'")) == 1


async def test_batches_that_want_the_same_accounts_in_different_orders_do_not_block_each_other(service: Service):
    cards = ["h1:" + f"{number:043d}" for number in range(8)]
    batches = [[a_purchase(f"{batch}/{number}", holder=cards[(number * (batch + 1) + batch) % 8]) for number in range(24)] for batch in range(4)]
    verdicts = await asyncio.gather(*(service.hear(*batch, partition=number) for number, batch in enumerate(batches)))
    assert {verdict for each in verdicts for verdict in each} == {"granted"}
    assert await audit(service) == []


async def test_links_registrations_and_purchases_all_at_once_strand_nothing(service: Service):
    cards = ["h1:" + f"{number:043d}" for number in range(6)]
    purchases = [[a_purchase(f"{batch}/{number}", holder=card) for number, card in enumerate(cards * 3)] for batch in range(3)]
    links = [linked(card) for card in cards]
    await asyncio.gather(
        *(service.hear(*batch, partition=number) for number, batch in enumerate(purchases)),
        service.hear(*links[:3], registered()),
        service.hear(*links[3:], partition=1),
    )
    await service.hear(*(a_purchase(f"last/{card}", holder=card) for card in cards))
    assert await audit(service) == []
    assert {holder for holder, _ in await service.balances()} == {MEMBER_ANA}


async def test_two_hundred_purchases_at_once_of_one_member_earn_no_more_than_the_cap(service: Service):
    """The programme's cap leaves room for 20 of the 200, and the last point of it is given."""
    await service.publish(BREAD.replace("programme: bread", "programme: rolls").replace("corner-bakery", "rolls") + "cap: {points: 205, per: day}\n")
    batches = [[a_purchase(f"{batch}/{number}", merchant="rolls") for number in range(25)] for batch in range(8)]
    await asyncio.gather(*(service.hear(*batch, partition=number) for number, batch in enumerate(batches)))
    assert await service.balances() == {(ANAS_CARD, "rolls"): (0, 205)}
    assert await audit(service) == []
