"""Whoever invites whom, buys and brings back, in whatever order: both have something for a friend, or neither has, and never more than once."""

from collections import Counter
from datetime import datetime, timedelta
from itertools import count
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accrual.handlers.referrals import Referring
from contracts.identifiers import member_holder
from contracts.members import MemberRegistered

from .builders import MEMBERS, a_purchase, an_event, returned
from .conftest import Service
from .test_checks import audit

#: Each life has a programme, a shop and people of its own, so that all of them share one database.
NUMBERS = count(1)
HOLD, WITHIN = timedelta(days=5), timedelta(days=20)
ROOM = """
programme: room-{0}
version: 1
effective_from: 2024-01-01
zone: UTC
currency: RUB
merchants: [room-{0}]
points: {{name: {{en: cups}}, worth: 1.00}}
earning:
  - {{id: base, give: {{points: 1, per: 10.00}}}}
referrals: {{give: {{inviter: 500, friend: 200}}, hold: 4 days, within: 19 days}}
"""
people = st.integers(0, 3)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("join"), people, people),
        st.tuples(st.just("buy"), people, st.integers(1, 90)),
        st.tuples(st.just("return"), st.integers(0, 3), st.just(0)),
        st.tuples(st.just("wait"), st.integers(3, 9), st.just(0)),
    ),
    min_size=6,
    max_size=16,
)


class Life:
    """One programme, and what four people do in it."""

    def __init__(self, service: Service) -> None:
        self.service, self.number = service, next(NUMBERS)
        self.name = f"room-{self.number}"
        self.joined: dict[int, datetime] = {}
        self.inviter: dict[int, int] = {}
        self.bought: dict[str, tuple[int, datetime, int]] = {}
        self.returned: set[str] = set()

    def member(self, person: int) -> UUID:
        return UUID(int=self.number * 16 + person + 1, version=4)

    async def act(self, name: str, first: int, second: int) -> None:
        self.service.clock.advance(seconds=1)
        at = self.service.clock()
        if name == "wait":
            self.service.clock.advance(days=first)
            await self.turn()
        elif name == "join":
            data = MemberRegistered(member_id=self.member(first), programme=self.name, registered_at=at, referred_by=member_holder(self.member(second)))
            await self.service.hear(an_event(data, event_id=f"{self.name}/{first}/{at}", source=MEMBERS))
            if first not in self.joined:
                self.joined[first], self.inviter[first] = at, second
        elif name == "buy":
            id_ = f"{len(self.bought)}"
            holder = member_holder(self.member(first))
            await self.service.hear(a_purchase(id_, merchant=self.name, zone="UTC", holder=holder, kopecks=second * 10_00, at=at))
            self.bought[id_] = first, at, second
        elif (id_ := f"{first}") in self.bought:
            await self.service.hear(returned(id_, return_id=f"{self.name}/{id_}", merchant=self.name, holder=None, occurred_at=at))
            self.returned.add(id_)

    async def turn(self) -> None:
        done = 1
        while done:
            async with self.service.pool.acquire() as connection, connection.transaction():
                done = await Referring(self.service.catalogue).turn(connection, self.service.clock())

    async def states(self) -> dict[int, str]:
        rows = await self.service.fetch("select holder, state from referral join holder on account_id = friend_id where referral.programme = $1", self.name)
        return {person: state for person in self.joined for holder, state in rows if holder == member_holder(self.member(person))}

    def is_friend(self, person: int) -> bool:
        """Somebody else, who had joined before, invited this person, who had bought nothing before."""
        inviter, at = self.inviter[person], self.joined[person]
        invited = inviter in self.joined and self.joined[inviter] < at
        return invited and all(bought_at >= at for buyer, bought_at, _ in self.bought.values() if buyer == person)

    def has_kept(self, person: int) -> bool:
        """Something that was bought in time is still there."""
        at = self.joined[person]
        ends = (at + WITHIN).replace(hour=0, minute=0, second=0, microsecond=0)
        return any(buyer == person and at <= bought_at < ends and id_ not in self.returned for id_, (buyer, bought_at, _) in self.bought.items())


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(acts=steps)
async def test_after_any_life_both_have_what_was_promised_or_neither_has(service: Service, acts: list[tuple[str, int, int]]):
    life = Life(service)
    await service.publish(ROOM.format(life.number))
    for act in acts:
        await life.act(*act)
    await life.act("wait", 60, 0)
    states = await life.states()
    for person, state in states.items():
        kept, friend = life.has_kept(person), life.is_friend(person)
        assert state != "open"
        assert state != "paid" or (kept and friend)
        assert state == "undone" or (state == "paid") == (kept and friend)
    points = Counter({life.member(buyer): 0 for buyer, _, _ in life.bought.values()})
    for id_, (buyer, _, roubles) in life.bought.items():
        points[life.member(buyer)] += roubles * (id_ not in life.returned)
    for person, state in states.items():
        if state == "paid":
            points[life.member(person)] += 200
            points[life.member(life.inviter[person])] += 500
    found = {holder: usable for (holder, programme), (_, usable) in (await service.balances()).items() if programme == life.name}
    assert found == {member_holder(member): amount for member, amount in points.items() if amount}
    assert await audit(service) == []
