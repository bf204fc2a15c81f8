"""A purchase becomes points, once."""

from dataclasses import replace

from e2e.builders import MERCHANT, SHOP, Cast
from e2e.system import System, eventually


async def test_a_purchase_earns_and_says_why(system: System, cast: Cast):
    purchase = cast.a_purchase(cast.holder("ana"), total_cents=12_50)
    await system.publish(purchase)
    await eventually(lambda: system.verdict(SHOP, purchase.id))
    assert await system.available(cast.email("ana")) == 12
    why = (await system.client.get("/v1/purchases", params={"merchant": MERCHANT, "purchase_id": purchase.data.purchase_id})).json()
    assert why["revisions"][0]["verdict"] == "granted"
    assert why["revisions"][0]["explanation"]["steps"][0]["rule"] == "base"


async def test_the_reward_is_readable_in_kafka(system: System, cast: Cast):
    purchase = cast.a_purchase(cast.holder("ana"), total_cents=30_00)
    await system.publish(purchase)

    async def granted() -> list[dict[str, object]]:
        return [body for kind, body in await system.rewards(cast.holder("ana")) if kind == "loyalty.reward.granted.v1"]

    (reward,) = await eventually(granted)
    assert reward["points"] == 30
    assert reward["cause"]["purchase_id"] == purchase.data.purchase_id
    assert reward["balance"] == {"pending": 0, "available": 30, "held": 0, "debt": 0}


async def test_the_same_purchase_twice_counts_once(system: System, cast: Cast):
    purchase, last = cast.a_purchase(cast.holder("ben")), cast.a_purchase(cast.holder("ben"), total_cents=1_00)
    await system.publish(purchase, purchase, purchase, last)
    await eventually(lambda: system.verdict(SHOP, last.id))
    assert await system.available(cast.email("ben")) == 12 + 1


async def test_a_duplicate_under_a_new_event_id_counts_once(system: System, cast: Cast):
    purchase = cast.a_purchase(cast.holder("ben"))
    again = replace(purchase, id=f"{purchase.id}-again")
    await system.publish(purchase, again)
    verdict = await eventually(lambda: system.verdict(SHOP, again.id))
    assert verdict["verdict"] == "duplicate"
    assert await system.available(cast.email("ben")) == 12


async def test_a_purchase_without_identifier_earns_nothing_and_is_no_fault(system: System, cast: Cast):
    purchase = cast.a_purchase(None)
    await system.publish(purchase)
    verdict = await eventually(lambda: system.verdict(SHOP, purchase.id))
    assert verdict["verdict"] == "nothing-earned"


async def test_a_quote_promises_what_the_purchase_then_earns(system: System, cast: Cast):
    purchase = cast.a_purchase(cast.holder("cora"), total_cents=47_99)
    cart = purchase.data.model_dump(mode="json", include={"merchant", "lines", "currency"})
    quote = await system.client.post("/v1/quotes", json={"holder": cast.holder("cora"), "purchase": cart})
    assert quote.status_code == 200, quote.text
    await system.publish(purchase)
    await eventually(lambda: system.verdict(SHOP, purchase.id))
    assert quote.json()["points"] == await system.available(cast.email("cora")) == 47
