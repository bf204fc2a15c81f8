"""The gateway before the real accrual and the real members: one person's story, from guest to member."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
import jsonschema
import orjson
import pytest_asyncio

from contracts.envelope import Event, encode
from contracts.purchases import Line, PurchaseRecorded
from gateway.app import openapi_text
from members.domain.cards import check_digit
from shared.local.keys import LocalKeys
from shared.testing import NewDatabase, SettableClock

from .real import Owners, start

CARD = "900000000000042" + check_digit("900000000000042")
SHOP = "urn:shop:corner-coffee"
DOCUMENT = orjson.loads(openapi_text())
PROGRAMME = """
programme: coffee-bonus
version: 1
effective_from: 2024-01-01
zone: Europe/Moscow
currency: RUB
merchants: [corner-coffee]
points: {name: {en: beans}, worth: 1.00, rounding: floor}
earning:
  - {id: base, give: {points: 1, per: 20.00}}
  - {id: beans-at-home, when: {category: coffee-beans}, give: {multiply: 3}}
expiry: {after: 12 months, to: end_of_month}
"""
LINE = {"line_id": "1", "sku": "flat-white", "category": "drink", "paid_amount": 250_00}
Bearer = Callable[..., dict[str, str]]


@dataclass
class Story:
    """The gateway, what stands behind it, and a caller who may do everything that is not a member's own business."""

    gateway: httpx.AsyncClient
    owners: Owners
    bearer: Bearer

    async def ask(self, method: str, path: str, *, expect: int = 200, **request: Any) -> Any:
        """Ask, and hold the answer to the document."""
        headers = self.bearer("members:read", "accounts:read", "verdicts:read", "quotes:read", "guests:read", "registrations:write", "programmes:read")
        answer = await self.gateway.request(method, path, **{**request, "headers": headers | request.get("headers", {})})
        assert answer.status_code == expect, answer.text
        return answer.json()

    async def look_up(self) -> Any:
        found = await self.ask("POST", "/v1/members/look-up", json={"kind": "card", "value": CARD})
        hold(found, "LookUp")
        return found

    async def buys(self, number: int, holder: str | None = None) -> None:
        occurred_at = self.owners.clock() - timedelta(hours=1)
        data = PurchaseRecorded(
            merchant="corner-coffee", purchase_id=f"receipt-{number}", holder=holder, lines=(Line(**LINE),), currency="RUB", occurred_at=occurred_at
        )
        await self.owners.accrual.hear([encode(Event(id=f"event-{number}", source=SHOP, type=data.type, time=occurred_at, data=data))])
        await self.owners.catch_up()

    async def registers(self, key: str = "till-7-0001", **changes: Any) -> httpx.Response:
        holder = self.owners.holder(CARD)
        consents = [{"kind": "terms", "text_version": "1"}, {"kind": "processing", "text_version": "1"}]
        form = {"programme": "coffee-bonus", "identifiers": [{"kind": "card", "value": CARD}], "given_name": "Ana", "consents": consents}
        headers = self.bearer("registrations:write") | {"idempotency-key": key}
        answer = await self.gateway.post("/v1/registrations", json=form | {"proof": self.owners.proof(key, holder)} | changes, headers=headers)
        await self.owners.catch_up()
        return answer


def hold(reply: Any, schema: str) -> None:
    jsonschema.Draft202012Validator({"$ref": f"#/components/schemas/{schema}", "components": DOCUMENT["components"]}).validate(reply)


@pytest_asyncio.fixture
async def story(
    database: NewDatabase,
    keys: LocalKeys,
    clock: SettableClock,
    gateway_with: Callable[..., Awaitable[httpx.AsyncClient]],
    bearer: Bearer,
) -> AsyncIterator[Story]:
    async with AsyncExitStack() as serving:
        owners = await start(serving, database, keys, clock)
        async with httpx.AsyncClient(base_url=owners.accrual.url, headers=bearer("programmes:write"), trust_env=False) as publisher:
            published = await publisher.post("/v1/programmes", content=PROGRAMME, headers={"content-type": "application/yaml"})
            assert published.status_code == 201, published.text
        yield Story(await gateway_with(ACCRUAL_URL=owners.accrual.url, MEMBERS_URL=owners.members.url), owners, bearer)


