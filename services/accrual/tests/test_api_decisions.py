"""Why, why not, what if, and what became of an event."""

from datetime import timedelta
from typing import Any

import pytest

from .builders import ANAS_CARD, BAKERY, MEMBER_ANA, NOON, TILL, a_purchase, linked
from .conftest import ALL, Caller

CART = {"merchant": BAKERY, "currency": "RUB", "zone": "Europe/Moscow", "lines": [{"line_id": "1", "sku": "cake", "category": "cake", "paid_amount": 600_00}]}


async def test_why_a_purchase_earned_what_it_earned(caller: Caller):
    await caller.service.hear(a_purchase("1", kopecks=120_00))
    shown = await caller.get("/v1/purchases", merchant=BAKERY, purchase_id="1")
    (revision,) = shown["revisions"]
    assert (shown["merchant"], shown["purchase_id"]) == (BAKERY, "1")
    assert (revision["revision"], revision["verdict"], revision["programme"], revision["programme_version"]) == (1, "granted", "bread", 1)
    assert [(step["rule"], step["points_exact"]) for step in revision["explanation"]["steps"]] == [("base", "12"), ("first", "5")]
    assert {silent["rule"]: silent["reason"] for silent in revision["explanation"]["not_given"]}.keys() == {"cake"}


async def test_why_a_purchase_earned_nothing(caller: Caller):
    await caller.service.hear(a_purchase("1", holder=None), a_purchase("2", currency="USD"), a_purchase("2", event_id="mended"))
    ((nothing),) = (await caller.get("/v1/purchases", merchant=BAKERY, purchase_id="1"))["revisions"]
    assert (nothing["verdict"], nothing["reason"]) == ("nothing-earned", "no-identifier")
    revisions = (await caller.get("/v1/purchases", merchant=BAKERY, purchase_id="2"))["revisions"]
    assert sorted((each["verdict"], each["reason"]) for each in revisions) == [("granted", None), ("refused", "unknown-currency")]
    assert await caller.refused("/v1/purchases", merchant=BAKERY, purchase_id="3") == (404, "unknown-purchase")


async def test_what_became_of_an_event(caller: Caller):
    await caller.service.hear(a_purchase("1"), a_purchase("1", event_id="again"))
    granted = await caller.get("/v1/verdicts", source=TILL, event_id="corner-bakery/1/1")
    assert granted == {"source": TILL, "event_id": "corner-bakery/1/1", "verdict": "granted", "reason": None, "decided_at": "2025-03-10T12:00:00Z"}
    assert (await caller.get("/v1/verdicts", source=TILL, event_id="again"))["verdict"] == "duplicate"
    assert await caller.refused("/v1/verdicts", source=TILL, event_id="never") == (404, "unknown-event")
    assert await caller.refused("/v1/verdicts", source=TILL, event_id="a\0b") == (422, "invalid-request")
    assert await caller.refused("/v1/verdicts", source=TILL) == (422, "invalid-request")


async def test_a_quote_says_what_the_purchase_then_earns(caller: Caller):
    quote = (await caller.post("/v1/quotes", {"holder": ANAS_CARD, "purchase": CART})).json()
    await caller.service.hear(a_purchase("1", kopecks=600_00, category="cake"))
    (earned,) = (await caller.get(f"/v1/accounts/{ANAS_CARD}/history"))["items"]
    assert quote["points"] == earned["points"] == 60 + 60 + 5
    assert (quote["programme"], quote["programme_version"], quote["usable_from"], quote["expires_at"]) == (
        "bread",
        1,
        "2025-03-10T12:00:00Z",
        earned["expires_at"],
    )
    assert [step["points_exact"] for step in quote["explanation"]["steps"]] == [step["points_exact"] for step in earned["explanation"]["steps"]]


async def test_a_quote_counts_from_the_holders_account(caller: Caller):
    await caller.service.hear(a_purchase("1", kopecks=600_00, category="cake"), linked())
    for holder in (ANAS_CARD, MEMBER_ANA):
        quote = (await caller.post("/v1/quotes", {"holder": holder, "purchase": CART})).json()
        assert quote["points"] == 60 + 40  # no first purchase any more, and the cap leaves 40
    assert (await caller.post("/v1/quotes", {"purchase": CART})).json()["points"] == 125


async def test_a_quote_books_nothing(caller: Caller):
    before = await caller.service.fetch("select * from account")
    for _ in range(3):
        await caller.post("/v1/quotes", {"holder": ANAS_CARD, "purchase": CART})
    assert await caller.service.fetch("select * from account") == before
    assert await caller.service.fetch("select from holder") == await caller.service.fetch("select from counter") == []


async def test_a_quote_for_nothing_says_why(caller: Caller):
    small = {**CART, "lines": [{"line_id": "1", "sku": "crumb", "paid_amount": 1}], "occurred_at": (NOON - timedelta(days=1)).isoformat()}
    await caller.service.hear(a_purchase("1"))
    quote = (await caller.post("/v1/quotes", {"holder": ANAS_CARD, "purchase": small})).json()
    assert (quote["points"], quote["usable_from"]) == (0, None)
    assert quote["explanation"]["not_given"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"merchant": "a-stranger"}, "unknown-merchant"),
        ({"currency": "USD"}, "unknown-currency"),
        ({"zone": "Mars/Olympus"}, "unknown-zone"),
        ({"occurred_at": "2023-01-01T00:00:00Z"}, "not-in-force"),
        ({"lines": []}, "invalid-request"),
        ({"color": "red"}, "invalid-request"),
        ({"delivery_amount": 1.5}, "invalid-request"),
        ({"lines": [{"line_id": "1", "sku": "x", "paid_amount": -1}]}, "invalid-request"),
    ],
)
async def test_a_cart_that_no_programme_decides_is_refused_by_name(caller: Caller, changes: dict[str, Any], code: str):
    answer = await caller.post("/v1/quotes", {"purchase": {**CART, **changes}})
    assert (answer.status_code, answer.json()["code"]) == (422, code)


async def test_a_cart_of_a_thousand_lines_is_priced(caller: Caller):
    lines = [{"line_id": f"{number}", "sku": f"sku-{number}", "name": "x" * 100, "category": "bread", "paid_amount": 10_00} for number in range(1000)]
    answer = await caller.post("/v1/quotes", {"purchase": {**CART, "lines": lines}})
    assert answer.json()["points"] == 1005


async def test_each_route_wants_its_scope(caller: Caller):
    for method, path, scope in (
        ("GET", f"/v1/accounts/{ANAS_CARD}", "accounts:read"),
        ("GET", f"/v1/accounts/{ANAS_CARD}/history", "accounts:read"),
        ("GET", "/v1/grants/00000000-0000-4000-8000-000000000000", "accounts:read"),
        ("GET", "/v1/purchases?merchant=a&purchase_id=b", "accounts:read"),
        ("GET", "/v1/verdicts?source=a&event_id=b", "verdicts:read"),
        ("POST", "/v1/quotes", "quotes:read"),
        ("GET", "/v1/programmes", "programmes:read"),
        ("GET", "/v1/programmes/bread", "programmes:read"),
        ("POST", "/v1/programmes", "programmes:write"),
    ):
        without = await caller.client.request(method, path, headers=caller.headers(set(ALL) - {scope}), json={})
        assert (path, without.status_code, without.json()["code"]) == (path, 403, "scope-missing")
        assert (await caller.client.request(method, path, headers=caller.headers([scope]), json={})).status_code in {200, 404, 422}
        assert (await caller.client.request(method, path, json={})).status_code == 401
