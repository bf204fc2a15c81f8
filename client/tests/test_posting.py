"""Publishing through the gateway: the same promise by HTTP."""

import asyncio
from itertools import chain

import orjson
import pytest

from contracts.purchases import Line
from loyalty_client import AccessError, HttpPublisher, InvalidError, NotConfirmedError

from .builders import Answers, a_purchase, refuses, takes


async def test_events_are_confirmed_in_their_order():
    server = Answers([takes])
    events = [a_purchase(number) for number in range(3)]
    async with server.listening() as url, HttpPublisher(url, "a-token") as publisher:
        confirmed = await publisher.publish(*events)
    assert [each.event_id for each in confirmed] == [event.id for event in events]
    assert [each.offset for each in confirmed] == [0, 1, 2]
    assert server.asked[0].headers["authorization"] == "Bearer a-token"
    assert server.asked[0].headers["content-type"] == "application/cloudevents-batch+json"


async def test_many_events_go_in_requests_that_the_gateway_takes():
    server = Answers([takes])
    big = tuple(Line(line_id=str(number), sku="tea", name="n" * 500, paid_amount=1) for number in range(700))
    events = [*(a_purchase(number) for number in range(1_100)), *(a_purchase(number, lines=big) for number in range(2_000, 2_004))]
    async with server.listening() as url, HttpPublisher(url, "t") as publisher:
        confirmed = await publisher.publish(*events)
    assert [each.event_id for each in confirmed] == [event.id for event in events]
    sizes = [len(orjson.loads(body)) for body in server.bodies]
    assert max(sizes) == 500
    assert max(map(len, server.bodies)) <= 1024 * 1024
    assert [each["id"] for each in chain.from_iterable(map(orjson.loads, server.bodies))] == [event.id for event in events]


async def test_an_outage_is_sat_out_and_the_same_events_are_sent_again():
    server = Answers([refuses(503, "broker-unavailable"), refuses(429, "too-many-requests"), takes])
    async with server.listening() as url, HttpPublisher(url, "t") as publisher:
        assert len(await publisher.publish(a_purchase(1), a_purchase(2))) == 2
    assert len(server.bodies) == 3
    assert len(set(server.bodies)) == 1


async def test_patience_ends_with_the_events_that_are_not_confirmed():
    server = Answers([takes, refuses(503, "broker-unavailable")])
    events = [a_purchase(number) for number in range(501)]
    async with server.listening() as url, HttpPublisher(url, "t", patience_seconds=0.3) as publisher:
        with pytest.raises(NotConfirmedError, match="broker-unavailable") as given_up:
            await publisher.publish(*events)
    assert given_up.value.events == tuple(events[500:])
    assert len(given_up.value.confirmed) == 500


async def test_retry_after_is_heeded():
    server = Answers([refuses(503, "broker-unavailable", retry_after="60"), takes])
    async with server.listening() as url, HttpPublisher(url, "t", patience_seconds=5) as publisher:
        with pytest.raises(NotConfirmedError):
            await publisher.publish(a_purchase(1))
    assert len(server.bodies) == 1


async def test_a_gateway_that_is_not_there_is_no_confirmation(unused_tcp_port: int):
    async with HttpPublisher(f"http://127.0.0.1:{unused_tcp_port}", "t", patience_seconds=0.3) as publisher:
        with pytest.raises(NotConfirmedError, match="no-answer"):
            await publisher.publish(a_purchase(1))


async def test_what_will_never_pass_is_not_tried_again():
    errors = [{"index": 0, "event_id": "x", "code": "wrong-schema", "message": "currency: no"}]
    server = Answers([refuses(422, "invalid-events", errors=errors), refuses(403, "scope-missing")])
    async with server.listening() as url, HttpPublisher(url, "t") as publisher:
        with pytest.raises(InvalidError) as invalid:
            await publisher.publish(a_purchase(1))
        with pytest.raises(AccessError):
            await publisher.publish(a_purchase(1))
    assert (invalid.value.code, invalid.value.errors, invalid.value.request_id) == ("invalid-events", errors, "r-1")
    assert len(server.bodies) == 2


async def test_the_token_is_asked_for_before_each_request():
    given = iter(["one", "two"])

    async def token() -> str:
        return next(given)

    server = Answers([refuses(503, "broker-unavailable"), takes])
    async with server.listening() as url, HttpPublisher(url, token) as publisher:
        await asyncio.gather(publisher.publish(a_purchase(1)))
    assert [request.headers["authorization"] for request in server.asked] == ["Bearer one", "Bearer two"]
