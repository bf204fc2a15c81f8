"""Whatever comes, however often, in whatever order across holders: the balances are the same, and the audit is clean."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.envelope import Event
from contracts.identifiers import member_holder

from .builders import BAKERY, NOON, TEA, TEA_HOUSE, a_purchase, an_activity, back, cancelled, linked, registered, returned
from .conftest import NewService, Service
from .test_checks import audit

CARDS = ["h1:" + f"{number:043d}" for number in range(4)]
PEOPLE = [UUID(int=number + 1, version=4) for number in range(2)]
OWNERS = {CARDS[0]: PEOPLE[0], CARDS[1]: PEOPLE[0], CARDS[2]: PEOPLE[1]}  # the fourth card is nobody's

purchases = st.builds(
    lambda number, card, roubles, cake, tea, day: a_purchase(
        f"{number}",
        holder=card,
        kopecks=roubles * 1_00,
        category="cake" if cake else "bread",
        at=NOON - timedelta(days=day),
        **({"merchant": TEA_HOUSE, "zone": "UTC"} if tea else {}),
    ),
    number=st.integers(0, 40),
    card=st.sampled_from([*CARDS, *map(member_holder, PEOPLE)]),
    roubles=st.integers(1, 90),
    cake=st.booleans(),
    tea=st.booleans(),
    day=st.integers(0, 80),
)
others = st.one_of(
    st.builds(lambda card: linked(card, OWNERS[card]), st.sampled_from(list(OWNERS))),
    st.builds(registered, st.sampled_from(PEOPLE)),
    st.builds(lambda number, card: an_activity(f"{number}/{card}", holder=card, event_id=f"{number}/{card}"), st.integers(0, 2), st.sampled_from(CARDS)),
)
shops = st.sampled_from([BAKERY, TEA_HOUSE])
sequels = st.one_of(
    st.builds(
        lambda number, shop, kopecks, again: returned(f"{number}", back(kopecks, thousandths=100), return_id=f"{number}/{again}", merchant=shop),
        number=st.integers(0, 12),
        shop=shops,
        kopecks=st.integers(0, 900),
        again=st.integers(0, 4),
    ),
    st.builds(lambda number, shop: returned(f"{number}", return_id=f"all of {number}", merchant=shop), st.integers(0, 12), shops),
    st.builds(lambda number, shop: cancelled(f"{number}", merchant=shop), st.integers(0, 12), shops),
    st.builds(
        lambda number, card, roubles, revision: a_purchase(f"{number}", holder=card, kopecks=roubles * 1_00, revision=revision),
        number=st.integers(0, 12),
        card=st.sampled_from(CARDS),
        roubles=st.integers(1, 90),
        revision=st.integers(2, 4),
    ),
)
slow = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])


def holder_of(event: Event[Any]) -> str:
    holder: str = getattr(event.data, "holder", None) or getattr(event.data, "identifier", None) or member_holder(event.data.member_id)
    return member_holder(OWNERS[holder]) if holder in OWNERS else holder


async def balances_after(service: Service, batches: Sequence[Sequence[Event[Any]]]) -> dict[tuple[str, str], int]:
    """What everybody has in the end, all of it usable or not."""
    await service.publish(TEA)
    for batch in batches:
        await service.hear(*batch)
    assert await audit(service) == []
    return {key: pending + available for key, (pending, available) in (await service.balances()).items()}


@slow
@given(events=st.lists(st.one_of(purchases, others), max_size=40), data=st.data())
async def test_events_repeated_and_shuffled_across_people_come_to_the_same(new_service: NewService, events: list[Event[Any]], data: st.DataObject):
    """Each person's events keep their order, as they do in a partition; between people, and how often, is chance."""
    unique = list({event.id: event for event in reversed(events)}.values())[::-1]  # of two purchases with one id only the first earns
    ordered = await balances_after(await new_service(), [unique])
    repeated = data.draw(st.lists(st.sampled_from(unique), max_size=20)) if unique else []
    shuffled = _interleaved(unique, data)
    cut = data.draw(st.integers(0, len(shuffled)))
    assert await balances_after(await new_service(), [shuffled[:cut], shuffled[cut:], repeated, shuffled[::2]]) == ordered


def _interleaved(events: Sequence[Event[Any]], data: st.DataObject) -> list[Event[Any]]:
    """Mix people's events, keeping the order of each person's own."""
    left: dict[str, list[Event[Any]]] = {}
    for event in events:
        left.setdefault(holder_of(event), []).append(event)
    mixed = []
    while left:
        who = data.draw(st.sampled_from(sorted(left)))
        mixed.append(left[who].pop(0))
        if not left[who]:
            del left[who]
    return mixed


@slow
@given(steps=st.lists(st.one_of(purchases, sequels, others, st.integers(1, 40)), max_size=40))
async def test_after_any_life_the_books_are_in_order(new_service: NewService, steps: list[Event[Any] | int]):
    """Events, and days on which the clock turns, in any order."""
    service = await new_service()
    service.clock.now = NOON
    await service.publish(TEA + "returns: {spent: debt}\n")
    for step in steps:
        if isinstance(step, int):
            service.clock.advance(days=step)
            await service.turn()
        else:
            await service.hear(step)
    assert await audit(service) == []
