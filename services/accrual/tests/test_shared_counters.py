"""What is counted for all accounts together: budgets and coupons are exact however many buy at once, and what comes back may be given again."""

import asyncio
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.envelope import Event, decode

from .builders import ANAS_CARD, JAM, JAM_SHOP, NOON, a_purchase, an_activity, back, cancelled, linked, returned
from .conftest import NewService, Service
from .test_checks import audit
from .test_races import PURCHASES, Transaction, waits

USED = "select rule, period, value from shared_counter where value <> 0 order by rule, period"


@pytest.fixture
async def jam(new_service: NewService) -> Service:
    made = await new_service()
    await made.publish(JAM)
    return made


def card(number: int) -> str:
    return f"h1:{number:043d}"


def bought(purchase_id: str = "p-1", *codes: str, **fields: Any) -> Event[Any]:
    return a_purchase(purchase_id, merchant=JAM_SHOP, coupons=codes, **fields)


async def used(service: Service) -> dict[tuple[str, str], int]:
    return {(rule, period): value for rule, period, value in await service.fetch(USED)}


async def granted(service: Service) -> int:
    """Points of all grants, less what was taken back."""
    ((points,),) = await service.fetch("select coalesce(-sum(amount), 0)::bigint from entry where bucket = 'system'")
    return int(points)


SPRING, HELLO, KEEP = ("campaign/spring", "points"), ("coupon/hello", "uses"), ("coupon/keepsake", "uses")


async def test_two_hundred_at_once_use_up_a_budget_to_the_point_and_no_more(jam: Service):
    batches = [[bought(f"{batch}/{number}", holder=card(batch * 25 + number)) for number in range(25)] for batch in range(8)]
    verdicts = await asyncio.gather(*(jam.hear(*batch, partition=number) for number, batch in enumerate(batches)))
    assert {verdict for each in verdicts for verdict in each} == {"granted"}
    assert await used(jam) == {SPRING: 1000}
    assert await granted(jam) == 200 * 10 + 1000
    assert await audit(jam) == []


async def test_many_who_show_one_coupon_at_once_are_given_for_it_as_often_as_it_says(jam: Service):
    batches = [[bought(f"{batch}/{number}", "hello", holder=card(batch * 5 + number)) for number in range(5)] for batch in range(6)]
    await asyncio.gather(*(jam.hear(*batch, partition=number) for number, batch in enumerate(batches)))
    assert (await used(jam))[HELLO] == 3
    assert await granted(jam) == 30 * (10 + 7) + 3 * 50
    assert await audit(jam) == []


async def test_batches_that_want_everything_in_different_orders_do_not_block_each_other(jam: Service):
    def mixed(batch: int) -> list[Event[Any]]:
        order = [(number * (batch + 1) + batch) % 7 for number in range(14)]
        purchases = [bought(f"{batch}/{place}", *(["KEEP"], ["HELLO", "KEEP"], [])[each % 3], holder=card(each)) for place, each in enumerate(order)]
        returns = [returned(f"{batch}/{place}", merchant=JAM_SHOP, return_id=f"{batch}/{place}", holder=card(order[place])) for place in range(0, 14, 4)]
        visits = [an_activity(f"{batch}/{each}", kind="visit", programme="jam", holder=card(each)) for each in order[:3]]
        return [*purchases, *returns, *visits]

    await asyncio.gather(*(jam.hear(*mixed(number), partition=number) for number in range(4)))
    after = await used(jam)
    assert (after[HELLO], after[KEEP]) == (await granted_for(jam, "hello"), 5)
    assert after[SPRING] <= 1000
    assert await audit(jam) == []


async def granted_for(service: Service, coupon: str) -> int:
    ((uses,),) = await service.fetch("select coalesce(sum(amount), 0)::bigint from shared_use where rule = $1", f"coupon/{coupon}")
    return int(uses)


async def test_whoever_comes_second_waits_and_sees_what_the_first_has_left(jam: Service):
    await jam.hear(bought("1", "hello", holder=card(1)), bought("2", "hello", holder=card(2)))
    async with Transaction(jam, PURCHASES, bought("3", "hello", holder=card(3))) as third:
        await third.lock()
        fourth = asyncio.create_task(jam.hear(bought("4", "hello", holder=card(4)), partition=1))
        assert await waits(fourth, jam)
        await third.finish()
        await fourth
    assert (await used(jam))[HELLO] == 3
    assert (await jam.balances())[card(4), "jam"] == (0, 17)


async def test_a_batch_that_breaks_off_uses_nothing(jam: Service):
    async with Transaction(jam, PURCHASES, bought("1", "hello")) as broken:
        await broken.lock()
        await broken._handler.decide(broken._connection, broken._events, now=NOON)
    assert await used(jam) == {}
    assert await jam.hear(bought("1", "hello")) == ["granted"]
    assert await used(jam) == {SPRING: 7, HELLO: 1}


