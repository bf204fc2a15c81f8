"""What came back takes back what it gave: all of it, a part of it, once, whatever comes first."""

from datetime import timedelta
from typing import Any

import pytest

from accrual.handlers import receipts
from contracts.envelope import Event, decode
from contracts.purchases import Line
from contracts.rewards import RewardReversed
from shared.inbox import verdict_of

from .builders import ANAS_CARD, BORIS_CARD, MEMBER_ANA, NOON, PARCEL_SHOP, PARCELS, TEA, TEA_HOUSE, TILL, a_purchase, back, cancelled, linked, returned
from .conftest import Service
from .test_checks import audit

NEWEST = (
    PARCELS.replace("parcels", "newest")
    .replace(PARCEL_SHOP, "newest-shop")
    .replace("pending: {until: confirmed, at_latest: 30 days}", "returns: {unnamed: newest}")
)
THREE = (
    Line(line_id="1", sku="loaf", category="bread", paid_amount=100_00, quantity=2000),
    Line(line_id="2", sku="cake", category="cake", paid_amount=50_00),
    Line(line_id="3", sku="gift", category="bread", paid_amount=0),
)


async def points(service: Service, holder: str = ANAS_CARD, programme: str = "bread") -> tuple[int, int]:
    return (await service.balances()).get((holder, programme), (0, 0))


async def reversals(service: Service) -> list[RewardReversed]:
    return [event.data for event in map(decode, await service.said()) if isinstance(event.data, RewardReversed)]


async def test_everything_returned_takes_exactly_what_was_granted(service: Service):
    assert await service.hear(a_purchase(kopecks=120_00, category="cake"), returned()) == ["granted", "reversed"]
    assert await service.balances() == {}
    (told,) = await reversals(service)
    assert (told.points, told.debt, told.forgiven, told.points_kept, told.return_id, told.cause.purchase_id) == (29, 0, 0, 0, "r-1", "p-1")
    assert (told.account_version, told.balance.available, [lot.remaining for lot in told.lots]) == (2, 0, [0])
    assert await audit(service) == []


async def test_a_part_takes_what_its_lines_gave(service: Service):
    await service.hear(a_purchase(lines=THREE))
    assert await points(service) == (0, 15 + 5 + 5)
    assert await service.hear(returned("p-1", back(50_00, line="2"))) == ["reversed"]
    (told,) = await reversals(service)
    assert (told.points, told.points_kept) == (10, 15)
    assert [(step.rule, step.points_exact) for step in told.explanation.steps] == [("base", "10"), ("first", "5")]
    assert await service.hear(returned("p-1", return_id="r-2")) == ["reversed"]
    assert await points(service) == (0, 0)
    assert await audit(service) == []


@pytest.mark.parametrize("apart", [True, False])
async def test_ten_small_returns_take_what_one_large_one_would(service: Service, *, apart: bool):
    await service.hear(a_purchase("other", kopecks=10_00), a_purchase(lines=(Line(line_id="1", sku="rolls", paid_amount=105_00, quantity=21_000),)))
    before = (await points(service))[1]
    steps = [returned("p-1", back(5_00), return_id=f"r-{number}") for number in range(10)]
    if apart:
        for step in steps:
            await service.hear(step)
    else:
        await service.hear(*steps)
    assert before - (await points(service))[1] == 10 - 105 // 10 + 5 + 5 - 5 == 5
    assert await audit(service) == []


