"""The figures that other loyalty systems publish about lots, expiry and spending, played with real events. The ids lead to the collection of cases."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from accrual.handlers.holds import Declined, Shown

from .builders import ANAS_CARD, NOON
from .conftest import Caller, Service
from .spending import SHOP, capture, held, hold
from .test_captures import brought_back, paid_with
from .test_checks import audit
from .test_holds import bought, buckets

CENTS = SHOP.replace("worth: 1.00", "worth: 0.01")
A_DAY = timedelta(days=1)


async def spend(service: Service, points: int, purchase_id: str = "spent", **asked: Any) -> str:
    """Hold and capture; the reason why not, if not."""
    found = await hold(service, points, purchase_id=purchase_id, **asked)
    if isinstance(found, Declined):
        return found.code
    used = await capture(service, found.hold.id)
    assert isinstance(used, Shown)
    return f"spent {used.hold.captured}"


async def left(service: Service) -> dict[str, int]:
    rows = await service.fetch("select expires_at, remaining from lot order by expires_at")
    return {f"{expires_at:%Y-%m-%d}": remaining for expires_at, remaining in rows}


async def test_case_t_42_what_expires_first_is_spent_first(service: Service):
    second = SHOP.replace("version: 1", "version: 2").replace("2024-01-01", "2025-03-11") + "expiry: {on: 12-31}\n"
    await service.publish(SHOP + "expiry: {on: 05-31}\n")
    await service.hear(bought("until 2025-06-01", 100))
    await service.publish(second.replace("12-31", "05-15"))
    service.clock.advance(days=2)
    await service.hear(bought("until 2025-05-16", 100, at=service.clock()))
    assert await spend(service, 100) == "spent 100"
    assert await left(service) == {"2025-05-16": 0, "2025-06-01": 100}
    assert await audit(service) == []


async def test_case_t_45_a_deficit_is_paid_by_the_next_credit_and_one_lot_is_left(service: Service):
    """Credit 50, debit 80, credit 100. Spending beyond the balance is refused here, so the deficit comes from what came back after it was spent."""
    await service.publish(SHOP + "returns: {spent: debt}\n")
    await service.hear(bought("p-0", 50), bought("p-1", 30))
    assert await spend(service, 80) == "spent 80"
    await service.hear(brought_back())
    assert await buckets(service) == (0, 0, -30)
    await service.hear(bought("p-2", 100))
    assert await buckets(service) == (70, 0, 0)
    assert await service.fetch("select remaining from lot where remaining > 0") == [(70,)]
    assert await audit(service) == []


async def test_points_may_be_used_by_age_instead_by_a_hold_and_by_whatever_of_it_is_captured(service: Service):
    """Neither does the order change what is owed, nor do points that come back go anywhere else."""
    by_age = SHOP + "spending: {order: oldest}\n"
    second = by_age.replace("version: 1", "version: 2").replace("2024-01-01", "2025-03-11")
    await service.publish(by_age + "expiry: {on: 05-31}\n")
    await service.hear(bought("until 2025-06-01", 100))
    await service.publish(second + "expiry: {on: 05-15}\n")
    service.clock.advance(days=2)
    await service.hear(bought("until 2025-05-16", 100, at=service.clock()))
    hold_id = await held(service, 150, purchase_id="some")
    assert await left(service) == {"2025-05-16": 50, "2025-06-01": 0}
    await capture(service, hold_id, points=70)
    assert await left(service) == {"2025-05-16": 100, "2025-06-01": 30}
    assert await spend(service, 30) == "spent 30"
    assert await left(service) == {"2025-05-16": 100, "2025-06-01": 0}
    assert await audit(service) == []


async def test_case_t_47_what_was_not_spent_of_a_lot_expires(service: Service):
    await service.publish(SHOP + "expiry: {after: 1 month}\n")
    await service.hear(bought("p-0", 150))
    await spend(service, 50)
    service.clock.advance(days=40)
    await service.turn()
    assert await service.fetch("select amount from entry where operation = 'expire'") == [(-100,)]
    assert await buckets(service) == (0, 0, 0)


async def test_case_t_48_points_of_two_purchases_pay_for_two_rewards_of_500(service: Service):
    """The quirk, that a purchase's own points pay for the reward on it, is a hold right after the purchase; the oldest points are used first."""
    terms = "expiry: {after: 90 days}\nspending: {order: oldest}\n"
    await service.publish(CENTS.replace("points: 1, per: 1.00", "points: 5, per: 1.00") + terms)
    await service.hear(bought("p-1", 115))
    assert await spend(service, 500, "p-1") == "spent 500"
    assert await buckets(service) == (75, 0, 0)
    service.clock.advance(seconds=1)
    await service.hear(bought("p-2", 161, at=service.clock()))
    assert await spend(service, 500, "p-2") == "spent 500"
    assert await service.fetch("select remaining from lot order by granted_at") == [(0,), (380,)]
    service.clock.advance(days=91)
    await service.turn()
    assert await buckets(service) == (0, 0, 0)
    assert await audit(service) == []


