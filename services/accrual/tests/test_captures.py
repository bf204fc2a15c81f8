"""A purchase captures the hold that it names; what is returned of it gives the points back."""

from datetime import timedelta
from typing import Any

import pytest

from contracts.envelope import Event, decode
from contracts.purchases import Line
from contracts.rewards import RewardRefused
from contracts.spending import RewardRestored

from .builders import ANAS_CARD, BORIS_CARD, MEMBER_ANA, NOON, a_purchase, back, cancelled, linked, returned
from .conftest import Caller, Service
from .spending import SHOP, capture, held, release
from .test_checks import audit
from .test_holds import bought, buckets, told

TWO = (Line(line_id="1", sku="loaf", paid_amount=75_00), Line(line_id="2", sku="tea", paid_amount=25_00))


def paid_with(hold_id: Any, purchase_id: str = "p-1", *, points: int | None = None, **fields: Any) -> Event[Any]:
    """A receipt of 100.00, at whose till a hold was made."""
    return a_purchase(purchase_id, **{"merchant": "shop", "zone": "UTC", "lines": TWO, "hold_id": str(hold_id), "hold_points": points, **fields})


def brought_back(*lines: Any, purchase_id: str = "p-1", return_id: str = "r-1", **fields: Any) -> Event[Any]:
    return returned(purchase_id, *lines, merchant="shop", return_id=return_id, **fields)


@pytest.fixture
async def shop(service: Service) -> Service:
    await service.publish(SHOP + "spending: {grace: 14 days}\nreturns: {spent: debt}\n")
    await service.hear(bought("p-0", 100))
    return service


async def refusals(service: Service) -> list[str]:
    return [each.reason for each in await told(service) if isinstance(each, RewardRefused)]


async def lots(service: Service) -> list[tuple[int, str]]:
    rows = await service.fetch("select remaining, state from lot order by version, id")
    return [(remaining, state) for remaining, state in rows]


async def test_a_purchase_captures_the_hold_that_it_names_and_earns_besides(shop: Service):
    hold_id = await held(shop, 40)
    assert await shop.hear(paid_with(hold_id, points=30)) == ["granted"]
    assert await buckets(shop) == (100 - 30 + 100, 0, 0)
    assert await shop.fetch("select state, captured from hold") == [("captured", 30)]
    assert (await capture(shop, hold_id)).code == "hold-captured"
    assert await refusals(shop) == []
    assert await audit(shop) == []


async def test_a_purchase_whose_hold_was_captured_before_changes_nothing_of_it(shop: Service):
    hold_id = await held(shop, 40)
    await capture(shop, hold_id, points=10)
    assert await shop.hear(paid_with(hold_id), paid_with(hold_id, event_id="again"), paid_with(hold_id, revision=2)) == [
        "granted",
        "duplicate",
        "applied no-difference",
    ]
    assert await shop.fetch("select captured from hold") == [(10,)]
    assert await refusals(shop) == []
    assert await audit(shop) == []


@pytest.mark.parametrize(("hold_of", "reason", "on_hold"), [("p-2", "hold-mismatch", 40), ("nonsense", "unknown-hold", 0), ("released", "hold-released", 0)])
async def test_a_hold_that_is_not_its_own_is_not_captured_and_earning_goes_on(shop: Service, hold_of: str, reason: str, on_hold: int):
    hold_id: Any = "nonsense" if hold_of == "nonsense" else await held(shop, 40, purchase_id=hold_of.replace("released", "p-1"))
    if hold_of == "released":
        await release(shop, hold_id)
    assert await shop.hear(paid_with(hold_id)) == ["granted"]
    assert await buckets(shop) == (200 - on_hold, on_hold, 0)
    assert await refusals(shop) == [reason]
    assert await audit(shop) == []


async def test_more_than_was_held_is_told_and_all_that_was_held_is_captured(shop: Service):
    await shop.hear(paid_with(await held(shop, 40), points=50))
    assert (await buckets(shop), await refusals(shop)) == ((160, 0, 0), ["over-captured"])


async def test_a_refused_purchase_still_captures_its_hold(shop: Service):
    """The goods are gone, and the till has taken the points for them."""
    hold_id = await held(shop, 40)
    assert await shop.hear(paid_with(hold_id, currency="USD")) == ["refused unknown-currency"]
    assert await buckets(shop) == (60, 0, 0)
    assert await audit(shop) == []


