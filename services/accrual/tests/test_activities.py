"""What else can earn."""

from datetime import timedelta

from contracts.envelope import decode

from .builders import ANAS_CARD, BORIS_CARD, NOON, an_activity
from .conftest import Service


async def test_an_activity_earns_by_the_rules(service: Service):
    assert await service.hear(an_activity()) == ["granted"]
    assert await service.balances() == {(ANAS_CARD, "bread"): (0, 25)}
    reward = decode((await service.said())[-1]).data
    assert (reward.cause.kind, reward.cause.activity) == ("activity", "newsletter")


async def test_one_deed_earns_once_whoever_says_it_and_for_whom(service: Service):
    assert await service.hear(an_activity(), an_activity(event_id="again")) == ["granted", "duplicate"]
    assert await service.hear(an_activity(event_id="for another", holder=BORIS_CARD)) == ["duplicate"]
    assert await service.balances() == {(ANAS_CARD, "bread"): (0, 25)}


async def test_a_second_deed_over_the_cap_earns_nothing(service: Service):
    assert await service.hear(an_activity("1"), an_activity("2")) == ["granted", "nothing-earned cap-reached"]


async def test_an_activity_that_no_rule_names_earns_nothing(service: Service):
    assert await service.hear(an_activity(kind="sneezed")) == ["nothing-earned no-such-activity"]


async def test_an_activity_of_an_unknown_programme_is_refused_by_name(service: Service):
    assert await service.hear(an_activity(programme="nobodys"), an_activity("2", at=NOON + timedelta(hours=1))) == [
        "refused unknown-programme",
        "refused in-the-future",
    ]
    assert await service.fetch("select from holder") == await service.fetch("select from activity") == []
    assert [decode(record).data.reason for record in (await service.said())[-2:]] == ["unknown-programme", "in-the-future"]
