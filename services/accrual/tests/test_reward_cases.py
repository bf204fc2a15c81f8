"""Published figures about rewards, by events and commands."""

from .benefits import ask
from .builders import ANAS_CARD, a_purchase
from .conftest import Caller, Service

HALVES = """
programme: halves
version: 1
effective_from: 2024-01-01
zone: UTC
currency: RUB
merchants: [kiosk]
points: {name: {en: points}, decimals: 1, worth: 1.00}
earning:
  - {id: base, give: {points: 1, per: 1.00}}
rewards:
  - {id: half, kind: gift, cost: 0.5}
  - {id: fifty, kind: gift, cost: 50}
tiers: {by: points_earned, window: forever, levels: [{id: friend, from: 0}, {id: gold, from: 100}]}
privileges: [{id: lounge, tier: [gold], uses: 1, per: day}]
"""


async def test_two_rewards_of_half_a_point_cost_one_point(service: Service, caller: Caller):  # T-39
    await service.publish(HALVES)
    await service.hear(a_purchase(merchant="kiosk", kopecks=1_00))
    given = {"holder": ANAS_CARD, "programme": "halves", "reward": "half"}
    assert [(await ask(caller, "/v1/rewards/redeem", key, **given))[0] for key in "abc"] == [201, 201, 409]
    assert await service.balances() == {}


async def test_a_level_by_points_earned_is_reached_although_the_points_became_a_reward(service: Service, caller: Caller):  # T-78
    await service.publish(HALVES)
    for number, level_reached in enumerate([409, 200]):
        await service.hear(a_purchase(f"p-{number}", merchant="kiosk", kopecks=50_00))
        assert (await ask(caller, "/v1/rewards/redeem", f"r-{number}", holder=ANAS_CARD, programme="halves", reward="fifty"))[0] == 201
        assert await service.balances() == {}
        status, _ = await ask(caller, "/v1/privileges/use", f"u-{number}", holder=ANAS_CARD, programme="halves", privilege="lounge")
        assert status == level_reached
