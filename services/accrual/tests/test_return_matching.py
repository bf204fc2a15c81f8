"""Which purchase a return is about: never another holder's, whatever comes first; and what becomes of it where that purchase was refused."""

from datetime import timedelta
from typing import Any

import pytest

from contracts.envelope import Event
from contracts.purchases import Line

from .builders import ANAS_CARD, BORIS_CARD, MEMBER_ANA, NOON, a_purchase, back, cancelled, confirmed, linked, returned
from .conftest import Caller, Service
from .test_checks import audit
from .test_returns import NEWEST, points, reversals

NUMBER = {"receipt_number": "17", "store": "s-1"}
BY_NUMBER = returned(None, **NUMBER)
BORIS_YESTERDAY = a_purchase("boris", holder=BORIS_CARD, at=NOON - timedelta(days=1), **NUMBER)
ASKED = {"merchant": "corner-bakery", "purchase_id": "p-1", "return_id": "r-1", "currency": "RUB"}
TOLD = ("allowed", "reason", "points_taken", "points_forgiven", "debt", "points_kept")
ANAS_TODAY = a_purchase("ana", at=NOON - timedelta(minutes=5), **NUMBER)


async def became(service: Service) -> list[tuple[Any, ...]]:
    return await service.fetch("select event_id, verdict, reason from waiting order by number")


class TestNumbersOnReceipts:
    @pytest.mark.parametrize("order", [(BORIS_YESTERDAY, BY_NUMBER), (BY_NUMBER, BORIS_YESTERDAY)], ids=["return late", "return first"])
    @pytest.mark.parametrize("apart", [True, False])
    async def test_a_number_never_takes_from_another_holder(self, service: Service, order: tuple[Event[Any], ...], *, apart: bool):
        for batch in [[each] for each in order] if apart else [order]:
            await service.hear(*batch)
        assert (await points(service, BORIS_CARD))[1] == 15
        assert await became(service) == [("returned/r-1", None, None)]
        assert await service.hear(ANAS_TODAY) == ["granted"]
        assert await service.balances() == {(BORIS_CARD, "bread"): (0, 15)}
        assert await became(service) == [("returned/r-1", "reversed", None)]
        assert await service.fetch("select from waiting where holder is not null") == []  # whoever was waited for is forgotten then
        assert await audit(service) == []

    async def test_of_several_with_the_number_the_holders_newest_is_meant(self, service: Service):
        older = a_purchase("older", at=NOON - timedelta(days=2), **NUMBER)
        await service.hear(older, BORIS_YESTERDAY, BY_NUMBER)
        assert [told.cause.purchase_id for told in await reversals(service)] == ["older"]

    async def test_without_a_holder_it_is_the_newest_of_anybody(self, service: Service):
        assert await service.hear(BORIS_YESTERDAY, returned(None, holder=None, **NUMBER)) == ["granted", "reversed"]
        await service.hear(returned(None, holder=None, return_id="r-2", **{**NUMBER, "store": "s-2"}))
        await service.hear(a_purchase("2", holder=BORIS_CARD, **{**NUMBER, "store": "s-2"}))
        assert await service.balances() == {}

    @pytest.mark.parametrize("first", [True, False])
    async def test_a_claimed_purchase_is_found_by_the_card_and_by_the_member(self, service: Service, *, first: bool):
        await service.hear(ANAS_TODAY)
        await service.hear(linked())
        assert await service.hear(returned(None, back(50_00, thousandths=500), holder=MEMBER_ANA, **NUMBER)) == ["reversed"]
        assert await service.hear(returned(None, return_id="r-2", **NUMBER)) == ["reversed"]
        again = {**NUMBER, "store": "s-2"}
        told = [returned(None, return_id="r-3", **again), a_purchase("2", holder=MEMBER_ANA, **again)]
        await service.hear(*(told if first else reversed(told)))
        assert await service.balances() == {}
        assert await audit(service) == []

    async def test_what_waits_by_the_card_is_found_after_its_claim(self, service: Service):
        await service.hear(BY_NUMBER)
        await service.hear(linked())
        assert await service.hear(a_purchase("ana", holder=MEMBER_ANA, at=NOON, **NUMBER)) == ["granted"]
        assert await became(service) == [("returned/r-1", "reversed", None)]

    async def test_a_purchase_of_nobody_is_not_the_holders(self, service: Service):
        assert await service.hear(a_purchase(holder=None, **NUMBER), BY_NUMBER) == ["nothing-earned no-identifier", "waiting"]

    async def test_confirmations_and_cancellations_by_number_are_the_holders_too(self, service: Service):
        await service.hear(BORIS_YESTERDAY)
        assert await service.hear(cancelled(None, **NUMBER)) == ["waiting"]
        assert await points(service, BORIS_CARD) == (0, 15)

    async def test_a_quote_does_not_tell_of_another_holders_purchase(self, caller: Caller):
        await caller.service.hear(BORIS_YESTERDAY)
        asked = {"merchant": "corner-bakery", "holder": ANAS_CARD, "currency": "RUB", **NUMBER}
        answer = await caller.post("/v1/returns/quote", asked)
        assert (answer.status_code, answer.json()["code"]) == (404, "unknown-purchase")
        answer = await caller.post("/v1/returns/quote", {**asked, "holder": BORIS_CARD})
        assert (answer.status_code, answer.json()["points_taken"]) == (200, 15)


