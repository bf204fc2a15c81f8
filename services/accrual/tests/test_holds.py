"""Points put aside at a till: each hold is resolved once, whoever comes first, and its points are somewhere at every moment."""

from datetime import timedelta
from typing import Any

import pytest

from accrual.handlers.holds import Shown
from contracts.envelope import decode
from contracts.rewards import RewardExpired
from contracts.spending import RewardHeld, RewardReleased, RewardSpent

from .builders import ANAS_CARD, BORIS_CARD, MEMBER_ANA, NOON, a_purchase, linked, registered
from .conftest import Caller, Service
from .spending import SHOP, capture, held, hold, release
from .test_checks import audit

TILL = {"Idempotency-Key": "k-1"}


def bought(purchase_id: str, roubles: int, **fields: Any) -> Any:
    return a_purchase(purchase_id, merchant="shop", kopecks=roubles * 100, zone="UTC", **fields)


async def buckets(service: Service, holder: str = ANAS_CARD) -> tuple[int, int, int]:
    """What a holder has: available, held and owed."""
    ((available, on_hold, debt),) = await service.fetch("select available, held, debt from holder join account on id = account_id where holder = $1", holder)
    return available, on_hold, debt


async def told(service: Service) -> list[Any]:
    return [decode(record).data for record in await service.said()]


@pytest.fixture
async def shop(service: Service) -> Service:
    await service.publish(SHOP)
    await service.hear(bought("p-0", 100))
    return service


def a_hold(points: int = 40, **fields: Any) -> dict[str, Any]:
    return {"holder": ANAS_CARD, "merchant": "shop", "purchase_id": "p-1", "points": points, **fields}


async def test_a_till_holds_points_and_captures_some_and_the_rest_comes_back(caller: Caller, shop: Service):
    answer = await caller.post("/v1/holds", a_hold(), **TILL)
    made = answer.json()
    assert answer.status_code == 201, answer.text
    assert made == {
        "hold_id": made["hold_id"],
        "holder": ANAS_CARD,
        "programme": "shop",
        "merchant": "shop",
        "purchase_id": "p-1",
        "points": 40,
        "worth": {"amount": 40_00, "currency": "RUB"},
        "entitlements": [],
        "state": "open",
        "captured": 0,
        "debt": 0,
        "limited": None,
        "made_at": "2025-03-10T12:00:00Z",
        "expires_at": "2025-03-10T12:30:00Z",
        "resolved_at": None,
    }
    assert await buckets(shop) == (60, 40, 0)
    assert await caller.get(f"/v1/holds/{made['hold_id']}") == made
    captured = (await caller.post(f"/v1/holds/{made['hold_id']}/capture", {"points": 25}, **TILL)).json()
    assert captured == {**made, "state": "captured", "captured": 25, "resolved_at": "2025-03-10T12:00:00Z"}
    assert await buckets(shop) == (75, 0, 0)
    on_hold, used, back = (await told(shop))[-3:]
    assert isinstance(on_hold, RewardHeld)
    assert isinstance(used, RewardSpent)
    assert isinstance(back, RewardReleased)
    assert [(each.points, each.account_version, each.balance.available, each.balance.held) for each in (on_hold, used, back)] == [
        (40, 2, 60, 40),
        (25, 3, 60, 15),
        (15, 4, 75, 0),
    ]
    assert (on_hold.cause.kind, on_hold.cause.merchant, on_hold.cause.purchase_id, back.reason) == ("command", "shop", "p-1", "rest")
    assert [(lot.points, lot.remaining) for lot in (*on_hold.lots, *back.lots)] == [(40, 60), (15, 75)]
    assert await audit(shop) == []


async def test_the_same_key_holds_once_and_another_payload_under_it_is_refused(caller: Caller, shop: Service):
    first, again = [await caller.post("/v1/holds", a_hold(), **TILL) for _ in range(2)]
    assert (first.status_code, first.content) == (again.status_code, again.content)
    other = await caller.post("/v1/holds", a_hold(41), **TILL)
    assert (other.status_code, other.json()["code"]) == (422, "conflict")
    none = await caller.post("/v1/holds", a_hold())
    assert (none.status_code, none.json()["code"]) == (400, "key-missing")
    assert await buckets(shop) == (60, 40, 0)


async def test_a_second_resolve_is_told_by_name_what_came_of_the_first(caller: Caller, shop: Service):
    path = f"/v1/holds/{await held(shop, 40)}"
    first = (await caller.post(f"{path}/release", None, **{"Idempotency-Key": "r-1"})).json()
    assert (first["state"], await buckets(shop)) == ("released", (100, 0, 0))
    for number, way in enumerate(("release", "capture")):
        second = await caller.post(f"{path}/{way}", {}, **{"Idempotency-Key": f"s-{number}"})
        assert (second.status_code, second.json()["code"], second.json()["hold"]) == (409, "hold-released", first)
    path = f"/v1/holds/{await held(shop, 40)}"
    first = (await caller.post(f"{path}/capture", {}, **{"Idempotency-Key": "c-1"})).json()
    for number, way in enumerate(("release", "capture")):
        second = await caller.post(f"{path}/{way}", {}, **{"Idempotency-Key": f"t-{number}"})
        assert (second.status_code, second.json()["code"], second.json()["hold"]) == (409, "hold-captured", first)
    assert await buckets(shop) == (60, 0, 0)
    assert await audit(shop) == []