async def test_case_t_49_not_enough_points(service: Service):
    await service.publish(SHOP + "expiry: {after: 1 month}\n")
    await service.hear(bought("p-0", 100))
    assert [await spend(service, 10), await spend(service, 100)] == ["spent 10", "insufficient-points"]
    await service.hear(bought("p-1", 300), bought("p-2", 200))
    assert await spend(service, 200) == "spent 200"
    service.clock.advance(days=40)
    assert await spend(service, 1) == "insufficient-points"  # though the clock has not turned


@pytest.mark.parametrize(
    ("expiry", "earned", "last"),
    [
        ("{on: 12-31}", datetime(2025, 1, 22, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)),
        ("{to: end_of_month}", datetime(2025, 1, 22, tzinfo=UTC), datetime(2025, 2, 1, tzinfo=UTC)),
        ("{to: end_of_year}", datetime(2024, 5, 5, tzinfo=UTC), datetime(2025, 1, 1, tzinfo=UTC)),
        ("{after: 1 month}", datetime(2025, 1, 25, tzinfo=UTC), datetime(2025, 2, 26, tzinfo=UTC)),
    ],
    ids=["a yearly date", "T-50 end of month", "T-50 end of year", "T-51 after 1 month"],
)
async def test_points_are_usable_to_the_end_of_their_last_day(service: Service, expiry: str, earned: datetime, last: datetime):
    await service.publish(SHOP + f"expiry: {expiry}\n")
    service.clock.now = earned
    await service.hear(bought("p-0", 100, at=earned))
    service.clock.now = last - timedelta(seconds=1)
    assert await spend(service, 1) == "spent 1"
    service.clock.now = last
    assert await spend(service, 1) == "insufficient-points"


@pytest.mark.parametrize(
    ("spending", "worth", "balance", "wanted", "cents", "most"),
    [
        ("{}", "0.01", 700, 1000, 1000_00, 700),
        ("{share: 50%}", "0.01", 10_000, 10_000, 100_00, 5000),
        ("{step: 100}", "0.05", 2_000, 1050, 1000_00, 1000),
        ("{minimum: 500}", "0.01", 1_000, 400, 1000_00, 0),
    ],
    ids=["balance", "cap 50 %", "blocks of 100", "below the minimum"],
)
async def test_case_t_54_how_many_points_are_taken(service: Service, spending: str, worth: str, balance: int, wanted: int, cents: int, most: int):
    await service.publish(SHOP.replace("worth: 1.00", f"worth: {worth}") + f"spending: {spending}\n")
    await service.hear(bought("p-0", balance))
    cart = {"merchant": "shop", "currency": "RUB", "lines": [{"line_id": "1", "sku": "any", "paid_amount": cents}]}
    found = await hold(service, wanted, purchase=cart, partly=True)
    assert (found.hold.points if isinstance(found, Shown) else 0) == most
    assert (await buckets(service))[1] == most


async def test_case_t_55_the_same_purchase_spends_once_and_rolls_back_once(service: Service):
    await service.publish(SHOP)
    await service.hear(bought("p-0", 1000))
    purchase = paid_with(await held(service, 300))
    await service.hear(purchase, purchase, paid_with(purchase.data.hold_id, event_id="told again"))
    assert (await buckets(service))[0] == 700 + 100  # what the purchase earns comes on top
    assert await service.fetch("select count(*) from entry where operation = 'capture'") == [(1,)]
    back = brought_back()
    assert await service.hear(back, back, brought_back(return_id="once more")) == ["reversed", "duplicate", "refused already-returned"]
    assert await buckets(service) == (1000, 0, 0)
    assert await audit(service) == []


async def test_case_t_55_no_more_is_taken_than_is_there(service: Service):
    await service.publish(SHOP)
    await service.hear(bought("p-0", 200))
    assert await spend(service, 500, partly=True) == "spent 200"
    assert await buckets(service) == (0, 0, 0)


async def test_case_t_58_what_is_missing_for_a_reward_is_told(caller: Caller, service: Service):
    await service.publish(SHOP)
    await service.hear(bought("p-0", 50, at=NOON - A_DAY))
    asked = {"holder": ANAS_CARD, "merchant": "shop", "purchase_id": "p-1", "points": 250}
    answer = await caller.post("/v1/holds", asked, **{"Idempotency-Key": "k"})
    assert (answer.json()["code"], answer.json()["missing"]) == ("insufficient-points", 200)
