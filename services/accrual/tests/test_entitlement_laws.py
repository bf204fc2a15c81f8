"""Whatever happens to rewards that are not points, and however much of it at once: each ends once, and no more are given than there are."""

import asyncio
from collections import Counter
from datetime import timedelta
from itertools import count
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.purchases import Line

from .benefits import CAFE, ask, audited, lapse
from .builders import NOON, a_purchase, cancelled, returned
from .conftest import Caller, Service

#: Each life has a café and a card of its own, so that all of them share one database.
NUMBERS = count(1)
steps = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["buy", "correct"]), st.integers(100, 900)),
        st.tuples(st.just("cups"), st.integers(1, 8)),
        st.tuples(st.just("redeem"), st.sampled_from(["drink", "visits", "ticket", "back"])),
        st.tuples(st.sampled_from(["reserve", "release", "use", "pay", "return", "cancel"]), st.integers(0, 9)),
        st.tuples(st.just("wait"), st.integers(1, 20)),
    ),
    min_size=8,
    max_size=30,
)
GIVEN = "select id, state from entitlement where programme = $1 order by issued_at, reward, id"


class Life:
    """One café, and what one of its guests does."""

    def __init__(self, service: Service, caller: Caller) -> None:
        self.service, self.caller = service, caller
        self.number = next(NUMBERS)
        self.cafe, self.card = f"cafe-{self.number}", f"h1:{self.number:043d}"
        self.bought: list[str] = []
        self.keys = count()

    def purchase(self, *, roubles: int, cups: int = 0, again: str | None = None) -> Any:
        name = again or f"p-{len(self.bought)}"
        revision = {"revision": next(self.keys) + 2} if again else {}
        pieces: dict[str, Any] = {"sku": "cup", "category": "cup", "quantity": 1000 * cups} if cups else {"sku": "cake"}
        if not again:
            self.bought.append(name)
        lines = (Line(line_id="1", paid_amount=roubles * 100, **pieces),)
        return a_purchase(name, merchant=self.cafe, holder=self.card, lines=lines, at=self.service.clock(), **revision)

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
            service.clock.advance(days=what)
            await lapse(service)
            await service.turn()
        elif step in {"correct", "return", "cancel"}:
            await self._undo(step, what, again)
        elif (named := await self.some(what)) is not None:
            more = {"reserved_for": "a-booking", "expires_in_seconds": 600} if step == "reserve" else {}
            await self.ask(f"/v1/entitlements/{step}", **named, **more)

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
    await service.publish(CAFE.replace("programme: cafe", f"programme: {life.cafe}").replace("[cafe]", f"[{life.cafe}]"))
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
        back = returned("p-0", merchant=life.cafe, holder=life.card, return_id=f"r-{turn}")
        await asyncio.gather(life.tell(back), lapse(service))
        uses = [status for status, _ in await asyncio.gather(*tills)].count(200)
        ((_, state),) = await service.fetch(GIVEN, life.cafe)
        assert (state, uses) in {("used", 1), ("reversed", 0)}
        ended[state] += 1
        service.clock.now += timedelta(days=1)
    assert ended["used"] >= 3
    assert await audited(service) == []
