"""A purchase told anew, and a purchase in exchange for another: only the difference counts."""

from datetime import timedelta
from typing import Any

import pytest

from contracts.envelope import Event, decode
from contracts.purchases import Line

from .builders import ANAS_CARD, BORIS_CARD, NOON, PARCEL_SHOP, PARCELS, TEA, TEA_HOUSE, a_purchase, back, confirmed, returned
from .conftest import Service
from .test_checks import audit
from .test_returns import points, reversals

CAMPAIGN = """
programme: dresses
version: 1
effective_from: 2024-01-01
zone: UTC
currency: RUB
merchants: [boutique]
points: {name: {en: buttons}, worth: 1.00}
earning:
  - {id: base, give: {points: 1, per: 10.00}}
  - {id: sale, when: {dates: [{from: 2025-03-01, until: 2025-03-02}]}, give: {multiply: 3}}
expiry: {after: 10 days}
"""


def lines(*roubles: int) -> tuple[Line, ...]:
    return tuple(Line(line_id=str(place), sku="loaf", category="bread", paid_amount=amount * 100) for place, amount in enumerate(roubles, start=1))


@pytest.mark.parametrize("apart", [True, False])
async def test_a_correction_upwards_grants_the_difference(service: Service, *, apart: bool):
    steps = [a_purchase(kopecks=100_00), a_purchase(kopecks=170_00, revision=2)]
    verdicts = [verdict for step in steps for verdict in await service.hear(step)] if apart else await service.hear(*steps)
    assert verdicts == ["granted", "granted"]
    assert await points(service) == (0, 17 + 5)
    granted = [event.data for event in map(decode, await service.said()) if event.type == "loyalty.reward.granted.v1"]
    assert [each.points for each in granted] == [15, 7]
    assert [(step.rule, step.points_exact) for step in granted[1].explanation.steps] == [("base", "17"), ("first", "5"), ("receipt", "-15")]
    assert await service.fetch("select purchases from account where kind <> 'system'") == [(1,)]
    assert await audit(service) == []


@pytest.mark.parametrize("apart", [True, False])
async def test_a_correction_downwards_takes_the_difference(service: Service, *, apart: bool):
    steps = [a_purchase("other"), a_purchase(kopecks=170_00), a_purchase(kopecks=100_00, revision=3)]
    verdicts = [verdict for step in steps for verdict in await service.hear(step)] if apart else await service.hear(*steps)
    assert verdicts == ["granted", "granted", "reversed"]
    assert await points(service) == (0, 15 + 10)
    (told,) = await reversals(service)
    assert (told.points, told.points_kept, told.return_id) == (7, 10, None)
    assert await service.hear(a_purchase(kopecks=120_00, revision=2), a_purchase(kopecks=100_00, revision=3, event_id="x")) == ["stale", "duplicate"]
    assert await audit(service) == []


async def test_a_correction_that_changes_no_points_is_applied(service: Service):
    assert await service.hear(a_purchase(), a_purchase(revision=2, kopecks=100_50)) == ["granted", "applied no-difference"]
    assert await service.hear(returned()) == ["reversed"]
    assert await points(service) == (0, 0)
    assert await audit(service) == []


async def test_a_correction_changes_neither_holder_nor_programme(service: Service):
    await service.hear(a_purchase(), a_purchase("nobody", holder=None))
    assert await service.hear(a_purchase(revision=2, holder=BORIS_CARD)) == ["refused correction-of-holder"]
    assert await service.hear(a_purchase(revision=3, holder=None)) == ["refused correction-of-holder"]
    assert await service.hear(a_purchase("nobody", revision=2)) == ["refused correction-of-holder"]
    assert await service.hear(a_purchase("nobody", revision=2, holder=None, event_id="z")) == ["applied no-difference"]
    assert await points(service) == (0, 15)
    assert await audit(service) == []


async def test_what_came_back_comes_off_the_corrected_lines(service: Service):
    await service.hear(a_purchase(lines=lines(100, 50)), returned("p-1", back(100_00)))
    assert await points(service) == (0, 5 + 5)
    assert await service.hear(a_purchase(lines=lines(100, 50, 30), revision=2)) == ["granted"]
    assert await points(service) == (0, 8 + 5)
    assert await service.hear(a_purchase(lines=lines(200, 20), revision=3)) == ["reversed"]
    assert await points(service) == (0, 2 + 5)
    assert await service.hear(returned(return_id="r-2")) == ["reversed"]
    assert await service.balances() == {}
    assert await audit(service) == []


async def test_a_corrected_cap_is_counted_once(service: Service):
    await service.hear(a_purchase("1", kopecks=600_00, category="cake"), a_purchase("2", kopecks=600_00, category="cake"))
    assert await points(service) == (0, 60 + 60 + 5 + 60 + 40)
    await service.hear(a_purchase("1", kopecks=100_00, category="cake", revision=2))
    assert await service.fetch("select value from counter") == [(50,)]
    assert await audit(service) == []


@pytest.mark.parametrize("apart", [True, False])
async def test_a_corrected_first_purchase_is_still_the_first(service: Service, *, apart: bool):
    steps = [a_purchase(), a_purchase("p-2"), a_purchase(kopecks=100_50, revision=2), a_purchase(kopecks=110_00, revision=3), a_purchase("p-3")]
    verdicts = [verdict for step in steps for verdict in await service.hear(step)] if apart else await service.hear(*steps)
    assert verdicts == ["granted", "granted", "applied no-difference", "granted", "granted"]
    assert await points(service) == (0, 11 + 5 + 10 + 10)
    assert await service.fetch("select purchases from account where kind <> 'system'") == [(3,)]
    assert await audit(service) == []


