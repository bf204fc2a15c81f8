from typing import Any

import asyncpg
import pytest

from members.store.checks import CHECKS
from shared.checks import Violation

from .builders import ANA, BORIS, a_form, proven
from .conftest import Service


async def findings(service: Service, *, url: str | None = None) -> dict[str, Violation]:
    """The first violation of each broken invariant, asked as an audit asks."""
    connection = await asyncpg.connect(url or service.database.urls.verify)
    try:
        found = {check.id: [violation async for violation in check.run(connection)] for check in CHECKS}
    finally:
        await connection.close()
    return {invariant: violations[0] for invariant, violations in found.items() if violations}


async def damage(service: Service, *statements: str) -> None:
    """Do by hand what no rule of the service allows."""
    connection = await asyncpg.connect(service.database.urls.owner)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


@pytest.fixture
async def busy(service: Service) -> Service:
    """A service with two members, an attempt, a duplicate and a dead letter."""
    lying = a_form("r-4", BORIS.phone).event(personal="a.b.c.d.eeeeeeeeeeeeeeeeeeee")
    events: list[Any] = [proven("r-1", *ANA.all).event(), proven("r-1", ANA.phone).event("again"), a_form("r-3", BORIS.email).event(), lying]
    await service.hear(*events, proven("r-5", BORIS.card, person=BORIS).event())
    return service


async def test_a_service_at_work_breaks_no_invariant(busy: Service):
    assert await findings(busy) == {}


async def test_the_service_itself_may_ask_all_of_it_as_its_schedule_does(busy: Service):
    assert await findings(busy, url=busy.database.urls.app) == {}


@pytest.mark.parametrize(
    ("invariant", "found", "statements"),
    [
        (
            "M1",
            "2 live links",
            [
                "drop index link_one_live",
                "insert into link select nextval('link_version'), identifier, kind, member_id, linked_at from link where kind = 'phone'",
            ],
        ),
        ("M2", "h1:", ["update link set link_version = 1000 where kind = 'phone'"]),
        ("M3", "no key", ["delete from member_key where member_id = (select min(member_id::text)::uuid from member)"]),
        ("M3", "no programme", ["delete from membership"]),
        (
            "M3",
            "no consent to terms",
            ["alter table consent disable trigger user", "delete from consent where kind = 'terms'", "alter table consent enable trigger user"],
        ),
        ("M4", "missing or disabled", ["alter table consent disable trigger consent_only_grows"]),
        ("M5", "readable", ["grant select on member to verify"]),
        ("M5", "bytea", ["alter table member alter column given_name type bytea"]),
        ("M6", "claimed", ["insert into claim select link.identifier, attempt, now() from link join attempt using (member_id) where link.kind = 'email'"]),
        (
            "M7",
            "verdicts",
            ["alter table consumer_offset drop constraint every_record_has_one_verdict", "update consumer_offset set applied = applied - 1"],
        ),
    ],
)
async def test_an_audit_names_the_first_damaged_row(busy: Service, invariant: str, found: str, statements: list[str]):
    await damage(busy, *statements)
    broken = await findings(busy)
    assert list(broken) == [invariant]
    assert found in broken[invariant].found
