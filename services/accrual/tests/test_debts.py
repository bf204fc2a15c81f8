"""Points that were used before their goods came back: forgotten, owed, or a reason not to give the money back."""

from datetime import timedelta
from typing import Any

import pytest

from contracts.envelope import Event, decode
from contracts.rewards import RewardDebtPaid, RewardGranted, RewardReversed

from .builders import ANAS_CARD, MEMBER_ANA, NOON, a_purchase, an_activity, back, linked, returned
from .conftest import Caller, Service
from .spending import SHOP, spend
from .test_checks import audit
from .test_returns import points


def bought(purchase_id: str, roubles: int, *, shop: str = "shop", **fields: Any) -> Event[Any]:
    return a_purchase(purchase_id, merchant=shop, kopecks=roubles * 100, zone="UTC", **fields)


def brought_back(purchase_id: str, *lines: Any, **fields: Any) -> Event[Any]:
    return returned(purchase_id, *lines, merchant="shop", **{"return_id": f"r-{purchase_id}", **fields})


async def shop(service: Service, spent: str) -> None:
    await service.publish(SHOP + f"returns: {{spent: {spent}}}\n")


async def debt(service: Service) -> list[tuple[int, int]]:
    rows = await service.fetch("select available, debt from account where kind <> 'system' and moved_to is null and version > 0 order by 1, 2")
    return [(available, owed) for available, owed in rows]


async def test_spent_points_are_forgiven_and_told(service: Service):
    await shop(service, "clamp")
    await service.hear(bought("1", 150))
    await spend(service, 100)
    assert await service.hear(brought_back("1")) == ["reversed"]
    assert await debt(service) == [(0, 0)]
    told = decode((await service.said())[-1]).data
    assert (told.points, told.forgiven, told.debt, told.points_kept) == (50, 100, 0, 0)
    assert await service.hear(bought("2", 70)) == ["granted"]
    assert await debt(service) == [(70, 0)]
    assert await audit(service) == []


async def test_forgiving_everything_moves_nothing_and_is_told(service: Service):
    await shop(service, "clamp")
    await service.hear(bought("1", 150))
    await spend(service, 150)
    assert await service.hear(brought_back("1")) == ["reversed"]
    told = decode((await service.said())[-1]).data
    assert isinstance(told, RewardReversed)
    assert (told.points, told.forgiven, told.account_version) == (0, 150, 3)
    assert await service.fetch("select transaction_id, forgiven from reversal") == [(None, 150)]
    assert await audit(service) == []


async def test_other_points_of_the_account_are_taken_before_any_is_forgiven(service: Service):
    await shop(service, "clamp")
    await service.hear(bought("1", 150), bought("2", 80))
    await spend(service, 150)
    assert await service.hear(brought_back("1", back(100_00, thousandths=500))) == ["reversed"]
    assert await debt(service) == [(0, 0)]
    assert await service.hear(brought_back("2")) == ["reversed"]
    assert await service.fetch("select taken, forgiven from reversal order by forgiven") == [(80, 20), (0, 80)]
    assert await audit(service) == []


async def test_what_was_forgiven_once_is_not_taken_later(service: Service):
    await shop(service, "clamp")
    await service.hear(bought("1", 100))
    await spend(service, 100)
    assert await service.hear(brought_back("1", back(50_00, thousandths=500))) == ["reversed"]
    assert await service.hear(bought("2", 80), brought_back("1", return_id="rest")) == ["granted", "reversed"]
    assert await service.fetch("select taken, forgiven from reversal order by number") == [(0, 50), (50, 0)]
    assert await debt(service) == [(30, 0)]
    assert await audit(service) == []