class TestRefusedPurchases:
    REFUSED = a_purchase(currency="USD", **NUMBER)

    @pytest.mark.parametrize("apart", [True, False])
    @pytest.mark.parametrize("follows", [returned(), cancelled(), confirmed(merchant="corner-bakery")], ids=lambda event: event.type.split(".")[2])
    async def test_what_follows_a_refused_purchase_is_refused(self, service: Service, follows: Event[Any], *, apart: bool):
        verdicts = [*await service.hear(self.REFUSED), *await service.hear(follows)] if apart else await service.hear(self.REFUSED, follows)
        assert verdicts == ["refused unknown-currency", "refused purchase-refused"]
        assert await became(service) == []
        assert await service.hear(a_purchase(event_id="mended"), returned(event_id="once more")) == ["granted", "reversed"]
        assert await audit(service) == []

    @pytest.mark.parametrize("first", [True, False])
    async def test_by_its_number_a_return_waits_on_for_another_purchase(self, service: Service, *, first: bool):
        await service.hear(*((BY_NUMBER, self.REFUSED) if first else (self.REFUSED, BY_NUMBER)))
        assert await became(service) == [("returned/r-1", None, None)]
        assert await service.hear(ANAS_TODAY) == ["granted"]
        assert await became(service) == [("returned/r-1", "reversed", None)]
        assert await audit(service) == []

    async def test_a_refused_correction_refuses_nothing_that_follows(self, service: Service):
        await service.hear(a_purchase(), a_purchase(revision=2, currency="USD"))
        assert await service.hear(returned()) == ["reversed"]


async def test_delivery_alone_takes_what_the_delivery_gave(service: Service):
    await service.publish(NEWEST.replace("worth: 1.00", "worth: 1.00, basis: {delivery: with}"))
    bought = a_purchase(merchant="newest-shop", delivery_amount=30_00)
    assert await service.hear(bought, returned(merchant="newest-shop", delivery_amount=30_00)) == ["granted", "reversed"]
    assert await points(service, programme="newest") == (0, 10)
    assert await service.hear(returned(merchant="newest-shop", return_id="r-2", delivery_amount=1)) == ["refused over-returned"]
    assert await service.hear(returned(merchant="newest-shop", return_id="r-3")) == ["reversed"]
    assert await points(service, programme="newest") == (0, 0)
    assert await audit(service) == []


