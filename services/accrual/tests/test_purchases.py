"""What a purchase earns, once, and what becomes of everything that is said about it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import orjson
import pytest

from accrual.handlers import receipts
from contracts.envelope import Event, decode, encode
from contracts.purchases import Line
from contracts.rewards import RewardGranted
from shared.inbox import verdict_of

from .builders import (
    ANAS_CARD,
    BORIS_CARD,
    NOON,
    PARCEL_SHOP,
    PARCELS,
    TILL,
    a_purchase,
    confirmed,
    linked,
)
from .conftest import NewService, Service


async def test_a_purchase_earns_by_the_rules(service: Service):
    assert await service.hear(a_purchase(kopecks=120_00)) == ["granted"]
    assert await service.balances() == {(ANAS_CARD, "bread"): (0, 12 + 5)}


async def test_the_reward_tells_everything_a_reader_needs(service: Service):
    purchase = replace(a_purchase(kopecks=120_00), traceparent="00-" + "a" * 32 + "-" + "b" * 16 + "-01")
    await service.hear(purchase)
    event = decode((await service.said())[-1])
    reward = event.data
    assert isinstance(reward, RewardGranted)
    assert (reward.programme, reward.programme_version, reward.holder, reward.account_version) == ("bread", 1, ANAS_CARD, 1)
    assert (reward.points, reward.balance.available, reward.balance.pending) == (17, 17, 0)
    assert (reward.cause.source, reward.cause.event_id, reward.cause.kind, reward.cause.purchase_id) == (TILL, purchase.id, "purchase", "p-1")
    assert [(step.rule, step.points_exact) for step in reward.explanation.steps] == [("base", "12"), ("first", "5")]
    assert reward.usable_from == NOON
    assert (event.source, event.time, event.traceparent, event.id) == ("urn:loyalty:accrual", service.clock(), purchase.traceparent, str(reward.grant_id))


async def test_every_reward_is_what_its_model_would_write(service: Service):
    """The bodies of grants are not made by the model, for speed. They must be the same bytes."""
    await service.hear(
        a_purchase("1", kopecks=99_99),
        a_purchase("2", kopecks=33_33, category="cake", at=NOON - timedelta(microseconds=1)),
        a_purchase("3", holder=BORIS_CARD, merchant="corner-bakery", kopecks=1, lines=tuple(a_line(place) for place in range(3))),
        a_purchase("4", currency="USD"),
    )
    rewards = [record for record in await service.said() if record.topic == "loyalty.rewards.v1"]
    assert len(rewards) == 4
    for record in rewards:
        written = encode(decode(record))
        assert written.value == record.value
        assert (written.topic, written.key, sorted(written.headers)) == (record.topic, record.key, sorted(record.headers))


def a_line(place: int) -> Line:
    return Line(line_id=f"č-{place}", sku='with "quotes" \u2028', paid_amount=777, category="cake")


async def test_a_purchase_that_earns_nothing_is_kept_with_the_reason(service: Service):
    await service.hear(a_purchase("first"))
    assert await service.hear(a_purchase("small", kopecks=9_99)) == ["nothing-earned"]
    ((grant_id, decision),) = await service.fetch("select grant_id, decision from purchase where verdict = 'nothing-earned'")
    assert grant_id is None
    assert {silent["rule"] for silent in orjson.loads(decision)["not_given"]} >= {"cake", "first"}


async def test_a_purchase_without_holder_counts_in_the_figures_and_opens_no_account(service: Service):
    assert await service.hear(a_purchase(holder=None)) == ["nothing-earned no-identifier"]
    assert await service.fetch("select account_id, programme, verdict from purchase") == [(None, "bread", "nothing-earned")]
    assert await service.fetch("select from account where kind <> 'system'") == []


async def test_the_same_event_twice_earns_once(service: Service):
    assert await service.hear(a_purchase(), a_purchase()) == ["granted", "duplicate"]
    assert await service.hear(a_purchase()) == ["duplicate"]
    assert await service.balances() == {(ANAS_CARD, "bread"): (0, 15)}


@pytest.mark.parametrize("apart", [True, False])
async def test_the_same_purchase_under_another_event_id_earns_once(service: Service, *, apart: bool):
    again = a_purchase(event_id="another")
    verdicts = [*await service.hear(a_purchase()), *await service.hear(again)] if apart else await service.hear(a_purchase(), again)
    assert verdicts == ["granted", "duplicate"]
    assert await service.balances() == {(ANAS_CARD, "bread"): (0, 15)}
    assert await service.fetch("select from discrepancy") == []


async def test_the_same_purchase_with_other_content_earns_once_and_the_difference_is_kept(service: Service):
    await service.hear(a_purchase(kopecks=100_00))
    assert await service.hear(a_purchase(kopecks=999_00, store="s-2", event_id="another")) == ["duplicate differs"]
    ((revision, fields, body),) = await service.fetch("select revision, fields, body from discrepancy")
    assert (revision, fields) == (1, ["lines", "store"])
    assert orjson.loads(body)["lines"][0]["paid_amount"] == 999_00
    assert await service.balances() == {(ANAS_CARD, "bread"): (0, 15)}


async def test_the_same_purchase_with_another_holder_earns_once_and_the_difference_is_kept(service: Service):
    await service.hear(a_purchase(holder=None))
    assert await service.hear(a_purchase(event_id="with the card")) == ["duplicate differs"]
    ((fields,),) = await service.fetch("select fields from discrepancy")
    assert fields == ["holder"]


async def test_a_guests_purchase_repeated_after_the_claim_is_a_plain_duplicate(service: Service):
    await service.hear(a_purchase())
    await service.hear(linked(ANAS_CARD))
    assert await service.hear(a_purchase(event_id="again")) == ["duplicate"]


async def test_of_two_merchants_each_has_its_own_purchase_ids(service: Service):
    await service.publish(PARCELS)
    assert await service.hear(a_purchase("1"), a_purchase("1", merchant=PARCEL_SHOP)) == ["granted", "granted"]


async def test_a_lower_revision_after_a_higher_is_stale(service: Service):
    assert await service.hear(a_purchase(revision=2), a_purchase(revision=1)) == ["granted", "stale"]
    assert await service.balances() == {(ANAS_CARD, "bread"): (0, 15)}


@pytest.mark.parametrize(
    ("purchase", "reason"),
    [
        (a_purchase(currency="USD"), "unknown-currency"),
        (a_purchase(merchant="a-stranger"), "unknown-merchant"),
        (a_purchase(at=NOON - timedelta(days=401)), "too-old"),
        (a_purchase(at=NOON + timedelta(minutes=6)), "in-the-future"),
        (a_purchase(zone="Mars/Olympus"), "unknown-zone"),
        (a_purchase(at=NOON - timedelta(days=600)), "not-in-force"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_a_refusal_has_a_name_and_leaves_no_trace_in_any_account(service: Service, purchase: Event[Any], reason: str):
    assert await service.hear(purchase) == [f"refused {reason}"]
    assert await service.fetch("select from entry") == await service.fetch("select from purchase") == []
    assert await service.balances() == {}
    assert await service.fetch("select from account where version > 0") == []
    refused = decode((await service.said())[-1])
    assert (refused.type, refused.data.reason, refused.data.cause.purchase_id) == ("loyalty.reward.refused.v1", reason, "p-1")
    assert await service.fetch("select reason from refusal") == [(reason,)]
    assert not [record for record in await service.said() if record.topic.endswith(".dlq")]


async def test_a_refused_purchase_may_come_again(service: Service):
    assert await service.hear(a_purchase(currency="USD"), a_purchase(event_id="mended")) == ["refused unknown-currency", "granted"]


async def test_a_purchase_just_before_now_and_one_a_little_ahead_are_taken(service: Service):
    assert await service.hear(a_purchase("1", at=NOON - timedelta(days=399)), a_purchase("2", at=NOON + timedelta(minutes=5))) == ["granted", "granted"]


async def test_a_cap_counts_over_a_batch_and_over_batches(service: Service):
    cakes = [a_purchase(str(number), kopecks=600_00, category="cake") for number in range(4)]
    await service.hear(*cakes[:2])
    await service.hear(*cakes[2:])
    assert await service.balances() == {(ANAS_CARD, "bread"): (0, 4 * 60 + 5 + 100)}
    assert await service.fetch("select rule, value from counter") == [("cake", 100)]


async def test_purchases_of_many_in_one_batch_are_each_their_own(service: Service):
    holders = ["h1:" + f"{number:043d}" for number in range(50)]
    await service.hear(*(a_purchase(f"{number}", holder=holders[number % 50], kopecks=1000 * number) for number in range(200)))
    expected = {(holders[place], "bread"): (0, sum(number for number in range(place, 200, 50)) + 5) for place in range(50)}
    assert await service.balances() == expected


async def test_versions_rise_by_one_with_each_grant(service: Service):
    await service.hear(*(a_purchase(str(number)) for number in range(5)))
    versions = [decode(record).data.account_version for record in await service.said() if record.topic == "loyalty.rewards.v1"]
    assert versions == [1, 2, 3, 4, 5]


async def test_a_poison_purchase_leaves_its_neighbours_alone(service: Service):
    too_much = tuple(Line(line_id=str(place), sku="gold", paid_amount=10**15) for place in range(900))
    purchases = [a_purchase("1"), a_purchase("2", lines=too_much, holder=BORIS_CARD), a_purchase("3")]
    assert (await service.hear(*purchases))[::2] == ["granted", "granted"]
    assert (await service.balances())[ANAS_CARD, "bread"] == (0, 25)


async def test_tax_on_delivery_does_not_count_where_tax_does_not(service: Service):
    await service.publish(PARCELS.replace("worth: 1.00}", "worth: 1.00, basis: {tax: without, delivery: with}}"))
    lines = (Line(line_id="1", sku="loaf", paid_amount=120_00, tax_amount=20_00),)
    await service.hear(a_purchase(merchant=PARCEL_SHOP, lines=lines, delivery_amount=60_00, delivery_tax_amount=10_00))
    assert await service.balances() == {(ANAS_CARD, "parcels"): (10 + 5, 0)}


async def test_a_long_receipt_under_many_rules_does_not_burst_the_event(service: Service):
    """Each of ten rules would name a thousand lines by ids of 200 bytes."""
    rules = "".join(f"  - {{id: cakes-{number}, when: {{category: cake}}, give: {{points: 1, per: 10.00}}}}\n" for number in range(10))
    await service.publish(PARCELS.replace("earning:\n", f"earning:\n{rules}"))
    lines = tuple(Line(line_id=f"{place:0200}", sku="cake", category="bread" if place == 0 else "cake", paid_amount=10_00) for place in range(1000))
    assert await service.hear(a_purchase(merchant=PARCEL_SHOP, lines=lines)) == ["granted"]
    explanation = decode((await service.said())[-1]).data.explanation
    assert explanation.points == 1000 + 10 * 999
    assert {step.lines for step in explanation.steps} == {()}


async def test_the_verdict_of_an_event_can_be_asked_for_ever(service: Service):
    await service.hear(a_purchase(), a_purchase(event_id="another"))
    async with service.pool.acquire() as connection:
        found = await verdict_of(connection, TILL, "another")
    assert found is not None
    assert (found.verdict, found.decided_at) == ("duplicate", service.clock())


class TestConfirmations:
    @pytest.fixture
    async def parcels(self, new_service: NewService) -> Service:
        made = await new_service()
        await made.publish(PARCELS)
        return made

    @pytest.mark.parametrize("apart", [True, False])
    async def test_confirming_a_purchase_makes_its_points_usable(self, parcels: Service, *, apart: bool):
        purchase = a_purchase(merchant=PARCEL_SHOP, kopecks=120_00)
        verdicts = [*await parcels.hear(purchase), *await parcels.hear(confirmed())] if apart else await parcels.hear(purchase, confirmed())
        assert verdicts == ["granted", "applied"]
        assert await parcels.balances() == {(ANAS_CARD, "parcels"): (0, 12)}
        activated = decode((await parcels.said())[-1])
        assert (activated.type, activated.data.points, activated.data.account_version) == ("loyalty.reward.activated.v1", 12, 2)
        assert (activated.data.cause.kind, activated.data.cause.purchase_id) == ("purchase", "p-1")

    async def test_confirming_twice_changes_nothing_more(self, parcels: Service):
        await parcels.hear(a_purchase(merchant=PARCEL_SHOP, kopecks=120_00), confirmed())
        again = replace(confirmed(), id="again")
        assert await parcels.hear(again) == ["applied nothing-to-activate"]
        assert await parcels.balances() == {(ANAS_CARD, "parcels"): (0, 12)}

    async def test_confirming_what_is_not_known_yet_waits_and_makes_the_points_usable_when_it_comes(self, parcels: Service):
        assert await parcels.hear(confirmed("later")) == ["waiting"]
        assert await parcels.hear(a_purchase("later", merchant=PARCEL_SHOP, kopecks=120_00)) == ["granted"]
        assert await parcels.balances() == {(ANAS_CARD, "parcels"): (0, 12)}

    async def test_a_confirmation_may_name_the_number_on_the_receipt(self, parcels: Service):
        purchase = a_purchase(merchant=PARCEL_SHOP, kopecks=120_00, receipt_number="0007", store="s-1")
        assert await parcels.hear(purchase, confirmed(None, receipt_number="0007", store="s-1")) == ["granted", "applied"]
        assert await parcels.balances() == {(ANAS_CARD, "parcels"): (0, 12)}

    async def test_a_purchase_that_is_usable_at_once_needs_no_confirmation(self, parcels: Service):
        await parcels.publish(BREAD_TOO)
        assert await parcels.hear(a_purchase(merchant="second-bakery"), confirmed(merchant="second-bakery")) == ["granted", "applied nothing-to-activate"]


BREAD_TOO = PARCELS.replace("parcels", "bread-too").replace(PARCEL_SHOP, "second-bakery").replace("pending: {until: confirmed, at_latest: 30 days}\n", "")


async def test_after_a_poison_purchase_a_repeated_one_still_earns_once(service: Service, monkeypatch: pytest.MonkeyPatch):
    """The batch is decided in parts then, and a later part must know what an earlier one accepted."""
    earn = receipts.earn

    def poisoned(books: Any, earning: Any, *, now: Any) -> Any:
        if b'"poison"' in earning.body:
            raise ZeroDivisionError
        return earn(books, earning, now=now)

    monkeypatch.setattr(receipts, "earn", poisoned)
    batch = [a_purchase("1"), a_purchase("2"), a_purchase("poison"), a_purchase("1", event_id="again"), a_purchase("3")]
    assert await service.hear(*batch) == ["granted", "granted", "dead-lettered internal-error", "duplicate", "granted"]
    assert await service.balances() == {(ANAS_CARD, "bread"): (0, 15 + 10 + 10)}
