"""Every kind of programme runs from its document in `programmes/`: one system, a shop of each kind, and what its customers get."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from contracts.purchases import Line
from e2e.builders import SHOP, Cast
from e2e.system import OK, System, eventually
from shared.clock import utc_now

CAMPAIGN = Path(__file__).parents[2] / "programmes" / "black-friday.yaml"
#: Days in that document, and how far from today they are moved, so that it is on whenever this test runs.
MOVED = {"2026-11-27": -2, "2026-11-30": 2}


@pytest.fixture(scope="module", autouse=True)
async def _a_campaign_is_on(system: System) -> None:
    """The other kinds are published with the system, as they stand."""
    document = CAMPAIGN.read_text().replace("programme: black-friday", "programme: friday-now").replace("sound-and-vision", "friday-shop")
    for day, days in MOVED.items():
        document = document.replace(day, str(utc_now().date() + timedelta(days=days)))
    await system.publish_programme(document)


async def bought(system: System, cast: Cast, name: str, merchant: str, *lines: Line) -> dict[str, Any]:
    """Sell something, and wait for the account that it made."""
    purchase = cast.a_purchase(cast.holder(name), merchant=merchant, lines=lines, currency="RUB")
    await system.publish(purchase)
    await eventually(lambda: system.verdict(SHOP, purchase.id))
    (account,) = (await system.look_up(cast.email(name)))["accounts"]
    found: dict[str, Any] = account
    return found


async def quoted(system: System, cast: Cast, name: str, merchant: str, line: Line) -> dict[str, Any]:
    cart = {"merchant": merchant, "currency": "RUB", "lines": [line.model_dump(mode="json")]}
    answer = await system.client.post("/v1/quotes", json={"holder": cast.holder(name), "purchase": cart})
    assert answer.status_code == OK, answer.text
    quote: dict[str, Any] = answer.json()
    return quote


def a_line(roubles: int, category: str, *, pieces: int = 1, before: int | None = None) -> Line:
    list_amount = None if before is None else before * 100
    return Line(line_id="1", sku=f"a-{category}", category=category, quantity=pieces * 1000, paid_amount=roubles * 100, list_amount=list_amount)


async def test_an_individual_bonus_gives_points_that_wait_and_a_level(system: System, cast: Cast):
    account = await bought(system, cast, "ana", "coffee-house", a_line(200, "coffee-beans"))
    assert account["balance"] == {"pending": 30 + 50, "available": 0, "held": 0, "debt": 0}  # three times 10, and the first cup
    assert (account["tier"]["level"], account["tier"]["next"]) == ("friend", "regular")


async def test_a_cumulative_discount_grows_with_what_was_bought(system: System, cast: Cast):
    hammer = a_line(1200, "tools")
    assert (await quoted(system, cast, "ben", "hardware-store", hammer))["discount_amount"] == 0
    account = await bought(system, cast, "ben", "hardware-store", a_line(10_000, "timber"))
    assert account["tier"]["level"] == "bronze"
    quote = await quoted(system, cast, "ben", "hardware-store", hammer)
    assert [(each["discount"], each["amount"]) for each in quote["discounts"]] == [("bronze-3", 36_00)]


async def test_a_short_campaign_takes_off_and_doubles_while_it_lasts(system: System, cast: Cast):
    quote = await quoted(system, cast, "cid", "friday-shop", a_line(10_000, "headphones"))
    assert (quote["total_amount"], quote["points"]) == (7500_00, 150)
    account = await bought(system, cast, "cid", "friday-shop", a_line(7500, "headphones", before=10_000))
    assert account["balance"]["available"] == 150


async def test_a_company_gets_a_rebate_for_the_volume_of_its_quarter(system: System, cast: Cast):
    first = await bought(system, cast, "dot", "paper-wholesale", a_line(300_000, "paper"))
    assert first["balance"]["pending"] == 3_000_00
    second = await bought(system, cast, "dot", "paper-wholesale", a_line(300_000, "paper"))
    assert second["balance"]["pending"] == 12_000_00  # two percent of all 600,000


async def test_privileges_come_with_the_level_and_a_tenth_training_with_a_massage(system: System, cast: Cast):
    account = await bought(system, cast, "eva", "fitness-club", a_line(30_000, "trainer", pieces=10))
    assert (account["tier"]["level"], account["tier"]["privileges"]) == ("silver", ["towel"])

    async def given() -> list[str]:
        return [body["reward"] for kind, body in await system.rewards(cast.holder("eva")) if kind == "loyalty.entitlement.issued.v1"]

    assert await eventually(given) == ["massage"]