async def test_a_guest_is_shown_what_waits_and_keeps_it_as_a_member(story: Story):
    assert (await story.look_up())["accounts"] == []
    await story.buys(1, story.owners.holder(CARD))
    guest = await story.look_up()
    assert guest["member"] is None
    assert guest["accounts"][0]["balance"]["available"] == 12
    waiting = await story.ask("POST", "/v1/guests/waiting", json={"programme": "coffee-bonus", "identifier": {"kind": "card", "value": CARD}})
    hold(waiting, "Waiting")
    assert waiting["points"]["available"] == 12

    assert (await story.registers()).status_code == 202
    member = await story.look_up()
    member_id = member["member"]["member_id"]
    assert member["accounts"][0]["balance"]["available"] == 12
    assert member["unavailable"] == []
    waiting = await story.ask("POST", "/v1/guests/waiting", json={"programme": "coffee-bonus", "identifier": {"kind": "card", "value": CARD}})
    assert waiting["points"] == {"pending": 0, "available": 0}

    for path, headers in ((f"/v1/members/{member_id}", {}), ("/v1/me", story.bearer("member", subject=member_id))):
        balance = await story.ask("GET", f"{path}/balance", headers=headers)
        history = await story.ask("GET", f"{path}/history", headers=headers)
        shown = await story.ask("GET", path, headers=headers)
        for reply, schema in ((balance, "Balance"), (history, "History"), (shown, "Member")):
            hold(reply, schema)
        assert balance["accounts"] == member["accounts"]
        assert [(item["movement"], item["points"]) for item in history["items"]] == [("moved-in", 12)]
        assert shown["member_id"] == member_id


async def test_every_point_can_be_explained(story: Story):
    holder = story.owners.holder(CARD)
    await story.registers()
    await story.buys(1, holder)
    await story.buys(2)
    member_id = (await story.look_up())["member"]["member_id"]
    newest = (await story.ask("GET", f"/v1/members/{member_id}/history", params={"limit": 1}))["items"][0]
    grant = await story.ask("GET", f"/v1/grants/{newest['grant_id']}")
    hold(grant, "Grant")
    assert grant["explanation"]["points"] == newest["points"] == 12
    assert [each["rule"] for each in grant["explanation"]["not_given"]] == ["beans-at-home"]
    why = await story.ask("GET", "/v1/purchases", params={"merchant": "corner-coffee", "purchase_id": "receipt-1"})
    why_not = await story.ask("GET", "/v1/purchases", params={"merchant": "corner-coffee", "purchase_id": "receipt-2"})
    for purchase in (why, why_not):
        hold(purchase, "Purchase")
    assert [each["revisions"][0]["verdict"] for each in (why, why_not)] == ["granted", "nothing-earned"]
    verdict = await story.ask("GET", "/v1/verdicts", params={"source": SHOP, "event_id": "event-2"})
    hold(verdict, "EventVerdict")
    assert verdict["verdict"] == "nothing-earned"


async def test_a_quote_says_what_the_purchase_then_earns(story: Story):
    cart = {"holder": story.owners.holder(CARD), "purchase": {"merchant": "corner-coffee", "lines": [LINE], "currency": "RUB"}}
    quote = await story.ask("POST", "/v1/quotes", json=cart)
    hold(quote, "Quote")
    await story.buys(1, story.owners.holder(CARD))
    assert (await story.look_up())["accounts"][0]["balance"]["available"] == quote["points"] == 12
    for changes, code in (({"merchant": "nobody"}, "unknown-merchant"), ({"currency": "EUR"}, "unknown-currency")):
        refused = await story.ask("POST", "/v1/quotes", json={"purchase": cart["purchase"] | changes}, expect=422)  # type: ignore[operator]
        assert refused["code"] == code


async def test_programmes_are_shown_with_their_documents(story: Story):
    listed = await story.ask("GET", "/v1/programmes")
    hold(listed, "Programmes")
    assert [item["programme"] for item in listed["items"]] == ["coffee-bonus"]
    shown = await story.ask("GET", "/v1/programmes/coffee-bonus", params={"version": 1})
    hold(shown, "Programme")
    assert (await story.ask("GET", "/v1/programmes/coffee-bonus", params={"version": 2}, expect=404))["code"] == "unknown-programme"