@pytest.mark.parametrize(
    ("asked", "status", "code", "missing"),
    [
        (a_hold(101), 422, "insufficient-points", 1),
        (a_hold(holder=BORIS_CARD), 404, "unknown-holder", 0),
        (a_hold(merchant="nobody"), 422, "unknown-merchant", 0),
        (a_hold(0), 422, "invalid-request", None),
        (a_hold(expires_in_seconds=86_401), 422, "invalid-request", None),
        (a_hold(colour="red"), 422, "invalid-request", None),
        (a_hold(identifier={"kind": "card", "value": "1"}), 422, "invalid-request", None),
    ],
)
async def test_points_that_cannot_be_held_are_refused_by_name(
    caller: Caller, shop: Service, asked: dict[str, Any], status: int, code: str, missing: int | None
):
    answer = await caller.post("/v1/holds", asked, **TILL)
    assert (answer.status_code, answer.json()["code"], answer.json().get("missing")) == (status, code, missing)
    assert await buckets(shop) == (100, 0, 0)


async def test_what_is_not_there_is_not_found_and_no_more_is_captured_than_was_held(caller: Caller, shop: Service):
    nowhere = "/v1/holds/00000000-0000-4000-8000-000000000000"
    assert await caller.refused(nowhere) == (404, "unknown-hold")
    assert (await caller.post(f"{nowhere}/capture", {}, **TILL)).json()["code"] == "unknown-hold"
    over = await caller.post(f"/v1/holds/{await held(shop, 40)}/capture", {"points": 41}, **{"Idempotency-Key": "k-2"})
    assert (over.status_code, over.json()["code"]) == (422, "over-captured")
    assert await buckets(shop) == (60, 40, 0)


async def test_as_many_points_as_may_be_used_are_held_where_that_is_asked_for(shop: Service):
    made = await hold(shop, 500, partly=True)
    assert (made.hold.points, made.told["limited"], await buckets(shop)) == (100, "insufficient-points", (0, 100, 0))
    nothing = await hold(shop, 500, partly=True)
    assert nothing.code == "insufficient-points"


async def test_a_permit_is_good_for_one_hold(shop: Service):
    await held(shop, 10, permit="permit-1")
    assert (await hold(shop, 10, permit="permit-1")).code == "permit-used"
    assert await buckets(shop) == (90, 10, 0)


async def test_the_programmes_rules_of_spending_are_kept(service: Service):
    await service.publish(SHOP + "spending: {minimum: 50, step: 10, share: 50%, exclude: {category: tobacco}}\n")
    await service.hear(bought("p-0", 1000))
    lines = [{"line_id": "1", "sku": "loaf", "paid_amount": 300_00}, {"line_id": "2", "sku": "cigars", "category": "tobacco", "paid_amount": 700_00}]
    cart = {"merchant": "shop", "currency": "RUB", "lines": lines}

    async def refused(points: int, **asked: Any) -> str:
        return (await hold(service, points, **asked)).code

    assert await refused(60) == "cart-needed"
    assert [await refused(points, purchase=cart) for points in (40, 65, 160)] == ["below-minimum", "not-in-steps", "over-share"]
    assert (await hold(service, 900, purchase=cart, partly=True)).hold.points == 150


async def test_one_receipt_is_not_paid_for_twice_with_its_share_of_points(service: Service):
    await service.publish(SHOP + "spending: {share: 50%}\n")
    await service.hear(bought("p-0", 1000), bought("p-00", 1000, holder=BORIS_CARD))
    cart = {"merchant": "shop", "currency": "RUB", "lines": [{"line_id": "1", "sku": "loaf", "paid_amount": 300_00}]}
    first = await held(service, 100, purchase=cart)
    assert (await hold(service, 51, purchase=cart)).text == "points pay for at most 50 more points' worth of this receipt"
    await capture(service, first, points=80)
    assert (await hold(service, 71, purchase=cart, holder=BORIS_CARD)).code == "over-share"
    await capture(service, await held(service, 70, purchase=cart, holder=BORIS_CARD))
    assert (await hold(service, 1, purchase=cart, partly=True)).code == "over-share"
    assert isinstance(await hold(service, 150, purchase=cart, purchase_id="p-2"), Shown)
    assert await audit(service) == []


async def test_points_of_somebody_who_has_just_joined_wait(service: Service):
    await service.publish(SHOP + "fraud: {hold_spending: 24 hours}\n")
    await service.hear(bought("p-0", 100))
    assert (await hold(service, 60)).code == "account-too-new"
    await service.hear(registered(programme="shop"), linked())
    assert (await hold(service, 60)).code == "account-too-new"
    service.clock.advance(days=1)
    assert (await hold(service, 60)).hold.points == 60