async def test_a_poison_event_uses_nothing_and_its_neighbours_what_they_should(jam: Service, monkeypatch: pytest.MonkeyPatch):
    events = [bought(str(number), "hello", holder=card(number)) for number in range(8)]
    handler_file = "accrual.handlers.receipts.body_of"
    from accrual.handlers.bodies import body_of  # noqa: PLC0415  what is replaced

    monkeypatch.setattr(handler_file, lambda data: body_of(data) if data.purchase_id != "1" else 1 // 0)
    verdicts = await jam.hear(*events)
    assert verdicts.count("granted") == 7
    assert verdicts[1] == "dead-lettered internal-error"
    assert await used(jam) == {SPRING: 49, HELLO: 3}
    assert await audit(jam) == []


async def test_a_refused_purchase_uses_no_coupon_and_neither_does_one_that_is_given_nothing(jam: Service):
    assert await jam.hear(bought("1", "hello", currency="USD"), bought("2", "hello", holder=None)) == [
        "refused unknown-currency",
        "nothing-earned no-identifier",
    ]
    assert await used(jam) == {}


async def test_one_member_uses_a_coupon_as_often_as_one_may(jam: Service):
    await jam.hear(bought("1", "hello"), bought("2", "Hello"), bought("3", " HELLO"))
    assert await jam.balances() == {(ANAS_CARD, "jam"): (0, 3 * 17 + 50)}
    (*_, last) = await jam.said()
    assert "coupon-limit" in {silent.reason for silent in decode(last).data.explanation.not_given}


@pytest.mark.parametrize(
    ("undo", "left"),
    [
        ([returned("1", merchant=JAM_SHOP)], {KEEP: 1}),
        ([cancelled("1", merchant=JAM_SHOP)], {KEEP: 1}),
        ([returned("1", back(40_00, thousandths=400), merchant=JAM_SHOP)], {SPRING: 7, HELLO: 1, KEEP: 1}),
        ([returned("1", back(40_00, thousandths=400), merchant=JAM_SHOP), returned("1", merchant=JAM_SHOP, return_id="r-2")], {KEEP: 1}),
    ],
    ids=["everything", "cancelled", "a part", "in parts"],
)
@pytest.mark.parametrize("order", ["after the purchase", "with it", "before it"])
async def test_what_comes_back_gives_budget_and_coupons_back_as_the_document_says(jam: Service, undo: list[Event[Any]], left: Any, order: str):
    purchase = [bought("1", "hello", "keep")]
    for batch in {"after the purchase": [purchase, undo], "with it": [purchase + undo], "before it": [undo, purchase]}[order]:
        await jam.hear(*batch)
    assert await used(jam) == left
    assert await audit(jam) == []
    await jam.hear(bought("2", "hello"))
    assert (await used(jam))[HELLO] == 1


async def test_a_correction_uses_anew_what_it_shows_now(jam: Service):
    await jam.hear(bought("1", "hello"), bought("1", "keep", revision=2, event_id="1/2"))
    assert await used(jam) == {SPRING: 7, KEEP: 1}
    await jam.hear(bought("1", "hello", revision=3, event_id="1/3"), bought("1", "hello", revision=4, event_id="1/4"))
    assert await used(jam) == {SPRING: 7, HELLO: 1}
    assert await jam.balances() == {(ANAS_CARD, "jam"): (0, 67)}
    assert await audit(jam) == []


async def test_a_guest_who_becomes_a_member_cannot_use_the_coupon_again(jam: Service):
    await jam.hear(bought("1", "hello"), linked(), bought("2", "hello"))
    assert (await used(jam))[HELLO] == 1
    assert await audit(jam) == []


async def test_an_exchange_is_given_the_coupon_and_budget_of_its_own_event(jam: Service):
    await jam.hear(bought("1", "hello"), returned("1", merchant=JAM_SHOP), bought("2", "hello", exchanged_purchase_id="1"))
    assert await used(jam) == {SPRING: 7, HELLO: 1}
    assert await audit(jam) == []


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
async def test_in_whatever_order_events_come_uses_add_up(new_service: NewService, data: st.DataObject):
    service = await new_service()
    await service.publish(JAM.replace("points: 1000", "points: 20"))
    purchases = [bought(str(number), *codes, holder=card(number % 3)) for number, codes in enumerate([["hello"], ["keep"], ["hello", "keep"], [], ["keep"]])]
    later = [returned(str(number), merchant=JAM_SHOP, return_id=str(number), holder=card(number % 3)) for number in (0, 2)]
    events = data.draw(st.permutations([*purchases, *later, cancelled("4", merchant=JAM_SHOP, holder=card(1))]))
    cut = data.draw(st.integers(1, len(events) - 1))
    await service.hear(*events[:cut])
    await service.hear(*events[cut:])
    await service.hear(*events[:3])
    assert await audit(service) == []
    assert (await used(service)).get(SPRING, 0) <= 20