async def test_what_was_forgiven_comes_off_what_a_later_correction_gives(service: Service):
    await shop(service, "clamp")
    await service.hear(bought("1", 100))
    await spend(service, 100)
    assert await service.hear(bought("1", 10, revision=2), bought("1", 60, revision=3)) == ["reversed", "applied given-before"]
    assert await service.hear(bought("1", 100, revision=4), bought("1", 130, revision=5)) == ["applied given-before", "granted"]
    assert await debt(service) == [(30, 0)]
    assert await service.fetch("select forgiven, kept from reversal order by number") == [(90, 10), (-50, 60), (-40, 100), (0, 130)]
    granted = [event.data for event in map(decode, await service.said()) if isinstance(event.data, RewardGranted)]
    assert [(each.points, each.explanation.steps[-1].text) for each in granted] == [(100, "100.00 at 1 per 1"), (30, "100 of it given before")]
    assert await audit(service) == []


async def test_what_is_kept_again_can_be_taken_again(service: Service):
    await shop(service, "clamp")
    await service.hear(bought("1", 100))
    await spend(service, 100)
    assert await service.hear(bought("1", 10, revision=2), bought("1", 120, revision=3), bought("2", 80)) == ["reversed", "granted", "granted"]
    assert await service.hear(brought_back("1")) == ["reversed"]
    assert await service.fetch("select taken, forgiven from reversal order by number") == [(0, 90), (0, -90), (100, 20)]
    assert await debt(service) == [(0, 0)]
    assert await audit(service) == []


async def test_what_is_owed_is_paid_by_the_next_points(service: Service):
    await shop(service, "debt")
    await service.hear(bought("1", 150))
    await spend(service, 100)
    assert await service.hear(brought_back("1")) == ["reversed"]
    assert await debt(service) == [(0, -100)]
    assert await service.hear(bought("2", 70), an_activity(programme="shop"), bought("3", 50)) == ["granted"] * 3
    assert await debt(service) == [(45, 0)]
    paid = [event.data for event in map(decode, await service.said()) if isinstance(event.data, RewardDebtPaid)]
    assert [(each.points, each.balance.debt, each.balance.available) for each in paid] == [(70, -30, 0), (25, -5, 0), (5, 0, 45)]
    assert [lot.remaining for each in paid for lot in each.lots] == [0, 0, 45]
    assert await service.hear(brought_back("3")) == ["reversed"]
    assert await debt(service) == [(0, -5)]
    assert await audit(service) == []


async def test_a_guests_debt_moves_with_the_claim_and_the_members_points_pay_it(service: Service):
    await shop(service, "debt")
    await service.hear(bought("1", 100))
    await spend(service, 100)
    await service.hear(brought_back("1"), bought("2", 130, holder=MEMBER_ANA))
    assert await debt(service) == [(0, -100), (130, 0)]
    await service.hear(linked())
    assert await debt(service) == [(30, 0)]
    assert await service.balances() == {(MEMBER_ANA, "shop"): (0, 30)}
    assert await audit(service) == []


async def test_points_that_mature_pay_what_is_owed(service: Service):
    pending = SHOP.replace("version: 1", "version: 2").replace("2024-01-01", "2025-03-05") + "pending: {until: 5 days}\nreturns: {spent: debt}\n"
    service.clock.now = NOON - timedelta(days=10)  # members are told before it begins
    await service.publish(SHOP + "returns: {spent: debt}\n", pending)
    service.clock.now = NOON
    await service.hear(bought("1", 100, at=NOON - timedelta(days=7)), bought("2", 130))
    await spend(service, 100)
    assert await service.hear(brought_back("1", back(90_00, thousandths=900))) == ["reversed"]
    assert await service.fetch("select pending, available, debt from account where version > 0") == [(40, 0, 0)]
    await service.hear(bought("3", 100, at=NOON - timedelta(days=7)))
    await spend(service, 100)
    await service.hear(brought_back("3"), brought_back("1", return_id="rest"))
    assert await service.fetch("select pending, available, debt from account where version > 0") == [(0, 0, -70)]
    await service.hear(bought("4", 90))
    service.clock.advance(days=8)
    await service.turn()
    assert await debt(service) == [(20, 0)]
    assert await audit(service) == []


