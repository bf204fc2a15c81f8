"""Whatever happens to rewards that are not points, and however much of it at once: each ends once, and no more are given than there are."""

import asyncio
from collections import Counter
from datetime import timedelta
from functools import reduce
from itertools import count
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accrual.domain.rewards.raffles import faults
from contracts.purchases import Line

from .benefits import CAFE, ask, audited, close, lapse
from .builders import NOON, a_purchase, cancelled, linked, returned
from .conftest import Caller, Service

#: Each life has a café and a card of its own, so that all of them share one database.
NUMBERS = count(1)
steps = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["buy", "correct"]), st.integers(100, 900)),
        st.tuples(st.just("cups"), st.integers(1, 8)),
        st.tuples(st.just("redeem"), st.sampled_from(["drink", "visits", "ticket", "back"])),
        st.tuples(st.sampled_from(["reserve", "release", "use", "pay", "return", "cancel"]), st.integers(0, 9)),
        st.tuples(st.sampled_from(["choose", "wait", "late"]), st.integers(1, 20)),
        st.tuples(st.sampled_from(["promise", "draw", "claim"]), st.just(0)),
    ),
    min_size=8,
    max_size=30,
)
#: How many of each reward limits count, for the one who has or had an account in a café.
COUNTED = (
    "select rule, sum(value)::int from counter join account on account_id = id and moved_to is null where programme = $1 and rule like 'reward/%' group by 1"
)
GIVEN = "select id, state from entitlement where programme = $1 order by issued_at, reward, id"


class Life:
    """One café, and what one of its guests does."""

    def __init__(self, service: Service, caller: Caller) -> None:
        self.service, self.caller = service, caller
        self.number = next(NUMBERS)
        self.cafe, self.card = f"cafe-{self.number}", f"h1:{self.number:043d}"
        self.bought: list[str] = []
        self.noted = dict[str, str]()
        self.keys = count()

    def purchase(self, *, roubles: int, cups: int = 0, again: str | None = None, **more: Any) -> Any:
        name = again or f"{self.cafe}/p-{len(self.bought)}"  # events of different lives have different ids
        revision = {"revision": next(self.keys) + 2} if again else {}
        pieces: dict[str, Any] = {"sku": "cup", "category": "cup", "quantity": 1000 * cups} if cups else {"sku": "cake"}
        if not again:
            self.bought.append(name)
        lines = (Line(line_id="1", paid_amount=roubles * 100, **pieces),)
        return a_purchase(name, merchant=self.cafe, holder=self.card, lines=lines, **{"at": self.service.clock(), **revision, **more})

    async def ask(self, path: str, **body: Any) -> tuple[int, dict[str, Any]]:
        return await ask(self.caller, path, f"{self.number}/{next(self.keys)}", **body)

    async def tell(self, event: Any) -> None:
        """Let the service hear an event that nothing is wrong with."""
        (verdict,) = await self.service.hear(event, partition=1)
        assert not verdict.startswith("dead-lettered")

    async def some(self, place: int) -> dict[str, str] | None:
        """One of the rewards given so far."""
        given = await self.service.fetch(GIVEN, self.cafe)
        return {"entitlement_id": str(given[place % len(given)][0])} if given else None

    async def go(self, step: str, what: Any) -> None:
        service, again = self.service, self.bought[what % len(self.bought)] if self.bought and isinstance(what, int) else None
        if step in {"buy", "cups"}:
            await self.tell(self.purchase(roubles=what, cups=what if step == "cups" else 0))
        elif step == "redeem":
            await self.ask("/v1/rewards/redeem", holder=self.card, programme=self.cafe, reward=what)
        elif step == "wait":
            for _ in range(what):
                service.clock.advance(days=1)
                await close(service)
            await lapse(service)
            await service.turn()
        elif step == "late":
            await self.tell(self.purchase(roubles=600, at=service.clock() - timedelta(days=what)))
        elif step in {"promise", "draw"}:
            await self._raffle(step)
        elif step == "claim":
            await self.tell(linked(self.card, UUID(int=self.number), version=next(self.keys) + 1))
        elif step in {"correct", "return", "cancel"}:
            await self._undo(step, what, again)
        elif (named := await self.some(what)) is not None:
            more = {"reserve": {"reserved_for": "a-booking", "expires_in_seconds": 600}, "choose": {"reward": "drink" if what % 2 else "cake"}}.get(step, {})
            await self.ask(f"/v1/entitlements/{step}", **named, **more)

    async def _raffle(self, step: str) -> None:
        """Promise or draw, and note what is published before the draw, as members do."""
        path = f"/v1/raffles/{self.cafe}/spring"
        if step == "promise":
            await self.ask(f"{path}/commitment")
            self.noted |= {"commitment": (await self.caller.get(path))["commitment"]} if await self.promised() else {}
        elif await self.promised():
            self.noted["digest"] = (await self.caller.get(path))["digest"] or ""
            status, draw = await self.ask(f"{path}/draw", beacon="1041.27")
            if status == 200:
                assert faults(draw, **self.noted) == []

    async def promised(self) -> bool:
        return bool(await self.service.fetch("select from raffle where programme = $1", self.cafe))

    async def _undo(self, step: str, what: int, again: str | None) -> None:
        if again is None:
            return
        told = {"merchant": self.cafe, "holder": self.card, "occurred_at": self.service.clock()}
        if step == "correct":
            await self.tell(self.purchase(roubles=what, again=again))
        elif step == "return":
            await self.tell(returned(again, return_id=f"{again}/{next(self.keys)}", **told))
        else:
            await self.tell(cancelled(again, **told))