async def test_a_return_twice_under_two_event_ids_takes_once(service: Service):
    await service.hear(a_purchase(), a_purchase("p-2"))
    half = returned("p-1", back(50_00, thousandths=500))
    again = returned("p-1", back(50_00, thousandths=500), event_id="again")
    other = returned("p-2", event_id="yet again")
    assert await service.hear(half, again, other) == ["reversed", "duplicate", "duplicate differs"]
    assert await service.hear(returned("p-2", event_id="still")) == ["duplicate differs"]
    assert await points(service) == (0, 15 + 10 - 5)
    assert await service.fetch("select fields from discrepancy") == [(["lines", "purchase_id"],)] * 2


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (returned("p-1", back(100_01)), "over-returned"),
        (returned("p-1", back(10_00, thousandths=2000)), "over-returned"),
        (returned("p-1", back(10_00, line="9")), "unknown-line"),
        (returned("p-1", back(10_00, line=None, sku="cake")), "unknown-line"),
        (returned("p-1", currency="USD"), "other-currency"),
        (returned("p-1", delivery_amount=1), "over-returned"),
        (returned(None, back(100_00)), "purchase-not-named"),
        (returned("p-1", occurred_at=NOON + timedelta(hours=1)), "in-the-future"),
        (returned("p-1", occurred_at=NOON - timedelta(days=401)), "too-old"),
        (returned("p-1", merchant="a-stranger"), "unknown-merchant"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_what_cannot_be_is_refused_by_name_and_takes_nothing(service: Service, event: Event[Any], reason: str):
    await service.hear(a_purchase())
    entries = await service.fetch("select count(*) from entry")
    assert await service.hear(event) == [f"refused {reason}"]
    assert await points(service) == (0, 15)
    assert await service.fetch("select count(*) from entry") == entries
    assert await service.fetch("select from reversal") == await service.fetch("select from waiting") == []
    assert decode((await service.said())[-1]).data.reason == reason
    assert await audit(service) == []


async def test_what_came_back_already_cannot_come_back_again(service: Service):
    await service.hear(a_purchase(lines=THREE), returned("p-1", back(60_00, thousandths=1000)))
    assert await service.hear(returned("p-1", back(50_00), return_id="r-2")) == ["refused over-returned"]
    assert await service.hear(returned(return_id="r-3"), returned(return_id="r-4")) == ["reversed", "refused already-returned"]
    assert await audit(service) == []


@pytest.mark.parametrize("apart", [True, False])
@pytest.mark.parametrize("named", ["purchase id", "receipt number"])
async def test_a_return_before_its_purchase_waits_for_it(service: Service, named: str, *, apart: bool):
    back_first = returned("p-1" if named == "purchase id" else None, receipt_number="0042", store="s-1")
    purchase = a_purchase(receipt_number="0042", store="s-1")
    verdicts = [*await service.hear(back_first), *await service.hear(purchase)] if apart else await service.hear(back_first, purchase)
    assert verdicts == ["waiting", "granted"]
    assert await service.balances() == {}
    async with service.pool.acquire() as connection:
        found = await verdict_of(connection, TILL, back_first.id)
    assert found is not None
    assert found.verdict == "reversed"
    assert await service.fetch("select verdict from waiting") == [("reversed",)]
    assert await service.hear(returned(return_id="r-2")) == ["refused already-returned"]
    assert await audit(service) == []


async def test_what_waits_is_applied_in_the_order_in_which_it_came(service: Service):
    first, second = returned("p-1", back(100_00)), returned("p-1", return_id="r-2")
    at_once = returned("p-1", back(100_00), event_id="at once")
    assert await service.hear(first, second, cancelled(), at_once) == ["waiting", "waiting", "waiting", "duplicate"]
    assert await service.hear(returned("p-1", back(100_00), event_id="again")) == ["duplicate"]
    await service.hear(a_purchase())
    assert await service.fetch("select event_id, verdict, reason from waiting order by number") == [
        ("returned/r-1", "reversed", None),
        ("returned/r-2", "refused", "already-returned"),
        ("cancelled/p-1", "applied", "nothing-to-take"),
    ]
    assert await audit(service) == []


async def test_what_waits_is_brought_in_even_if_the_batch_is_decided_in_parts(service: Service, monkeypatch: pytest.MonkeyPatch):
    earn = receipts.earn

    def poisoned(books: Any, earning: Any, *, now: Any) -> Any:
        if b'"poison"' in earning.body:
            raise ZeroDivisionError
        return earn(books, earning, now=now)

    monkeypatch.setattr(receipts, "earn", poisoned)
    batch = [returned(), a_purchase("poison"), a_purchase(), returned(event_id="again"), a_purchase("2"), returned("2", return_id="r-2")]
    assert await service.hear(*batch) == ["waiting", "dead-lettered internal-error", "granted", "duplicate", "granted", "reversed"]
    assert await service.balances() == {}
    async with service.pool.acquire() as connection:
        found = await verdict_of(connection, TILL, batch[0].id)
    assert found is not None
    assert found.verdict == "reversed"
    assert await audit(service) == []


async def test_with_a_refused_purchase_what_waited_for_it_is_refused(service: Service):
    await service.hear(returned())
    assert await service.hear(a_purchase(currency="USD")) == ["refused unknown-currency"]
    assert await service.fetch("select verdict, reason from waiting") == [("refused", "purchase-refused")]
    assert await service.hear(a_purchase(event_id="mended"), returned(event_id="once more")) == ["granted", "reversed"]
    assert await audit(service) == []


async def test_a_number_on_a_receipt_means_the_newest_purchase_before_the_return(service: Service):
    days = [a_purchase(f"day-{day}", receipt_number="0001", store="s-1", at=NOON - timedelta(days=day), kopecks=(day + 1) * 100_00) for day in range(3)]
    await service.hear(*days)
    by_number = returned(None, receipt_number="0001", store="s-1", occurred_at=NOON - timedelta(days=1))
    assert await service.hear(by_number) == ["reversed"]
    assert [told.cause.purchase_id for told in await reversals(service)] == ["day-1"]
    elsewhere = returned(None, receipt_number="0001", store="s-2", return_id="r-2")
    assert await service.hear(elsewhere) == ["waiting"]
    assert await service.hear(a_purchase("late", receipt_number="0001", store="s-2", at=NOON + timedelta(minutes=1))) == ["granted"]
    assert await service.fetch("select verdict from waiting") == [(None,)]


async def test_a_guests_return_after_the_claim_takes_from_the_member(service: Service):
    await service.hear(a_purchase(lines=THREE))
    await service.hear(linked())
    assert await service.hear(returned("p-1", back(50_00, line="2"))) == ["reversed"]
    assert await points(service, MEMBER_ANA) == (0, 15)
    assert (await reversals(service))[0].holder == MEMBER_ANA
    assert await audit(service) == []


async def test_pending_points_are_taken_too(service: Service):
    await service.publish(TEA)
    await service.hear(a_purchase(merchant=TEA_HOUSE), returned(merchant=TEA_HOUSE))
    assert await service.balances() == {}
    service.clock.advance(days=30)
    assert await service.turn() == 0
    assert await audit(service) == []


async def test_points_that_expired_are_not_owed(service: Service):
    await service.publish(TEA)
    await service.hear(a_purchase(merchant=TEA_HOUSE), a_purchase("2", merchant=TEA_HOUSE, at=NOON))
    service.clock.advance(days=40)
    await service.turn()
    await service.hear(a_purchase("3", merchant=TEA_HOUSE, at=service.clock()))
    service.clock.advance(days=40)
    assert await service.hear(returned(merchant=TEA_HOUSE, occurred_at=service.clock())) == ["applied nothing-to-take"]
    await service.turn()
    assert await service.hear(returned("2", merchant=TEA_HOUSE, return_id="r-2", occurred_at=service.clock())) == ["applied nothing-to-take"]
    assert await points(service, programme="tea") == (0, 100)
    assert await audit(service) == []


async def test_a_return_opens_the_cap_again_and_the_first_purchase(service: Service):
    await service.hear(a_purchase(kopecks=1500_00, category="cake"), returned())
    assert await service.hear(a_purchase("2", kopecks=1500_00, category="cake")) == ["granted"]
    assert await points(service) == (0, 150 + 100 + 5)
    assert await service.fetch("select rule, value from counter") == [("cake", 100)]
    assert await service.fetch("select purchases from account where kind <> 'system'") == [(1,)]
    assert await audit(service) == []


async def test_a_purchase_of_nobody_comes_back_and_nothing_is_taken(service: Service):
    await service.hear(a_purchase(holder=None))
    assert await service.hear(returned(holder=None), returned(return_id="r-2")) == ["applied nothing-to-take", "refused already-returned"]
    assert await audit(service) == []


class TestCancellations:
    async def test_a_cancelled_purchase_gives_everything_back_and_takes_nothing_more(self, service: Service):
        await service.hear(a_purchase(lines=THREE), returned("p-1", back(50_00, line="2")))
        assert await service.hear(cancelled(), returned(return_id="r-2")) == ["reversed", "refused purchase-cancelled"]
        assert await service.hear(a_purchase(revision=2, kopecks=500_00)) == ["refused purchase-cancelled"]
        assert await service.balances() == {}
        assert await audit(service) == []


class TestUnnamed:
    @pytest.fixture
    async def shop(self, service: Service) -> Service:
        await service.publish(NEWEST)
        return service

    @staticmethod
    def bought(purchase_id: str, days_ago: int, roubles: int = 100, **fields: Any) -> Event[Any]:
        return a_purchase(purchase_id, merchant="newest-shop", kopecks=roubles * 100, at=NOON - timedelta(days=days_ago), **fields)

    @pytest.mark.parametrize("apart", [True, False])
    async def test_the_newest_purchases_with_the_goods_are_meant(self, shop: Service, *, apart: bool):
        bought = [self.bought("old", 3), self.bought("nothing", 1, roubles=1), self.bought("new", 2)]
        asked = returned(None, back(101_00, line=None, sku="loaf", thousandths=2000), merchant="newest-shop")
        verdicts = [*await shop.hear(*bought), *await shop.hear(asked)] if apart else await shop.hear(*bought, asked)
        assert verdicts[-1] == "reversed"
        assert [told.cause.purchase_id for told in await reversals(shop)] == ["new"]
        assert await points(shop, programme="newest") == (0, 10)
        assert await audit(shop) == []

    async def test_all_of_it_is_found_or_nothing_is_taken(self, shop: Service):
        await shop.hear(self.bought("old", 3), self.bought("new", 2), self.bought("boris", 1, holder=BORIS_CARD))
        asked = returned(None, back(300_00, line=None, sku="loaf", thousandths=3000), merchant="newest-shop")
        assert await shop.hear(asked) == ["refused over-returned"]
        two = returned(None, back(200_00, line=None, sku="loaf", thousandths=2000), merchant="newest-shop")
        assert await shop.hear(two.__class__(**{**{name: getattr(two, name) for name in two.__slots__}, "id": "two"})) == ["reversed"]
        assert sorted(await shop.balances()) == [(BORIS_CARD, "newest")]
        assert await audit(shop) == []

    async def test_somebody_unknown_has_bought_nothing(self, shop: Service):
        asked = returned(None, back(100_00, line=None, sku="loaf"), merchant="newest-shop")
        assert await shop.hear(asked) == ["refused unknown-purchase"]
        assert await shop.fetch("select from account where kind <> 'system'") == []
