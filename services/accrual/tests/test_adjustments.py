"""Points given, taken and handed on by hand: two operators for the one, the programme's leave for the other."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from contracts.rewards import RewardMoved
from contracts.spending import RewardAdjusted
from shared.auth import issue
from shared.ids import random_id

from .builders import ANA, ANAS_CARD, BORIS, BORIS_CARD, MEMBER_ANA, MEMBER_BORIS, NOON, linked, registered
from .conftest import KEY, Caller, Service
from .spending import SHOP
from .test_checks import audit
from .test_holds import bought, buckets, told

SCOPES = ("adjustments:write", "adjustments:approve", "adjustments:read", "transfers:write")


async def by(who: str, caller: Caller, path: str, body: Any = None) -> httpx.Response:
    """Ask as one of several operators, each time under a key of its own."""
    token = issue(KEY, subject=who, scopes=SCOPES, audience="loyalty", now=caller.service.clock())
    return await caller.client.post(path, json=body, headers={"authorization": f"Bearer {token}", "idempotency-key": str(random_id())})


def asked(points: int, **fields: Any) -> dict[str, Any]:
    return {"programme": "shop", "holder": ANAS_CARD, "points": points, "reason": "for the trouble", **fields}


@pytest.fixture
async def shop(service: Service) -> Service:
    await service.publish(SHOP + "expiry: {after: 1 month}\nspending: {transfer: restart}\n")
    await service.hear(bought("p-0", 100))
    return service


async def test_points_are_given_when_somebody_else_approves_it(caller: Caller, shop: Service):
    requested = (await by("olga", caller, "/v1/adjustments", asked(30))).json()
    assert (requested["state"], requested["requested_by"], await buckets(shop)) == ("requested", "olga", (100, 0, 0))
    path = f"/v1/adjustments/{requested['adjustment_id']}"
    own = await by("olga", caller, f"{path}/approve")
    assert (own.status_code, own.json()["code"]) == (403, "second-person")
    booked = (await by("pavel", caller, f"{path}/approve")).json()
    assert booked == {**requested, "state": "booked", "approved_by": "pavel", "booked_at": "2025-03-10T12:00:00Z"}
    again = await by("pavel", caller, f"{path}/approve")
    assert (again.status_code, again.json()["code"]) == (409, "already-approved")
    assert await buckets(shop) == (130, 0, 0)
    given = (await told(shop))[-1]
    assert isinstance(given, RewardAdjusted)
    assert (given.points, given.reason, given.balance.available, given.expires_at) == (30, "for the trouble", 130, NOON.replace(hour=0) + timedelta(days=32))
    shop.clock.advance(days=40)
    await shop.turn()
    assert await buckets(shop) == (0, 0, 0)
    assert await audit(shop) == []


@pytest.mark.parametrize("forfeit", [False, True])
async def test_points_are_taken_from_usable_ones(caller: Caller, shop: Service, forfeit: bool):  # noqa: FBT001  a parameter of the test
    path = "/v1/adjustments/{adjustment_id}/approve"
    requested = (await by("olga", caller, "/v1/adjustments", asked(-70, forfeit=forfeit))).json()
    assert (await by("pavel", caller, path.format(**requested))).json()["state"] == "booked"
    assert await buckets(shop) == (30, 0, 0)
    too_many = (await by("olga", caller, "/v1/adjustments", asked(-31))).json()
    refused = await by("pavel", caller, path.format(**too_many))
    assert (refused.status_code, refused.json()["code"], refused.json()["missing"]) == (422, "insufficient-points", 1)
    taken = (await told(shop))[-1]
    assert (taken.kind, taken.points, taken.lots[0].remaining) == ("forfeited" if forfeit else "adjusted", -70, 30)
    movement = (await caller.get(f"/v1/accounts/{ANAS_CARD}/history"))["items"][0]
    assert (movement["movement"], movement["points"], movement["cause"]["kind"]) == (taken.kind, 70, "command")
    assert await audit(shop) == []


async def test_nobody_adjusts_their_own_account_and_a_request_lapses_after_a_day(caller: Caller, shop: Service):
    await shop.hear(registered(programme="shop"), linked())
    own = await by(str(ANA), caller, "/v1/adjustments", asked(30))
    assert (own.status_code, own.json()["code"]) == (403, "own-account")
    requested = (await by("olga", caller, "/v1/adjustments", asked(30))).json()
    mine = await by(str(ANA), caller, f"/v1/adjustments/{requested['adjustment_id']}/approve")
    assert (mine.status_code, mine.json()["code"]) == (403, "own-account")
    waiting = {"authorization": f"Bearer {issue(KEY, subject='pavel', scopes=SCOPES, audience='loyalty', now=shop.clock())}"}
    assert (await caller.client.get("/v1/adjustments", headers=waiting)).json()["items"] == [requested]
    shop.clock.advance(hours=25)
    late = await by("pavel", caller, f"/v1/adjustments/{requested['adjustment_id']}/approve")
    assert (late.status_code, late.json()["code"]) == (409, "request-lapsed")
    assert await buckets(shop, MEMBER_ANA) == (100, 0, 0)


@pytest.mark.parametrize("points", [30, -30])
async def test_what_was_asked_for_a_guest_is_booked_for_the_member_whom_the_guest_has_become(caller: Caller, shop: Service, points: int):
    requested = (await by("olga", caller, "/v1/adjustments", asked(points))).json()
    await shop.hear(linked())
    booked = (await by("pavel", caller, f"/v1/adjustments/{requested['adjustment_id']}/approve")).json()
    assert (booked["state"], booked["holder"], await buckets(shop, MEMBER_ANA)) == ("booked", MEMBER_ANA, (100 + points, 0, 0))
    assert await audit(shop) == []


@pytest.mark.parametrize(("body", "status", "code"), [
    (asked(0), 422, "invalid-request"),
    (asked(5, forfeit=True), 422, "invalid-request"),
    (asked(5, reason="x"), 422, "invalid-request"),
    (asked(5, holder=BORIS_CARD), 404, "unknown-holder"),
])  # fmt: skip
async def test_what_is_no_adjustment_is_refused(caller: Caller, shop: Service, body: dict[str, Any], status: int, code: str):
    answer = await by("olga", caller, "/v1/adjustments", body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert await shop.fetch("select from adjustment") == []


def handed(points: int, **fields: Any) -> dict[str, Any]:
    return {"programme": "shop", "holder": MEMBER_ANA, "to_holder": MEMBER_BORIS, "points": points, **fields}


async def lives(service: Service, holder: str) -> list[tuple[int, str]]:
    rows = await service.fetch(
        "select remaining, expires_at from lot join holder on holder.account_id = lot.account_id where holder = $1 and remaining > 0 order by expires_at",
        holder,
    )
    return [(remaining, f"{expires_at:%m-%d}") for remaining, expires_at in rows]


@pytest.mark.parametrize(("policy", "last"), [("restart", "02-26"), ("keep", "02-11")], ids=["T-53 the clock restarts", "dates are kept"])
async def test_case_t_53_points_handed_on_on_25_january(caller: Caller, service: Service, policy: str, last: str):
    """The day in the database is the first on which the points are gone: one after 25 February."""
    await service.publish(SHOP + f"expiry: {{after: 1 month}}\nspending: {{transfer: {policy}}}\npending: {{until: 5 days}}\n")
    await service.hear(registered(programme="shop"), linked(), registered(BORIS, programme="shop"))
    days = [NOON.replace(month=1, day=day) for day in (10, 24)] + [NOON.replace(year=2024, month=12, day=1)]
    service.clock.now = NOON.replace(month=1, day=25)
    await service.hear(*(bought(f"p-{number}", 100, at=at) for number, at in enumerate(days)))
    assert (await by("ana", caller, "/v1/transfers", handed(101))).json()["code"] == "insufficient-points"  # neither what waits nor what has expired
    answer = await by("ana", caller, "/v1/transfers", handed(60))
    assert (answer.status_code, answer.json()["points"]) == (201, 60)
    assert await lives(service, MEMBER_BORIS) == [(60, last)]
    assert (await buckets(service, MEMBER_BORIS))[0] == 60
    out_of, into = [each for each in await told(service) if isinstance(each, RewardMoved) and each.kind == "transfer"]
    assert (out_of.direction, out_of.points, into.direction, into.points, into.other_holder) == ("out", 60, "in", 60, MEMBER_ANA)
    await service.turn()
    assert await audit(service) == []


async def test_points_handed_to_and_fro_begin_anew_once(caller: Caller, service: Service):
    await service.publish(SHOP + "expiry: {after: 1 month}\nspending: {transfer: restart}\n")
    await service.hear(registered(programme="shop"), linked(), registered(BORIS, programme="shop"), bought("p-0", 100))
    for days, giver, taker, points in ((20, MEMBER_ANA, MEMBER_BORIS, 60), (20, MEMBER_BORIS, MEMBER_ANA, 50), (5, MEMBER_ANA, MEMBER_BORIS, 40)):
        service.clock.advance(days=days)
        answer = await by("ana", caller, "/v1/transfers", {"programme": "shop", "holder": giver, "to_holder": taker, "points": points})
        assert answer.status_code == 201
        await service.turn()
    assert await lives(service, MEMBER_ANA) == [(10, "05-01")]
    assert await lives(service, MEMBER_BORIS) == [(10, "05-01"), (40, "05-01")]
    assert await audit(service) == []


async def test_points_are_handed_on_from_member_to_member_only_where_the_programme_lets_them(caller: Caller, shop: Service):
    async def refused(body: dict[str, Any]) -> str:
        code: str = (await by("ana", caller, "/v1/transfers", body)).json()["code"]
        return code

    assert await refused(handed(10, programme="bread")) == "transfer-not-allowed"
    assert await refused(handed(10, holder=ANAS_CARD)) == "unknown-holder"
    await shop.hear(registered(programme="shop"), linked())
    assert await refused(handed(10)) == "unknown-holder"
    assert await refused(handed(10, to_holder=ANAS_CARD)) == "transfer-to-oneself"
    assert await buckets(shop, MEMBER_ANA) == (100, 0, 0)