async def a_life(service: Service, caller: Caller) -> Life:
    life = Life(service, caller)
    closes, known = (f"{service.clock() + timedelta(days=days):%Y-%m-%d}" for days in (12, 14))
    changes = {
        "programme: cafe": f"programme: {life.cafe}",
        "[cafe]": f"[{life.cafe}]",
        "give: {reward: mug}": "give: {reward: thanks}",
        "id: base,": "id: luck, when: {minimum: 500.00}, give: {reward: ticket}}\n  - {id: base,",
        "closes: 2025-04-01": f"closes: {closes}",
        "2025-04-01T18:45:00+03:00": known,
        "%, minimum: 500.00}": "%, minimum: 500.00, budget: 2}",
    }
    await service.publish(reduce(lambda text, change: text.replace(*change), changes.items(), CAFE))
    return life


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(steps=steps)
async def test_in_any_life_each_reward_ends_at_most_once_and_stock_holds(service: Service, caller: Caller, steps: list[tuple[str, Any]]):
    service.clock.now = max(service.clock.now, NOON)
    life = await a_life(service, caller)
    for step, what in steps:
        await life.go(step, what)
    assert await audited(service) == []
    taken = Counter(
        dict(await service.fetch("select reward, count(*)::int from entitlement where programme = $1 and state <> 'reversed' group by 1", life.cafe))
    )
    assert taken["drink"] <= 3
    assert taken["sticker"] <= 2
    counted = dict(await service.fetch(COUNTED, life.cafe))
    for reward in ("drink", "sticker"):
        assert counted.get(f"reward/{reward}", 0) == taken[reward]
    ((lucky,),) = await service.fetch("select count(*)::int from entitlement where programme = $1 and way = 'surprise' and state <> 'reversed'", life.cafe)
    assert await service.fetch("select coalesce(sum(value), 0)::int from shared_counter where programme = $1 and rule = 'surprise/lucky'", life.cafe) == [
        (lucky,)
    ]
    ends = "select entitlement_id from entitlement_step where ends group by 1 having count(*) > 1"
    assert await service.fetch(ends) == []


async def test_use_return_and_expiry_at_once_end_a_reward_once(service: Service, caller: Caller):
    """Three tills, a return and the clock; every other time a till is a little ahead of the return."""
    service.clock.now = NOON
    ended = Counter[str]()
    for turn in range(6):
        life = await a_life(service, caller)
        await service.hear(life.purchase(roubles=600))
        sticker = await life.some(0)
        assert sticker is not None
        tills = [asyncio.create_task(life.ask("/v1/entitlements/use", **sticker)) for _ in range(3)]
        if turn % 2:
            await asyncio.wait(tills, return_when=asyncio.FIRST_COMPLETED)
        back = returned(life.bought[0], merchant=life.cafe, holder=life.card, return_id=f"r-{turn}")
        await asyncio.gather(life.tell(back), lapse(service))
        uses = [status for status, _ in await asyncio.gather(*tills)].count(200)
        (_, state), _ = await service.fetch(GIVEN, life.cafe)  # the sticker, and a ticket
        assert (state, uses) in {("used", 1), ("reversed", 0)}
        ended[state] += 1
        service.clock.now += timedelta(days=1)
    assert ended["used"] >= 3
    assert await audited(service) == []
