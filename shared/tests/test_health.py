"""Started, ready, alive: what each says when."""

from dataclasses import dataclass

import httpx
import pytest

from shared.service.health import DATABASE_SECONDS, Front, Health


@dataclass
class Consumer:
    polling: bool = True
    stalled: bool = False


@dataclass
class Time:
    now: float = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def health(time: Time) -> Health:
    health = Health(monotonic=time, has_database=True, started=True, consumer=Consumer())
    health.database_answered()
    return health


def test_a_process_at_work_is_started_ready_and_alive(health: Health):
    assert (health.not_started(), health.not_ready(), health.not_alive()) == ([], [], [])


def test_a_process_is_not_ready_before_it_started_and_while_it_stops(health: Health):
    health.started = False
    assert health.not_ready() == ["starting"]
    health.started, health.stopping = True, True
    assert health.not_ready() == ["stopping"]


def test_a_database_that_was_silent_for_ten_seconds_makes_it_unready_and_not_dead(health: Health, time: Time):
    time.now += DATABASE_SECONDS
    assert health.not_ready() == []
    time.now += 0.1
    assert (health.not_ready(), health.not_alive()) == (["database"], [])


def test_a_consumer_that_does_not_poll_makes_it_unready(health: Health):
    health.consumer = Consumer(polling=False)
    assert (health.not_ready(), health.not_alive()) == (["consumer"], [])


def test_a_stalled_consumer_is_a_reason_to_restart_only_while_the_database_answers(health: Health, time: Time):
    health.consumer = Consumer(stalled=True)
    assert health.not_alive() == ["consumer"]
    time.now += DATABASE_SECONDS + 1
    assert health.not_alive() == []


def test_a_process_without_a_database_does_not_wait_for_one():
    assert Health(started=True).not_ready() == []


async def test_the_answers_say_yes_or_why_not(health: Health):
    async with httpx.AsyncClient(transport=httpx.ASGITransport(Front(health)), base_url="http://test") as client:
        answer = await client.get("/health/ready")
        assert (answer.status_code, answer.json()) == (200, {"status": "ok", "reasons": []})
        health.stopping = True
        answer = await client.get("/health/ready")
        assert (answer.status_code, answer.json()) == (503, {"status": "no", "reasons": ["stopping"]})
        assert (await client.get("/health/startup")).status_code == 200
        assert (await client.get("/health/live")).status_code == 200