class TestQuotes:
    async def quote(self, caller: Caller, **fields: Any) -> Any:
        asked = {"merchant": "shop", "purchase_id": "1", "currency": "RUB", **fields}
        return await caller.post("/v1/returns/quote", asked)

    async def test_a_quote_says_what_the_return_then_takes(self, service: Service, caller: Caller):
        await shop(service, "clamp")
        await service.hear(bought("1", 100))
        half = {"line_id": "1", "quantity": 500, "amount": 50_00}
        answer = (await self.quote(caller, lines=[half])).json()
        assert {name: answer[name] for name in ("allowed", "reason", "points_taken", "points_forgiven", "debt", "points_kept")} == {
            "allowed": True,
            "reason": None,
            "points_taken": 50,
            "points_forgiven": 0,
            "debt": 0,
            "points_kept": 50,
        }
        assert await points(service, programme="shop") == (0, 100)
        assert await service.hear(brought_back("1", back(50_00, thousandths=500))) == ["reversed"]
        account = (await caller.get(f"/v1/accounts/{ANAS_CARD}"))["accounts"][0]
        assert account["balance"] == answer["balance"]
        kept = (await caller.get("/v1/purchases", merchant="shop", purchase_id="1"))["reversals"][0]
        assert (kept["return_id"], kept["points_taken"], kept["points_kept"], kept["explanation"]) == ("r-1", 50, 50, answer["explanation"])
        (newest, _) = (await caller.get(f"/v1/accounts/{ANAS_CARD}/history"))["items"]
        assert (newest["movement"], newest["points"], newest["grant_id"], newest["explanation"]) == ("reversed", 50, None, answer["explanation"])
        assert (newest["cause"]["kind"], newest["cause"]["purchase_id"], newest["cause"]["event_id"]) == ("purchase", "1", "returned/r-1")

    async def test_where_the_programme_blocks_a_quote_does_not_allow_and_the_event_forgives(self, service: Service, caller: Caller):
        await shop(service, "block")
        await service.hear(bought("1", 100))
        await spend(service, 60)
        answer = (await self.quote(caller)).json()
        assert (answer["allowed"], answer["reason"], answer["points_taken"], answer["points_forgiven"]) == (False, "points-spent", 40, 60)
        assert await service.hear(brought_back("1")) == ["reversed"]
        assert await audit(service) == []

    @pytest.mark.parametrize(
        ("fields", "status", "code"),
        [
            ({"purchase_id": "never"}, 404, "unknown-purchase"),
            ({"purchase_id": None, "receipt_number": "77"}, 404, "unknown-purchase"),
            ({"currency": "USD"}, 422, "other-currency"),
            ({"lines": [{"line_id": "9", "quantity": 1000, "amount": 1}]}, 422, "unknown-line"),
            ({"lines": [{"line_id": "1", "quantity": 1000, "amount": 100_01}]}, 422, "over-returned"),
            ({"merchant": "a-stranger"}, 422, "unknown-merchant"),
            ({"purchase_id": None}, 422, "invalid-request"),
            ({"lines": [{"line_id": "1", "quantity": 1.5, "amount": 1}]}, 422, "invalid-request"),
            ({"purchase_id": None, "holder": ANAS_CARD, "lines": [{"sku": "loaf", "quantity": 1000, "amount": 1}]}, 422, "purchase-not-named"),
            ({"misspelt": 1}, 422, "invalid-request"),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )
    async def test_what_would_be_refused_is_refused_in_the_same_words(self, service: Service, caller: Caller, fields: Any, status: int, code: str):
        await shop(service, "clamp")
        await service.hear(bought("1", 100))
        answer = await self.quote(caller, **fields)
        assert (answer.status_code, answer.json()["code"]) == (status, code)

    async def test_what_waits_is_shown_after_its_days(self, service: Service, caller: Caller):
        await shop(service, "clamp")
        await service.hear(brought_back("never"), brought_back("late"))
        assert (await caller.get("/v1/waiting"))["items"] == []
        assert [each["purchase_id"] for each in (await caller.get("/v1/waiting", days=0))["items"]] == ["never", "late"]
        service.clock.advance(days=7)
        await service.hear(bought("late", 10, at=NOON))
        (shown,) = (await caller.get("/v1/waiting"))["items"]
        assert (shown["type"], shown["event_id"], shown["return_id"]) == ("loyalty.purchase.returned.v1", "returned/r-never", "r-never")