async def test_an_offline_receipt_captures_late_and_earns_by_the_rules_of_its_time(shop: Service):
    hold_id = await held(shop, 80, expires_in_seconds=60)
    shop.clock.advance(seconds=60)
    await shop.overdue()
    await capture(shop, await held(shop, 70, purchase_id="p-2"))
    second = SHOP.replace("version: 1", "version: 2").replace("2024-01-01", "2025-03-11").replace("points: 1, per", "points: 5, per")
    await shop.publish(second)
    shop.clock.advance(days=3)
    assert await shop.hear(paid_with(hold_id, at=NOON)) == ["granted"]
    assert await shop.fetch("select captured, owed, state from hold where id = $1", hold_id) == [(80, 0, "expired")]
    assert await buckets(shop) == (100 - 70 + 100 - 80, 0, 0)  # what it earned was there when the hold was captured
    assert await audit(shop) == []


async def test_one_may_pay_with_points_for_what_another_earns_on(shop: Service):
    hold_id = await held(shop, 40)
    assert await shop.hear(paid_with(hold_id, holder=BORIS_CARD)) == ["granted"]
    assert (await buckets(shop), await buckets(shop, BORIS_CARD)) == ((60, 0, 0), (100, 0, 0))
    assert await shop.hear(brought_back(holder=BORIS_CARD)) == ["reversed"]
    assert (await buckets(shop), await buckets(shop, BORIS_CARD)) == ((100, 0, 0), (0, 0, 0))
    assert await audit(shop) == []


async def test_points_come_back_in_proportion_into_their_own_lot(shop: Service):
    await shop.hear(paid_with(await held(shop, 90)))
    assert await lots(shop) == [(10, "available"), (100, "available")]
    await shop.hear(brought_back(back(25_00, line="2")))
    assert await lots(shop) == [(10 + 22, "available"), (75, "available")]
    await shop.hear(brought_back(return_id="rest"))
    assert await lots(shop) == [(100, "available"), (0, "spent")]
    restored = [each for each in await told(shop) if isinstance(each, RewardRestored)]
    assert [(each.points, each.balance.available, each.cause.purchase_id) for each in restored] == [(22, 132, "p-1"), (68, 175, "p-1")]
    assert await audit(shop) == []


@pytest.mark.parametrize("order", ["capture first", "purchase first", "return first", "capture last", "a correction captures", "all in one batch"])
async def test_points_captured_by_a_call_come_back_whatever_came_first(shop: Service, order: str):
    hold_id = await held(shop, 90)
    bought_, back_ = paid_with(hold_id), brought_back()
    if order == "capture first":
        await capture(shop, hold_id)
        await shop.hear(bought_, back_)
    elif order == "purchase first":
        await shop.hear(bought_)
        await capture(shop, hold_id)
        await shop.hear(back_)
    elif order == "return first":
        assert await shop.hear(back_) == ["waiting"]
        await capture(shop, hold_id)
        assert await shop.hear(bought_) == ["granted"]
    elif order == "capture last":
        await shop.hear(bought("p-1", 100, lines=TWO), back_)
        await capture(shop, hold_id)
    elif order == "a correction captures":
        await shop.hear(bought("p-1", 100, lines=TWO), back_, paid_with(hold_id, revision=2))
    else:
        await shop.hear(bought_, back_)
    assert await buckets(shop) == (100, 0, 0)
    assert await audit(shop) == []


async def test_points_come_back_with_a_correction_that_leaves_nothing_of_a_purchase(shop: Service):
    """The tea was never sold, and the loaf has come back before."""
    await shop.hear(paid_with(await held(shop, 90)), brought_back(back(75_00, line="1")))
    assert (await buckets(shop))[0] == 10 + 67 + 25
    await shop.hear(bought("p-1", 75, revision=2, lines=TWO[:1]))
    assert await buckets(shop) == (100, 0, 0)
    assert await audit(shop) == []


async def test_a_cancelled_purchase_gives_all_its_points_back_once(shop: Service):
    await shop.hear(paid_with(await held(shop, 90)), brought_back(back(25_00, line="2")))
    cancel = cancelled("p-1", merchant="shop")
    assert await shop.hear(cancel, cancelled("p-1", merchant="shop", reason="again")) == ["reversed", "duplicate"]
    assert await buckets(shop) == (100, 0, 0)
    assert await audit(shop) == []


async def test_points_of_a_lot_that_expired_meanwhile_live_for_the_days_of_grace(service: Service):
    await service.publish(SHOP + "expiry: {after: 1 month}\nspending: {grace: 14 days}\nreturns: {spent: clamp}\n")
    await service.hear(bought("p-0", 100))
    await service.hear(paid_with(await held(service, 60)))
    service.clock.advance(days=40)
    await service.turn()
    assert await buckets(service) == (0, 0, 0)
    now = service.clock()
    await service.hear(brought_back(back(75_00, line="1"), occurred_at=now))
    assert await buckets(service) == (45, 0, 0)
    ((expires_at,),) = await service.fetch("select expires_at from lot where remaining > 0")
    assert expires_at == now.replace(hour=0) + timedelta(days=15)  # to the end of the fourteenth day after
    assert await audit(service) == []
    service.clock.advance(days=5)
    await service.hear(brought_back(occurred_at=now, return_id="rest"))
    service.clock.now = now.replace(hour=0) + timedelta(days=20)
    await service.turn()
    assert await buckets(service) == (0, 0, 0)
    assert await audit(service) == []


