"""The demo's data: real where it says so, and the same on every machine."""

from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.envelope import Event, Record, decode, encode
from contracts.faults import Undecodable
from contracts.purchases import PurchaseRecorded, PurchaseReturned
from contracts.registrations import RegistrationSubmitted
from loyalty.demo.cdnow import first_customers, moved, read_sales, weeks_to_last_week
from loyalty.demo.dice import Dice
from loyalty.demo.people import Joining, Person, person, registered_at
from loyalty.demo.purchases import purchase_of, shares
from loyalty.demo.story import Story, World, tell

CENTS = 24_409_194
TODAY = date(2026, 11, 23)
SALES = read_sales()


def holder_of(kind: str, value: str) -> str:
    return f"h1:{kind}{value}".replace("@", "-").replace(".", "-").ljust(46, "0")[:46]


def register(who: Person, at: datetime) -> Record:
    request = RegistrationSubmitted(
        programme="music",
        registration_id=f"r-{who.customer}",
        identifier=holder_of(*who.identifiers[0]),
        personal="a.b.c.d.e-and-a-bit-longer",
        occurred_at=at,
    )
    return encode(Event(id=request.registration_id, source="urn:test", type=request.type, time=at, data=request))


@pytest.fixture(scope="module")
def story() -> Story:
    sales = SALES
    return tell(sales, World("music", "9276", holder_of, register, weeks_to_last_week(sales, today=TODAY)))


def readable(records: Iterable[Record]) -> list[Event[Any]]:
    events = []
    for record in records:
        with suppress(Undecodable):
            events.append(decode(record))
    return events


def purchases_of(records: Iterable[Record]) -> list[Event[PurchaseRecorded]]:
    return [event for event in readable(records) if isinstance(event.data, PurchaseRecorded)]


def test_sample_holds_every_purchase_customer_and_cent():
    sales = SALES
    assert len(sales) == 6_919
    assert len({sale.customer for sale in sales}) == 2_357
    assert sum(sale.cents for sale in sales) == CENTS
    assert sum(sale.disks for sale in sales) == 16_479
    assert min(sale.day for sale in sales) == date(1997, 1, 1)


def test_receipts_keep_every_cent_and_disc():
    dice = Dice("any")
    for sale in SALES:
        receipt = purchase_of(sale, holder=None, weeks=1_000, dice=dice)
        assert sum(line.paid_amount for line in receipt.lines) == sale.cents
        assert sum(line.quantity for line in receipt.lines) == sale.disks * 1000


@given(st.dates(date(2020, 1, 1), date(2040, 1, 1)))
def test_last_purchase_was_last_week_and_weekdays_stay(today: date):
    sales = SALES[-50:]
    weeks = weeks_to_last_week(sales, today=today)
    last = max(sale.day for sale in sales)
    there = moved(last, weeks=weeks)
    assert there.weekday() == last.weekday()
    assert there.isocalendar()[:2] == (today - timedelta(weeks=1)).isocalendar()[:2]


def test_first_customers_keep_all_their_purchases():
    sales = first_customers(SALES, 30)
    assert {sale.customer for sale in sales} == set(range(1, 31))
    assert len(sales) == sum(sale.customer <= 30 for sale in SALES)
    assert len(first_customers(SALES, None)) == 6_919


@given(st.integers(0, 10**9), st.integers(1, 40))
def test_shares_add_up_and_differ_by_one_at_most(total: int, parts: int):
    found = shares(total, parts=parts)
    assert sum(found) == total
    assert max(found) - min(found) <= 1


def test_story_publishes_each_purchase_and_what_goes_wrong_on_real_days(story: Story):
    told = [*story.past, *story.recent, *story.mended]
    events = purchases_of(told)
    real = {event.data.purchase_id for event in events if event.data.purchase_id.startswith("cdnow-")}
    assert len(real) == 6_919
    once = {event.data.purchase_id: event for event in events if event.data.purchase_id in real}
    assert sum(line.paid_amount for event in once.values() for line in event.data.lines) == CENTS
    times = Counter(event.id for event in events)
    assert set(times.values()) == {1, 2}
    assert 0.049 < sum(count == 2 for count in times.values()) / 6_919 < 0.051
    assert story.under_a_new_id == sum(identity.endswith(".again") for identity in times) > 10
    assert sum(event.data.holder is None for event in events) == 2
    assert sum(event.data.currency == "GBP" for event in events) == 1
    assert len(told) - len(readable(told)) == 3
    assert all(event.data.occurred_at < datetime(2026, 11, 23, tzinfo=UTC) for event in events)


def test_some_purchases_come_back_whole_or_in_part_one_before_it_was_told_and_one_too_many(story: Story):
    events = readable(story.recent)
    returns = {event.id: event.data for event in events if isinstance(event.data, PurchaseReturned)}
    assert len(returns) == story.returns > 20
    bought = {event.data.purchase_id: event for event in events if isinstance(event.data, PurchaseRecorded)}
    assert any(data.lines for data in returns.values())
    assert any(not data.lines for data in returns.values())
    for data in returns.values():
        lines = {line.line_id: line for line in bought[data.purchase_id].data.lines}
        assert all((line.quantity, line.amount) == (lines[line.line_id].quantity, lines[line.line_id].paid_amount) for line in data.lines)
    order = [event.id for event in events]
    early = [name for name, data in returns.items() if order.index(name) < order.index(bought[data.purchase_id].id)]
    assert len(early) == 1
    assert sum(name.endswith("-back-2") for name in returns) == 1


def test_some_register_before_some_after_their_purchases_and_some_never(story: Story):
    early, late, never = (story.joining(when) for when in (Joining.EARLY, Joining.LATE, Joining.NEVER))
    assert len(early) + len(late) + len(never) == 2_357
    assert 0.45 < len(early) / 2_357 < 0.55
    assert 0.25 < len(late) / 2_357 < 0.35
    first = {}
    for event in purchases_of([*story.past, *story.recent, *story.mended]):
        first[event.data.holder] = min(event.data.occurred_at, first.get(event.data.holder, event.data.occurred_at))
    late_holders = {holder_of(*who.identifiers[0]) for who in late}
    registrations = [decode(record).data for record in (*story.early, *story.late)]
    assert all((request.occurred_at > first[request.identifier]) == (request.identifier in late_holders) for request in registrations)


def test_everybody_has_identifiers_of_their_own_and_cards_pass_luhn():
    people = [person(customer, dice=Dice("x"), card_prefix="9276") for customer in range(1, 2_358)]
    for kind in ("card", "email", "phone"):
        values = [value for who in people for found, value in who.identifiers if found == kind]
        assert len(values) == len(set(values)) > 500
    for who in people:
        digits = [int(digit) for digit in reversed(who.card)]
        assert len(digits) == 16
        assert (sum(digits[::2]) + sum(sum(divmod(2 * digit, 10)) for digit in digits[1::2])) % 10 == 0
        assert who.identifiers[0] == (who.shows, who.shown)


def test_the_same_person_is_made_up_each_time():
    again = [person(7, dice=Dice("x"), card_prefix="9276") for _ in range(2)]
    assert again[0] == again[1]
    moments = {registered_at(again[0], first_day=TODAY, last_day=TODAY, dice=Dice("x")) for _ in range(2)}
    assert len(moments) == 1
