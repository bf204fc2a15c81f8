"""What members publish elsewhere: a link earns once, after an operator has looked at it, by the rules in force when it was done."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest

from accrual.handlers import approving
from accrual.store import causes
from contracts.envelope import Event, decode
from shared.auth import issue
from shared.ids import random_id

from .builders import ANA, ANAS_CARD, BORIS_CARD, MEMBER_ANA, NOON, an_activity, linked, registered
from .conftest import KEY, Caller, Service
from .test_checks import audit
from .test_races import waits

POSTS = """
programme: posts
version: 1
effective_from: 2024-01-01
zone: UTC
currency: RUB
merchants: [nowhere]
points: {name: {en: likes}, worth: 1.00}
earning:
  - {id: shared, on: activity, when: {activity: shared}, give: {fixed: 30}, cap: {times: 2, per: month}}
  - {id: photo, on: activity, when: {activity: photo}, give: {reward: mug}}
campaigns:
  - {id: fest, budget: {points: 10}, earning: [{id: more, on: activity, when: {activity: shared}, give: {fixed: 10}}]}
rewards: [{id: mug, kind: gift, stock: 1}]
social:
  - {id: post, activity: shared, hosts: [vk.com], within: 7 days}
  - {id: picture, activity: photo, hosts: [vk.com], approval: none}
