"""What SREs watch."""

from prometheus_client import REGISTRY

from .builders import TEA, a_purchase, linked
from .conftest import Service


def points(programme: str, movement: str) -> float | None:
    return REGISTRY.get_sample_value("loyalty_points_total", {"programme": programme, "movement": movement})


async def test_points_are_counted_by_programme_and_movement(service: Service):
    document = TEA.replace("programme: tea", "programme: measured").replace("tea-house", "measured-house")
    await service.publish(document)
    await service.hear(a_purchase("0"))
    assert [points("measured", movement) for movement in ("granted", "activated", "expired", "moved")] == [0, 0, 0, 0]
    await service.hear(a_purchase("1", merchant="measured-house"), linked())
    service.clock.advance(days=100)
    await service.turn()
    assert [points("measured", movement) for movement in ("granted", "activated", "expired", "moved")] == [100, 100, 100, 100]
