"""What a purchase earns, once."""

from .builders import ANAS_CARD, a_purchase
from .conftest import Service


async def test_a_purchase_earns_by_the_rules(service: Service):
    assert await service.hear(a_purchase(kopecks=120_00)) == ["granted"]
    assert await service.balances() == {(ANAS_CARD, "bread"): (0, 17)}
