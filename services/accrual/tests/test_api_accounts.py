"""Questions about a holder, answered from one moment of the database."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from .builders import (
    ANAS_CARD,
    BORIS_CARD,
    MEMBER_ANA,
    NOON,
    PARCEL_SHOP,
    PARCELS,
    TEA,
    TEA_HOUSE,
    TILL,
    a_purchase,
    an_activity,
    confirmed,
    linked,
    registered,
)
from .conftest import Caller


async def test_a_balance_has_what_counts_now_and_what_comes_and_goes(caller: Caller):
    service = caller.service
    await service.publish(TEA)
    await service.hear(a_purchase("1", kopecks=500_00), a_purchase("2", merchant=TEA_HOUSE, zone="UTC"))
    shown = await caller.get(f"/v1/accounts/{ANAS_CARD}")
    assert shown == {
        "holder": ANAS_CARD,
        "unclaimed": True,
        "as_of": "2025-03-10T12:00:00Z",
        "accounts": [
            {
                "programme": "bread",
                "account_version": 1,
                "balance": {"pending": 0, "available": 55, "held": 0, "debt": 0},
                "expiring": [{"points": 55, "expires_at": "2026-03-31T21:00:00Z"}],
                "maturing": [],
                "worth": {"amount": 27_50, "currency": "RUB"},
                "tier": None,
            },
            {
                "programme": "tea",
                "account_version": 1,
                "balance": {"pending": 100, "available": 0, "held": 0, "debt": 0},
                "expiring": [],
                "maturing": [{"points": 100, "usable_from": "2025-03-24T00:00:00Z"}],
                "worth": {"amount": 0, "currency": "RUB"},
                "tier": None,
            },
        ],
    }


async def test_a_balance_does_not_wait_for_the_clocks_work(caller: Caller):
    service = caller.service
    await service.publish(TEA)
    await service.hear(a_purchase("1", merchant=TEA_HOUSE, zone="UTC"), a_purchase("2", merchant=TEA_HOUSE, zone="UTC", at=NOON - timedelta(days=30)))

    async def buckets() -> tuple[int, int, int]:
        (account,) = (await caller.get(f"/v1/accounts/{ANAS_CARD}"))["accounts"]
        return account["balance"]["pending"], account["balance"]["available"], account["account_version"]

    assert await buckets() == (100, 100, 2)
    service.clock.now = datetime(2025, 3, 24, tzinfo=UTC)
    assert await buckets() == (0, 200, 2)
    service.clock.now = datetime(2025, 4, 9, tzinfo=UTC)
    assert await buckets() == (0, 100, 2)
    await service.turn()
    assert await buckets() == (0, 100, 4)


async def test_a_linked_card_shows_the_members_accounts(caller: Caller):
    await caller.service.hear(a_purchase("1"), registered(), linked())
    by_card, by_member = await caller.get(f"/v1/accounts/{ANAS_CARD}"), await caller.get(f"/v1/accounts/{MEMBER_ANA}")
    assert by_card == by_member
    assert (by_card["holder"], by_card["unclaimed"], by_card["accounts"][0]["balance"]["available"]) == (MEMBER_ANA, False, 115)


async def test_points_that_expire_on_one_day_are_told_together(caller: Caller):
    await caller.service.hear(a_purchase("1"), a_purchase("2"), a_purchase("3", at=NOON - timedelta(days=31)))
    ((account),) = (await caller.get(f"/v1/accounts/{ANAS_CARD}"))["accounts"]
    assert [(each["points"], each["expires_at"]) for each in account["expiring"]] == [(10, "2026-02-28T21:00:00Z"), (25, "2026-03-31T21:00:00Z")]


async def test_history_tells_each_change_newest_first(caller: Caller):
    service = caller.service
    await service.publish(PARCELS)
    await service.hear(a_purchase("p-1", merchant=PARCEL_SHOP, kopecks=120_00), confirmed(), linked())
    service.clock.advance(days=1)
    history = await caller.get(f"/v1/accounts/{MEMBER_ANA}/history")
    assert history["next"] is None
    (arrived,) = history["items"]
    assert (arrived["movement"], arrived["points"], arrived["cause"]["kind"], arrived["grant_id"]) == ("moved-in", 12, "link", None)
    assert arrived["balance"] == {"pending": 0, "available": 12, "held": 0, "debt": 0}


async def test_history_says_what_each_change_was_for(caller: Caller):
    service = caller.service
    await service.publish(TEA)
    await service.hear(a_purchase("1", merchant=TEA_HOUSE, zone="UTC", holder=MEMBER_ANA))
    service.clock.advance(days=100)
    await service.turn()
    expired, activated, granted = (await caller.get(f"/v1/accounts/{MEMBER_ANA}/history"))["items"]
    assert [each["movement"] for each in (granted, activated, expired)] == ["granted", "activated", "expired"]
    assert [each["points"] for each in (granted, activated, expired)] == [100] * 3
    assert [each["account_version"] for each in (granted, activated, expired)] == [1, 2, 3]
    assert [(each["balance"]["pending"], each["balance"]["available"]) for each in (granted, activated, expired)] == [(100, 0), (0, 100), (0, 0)]
    assert {each["grant_id"] for each in (granted, activated, expired)} == {granted["grant_id"]}
    assert granted["cause"] == {
        "source": TILL,
        "event_id": "tea-house/1/1",
        "kind": "purchase",
        "merchant": TEA_HOUSE,
        "purchase_id": "1",
        "activity": None,
        "occurred_at": "2025-03-10T12:00:00Z",
    }
    assert (expired["cause"]["kind"], expired["cause"]["purchase_id"], expired["occurred_at"]) == ("schedule", "1", "2025-05-11T00:00:00Z")
    assert granted["explanation"]["steps"][0]["rule"] == "base"
    assert activated["explanation"] is expired["explanation"] is None


async def test_history_of_activities_and_registrations_names_them(caller: Caller):
    await caller.service.hear(registered(), an_activity(holder=MEMBER_ANA))
    newsletter, welcome = (await caller.get(f"/v1/accounts/{MEMBER_ANA}/history"))["items"]
    assert (newsletter["cause"]["kind"], newsletter["cause"]["activity"]) == ("activity", "newsletter")
    assert (welcome["cause"]["kind"], welcome["cause"]["activity"]) == ("registration", None)


@pytest.mark.parametrize("limit", [1, 3, 7, 10, 50])
async def test_pages_together_are_the_whole_history_even_while_it_grows(caller: Caller, limit: int):
    service = caller.service
    await service.hear(*(a_purchase(str(number), kopecks=1000 * number) for number in range(1, 11)))
    items: list[Any] = []
    cursor: dict[str, str] = {}
    while True:
        page = await caller.get(f"/v1/accounts/{ANAS_CARD}/history", limit=limit, **cursor)
        assert len(page["items"]) <= limit
        items += page["items"]
        await service.hear(a_purchase(f"meanwhile {len(items)}"))
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    assert [each["account_version"] for each in items] == list(range(10, 0, -1))
    balance = 0
    for each in reversed(items):
        balance += each["points"]
        assert each["balance"]["available"] == balance


async def test_a_holder_with_several_programmes_must_name_one(caller: Caller):
    await caller.service.publish(TEA)
    await caller.service.hear(a_purchase("1"), a_purchase("2", merchant=TEA_HOUSE))
    path = f"/v1/accounts/{ANAS_CARD}/history"
    assert await caller.refused(path) == (422, "programme-needed")
    assert [each["programme"] for each in (await caller.get(path, programme="tea"))["items"]] == ["tea"]
    assert await caller.refused(path, programme="coffee") == (404, "unknown-holder")


async def test_a_cursor_that_is_not_ours_is_refused_by_name(caller: Caller):
    await caller.service.hear(a_purchase("1"), a_purchase("2"), a_purchase("3", holder=BORIS_CARD), a_purchase("4", holder=BORIS_CARD))
    page = await caller.get(f"/v1/accounts/{BORIS_CARD}/history", limit=1)
    path = f"/v1/accounts/{ANAS_CARD}/history"
    for cursor in ("", "nonsense", "bnVsbA==", "WzEsMiwzXQ==", "W10=", "\u00e9"):
        assert await caller.refused(path, cursor=cursor) == (422, "invalid-cursor")
    assert await caller.refused(path, cursor=page["next"]) == (409, "cursor-of-another-account")


async def test_a_grant_is_shown_with_what_is_left_of_it_wherever_it_went(caller: Caller):
    service = caller.service
    await service.hear(a_purchase("1", kopecks=120_00))
    ((grant_id,),) = await service.fetch("select id from lot")
    before = await caller.get(f"/v1/grants/{grant_id}")
    assert before == {
        "grant_id": str(grant_id),
        "holder": ANAS_CARD,
        "programme": "bread",
        "programme_version": 1,
        "points": 17,
        "lot": {"amount": 17, "remaining": 17, "usable_from": "2025-03-10T12:00:00Z", "expires_at": "2026-03-31T21:00:00Z"},
        "cause": {
            "source": TILL,
            "event_id": "corner-bakery/1/1",
            "kind": "purchase",
            "merchant": "corner-bakery",
            "purchase_id": "1",
            "activity": None,
            "occurred_at": "2025-03-10T12:00:00Z",
        },
        "booked_at": "2025-03-10T12:00:00Z",
        "explanation": before["explanation"],
    }
    assert before["explanation"]["points"] == 17
    await service.hear(linked())
    assert await caller.get(f"/v1/grants/{grant_id}") == {**before, "holder": MEMBER_ANA}
    service.clock.advance(days=500)
    await service.turn()
    assert (await caller.get(f"/v1/grants/{grant_id}"))["lot"]["remaining"] == 0
    await service.pool.execute("delete from holder")
    assert (await caller.get(f"/v1/grants/{grant_id}"))["holder"] is None


async def test_the_grant_of_an_activity_is_shown_too(caller: Caller):
    await caller.service.hear(an_activity())
    ((grant_id,),) = await caller.service.fetch("select id from lot")
    assert (await caller.get(f"/v1/grants/{grant_id}"))["cause"]["activity"] == "newsletter"


async def test_what_nobody_has_is_not_found_by_name(caller: Caller):
    nobody = "m:00000000-0000-4000-8000-000000000000"
    assert await caller.refused(f"/v1/accounts/{nobody}") == (404, "unknown-holder")
    assert await caller.refused(f"/v1/accounts/{nobody}/history") == (404, "unknown-holder")
    assert await caller.refused(f"/v1/grants/{nobody[2:]}") == (404, "unknown-grant")
    assert await caller.refused("/v1/accounts/somebody") == (422, "invalid-request")
    assert await caller.refused("/v1/grants/nonsense") == (422, "invalid-request")
