"""What came back takes back what it gave, whichever comes first."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from contracts.envelope import Event
from contracts.fields import Wire
from contracts.purchases import Line, PurchaseCancelled, PurchaseConfirmed, PurchaseReturned, ReturnedLine
from e2e.builders import MERCHANT, SHOP, Cast
from e2e.system import System, eventually


def sequel(cast: Cast, data: Wire, name: str) -> Event[Any]:
    return Event(id=f"{cast.token}-{name}", source=SHOP, type=type(data).type, time=cast.now, data=data)


def returned(cast: Cast, name: str, *lines: ReturnedLine, **fields: Any) -> Event[PurchaseReturned]:
    given: dict[str, Any] = {"merchant": MERCHANT, "currency": "EUR", "occurred_at": cast.now, "return_id": f"{cast.token}-{name}", "lines": lines}
    return sequel(cast, PurchaseReturned(**(given | fields)), name)


def back(cents: int, thousandths: int = 1000) -> ReturnedLine:
    return ReturnedLine(line_id="1", quantity=thousandths, amount=cents)


async def settled(system: System, event: Event[Any], verdict: str) -> str | None:
    """Wait until an event has its last verdict, and return the reason."""

    async def found() -> dict[str, Any] | None:
        answer = await system.verdict(event.source, event.id)
        return answer if answer is not None and answer["verdict"] == verdict else None

    reason: str | None = (await eventually(found))["reason"]
    return reason


async def test_a_return_is_quoted_and_takes_what_was_quoted(system: System, cast: Cast):
    ana = cast.holder("ana")
    purchase = cast.a_purchase(ana, total_cents=40_00)
    part = returned(cast, "part", back(15_50, 500), purchase_id=purchase.data.purchase_id, holder=ana)
    await system.publish(purchase)
    await settled(system, purchase, "granted")
    asked = part.data.model_dump(mode="json", include={"merchant", "purchase_id", "lines", "currency"})
    quote = (await system.client.post("/v1/returns/quote", json=asked)).json()
    assert (quote["allowed"], quote["points_taken"], quote["points_kept"]) == (True, 16, 24)
    again, too_much, rest = (
        replace(part, id=f"{part.id}-again"),
        returned(cast, "too-much", back(30_00, 500), purchase_id=purchase.data.purchase_id, holder=ana),
        returned(cast, "rest", purchase_id=purchase.data.purchase_id, holder=ana),
    )
    await system.publish(part, again, too_much)
    assert await settled(system, too_much, "refused") == "over-returned"
    assert await settled(system, again, "duplicate") is None
    assert await system.available(cast.email("ana")) == 24
    await system.publish(rest)
    await settled(system, rest, "reversed")
    assert await system.available(cast.email("ana")) == 0
    told = [body for kind, body in await system.rewards(ana) if kind == "loyalty.reward.reversed.v1"]
    assert [(body["points"], body["points_kept"], body["cause"]["purchase_id"]) for body in told] == [
        (16, 24, purchase.data.purchase_id),
        (24, 0, purchase.data.purchase_id),
    ]


async def test_ten_small_returns_take_what_one_large_one_would(system: System, cast: Cast):
    ben, rolls = cast.holder("ben"), Line(line_id="1", sku="roll", paid_amount=10_50, quantity=21_000)
    purchase = cast.a_purchase(ben, lines=(rolls,))
    steps = [returned(cast, f"roll-{number}", back(50), purchase_id=purchase.data.purchase_id, holder=ben) for number in range(10)]
    await system.publish(purchase, *steps)
    assert await settled(system, steps[-1], "reversed") is None
    assert await system.available(cast.email("ben")) == 5


async def test_returns_confirmations_and_cancellations_wait_for_their_purchase(system: System, cast: Cast):
    cora = cast.holder("cora")
    first = cast.a_purchase(cora, receipt_number=cast.token, store="s-1")
    second = cast.a_purchase(cora, total_cents=7_00)
    by_number = returned(cast, "early", receipt_number=cast.token, store="s-1")
    named = {"merchant": MERCHANT, "purchase_id": second.data.purchase_id, "occurred_at": cast.now}
    confirmed = sequel(cast, PurchaseConfirmed(**named), "confirmed")
    cancelled = sequel(cast, PurchaseCancelled(**named), "cancelled")
    for event in (by_number, confirmed, cancelled):
        await system.publish(event)
        await settled(system, event, "waiting")
    await system.publish(first, second)
    assert await settled(system, by_number, "reversed") is None
    assert await settled(system, confirmed, "applied") == "nothing-to-activate"
    assert await settled(system, cancelled, "reversed") is None
    assert await system.available(cast.email("cora")) == 0


async def test_a_correction_books_the_difference(system: System, cast: Cast):
    dan = cast.holder("dan")
    purchase = cast.a_purchase(dan, total_cents=20_00)
    line = purchase.data.lines[0]
    up, down = (
        replace(purchase, id=f"{purchase.id}-{revision}", data=purchase.data.model_copy(update={"revision": revision, "lines": (priced(line, cents),)}))
        for revision, cents in ((2, 35_00), (3, 5_00))
    )
    await system.publish(purchase, up)
    await settled(system, up, "granted")
    assert await system.available(cast.email("dan")) == 35
    await system.publish(down)
    await settled(system, down, "reversed")
    assert await system.available(cast.email("dan")) == 5


def priced(line: Line, cents: int) -> Line:
    return line.model_copy(update={"paid_amount": cents})


async def test_what_a_guest_bought_comes_back_from_the_member(system: System, cast: Cast):
    purchase = cast.a_purchase(cast.holder("eva"), total_cents=30_00, occurred_at=cast.now - timedelta(days=2))
    await system.publish(purchase)
    await settled(system, purchase, "granted")
    await system.publish(cast.a_registration("eva"))

    async def claimed() -> bool:
        found = await system.look_up(cast.email("eva"))
        return found["member"] is not None and sum(each["balance"]["available"] for each in found["accounts"] or []) == 30

    await eventually(claimed)
    whole = returned(cast, "whole", purchase_id=purchase.data.purchase_id)
    await system.publish(whole)
    await settled(system, whole, "reversed")
    assert await system.available(cast.email("eva")) == 0
