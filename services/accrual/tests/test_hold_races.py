"""Holds when several want the same: one resolve wins, and no more is held than is there."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accrual.handlers import holds
from accrual.handlers.holds import Declined, Shown
from contracts.holds import HoldRequest

from .builders import ANAS_CARD, BORIS_CARD, MEMBER_ANA, NOON, linked
from .conftest import Caller, NewService, Service
from .spending import SHOP, TILL, capture, held, hold, release
from .test_captures import brought_back, paid_with
from .test_checks import audit
from .test_holds import bought, buckets
from .test_races import waits


@pytest.fixture
async def shop(service: Service) -> Service:
    await service.publish(SHOP)
    await service.hear(bought("p-0", 100))
    return service


async def test_three_hundred_holds_at_once_never_hold_more_than_is_there(caller: Caller, shop: Service):
    """Each till asks for 7 of 100 points; a transaction of its own for each."""
    asked = {"holder": ANAS_CARD, "merchant": "shop", "purchase_id": "p-1", "points": 7}
    answers = await asyncio.gather(*(caller.post("/v1/holds", asked, **{"Idempotency-Key": f"k-{number}"}) for number in range(300)))
    codes = Counter(answer.json().get("code", "held") for answer in answers)
    assert codes == {"held": 14, "insufficient-points": 286}
    assert await buckets(shop) == (2, 98, 0)
    assert await audit(shop) == []


async def test_one_key_asked_fifty_times_at_once_holds_once(caller: Caller, shop: Service):
    asked = {"holder": ANAS_CARD, "merchant": "shop", "purchase_id": "p-1", "points": 7}
    answers = await asyncio.gather(*(caller.post("/v1/holds", asked, **{"Idempotency-Key": "k"}) for _ in range(50)))
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert len({answer.content for answer in answers if answer.status_code == 201}) == 1
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} <= {"still-running"}
    assert await buckets(shop) == (93, 7, 0)


async def test_one_permit_of_two_tills_at_once_holds_once(caller: Caller, shop: Service):
    await shop.hear(bought("p-b", 100, holder=BORIS_CARD))
    asked = {"merchant": "shop", "purchase_id": "p-1", "points": 7, "permit": "permit-1"}
    who = enumerate((ANAS_CARD, BORIS_CARD) * 5)
    answers = await asyncio.gather(*(caller.post("/v1/holds", {**asked, "holder": holder}, **{"Idempotency-Key": f"k-{number}"}) for number, holder in who))
    assert Counter(answer.json().get("code", "held") for answer in answers) == {"held": 1, "permit-used": 9}
    assert sum(held for (held,) in await shop.fetch("select held from account")) == 7
    assert await audit(shop) == []


async def test_two_members_at_once_pay_no_more_of_one_receipt_than_its_share(service: Service):
    """The second waits until it is known what the first has put aside, although their accounts have nothing in common."""
    await service.publish(SHOP + "spending: {share: 50%}\n")
    await service.hear(bought("p-a", 100), bought("p-b", 100, holder=BORIS_CARD))
    cart = {"merchant": "shop", "currency": "RUB", "lines": [{"line_id": "1", "sku": "loaf", "paid_amount": 100_00}]}
    connection = await asyncpg.connect(service.database.url)
    transaction = connection.transaction()
    await transaction.start()
    programmes = await service.catalogue.current(connection)
    request = HoldRequest.model_validate({"holder": ANAS_CARD, "merchant": "shop", "purchase_id": "p-1", "points": 30, "purchase": cart})
    assert isinstance(await holds.hold(connection, programmes, request, source=TILL, key="first", now=service.clock()), Shown)
    second = asyncio.create_task(hold(service, 30, holder=BORIS_CARD, purchase=cart))
    assert await waits(second, service)
    await transaction.commit()
    await connection.close()
    assert (await second).code == "over-share"
    assert isinstance(await hold(service, 20, holder=BORIS_CARD, purchase=cart), Shown)
    assert await audit(service) == []


Way = Callable[[Service, Any], Awaitable[Any]]


async def _overdue(service: Service, _: Any) -> int:
    return await service.overdue()


async def _by_purchase(service: Service, hold_id: Any) -> list[str]:
    return await service.hear(paid_with(hold_id), partition=1)


WAYS: dict[str, Way] = {"capture": capture, "another capture": capture, "release": release, "expiry": _overdue, "purchase": _by_purchase}


async def test_capture_release_expiry_and_purchase_at_once_resolve_a_hold_once(shop: Service):
    for number in range(12):
        hold_id = await held(shop, 40, expires_in_seconds=1)
        shop.clock.advance(seconds=1)
        ways = list(WAYS.values())
        ways = ways[number % len(ways) :] + ways[: number % len(ways)]
        await asyncio.gather(*(way(shop, hold_id) for way in ways))
        ((state, captured),) = await shop.fetch("select state, captured from hold where id = $1", hold_id)
        assert (state, captured) in {("captured", 40), ("released", 0), ("expired", 40)}
        assert await shop.fetch("select count(*) from spend where hold_id = $1", hold_id) == [(1 if captured else 0,)]
        await shop.hear(bought(f"more/{number}", 100))
        assert await shop.fetch("select held from account where held > 0") == []
    assert await audit(shop) == []


@pytest.mark.parametrize("second", [name for name in WAYS if name != "another capture"])
@pytest.mark.parametrize("first", ["capture", "release"])
async def test_whoever_comes_second_waits_and_sees_what_the_first_did(shop: Service, first: str, second: str):
    hold_id = await held(shop, 40, expires_in_seconds=1)
    shop.clock.advance(seconds=1)
    connection = await asyncpg.connect(shop.database.url)
    transaction = connection.transaction()
    await transaction.start()
    who: dict[str, Any] = {"source": TILL, "key": "first", "now": shop.clock()}
    programmes = await shop.catalogue.current(connection)
    done = await (holds.release(connection, hold_id, **who) if first == "release" else holds.capture(connection, programmes, hold_id, points=None, **who))
    assert isinstance(done, Shown)
    task = asyncio.create_task(_as_task(WAYS[second], shop, hold_id))
    assert await waits(task, shop)
    await transaction.commit()
    await connection.close()
    after = await task
    state = {"capture": "captured", "release": "released"}[first]
    assert await shop.fetch("select state, captured from hold") == [(state, 40 if first == "capture" else 0)]
    assert not isinstance(after, Declined) or after.code == f"hold-{state}"
    assert await audit(shop) == []


async def _as_task(way: Way, service: Service, hold_id: Any) -> Any:
    return await way(service, hold_id)


async def test_a_till_killed_between_hold_and_commit_has_held_nothing_and_asks_again(caller: Caller, shop: Service):
    connection = await asyncpg.connect(shop.database.url)
    transaction = connection.transaction()
    await transaction.start()
    programmes = await shop.catalogue.current(connection)
    request = HoldRequest(holder=ANAS_CARD, merchant="shop", purchase_id="p-1", points=40)
    assert isinstance(await holds.hold(connection, programmes, request, source=TILL, key="k", now=shop.clock()), Shown)
    waiting = asyncio.create_task(hold(shop, 80))
    assert await waits(waiting, shop)
    connection.terminate()
    assert isinstance(await waiting, Shown)
    assert await buckets(shop) == (20, 80, 0)
    assert await audit(shop) == []


async def test_a_service_killed_between_hold_and_capture_loses_nothing(new_service: NewService, shop: Service):
    """Everything is in the database: whoever starts next captures, or lets it expire."""
    hold_id = await held(shop, 40)
    other = Service(shop.database, shop.clock)
    assert (await capture(other, hold_id)).hold.captured == 40
    assert await buckets(other) == (60, 0, 0)


async def test_a_hold_and_the_link_of_its_card_at_once_lose_no_point(shop: Service):
    for number in range(6):
        card = "h1:" + f"{number:043d}"
        await shop.hear(bought(f"c-{number}", 50, holder=card))
        results = await asyncio.gather(_patiently(shop, 30, card), shop.hear(linked(card), partition=2))
        assert isinstance(results[0], Shown)
    assert (await buckets(shop, MEMBER_ANA))[:2] == (6 * 20, 6 * 30)
    assert await audit(shop) == []


async def _patiently(service: Service, points: int, card: str) -> Shown | Declined:
    """As the API does: if the account moves meanwhile, look again where it is."""
    while True:
        try:
            return await hold(service, points, holder=card)
        except Exception as error:
            if type(error).__name__ != "Repeat":
                raise


steps = st.lists(
    st.one_of(
        st.tuples(st.just("buy"), st.integers(1, 90)),
        st.tuples(st.just("hold"), st.integers(1, 120)),
        st.tuples(st.just("capture"), st.integers(0, 60)),
        st.tuples(st.just("release"), st.just(0)),
        st.tuples(st.just("purchase"), st.integers(0, 60)),
        st.tuples(st.just("return"), st.integers(1, 100)),
        st.tuples(st.just("wait"), st.integers(1, 40)),
    ),
    max_size=24,
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(steps=steps)
async def test_whatever_is_held_used_and_brought_back_the_books_are_in_order(new_service: NewService, steps: list[tuple[str, int]]):
    """Any life of one account, with debts, expiry and grace; the audit compares holds, lots, spends and balances."""
    service = await new_service()
    service.clock.now = NOON
    await service.publish(SHOP + "expiry: {after: 1 month}\nspending: {grace: 3 days}\nreturns: {spent: debt}\n")
    made: list[Any] = []
    for number, (step, amount) in enumerate(steps):
        last = made[-1 - amount % len(made)] if made else None
        now = service.clock()
        if step == "buy":
            await service.hear(bought(f"b-{number}", amount, at=now))
        elif step == "hold":
            found = await hold(service, amount, partly=True, purchase_id=f"p-{len(made)}", expires_in_seconds=3600)
            made += [found.hold.id] if isinstance(found, Shown) else []
        elif step == "capture" and last:
            await capture(service, last, points=amount)
        elif step == "release" and last:
            await release(service, last)
        elif step == "purchase" and last:
            await service.hear(paid_with(last, f"p-{made.index(last)}", points=amount, at=now))
        elif step == "return" and last:
            await service.hear(brought_back(purchase_id=f"p-{made.index(last)}", return_id=f"r-{number}", occurred_at=now))
        elif step == "wait":
            service.clock.advance(hours=amount * 12)
            await service.turn()
            await service.overdue()
    assert await audit(service) == []