async def test_a_purchase_that_came_back_is_no_longer_the_first_even_corrected(service: Service):
    await service.hear(a_purchase(), returned(), a_purchase("p-2"))
    assert await service.hear(a_purchase(lines=lines(100, 50), revision=2)) == ["granted"]
    assert await points(service) == (0, 10 + 5 + 5)
    assert await audit(service) == []


async def test_a_return_by_receipt_number_finds_a_purchase_whose_number_was_corrected(service: Service):
    await service.hear(a_purchase(receipt_number="0001"), returned(None, receipt_number="0002"))
    assert await service.hear(a_purchase(receipt_number="0002", revision=2)) == ["applied no-difference"]
    assert await service.balances() == {}
    assert await audit(service) == []


async def test_a_refused_correction_does_not_refuse_what_waits(service: Service):
    await service.hear(a_purchase(receipt_number="0001"), returned(None, receipt_number="0002"))
    assert await service.hear(a_purchase(receipt_number="0002", revision=2, holder=BORIS_CARD)) == ["refused correction-of-holder"]
    assert await service.fetch("select verdict from waiting") == [(None,)]


async def test_confirming_a_corrected_purchase_sets_all_its_lots_free(service: Service):
    await service.publish(PARCELS)
    first = a_purchase(merchant=PARCEL_SHOP)
    assert await service.hear(first, a_purchase(merchant=PARCEL_SHOP, kopecks=170_00, revision=2), confirmed()) == ["granted", "granted", "applied"]
    assert await points(service, programme="parcels") == (0, 17)
    assert await audit(service) == []


@pytest.mark.parametrize("kopecks", [100_00, 5_00])
@pytest.mark.parametrize("apart", [True, False])
async def test_what_a_correction_gives_after_the_confirmation_is_usable_at_once(service: Service, kopecks: int, *, apart: bool):
    await service.publish(PARCELS)
    steps = [a_purchase(merchant=PARCEL_SHOP, kopecks=kopecks), confirmed(), a_purchase(merchant=PARCEL_SHOP, kopecks=170_00, revision=2)]
    verdicts = [verdict for step in steps for verdict in await service.hear(step)] if apart else await service.hear(*steps)
    assert verdicts[-1] == "granted"
    assert await points(service, programme="parcels") == (0, 17)
    assert await service.hear(confirmed(event_id="once more")) == ["applied nothing-to-activate"]
    assert await audit(service) == []


async def test_a_confirmation_shortens_no_wait_of_days(service: Service):
    await service.publish(TEA)
    first = a_purchase(merchant=TEA_HOUSE)
    assert await service.hear(first, confirmed(merchant=TEA_HOUSE)) == ["granted", "applied nothing-to-activate"]
    assert await service.hear(a_purchase(merchant=TEA_HOUSE, kopecks=170_00, revision=2)) == ["granted"]
    assert await points(service, programme="tea") == (170, 0)
    assert await audit(service) == []


class TestExchanges:
    @staticmethod
    def bought(purchase_id: str, day: int, roubles: int = 100, **fields: Any) -> Event[Any]:
        return a_purchase(purchase_id, merchant="boutique", kopecks=roubles * 100, at=NOON.replace(day=day), zone="UTC", **fields)

    @pytest.fixture
    async def boutique(self, service: Service) -> Service:
        await service.publish(CAMPAIGN)
        return service

    @pytest.mark.parametrize("apart", [True, False])
    async def test_changing_a_size_does_not_lose_the_campaign(self, boutique: Service, *, apart: bool):
        steps = [
            self.bought("red", 2),
            returned("red", merchant="boutique", occurred_at=NOON.replace(day=9)),
            self.bought("blue", 9, exchanged_purchase_id="red"),
            self.bought("green", 9, exchanged_purchase_id="blue"),
        ]
        verdicts = [verdict for step in steps for verdict in await boutique.hear(step)] if apart else await boutique.hear(*steps)
        assert verdicts == ["granted", "reversed", "granted", "granted"]
        assert await points(boutique, programme="dresses") == (0, 30 + 30)
        assert await boutique.fetch("select distinct expires_at::date::text from lot") == [("2025-03-13",)]
        explained = decode((await boutique.said())[-1]).data.explanation
        assert "red" in explained.steps[0].text or "blue" in explained.steps[0].text
        assert await boutique.hear(returned("blue", back(50_00, thousandths=500), merchant="boutique", return_id="r-2")) == ["reversed"]
        assert await points(boutique, programme="dresses") == (0, 15 + 30)
        assert await audit(boutique) == []

    async def test_an_exchange_for_something_unknown_or_anothers_is_as_any_purchase(self, boutique: Service):
        await boutique.hear(self.bought("red", 2, holder=BORIS_CARD))
        await boutique.hear(self.bought("1", 9, exchanged_purchase_id="red"), self.bought("2", 9, exchanged_purchase_id="never"))
        assert await points(boutique, ANAS_CARD, "dresses") == (0, 10 + 10)
        assert await audit(boutique) == []


async def test_after_expiry_a_correction_downwards_takes_only_what_is_still_there(service: Service):
    await service.publish(TEA)
    await service.hear(a_purchase(merchant=TEA_HOUSE))
    service.clock.advance(days=100)
    await service.turn()
    assert await service.hear(a_purchase(merchant=TEA_HOUSE, kopecks=50_00, revision=2)) == ["applied nothing-to-take"]
    service.clock.now = NOON + timedelta(days=100)
    assert await audit(service) == []
