"""Members, their identifiers, and what waited for them."""

from dataclasses import replace
from typing import Any

import pytest

from accrual.handlers import links
from contracts.envelope import decode

from .builders import (
    ANA,
    ANAS_CARD,
    ANAS_PHONE,
    BORIS,
    BORIS_CARD,
    MEMBER_ANA,
    MEMBER_BORIS,
    TEA,
    TEA_HOUSE,
    a_purchase,
    an_activity,
    linked,
    registered,
)
from .conftest import Service


async def test_a_new_member_is_welcomed_once(service: Service):
    assert await service.hear(registered()) == ["granted"]
    assert await service.hear(registered(event_id="again")) == ["duplicate"]
    assert await service.balances() == {(MEMBER_ANA, "bread"): (0, 100)}


async def test_a_programme_without_a_welcome_opens_an_empty_account(service: Service):
    await service.publish(TEA)
    assert await service.hear(registered(programme="tea")) == ["nothing-earned"]
    assert await service.fetch("select holder.holder, version from holder join account on id = account_id") == [(MEMBER_ANA, 0)]


async def test_a_member_of_an_unknown_programme_is_refused_by_name(service: Service):
    assert await service.hear(registered(programme="nobodys")) == ["refused unknown-programme"]
    assert await service.fetch("select from holder") == []


async def test_what_a_guest_earned_becomes_the_members(service: Service):
    await service.hear(a_purchase("1"), a_purchase("2"))
    assert await service.balances() == {(ANAS_CARD, "bread"): (0, 25)}
    assert await service.hear(registered(), linked()) == ["granted", "applied"]
    assert await service.balances() == {(MEMBER_ANA, "bread"): (0, 125)}


async def test_lots_move_intact(service: Service):
    columns = "id, granted_at, usable_from, expires_at, amount, remaining, state, cause_key, version"
    await service.hear(a_purchase("1"), a_purchase("2"))
    before = await service.fetch(f"select {columns} from lot order by id")
    await service.hear(linked())
    assert await service.fetch(f"select {columns} from lot order by id") == before
    ((unclaimed, moved_to),) = await service.fetch("select id, moved_to from account where kind = 'unclaimed'")
    assert await service.fetch("select distinct account_id from lot") == [(moved_to,)]
    assert unclaimed != moved_to


async def test_a_move_is_said_of_both_sides_each_with_its_version(service: Service):
    await service.hear(registered(), a_purchase("1"), a_purchase("2"), linked())
    out, into = (decode(record).data for record in (await service.said())[-2:])
    assert (out.direction, out.holder, out.other_holder, out.points, out.account_version) == ("out", ANAS_CARD, MEMBER_ANA, 25, 3)
    assert (into.direction, into.holder, into.other_holder, into.points, into.account_version) == ("in", MEMBER_ANA, ANAS_CARD, 25, 2)
    assert (out.balance.available, into.balance.available) == (0, 125)
    assert out.grants == into.grants
    assert len(out.grants) == 2
    assert {out.cause.kind, into.cause.kind} == {"link"}


async def test_after_the_link_purchases_by_card_are_the_members(service: Service):
    await service.hear(linked(), a_purchase("1"))
    assert await service.balances() == {(MEMBER_ANA, "bread"): (0, 15)}
    assert [decode(record).data.holder for record in await service.said() if record.topic == "loyalty.rewards.v1"] == [MEMBER_ANA]


async def test_a_purchase_by_member_id_and_one_by_card_meet_in_one_account(service: Service):
    await service.hear(linked(), a_purchase("1"), a_purchase("2", holder=MEMBER_ANA))
    assert await service.balances() == {(MEMBER_ANA, "bread"): (0, 25)}


async def test_nothing_to_move_is_not_said(service: Service):
    assert await service.hear(linked()) == ["applied"]
    assert [record for record in await service.said() if record.topic == "loyalty.rewards.v1"] == []


async def test_everything_moves_in_every_programme(service: Service):
    await service.publish(TEA)
    await service.hear(a_purchase("1"), a_purchase("2", merchant=TEA_HOUSE))
    await service.hear(linked())
    assert await service.balances() == {(MEMBER_ANA, "bread"): (0, 15), (MEMBER_ANA, "tea"): (100, 0)}


async def test_a_card_and_a_phone_linked_in_one_batch_both_bring_what_they_have(service: Service):
    await service.hear(a_purchase("1"), a_purchase("2", holder=ANAS_PHONE))
    assert await service.hear(linked(), linked(ANAS_PHONE), registered()) == ["applied", "applied", "granted"]
    assert await service.balances() == {(MEMBER_ANA, "bread"): (0, 15 + 15 + 100)}


async def test_the_first_purchase_of_a_guest_was_the_members_first(service: Service):
    await service.hear(a_purchase("1"), linked(), a_purchase("2"))
    assert await service.balances() == {(MEMBER_ANA, "bread"): (0, 15 + 10)}