async def test_what_was_owed_for_a_late_capture_is_owed_no_longer_or_comes_back_as_points(shop: Service):
    hold_id = await held(shop, 80, expires_in_seconds=60)
    shop.clock.advance(seconds=60)
    await shop.overdue()
    await capture(shop, await held(shop, 70, purchase_id="p-2"))
    await capture(shop, hold_id)
    assert await buckets(shop) == (0, 0, -50)
    await shop.hear(bought("p-3", 20), a_purchase("p-1", merchant="shop", zone="UTC", lines=TWO, holder=None))
    assert await buckets(shop) == (0, 0, -30)
    await shop.hear(brought_back(back(25_00, line="2")))
    assert await buckets(shop) == (0, 0, -10)
    await shop.hear(bought("p-4", 25))
    assert await buckets(shop) == (15, 0, 0)
    await shop.hear(brought_back(return_id="rest"))
    assert await buckets(shop) == (15 + 60, 0, 0)
    assert await audit(shop) == []


async def test_points_given_back_pay_for_what_the_same_return_takes(service: Service):
    """First the points come back that had paid, then those go that were earned: nothing is forgiven that is there."""
    await service.publish(SHOP + "returns: {spent: clamp}\n")
    await service.hear(bought("p-0", 100))
    await service.hear(paid_with(await held(service, 100)))
    await capture(service, await held(service, 100, purchase_id="elsewhere"))
    await service.hear(brought_back())
    assert await buckets(service) == (0, 0, 0)
    assert await service.fetch("select taken, forgiven from reversal") == [(100, 0)]
    assert await audit(service) == []


async def test_a_quote_of_a_return_tells_what_comes_back(caller: Caller, shop: Service):
    await shop.hear(paid_with(await held(shop, 90)))
    asked = {"merchant": "shop", "purchase_id": "p-1", "currency": "RUB", "lines": [{"line_id": "2", "quantity": 1000, "amount": 25_00}]}
    quote = (await caller.post("/v1/returns/quote", asked)).json()
    assert (quote["points_restored"], quote["points_taken"], quote["balance"]["available"]) == (22, 25, 110 + 22 - 25)
    assert await buckets(shop) == (110, 0, 0)


async def test_what_a_guest_used_comes_back_to_the_member(shop: Service):
    await shop.hear(paid_with(await held(shop, 90)), linked(), brought_back())
    assert await buckets(shop, MEMBER_ANA) == (100, 0, 0)
    assert decode((await shop.said())[-1]).data.holder == MEMBER_ANA
    assert ANAS_CARD not in {holder for holder, _ in await shop.balances()}
    assert await audit(shop) == []


async def test_the_last_points_of_a_guest_come_back_to_the_member_and_can_be_used(shop: Service):
    """A lot of which nothing was left did not move with the claim."""
    await shop.hear(paid_with(await held(shop, 100)))
    await capture(shop, await held(shop, 100, purchase_id="p-2"))
    await shop.hear(linked(), bought("p-3", 100), brought_back())
    assert await buckets(shop, MEMBER_ANA) == (100, 0, 0)
    assert (await capture(shop, await held(shop, 100, holder=MEMBER_ANA, purchase_id="p-4"))).hold.captured == 100
    assert await buckets(shop, MEMBER_ANA) == (0, 0, 0)
    assert await audit(shop) == []


async def test_a_lot_is_reopened_for_a_guest_and_once_more_for_the_member(service: Service):
    """The guest's account has had more changes than the member's: the later reopening counts, not the higher version."""
    await service.publish(SHOP + "expiry: {after: 1 month}\nspending: {grace: 3 days}\n")
    await service.hear(bought("p-0", 100))
    for _ in range(3):
        await release(service, await held(service, 1))
    await service.hear(paid_with(await held(service, 100)))
    for days, return_id, lines in ((60, "r-1", [back(75_00, line="1")]), (10, "r-2", [])):
        service.clock.advance(days=days)
        await service.turn()
        await service.hear(brought_back(*lines, return_id=return_id, occurred_at=service.clock()), linked())
    assert (await buckets(service, MEMBER_ANA))[0] == 25
    assert await audit(service) == []