class TestExchanges:
    GIVEN_BACK = a_purchase("old", kopecks=1500_00, category="cake", at=NOON - timedelta(days=2))
    BACK = returned("old")
    NEW = a_purchase("new", kopecks=1500_00, category="cake", exchanged_purchase_id="old")

    async def test_first_the_return_then_the_new_purchase_leaves_caps_and_first_purchase_free(self, service: Service):
        assert await service.hear(self.GIVEN_BACK, self.BACK, self.NEW) == ["granted", "reversed", "granted"]
        assert await points(service) == (0, 150 + 100 + 5)
        assert await audit(service) == []

    async def test_the_other_way_round_the_old_goods_still_fill_the_cap(self, service: Service):
        assert await service.hear(self.GIVEN_BACK, self.NEW, self.BACK) == ["granted", "granted", "reversed"]
        assert await points(service) == (0, 150)

    @pytest.mark.parametrize("apart", [True, False])
    @pytest.mark.parametrize("number", [None, "17"])
    async def test_an_exchange_is_as_new_as_it_is(self, service: Service, number: str | None, *, apart: bool):
        await service.publish(NEWEST)
        days = [("old", 10, {}), ("new", 1, {"exchanged_purchase_id": "old", "receipt_number": number}), ("other", 5, {"receipt_number": number})]
        bought = [a_purchase(name, merchant="newest-shop", at=NOON - timedelta(days=ago), **fields) for name, ago, fields in days]
        before = returned(
            None, back(100_00, line=None, sku="loaf"), merchant="newest-shop", receipt_number=number, occurred_at=NOON - timedelta(days=3), return_id="r-1"
        )
        after = returned(None, back(100_00, line=None, sku="loaf"), merchant="newest-shop", receipt_number=number, return_id="r-2")
        for batch in [bought, [after], [before]] if apart else [[*bought, after, before]]:
            await service.hear(*batch)
        assert [told.cause.purchase_id for told in await reversals(service)] == ["new", "other"]
        assert await audit(service) == []


async def test_an_unnamed_return_before_its_purchase_is_refused_and_may_be_sent_again_after_it(service: Service):
    await service.publish(NEWEST)
    goods = back(100_00, line=None, sku="loaf")
    early, late = (returned(None, goods, merchant="newest-shop", event_id=event_id) for event_id in ("early", "late"))
    bought = a_purchase(merchant="newest-shop", lines=(Line(line_id="1", sku="loaf", paid_amount=100_00),))
    assert await service.hear(early, bought, late) == ["refused unknown-purchase", "granted", "reversed"]
    assert await points(service, programme="newest") == (0, 0)


class TestQuotesOfReturnsToldBefore:
    async def quote(self, caller: Caller, **fields: Any) -> tuple[Any, ...]:
        answer = await caller.post("/v1/returns/quote", {**ASKED, **fields})
        assert answer.status_code == 200, answer.text
        return tuple(answer.json()[name] for name in TOLD)

    async def test_it_takes_nothing_any_more_and_says_why(self, caller: Caller):
        bought = a_purchase(lines=(Line(line_id="1", sku="loaf", quantity=2000, paid_amount=100_00),))
        await caller.service.hear(bought, returned("p-1", back(50_00)))
        line = {"line_id": "1", "quantity": 1000, "amount": 50_00}
        assert await self.quote(caller, lines=[line]) == (True, "duplicate", 0, 0, 0, 10)
        assert await self.quote(caller) == (True, "duplicate", 0, 0, 0, 10)  # the event would be a duplicate too, for the difference a discrepancy
        answer = (await caller.post("/v1/returns/quote", ASKED)).json()
        assert answer["balance"] == (await caller.get(f"/v1/accounts/{ANAS_CARD}"))["accounts"][0]["balance"]
        assert await self.quote(caller, return_id="r-2", lines=[line]) == (True, None, 10, 0, 0, 0)

    async def test_one_without_an_id_is_no_repeat_whatever_others_are_called(self, caller: Caller):
        await caller.service.hear(a_purchase("0"), a_purchase(), returned("0", return_id="quote"))
        asked = {name: value for name, value in ASKED.items() if name != "return_id"}
        assert (await caller.post("/v1/returns/quote", asked)).json()["points_taken"] == 10

    async def test_one_that_waits_would_still_wait(self, caller: Caller):
        await caller.service.hear(returned())
        answer = await caller.post("/v1/returns/quote", ASKED)
        assert (answer.status_code, answer.json()["code"]) == (404, "unknown-purchase")

    async def test_one_that_named_no_purchase_tells_of_all_that_it_took_from(self, caller: Caller):
        await caller.service.publish(NEWEST)
        bought = [a_purchase(name, merchant="newest-shop") for name in ("1", "2")]
        await caller.service.hear(*bought, returned(None, back(150_00, line=None, sku="loaf", thousandths=1500), merchant="newest-shop"))
        line = {"sku": "loaf", "quantity": 1500, "amount": 150_00}
        asked = {"merchant": "newest-shop", "return_id": "r-1", "holder": ANAS_CARD, "currency": "RUB", "lines": [line]}
        answer = (await caller.post("/v1/returns/quote", asked)).json()
        assert tuple(answer[name] for name in TOLD) == (True, "duplicate", 0, 0, 0, 5)