async def test_registering_twice_with_one_key_is_registering_once(story: Story):
    first, again = await story.registers(), await story.registers()
    assert (first.status_code, first.content) == (again.status_code, again.content)
    other = await story.registers(given_name="Boris")
    assert (other.status_code, other.json()["code"]) == (422, "conflict")
    unbelieved = await story.registers("till-7-0002", proof=story.owners.proof("another-registration", story.owners.holder(CARD)))
    assert (unbelieved.status_code, unbelieved.json()["code"], unbelieved.json()["reasons"]) == (403, "proof-refused", ["proof-mismatch"])


STRANGER = "7d1a4a52-0000-4d0b-9a5e-2f1d3c4b5a69"
UNKNOWN = {
    f"/v1/members/{STRANGER}": "unknown-member",
    f"/v1/members/{STRANGER}/balance": "unknown-holder",
    f"/v1/members/{STRANGER}/history": "unknown-holder",
    f"/v1/grants/{STRANGER}": "unknown-grant",
    "/v1/purchases?merchant=corner-coffee&purchase_id=none": "unknown-purchase",
    "/v1/verdicts?source=urn:x&event_id=none": "unknown-event",
    "/v1/programmes/tea": "unknown-programme",
}


async def test_what_nobody_knows_is_not_found_by_its_name(story: Story):
    for path, code in UNKNOWN.items():
        assert (await story.ask("GET", path, expect=404))["code"] == code
    for path, code in (("/v1/me", "unknown-member"), ("/v1/me/balance", "unknown-holder"), ("/v1/me/history", "unknown-holder")):
        assert (await story.ask("GET", path, expect=404, headers=story.bearer("member", subject=STRANGER)))["code"] == code


async def test_a_number_that_is_no_card_is_refused_by_its_fault(story: Story):
    refused = await story.ask("POST", "/v1/members/look-up", json={"kind": "card", "value": CARD[:-1] + "x"}, expect=422)
    assert refused["code"] == "invalid-identifier"
    assert CARD[:-1] not in orjson.dumps(refused).decode()


async def test_operators_need_no_other_address_than_the_gateways(story: Story):
    """A version with levels is proposed and approved; then a discount card of another system becomes a level."""
    tomorrow = (story.owners.clock() + timedelta(days=1)).date()
    tiers = "tiers: {by: money_spent, window: forever, levels: [{id: friend, from: 0}, {id: regular, from: 1000}]}\n"
    document = PROGRAMME.replace("version: 1", "version: 2").replace("2024-01-01", str(tomorrow)) + tiers
    mara, theo = (story.bearer("programmes:write", "programmes:approve", "migrations:write", subject=who) for who in ("mara", "theo"))
    yaml = mara | {"content-type": "application/yaml", "idempotency-key": "1"}
    wrong = await story.ask("POST", "/v1/programme-drafts", content=document.replace("per: 20.00", "pur: 20.00"), headers=yaml, expect=422)
    assert (wrong["code"], wrong["errors"][0]["line"]) == ("invalid-document", 10)
    draft = await story.ask("POST", "/v1/programme-drafts", content=document, headers=yaml | {"idempotency-key": "2"}, expect=201)
    hold(await story.ask("GET", f"/v1/programme-drafts/{draft['draft_id']}"), "OneDraft")
    approve = f"/v1/programme-drafts/{draft['draft_id']}/approve"
    assert (await story.ask("POST", approve, headers=mara | {"idempotency-key": "3"}, expect=403))["code"] == "second-person"
    assert (await story.ask("POST", approve, headers=theo | {"idempotency-key": "4"}))["version"] == 2

    story.owners.clock.advance(days=2)
    mara, theo = (story.bearer("migrations:write", subject=who) for who in ("mara", "theo"))
    path, row = "/v1/migrations/coffee-bonus/old-cards", {"name": "1", "holder": story.owners.holder(CARD), "spent": 1200_00}
    await story.ask("POST", path, json={"openings": 1, "totals": 1200_00}, headers=mara | {"idempotency-key": "5"}, expect=201)
    done = await story.ask("POST", f"{path}/openings", json={"rows": [row]}, headers=theo | {"idempotency-key": "6"})
    assert done == {"rows": 1, "points": 0, "known": 0}
    hold(await story.ask("GET", path, headers=theo), "MigrationState")
    assert (await story.look_up())["accounts"][0]["tier"]["level"] == "regular"
