"""The figures that other loyalty systems publish about returns, played with real events. The ids lead to the collection of cases."""

from dataclasses import dataclass
from typing import Any

import pytest

from contracts.purchases import Line

from .builders import ANAS_CARD, BORIS_CARD, a_purchase, back, returned
from .conftest import Service
from .spending import spend
from .test_checks import audit
from .test_returns import reversals

SHOP = """
programme: shop
version: 1
effective_from: 2024-01-01
zone: UTC
currency: EUR
merchants: [shop]
points: {{name: {{en: points}}, worth: 0.01}}
earning:
{rules}
returns: {{by: {by}, spent: {spent}}}
"""
ONE = "  - {id: one, give: {points: 1, per: 1.00}}"
TWO = "  - {id: one, give: {points: 2, per: 1.00}}"
TEN = "  - {id: ten, give: {points: 1, per: 10.00}}"
ELSEWHERE = "  - {id: other, when: {store: elsewhere}, give: {points: 1, per: 1.00}}"
OF_THREE = """
  - {id: a, when: {sku: A}, give: {points: 1, per: 1.00}}
  - {id: b, when: {sku: B}, give: {points: 2, per: 1.00}}
  - {id: total, give: {points: 1, per: 1.00}}
"""


@dataclass(frozen=True, kw_only=True)
class Case:
    """What is bought (cents by article) and spent, which rules come then and what they say of the same purchase, what comes back, and what that takes."""

    rules: str
    bought: dict[str, int]
    earned: int
    back: tuple[int, ...]
    taken: int
    of: str = "goods"
    by: str = "lines"
    policy: str = "clamp"
    spent: int = 0
    later: tuple[str, str] | None = None
    balance: int | None = None


def ten(returned: tuple[int, ...], taken: int, *, of: int) -> Case:
    return Case(rules=TEN, bought={"goods": of}, earned=of // 10_00, back=returned, taken=taken)


CASES = {
    "T-60": Case(rules=OF_THREE, bought={"A": 10_00, "B": 10_00, "C": 20_00}, earned=70, of="C", back=(20_00,), taken=35, by="money"),
    "T-61 down to zero": Case(rules=ONE, bought={"goods": 150_00}, earned=150, spent=100, back=(150_00,), taken=50, balance=0),
    "T-61 may go negative": Case(rules=ONE, bought={"goods": 150_00}, earned=150, spent=100, back=(150_00,), taken=150, policy="debt", balance=-100),
    "T-62 1.00": ten((1_00,), 0, of=109_00),
    "T-62 5.00": ten((5_00,), 0, of=109_00),
    "T-62 10.00": ten((10_00,), 1, of=109_00),
    "T-62 20.00": ten((20_00,), 2, of=109_00),
    "T-62 one of 50.00": ten((50_00,), 5, of=100_00),
    "T-62 ten of 5.00": ten((5_00,) * 10, 5, of=100_00),
    "T-64": Case(rules=ONE, bought={"goods": 100_00}, earned=100, back=(75_00,), taken=75, balance=25),
    "T-66 the rate has doubled": Case(rules=ONE, bought={"goods": 50_00}, earned=50, later=(TWO, "granted"), back=(50_00,), taken=50),
    "T-66 the rule is gone": Case(rules=ONE, bought={"goods": 50_00}, earned=50, later=(ELSEWHERE, "nothing-earned other-place"), back=(50_00,), taken=50),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
async def test_a_return_takes_what_the_published_case_says(service: Service, case: Case):
    document = SHOP.format(rules=case.rules, by=case.by, spent=case.policy)
    await service.publish(document)
    lines = tuple(Line(line_id=sku, sku=sku, category="goods", paid_amount=cents, quantity=cents) for sku, cents in case.bought.items())
    bought: dict[str, Any] = {"merchant": "shop", "currency": "EUR", "zone": "UTC", "lines": lines}
    assert await service.hear(a_purchase(**bought)) == ["granted"]
    assert await balance(service) == case.earned
    if case.spent:
        await spend(service, case.spent)
    if case.later is not None:
        rules, verdict = case.later
        second = SHOP.format(rules=rules, by=case.by, spent=case.policy).replace("version: 1", "version: 2").replace("2024-01-01", "2025-03-11")
        await service.publish(second)
        service.clock.advance(days=2)
        assert await service.hear(a_purchase("now", at=service.clock(), holder=BORIS_CARD, **bought)) == [verdict]
    for number, cents in enumerate(case.back):
        part, told_at = back(cents, line=case.of, thousandths=cents), service.clock()
        told = returned("p-1", part, return_id=f"r-{number}", merchant="shop", currency="EUR", occurred_at=told_at)
        assert (await service.hear(told))[0] in ("reversed", "applied nothing-to-take")
        assert await service.hear(told) == ["duplicate"]
    assert sum(each.points + each.debt for each in await reversals(service)) == case.taken
    assert await balance(service) == (case.earned - case.spent - case.taken if case.balance is None else case.balance)
    assert await audit(service) == []


async def balance(service: Service) -> int:
    """What the buyer has, less what is owed."""
    ((points,),) = await service.fetch("select available + debt from holder join account on id = account_id where holder = $1", ANAS_CARD)
    return int(points)