async def test_a_claim_opens_no_cap_anew(service: Service):
    await service.hear(a_purchase("1", kopecks=1000_00, category="cake"), linked(), a_purchase("2", kopecks=1000_00, category="cake"))
    assert await service.balances() == {(MEMBER_ANA, "bread"): (0, (100 + 100 + 5) + 100)}
    await service.hear(an_activity("1", holder=ANAS_PHONE), an_activity("2", holder=MEMBER_ANA), linked(ANAS_PHONE), an_activity("3", holder=MEMBER_ANA))
    assert await service.balances() == {(MEMBER_ANA, "bread"): (0, 305 + 25 + 25)}


@pytest.mark.parametrize("apart", [True, False])
async def test_a_link_to_another_member_moves_nothing(service: Service, *, apart: bool):
    first, second = linked(), linked(member=BORIS, version=2)
    if apart:
        await service.hear(a_purchase("1"), first)
        await service.hear(second)
    else:
        await service.hear(a_purchase("1"))
        assert await service.hear(first, second) == ["applied", "applied"]
    await service.hear(a_purchase("2"))
    assert await service.balances() == {(MEMBER_ANA, "bread"): (0, 15), (MEMBER_BORIS, "bread"): (0, 15)}


async def test_an_older_link_that_comes_late_changes_nothing(service: Service):
    assert await service.hear(linked(member=BORIS, version=2), linked(member=ANA, version=1)) == ["applied", "stale"]
    assert await service.hear(replace(linked(member=BORIS, version=2), id="again")) == ["duplicate"]
    await service.hear(a_purchase())
    assert await service.balances() == {(MEMBER_BORIS, "bread"): (0, 15)}


@pytest.mark.parametrize("apart", [True, False])
async def test_a_released_card_earns_for_nobody_and_for_the_next_who_proves_it(service: Service, *, apart: bool):
    link, release = linked(), linked(version=2, released=True)
    await service.hear(a_purchase("1"))
    if apart:
        await service.hear(link)
        await service.hear(release)
    else:
        assert await service.hear(link, release) == ["applied", "applied"]
    await service.hear(a_purchase("2"))
    assert await service.balances() == {(MEMBER_ANA, "bread"): (0, 15), (ANAS_CARD, "bread"): (0, 15)}
    await service.hear(linked(member=BORIS, version=3))
    assert await service.balances() == {(MEMBER_ANA, "bread"): (0, 15), (MEMBER_BORIS, "bread"): (0, 15)}


async def test_the_versions_of_a_card_go_on_after_it_was_released(service: Service):
    await service.hear(a_purchase("1"), linked(), linked(version=2, released=True), a_purchase("2"))
    rewards = [decode(record).data for record in await service.said() if record.topic == "loyalty.rewards.v1"]
    assert [reward.account_version for reward in rewards if reward.holder == ANAS_CARD] == [1, 2, 3]


async def test_releasing_and_linking_in_one_batch_moves_only_what_was_nobodys(service: Service):
    await service.hear(a_purchase("1"), linked())
    await service.hear(linked(version=2, released=True), linked(member=BORIS, version=3))
    await service.hear(a_purchase("2"))
    assert await service.balances() == {(MEMBER_ANA, "bread"): (0, 15), (MEMBER_BORIS, "bread"): (0, 15)}


async def test_nothing_is_ever_written_to_an_account_that_has_moved(service: Service):
    await service.hear(a_purchase("1"), linked(), a_purchase("2"), linked(version=2, released=True), a_purchase("3"))
    rows = await service.fetch("select pending + available + held + debt, count(lot.id) from account left join lot on account_id = account.id "
                               "where moved_to is not null group by account.id")  # fmt: skip
    assert rows == [(0, 0)]


async def test_after_a_poison_link_the_next_one_of_the_card_claims(service: Service, monkeypatch: pytest.MonkeyPatch):
    """Which of them claims is known only when they are decided; both members' accounts are locked by then."""
    move = links.Claims.move

    def poisoned(claims: Any, event: Any) -> Any:
        if event.data.link_version == 1:
            raise ZeroDivisionError
        return move(claims, event)

    monkeypatch.setattr(links.Claims, "move", poisoned)
    await service.hear(a_purchase("1"))
    assert await service.hear(linked(), linked(member=BORIS, version=2)) == ["dead-lettered internal-error", "applied"]
    assert await service.balances() == {(MEMBER_BORIS, "bread"): (0, 15)}


async def test_a_visitor_and_a_card_are_identifiers_alike(service: Service):
    visitor = "v:" + "x" * 22
    await service.hear(a_purchase("1", holder=visitor), linked(visitor), a_purchase("2", holder=BORIS_CARD))
    assert await service.balances() == {(MEMBER_ANA, "bread"): (0, 15), (BORIS_CARD, "bread"): (0, 15)}