async def test_points_are_used_no_longer_once_the_programme_has_closed(service: Service):
    await service.publish(SHOP + "close: {earn_until: 2025-03-31, spend_until: 2025-04-30}\n")
    await service.hear(bought("p-0", 100))
    service.clock.now = NOON.replace(month=4, day=30)
    assert isinstance(made := await hold(service, 60), Shown), made
    service.clock.advance(days=1)
    assert (await hold(service, 10)).code == "spending-closed"


async def test_points_whose_day_has_come_are_used_though_the_clock_has_not_turned_yet(service: Service):
    await service.publish(SHOP + "pending: {until: 14 days}\nexpiry: {after: 2 months}\n")
    await service.hear(bought("old", 100, at=NOON - timedelta(days=61)), bought("ripe", 100, at=NOON), bought("green", 100, at=NOON + timedelta(minutes=1)))
    service.clock.now = NOON + timedelta(days=14)
    assert (await hold(service, 201)).code == "insufficient-points"
    await held(service, 200)
    assert await buckets(service) == (0 + 100, 200, 0)  # the old lot's points are gone, and nobody has booked that yet
    assert [each.type.split(".")[2] for each in (await told(service))[-3:]] == ["activated", "activated", "held"]
    await service.turn()
    assert await audit(service) == []


async def test_a_hold_that_nobody_resolves_expires_by_itself(shop: Service):
    hold_id = await held(shop, 40, expires_in_seconds=60)
    shop.clock.advance(seconds=59)
    await shop.overdue()
    assert await buckets(shop) == (60, 40, 0)
    shop.clock.advance(seconds=1)
    assert await shop.overdue() == 1
    assert await buckets(shop) == (100, 0, 0)
    assert (await release(shop, hold_id)).code == "hold-expired"
    assert (await told(shop))[-1].reason == "expired"
    assert await shop.overdue() == 0
    assert await audit(shop) == []


async def test_nobody_waits_for_the_clock_to_use_points_of_a_hold_whose_time_is_over(shop: Service):
    first = await held(shop, 80, expires_in_seconds=60)
    shop.clock.advance(seconds=60)
    await held(shop, 90)
    assert await shop.fetch("select state from hold where id = $1", first) == [("expired",)]
    assert await buckets(shop) == (10, 90, 0)


async def test_a_capture_after_the_hold_expired_is_a_new_spend_once_and_what_is_missing_is_owed(shop: Service):
    hold_id = await held(shop, 80, expires_in_seconds=60)
    shop.clock.advance(seconds=60)
    await shop.overdue()
    assert await capture(shop, await held(shop, 70, purchase_id="p-2"))
    late = await capture(shop, hold_id)
    assert (late.hold.state, late.hold.captured, late.hold.owed) == ("expired", 80, 50)
    assert await buckets(shop) == (0, 0, -50)
    assert (await capture(shop, hold_id)).code == "hold-captured"
    last = (await told(shop))[-1]
    assert (last.points, last.debt, last.balance.debt) == (30, 50, -50)
    await shop.hear(bought("p-3", 60))
    assert await buckets(shop) == (10, 0, 0)
    assert await audit(shop) == []


async def test_points_released_into_a_lot_whose_last_day_is_over_expire_at_once(service: Service):
    await service.publish(SHOP + "expiry: {after: 1 month}\n")
    await service.hear(bought("p-0", 100))
    service.clock.now = NOON + timedelta(days=31, hours=11, minutes=30)
    hold_id = await held(service, 40, expires_in_seconds=24 * 3600)
    service.clock.advance(hours=2)
    await service.turn()
    assert await buckets(service) == (0, 40, 0)
    await release(service, hold_id)
    assert await buckets(service) == (0, 0, 0)
    gone = [each for each in await told(service) if isinstance(each, RewardExpired)]
    assert [each.points for each in gone] == [60, 40]
    assert len({record.headers for record in await service.said()}) == len(await service.said())
    assert await audit(service) == []


async def test_what_a_guest_holds_moves_to_the_member_and_is_captured_there(shop: Service):
    first, second = await held(shop, 60), await held(shop, 40)
    await shop.hear(linked())
    assert await buckets(shop, MEMBER_ANA) == (0, 100, 0)
    assert (await capture(shop, first)).holder == MEMBER_ANA
    assert (await release(shop, second)).hold.state == "released"
    assert await buckets(shop, MEMBER_ANA) == (40, 0, 0)
    assert await audit(shop) == []


async def test_history_names_what_happened_to_held_points(caller: Caller, shop: Service):
    await capture(shop, await held(shop, 40), points=30)
    items = (await caller.get(f"/v1/accounts/{ANAS_CARD}/history"))["items"]
    assert [(each["movement"], each["points"], each["balance"]["available"]) for each in items] == [
        ("released", 10, 70),
        ("spent", 30, 60),
        ("held", 40, 60),
        ("granted", 100, 100),
    ]
    assert [each["cause"]["kind"] for each in items] == ["command", "command", "command", "purchase"]
