"""The programme `book-circle.yaml` with real events: what readers do, coupons, a campaign offered to some, and limits nobody honest meets."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from accrual.handlers import approving
from accrual.handlers.rewarding import Desk
from accrual.handlers.rewards import Origin
from accrual.handlers.settling import Settling
from accrual.store import social
from contracts.envelope import Event
from contracts.identifiers import member_holder
from contracts.members import MemberRegistered
from contracts.segments import SegmentEntered

from .builders import MEMBERS, a_purchase, an_activity, an_event
from .conftest import Caller, Service
from .domain.builders import PROGRAMMES
from .test_checks import audit

TODAY = datetime(2026, 3, 10, 12, tzinfo=UTC)
SHOP, CIRCLE = "book-circle-shop", "book-circle"


@pytest.fixture
async def circle(service: Service) -> Service:
    service.clock.now = datetime(2025, 12, 31, tzinfo=UTC)
    await service.publish((PROGRAMMES / "book-circle.yaml").read_text())
    service.clock.now = TODAY
    return service


def reader(number: int) -> UUID:
    return UUID(int=number, version=4)


def joined(number: int, at: datetime) -> Event[Any]:
    data = MemberRegistered(member_id=reader(number), programme=CIRCLE, registered_at=at)
    return an_event(data, event_id=f"joined/{number}", source=MEMBERS)


def reads_poetry(number: int) -> Event[Any]:
    data = SegmentEntered(member_id=reader(number), segment="reads-poetry", segment_version=1, entered_at=TODAY - timedelta(days=30))
    return an_event(data, event_id=f"poetry/{number}", source=MEMBERS)


def bought(purchase_id: str, number: int, *coupons: str, **fields: Any) -> Event[Any]:
    given = {"merchant": SHOP, "kopecks": 1000_00, "category": "novel", "at": TODAY, "coupons": coupons}
    return a_purchase(purchase_id, holder=member_holder(reader(number)), **{**given, **fields})


async def points(service: Service, number: int) -> int:
    found = await service.balances()
    return sum(found.get((member_holder(reader(number)), CIRCLE), (0, 0)))


async def test_poetry_is_worth_more_to_those_who_read_it_and_faith_is_rewarded(circle: Service):
    await circle.hear(joined(1, TODAY - timedelta(days=60)), reads_poetry(2), bought("1", 1, category="poetry"))
    assert await points(circle, 1) == 50
    await circle.hear(bought("2", 2, category="poetry"))
    assert await points(circle, 2) in (100, 150)  # one in ten is in the control group of the campaign


async def test_one_in_ten_is_not_offered_the_campaign_and_always_the_same_ones(circle: Service):
    await circle.hear(*(reads_poetry(number) for number in range(1, 61)))
    for batch in ("a", "b"):
        await circle.hear(*(bought(f"{batch}/{number}", number, category="poetry") for number in range(1, 61)))
    found = [await points(circle, number) for number in range(1, 61)]
    assert set(found) == {200, 300}
    assert 0 < found.count(200) < 20
    ((used,),) = await circle.fetch("select value from shared_counter where rule = 'campaign/poetry-month' and period = 'grants'")
    assert used == 2 * found.count(300)
    assert await audit(circle) == []


async def test_what_readers_do_counts_as_often_as_it_may(circle: Service):
    def did(kind: str, *numbers: int) -> list[Event[Any]]:
        return [an_activity(f"{kind}/{number}", holder=member_holder(reader(1)), kind=kind, programme=CIRCLE, at=TODAY) for number in numbers]

    await circle.hear(*did("birthday", 1, 2), *did("friend-bought", 1, 2))
    assert await circle.balances() == {(member_holder(reader(1)), CIRCLE): (300 + 2 * 150, 0)}


async def test_reviews_are_looked_at_and_whoever_reads_most_in_spring_wins(circle: Service, caller: Caller):
    def reviewed(number: int) -> Event[Any]:
        link = f"https://www.livelib.ru/review/{number}"
        return an_activity(f"review/{number}", holder=member_holder(reader(number)), kind="review-posted", programme=CIRCLE, at=TODAY, link=link)

    await circle.hear(joined(1, TODAY), joined(2, TODAY), bought("1", 1), bought("2", 2, category="poetry"), bought("3", 2, category="stationery"))
    assert await circle.hear(reviewed(1), reviewed(2)) == ["waiting", "waiting"]
    async with circle.pool.acquire() as connection, connection.transaction():
        desk = Desk(connection, await circle.catalogue.current(connection), Origin("urn:test:office", "1", "command", TODAY), TODAY)
        waiting = {each.holder: each.action.id for each in await social.page(connection, state="waiting", programme=CIRCLE, after=None, limit=2)}
        await approving.approve(desk, waiting[member_holder(reader(1))], by="olga")
        await approving.reject(desk, waiting[member_holder(reader(2))], by="olga", reason="not about a book")
    standings = await caller.get(f"/v1/contests/{CIRCLE}/spring-reading")
    assert [(each["place"], each["score"]) for each in standings["first"]] == [(1, 10 + 20), (2, 10 + 5)]
    before = await points(circle, 2)
    circle.clock.now = datetime(2026, 6, 15, tzinfo=UTC)
    async with circle.pool.acquire() as connection, connection.transaction():
        assert await Settling(circle.catalogue).turn(connection, circle.clock()) == 1
    assert await circle.fetch("select reward, way from entitlement") == [("signed-edition", "prize")]
    assert await points(circle, 2) == before + 1000
    assert await audit(circle) == []


async def test_coupons_bring_readers_back(circle: Service, caller: Caller):
    order = {"programme": CIRCLE, "coupon": "come-back", "holder": member_holder(reader(1))}
    (code,) = (await caller.post("/v1/coupons", order, **{"idempotency-key": "1"})).json()["codes"]
    await circle.hear(bought("1", 1, code, "bookmark26"), bought("2", 1, code, "bookmark26"), bought("3", 2, code))
    assert (await points(circle, 1), await points(circle, 2)) == (2 * 50 + 200 + 100, 50)


async def test_nobody_earns_faster_than_anybody_reads(circle: Service):
    quick = [bought(str(number), 1, at=TODAY + timedelta(seconds=number)) for number in range(7)]
    verdicts = await circle.hear(*quick)
    assert verdicts == ["granted"] * 5 + ["nothing-earned too-many-purchases"] * 2
    assert await circle.hear(bought("4", 1, at=TODAY + timedelta(seconds=4), revision=2, kopecks=2000_00)) == ["granted"]
    assert await points(circle, 1) == 6 * 50
    assert await audit(circle) == []