"""
PATH = "/v1/social-actions"


def shared(number: int = 1, *, link: str | None = None, holder: str = ANAS_CARD, kind: str = "shared", **fields: Any) -> Event[Any]:
    given = {"programme": "posts", "link": f"https://vk.com/wall{number}" if link is None else link or None}
    return an_activity(f"a-{number}", holder=holder, kind=kind, **{**given, **fields})


async def by(who: str, caller: Caller, path: str, body: Any = None, key: str | None = None) -> httpx.Response:
    token = issue(KEY, subject=who, scopes=("social:read", "social:approve"), audience="loyalty", now=caller.service.clock())
    headers = {"authorization": f"Bearer {token}", "idempotency-key": key or str(random_id())}
    return await caller.client.request("GET" if body is None else "POST", path, json=body or None, headers=headers)


async def listed(caller: Caller, state: str = "waiting") -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = (await by("olga", caller, f"{PATH}?state={state}&programme=posts")).json()["items"]
    return items


async def decided(caller: Caller, what: str = "approve", who: str = "olga", place: int = 0, **body: Any) -> dict[str, Any]:
    action = (await listed(caller))[place]["action_id"]
    answer: dict[str, Any] = (await by(who, caller, f"{PATH}/{action}/{what}", body or {"": ""} if what == "reject" else {})).json()
    return answer


@pytest.fixture
async def posts(service: Service) -> Service:
    await service.publish(POSTS)
    return service


async def test_a_post_earns_once_somebody_has_approved_it(caller: Caller, posts: Service):
    assert await posts.hear(shared(), shared(event_id="again")) == ["waiting", "duplicate"]
    assert await posts.balances() == {}
    (waiting,) = await listed(caller)
    assert {key: waiting[key] for key in ("action", "activity", "link", "holder", "state", "verdict", "decided_by", "approve_by")} == {
        "action": "post", "activity": "shared", "link": "https://vk.com/wall1", "holder": ANAS_CARD, "state": "waiting", "verdict": None,
        "decided_by": None, "approve_by": "2025-03-17T12:00:00Z",
    }  # fmt: skip
    posts.clock.advance(hours=5)
    answer = await by("olga", caller, f"{PATH}/{waiting['action_id']}/approve", {})
    assert answer.json() == {**waiting, "state": "approved", "decided_by": "olga", "decided_at": "2025-03-10T17:00:00Z", "verdict": "granted"}
    assert await posts.balances() == {(ANAS_CARD, "posts"): (0, 40)}
    told = decode((await posts.said())[-1]).data
    assert (told.cause.kind, told.cause.activity, told.cause.event_id, told.points) == ("activity", "shared", "shared/a-1", 40)
    assert (await caller.get("/v1/verdicts", source="urn:test:web", event_id="shared/a-1"))["verdict"] == "granted"
    assert await posts.hear(shared(event_id="once more"), shared(2, link="https://m.vk.com/wall1?utm_source=x")) == ["duplicate", "refused link-known"]
    assert (await by("pavel", caller, f"{PATH}/{waiting['action_id']}/approve", {})).json()["code"] == "already-decided"
    assert (await by("olga", caller, f"{PATH}/{waiting['action_id']}")).json()["state"] == "approved"
    assert await audit(posts) == []


async def test_caps_and_budgets_hold_when_it_is_approved_whoever_asked_first(caller: Caller, posts: Service):
    assert await posts.hear(shared(1), shared(2), shared(3)) == ["waiting"] * 3
    for place in (2, 1):
        assert (await decided(caller, place=place))["verdict"] == "granted"
    assert await posts.balances() == {(ANAS_CARD, "posts"): (0, 30 + 10 + 30)}
    last = await decided(caller)
    assert (last["state"], last["verdict"]) == ("approved", "nothing-earned")
    assert await audit(posts) == []


async def test_the_rules_of_its_own_time_decide_however_late_it_is_approved(caller: Caller, posts: Service):
    await posts.hear(shared())
    posts.clock.advance(days=2)
    await posts.publish(POSTS.replace("version: 1", "version: 2").replace("2024-01-01", "2025-03-11").replace("fixed: 30", "fixed: 90"))
    assert await posts.hear(shared(2, at=posts.clock())) == ["waiting"]
    await decided(caller)
    assert await posts.balances() == {(ANAS_CARD, "posts"): (0, 40)}
    await decided(caller)
    assert await posts.balances() == {(ANAS_CARD, "posts"): (0, 40 + 90)}


async def test_what_is_rejected_says_why_and_its_link_may_be_shown_anew(caller: Caller, posts: Service):
    await posts.hear(shared())
    rejected = await decided(caller, "reject", reason="a private page")
    assert (rejected["state"], rejected["decided_by"], rejected["reason"], rejected["verdict"]) == ("rejected", "olga", "a private page", "refused")
    refusal = decode((await posts.said())[-1]).data
    assert (refusal.reason, refusal.text, refusal.holder, refusal.cause.event_id) == ("not-approved", "a private page", ANAS_CARD, "shared/a-1")
    assert await posts.hear(shared(event_id="once more")) == ["duplicate"]
    assert await posts.hear(shared(2, link="https://vk.com/wall1")) == ["waiting"]
    assert await posts.balances() == {}
    assert await audit(posts) == []


async def test_what_nobody_looked_at_in_time_lapses(caller: Caller, posts: Service):
    await posts.hear(shared())
    posts.clock.advance(days=7)
    async with posts.pool.acquire() as connection, connection.transaction():
        assert await approving.lapse(connection, posts.clock()) == 1
    (lapsed,) = await listed(caller, "lapsed")
    assert (lapsed["decided_by"], lapsed["verdict"], lapsed["verdict_reason"]) == (None, "refused", "approval-lapsed")
    assert (decode((await posts.said())[-1]).data.text, await posts.balances()) == ("nobody has approved it within 7 days", {})
    assert (await by("olga", caller, f"{PATH}/{lapsed['action_id']}/approve", {})).json()["code"] == "already-decided"
    assert await audit(posts) == []


async def test_what_lapses_is_locked_in_the_order_of_keys_as_everybody_locks(posts: Service):
    """Whoever has the first key of two gets the second one too, while the clock waits with empty hands."""
    for number in range(8):
        await posts.hear(shared(number))
        posts.clock.advance(seconds=1)
    posts.clock.advance(days=7)
    keys = sorted(row[0] for row in await posts.fetch("select key from anchor"))

    async def lapses() -> int:
        async with posts.pool.acquire() as connection, connection.transaction():
            return await approving.lapse(connection, posts.clock())

    async with posts.pool.acquire() as connection, connection.transaction():
        await causes.lock_anchors(connection, keys[:1])
        clock = asyncio.create_task(lapses())
        assert await waits(clock, posts)
        await causes.lock_anchors(connection, keys)
    assert await clock == 8


async def test_nobody_can_approve_what_is_over_though_the_clock_has_not_come_by(caller: Caller, posts: Service):
    await posts.hear(shared())
    posts.clock.advance(days=7)
    late = await decided(caller)
    assert (late.get("code"), await posts.balances()) == ("already-decided", {})


async def test_a_deed_that_waits_is_told_once_also_when_its_kind_is_no_social_action_any_more(caller: Caller, posts: Service):
    await posts.hear(shared())
    posts.clock.advance(days=2)
    later = POSTS.replace("version: 1", "version: 2").replace("2024-01-01", "2025-03-11")
    await posts.publish(later[: later.index("social:")])
    assert await posts.hear(shared(event_id="once more", at=posts.clock())) == ["duplicate"]
    assert (await decided(caller))["verdict"] == "granted"
    assert await posts.balances() == {(ANAS_CARD, "posts"): (0, 40)}
    assert await audit(posts) == []


async def test_nobody_decides_about_what_they_did_themselves_and_a_guest_may_have_become_a_member(caller: Caller, posts: Service):
    await posts.hear(shared(), registered(programme="posts"), linked())
    for what in ("approve", "reject"):
        assert (await decided(caller, what, who=str(ANA), **({"reason": "mine"} if what == "reject" else {})))["code"] == "own-action"
    assert (await decided(caller))["holder"] == MEMBER_ANA
    assert await posts.balances() == {(MEMBER_ANA, "posts"): (0, 40)}
    assert await audit(posts) == []


async def test_what_needs_nobodys_approval_earns_at_once(caller: Caller, posts: Service):
    pictures = [shared(number, kind="photo") for number in (1, 2)]
    assert await posts.hear(*pictures, shared(3, kind="photo", link="https://vk.com/wall1")) == [
        "nothing-earned",
        "nothing-earned out-of-stock",
        "refused link-known",
    ]
    assert [each["verdict"] for each in await listed(caller, "approved")] == ["nothing-earned"] * 2
    assert await posts.fetch("select reward, state from entitlement") == [("mug", "issued")]
    assert await audit(posts) == []


async def test_links_that_no_programme_takes_are_refused_by_name(posts: Service):
    found = await posts.hear(shared(1, link=""), shared(2, link="https://evil.example/wall"), shared(3, link="http://vk.com/wall"))
    assert found == ["refused link-missing", "refused link-not-allowed", "refused link-not-allowed"]
    assert await posts.fetch("select from social_action") == await posts.fetch("select from holder") == []


async def test_one_link_waits_once_however_many_show_it_at_once(caller: Caller, posts: Service):
    everybody = [
        posts.hear(shared(number, link="https://vk.com/same", holder=holder), partition=number) for number, holder in enumerate((ANAS_CARD, BORIS_CARD))
    ]
    assert sorted(verdict for found in await asyncio.gather(*everybody) for verdict in found) == ["refused link-known", "waiting"]
    assert len(await listed(caller)) == 1


async def test_two_operators_at_once_let_it_earn_once(caller: Caller, posts: Service):
    await posts.hear(shared())
    (waiting,) = await listed(caller)
    path = f"{PATH}/{waiting['action_id']}"
    answers = await asyncio.gather(
        *(by(who, caller, f"{path}/approve", {}) for who in ("olga", "pavel")), by("ivan", caller, f"{path}/reject", {"reason": "no, no"})
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409]
    assert len(await posts.fetch("select from activity")) == len(await listed(caller, "approved"))
    assert await audit(posts) == []


async def test_the_same_command_again_has_the_same_answer(caller: Caller, posts: Service):
    await posts.hear(shared())
    path = f"{PATH}/{(await listed(caller))[0]['action_id']}/approve"
    first, again = [await by("olga", caller, path, {}, key="1") for _ in range(2)]
    assert first.json() == again.json()
    assert (await by("olga", caller, f"{PATH}/{random_id()}/approve", {})).status_code == 404
    assert (await by("olga", caller, f"{PATH}/{random_id()}")).status_code == 404


@pytest.mark.parametrize(
    ("what", "expected"),
    [("state = 'approved', decided_by = 'olga', decided_at = asked_at", "decided"), ("state = 'lapsed', decided_at = asked_at", "refused")],
)
async def test_the_audit_finds_what_was_decided_past_the_operators(posts: Service, what: str, expected: str):
    assert await posts.hear(shared(1), shared(2, kind="photo")) == ["waiting", "nothing-earned"]
    assert await audit(posts) == []
    await posts.pool.execute(f"update social_action set {what} where state = 'waiting'")
    assert [(each.invariant, each.expected, each.found) for each in await audit(posts)] == [("K3", expected, "waits")]
    await posts.pool.execute("update social_action set state = 'waiting', decided_at = null, decided_by = null where action = 'picture'")
    assert [(each.expected, each.found) for each in await audit(posts) if each.expected == "waits"] == [("waits", "never waited, decided nothing-earned")]


async def test_what_waits_for_an_operator_is_not_shown_as_waiting_for_its_purchase(caller: Caller, posts: Service):
    await posts.hear(shared())
    posts.clock.now = NOON + timedelta(days=1)
    assert (await caller.get("/v1/waiting", days=0))["items"] == []
