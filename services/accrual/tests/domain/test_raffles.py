"""A draw is what was promised, and whoever changes anything of it is found out."""

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accrual.domain.rewards.raffles import commitment_of, drawn, faults, published

SEED = bytes(range(32))
PRIZES = [("bicycle", 1), ("mug", 2)]
TICKETS = [f"ticket-{number}" for number in range(20)]


def a_draw(**changes: Any) -> dict[str, Any]:
    promised = commitment_of("club", "spring", SEED)
    return published(programme="club", raffle="spring", commitment=promised, seed=SEED, beacon="1041.27", tickets=TICKETS, prizes=PRIZES) | changes


def test_a_draw_repeats_and_gives_every_prize_once():
    draw = a_draw()
    assert faults(draw, commitment=commitment_of("club", "spring", SEED).hex()) == []
    assert Counter(winner["reward"] for winner in draw["winners"]) == {"bicycle": 1, "mug": 2}
    assert len({winner["ticket"] for winner in draw["winners"]}) == 3


@pytest.mark.parametrize(
    "changes",
    [
        {"seed": bytes(32).hex()},
        {"raffle": "summer"},
        {"tickets": TICKETS[1:]},
        {"tickets": [*TICKETS, "late"]},
        {"tickets": [*TICKETS, TICKETS[0]]},
        {"beacon": "1041.28"},
        {"winners": [{"ticket": TICKETS[0], "reward": "bicycle"}]},
        {"prizes": [{"reward": "mug", "count": 3}]},
        {"seed": "no hex"},
        {"winners": [{}]},
    ],
)
def test_whatever_is_changed_afterwards_is_found(changes: dict[str, Any]):
    assert faults(a_draw(**changes)) != []


def test_a_commitment_exchanged_with_its_seed_is_found_by_whoever_noted_the_first():
    other = bytes(32)
    promised = commitment_of("club", "spring", other)
    draw = published(programme="club", raffle="spring", commitment=promised, seed=other, beacon="", tickets=TICKETS, prizes=PRIZES)
    assert faults(draw) == []
    assert faults(draw, commitment=commitment_of("club", "spring", SEED).hex()) == ["the commitment is not the one that was noted before the draw"]


@given(st.lists(st.uuids().map(str), unique=True, max_size=30), st.binary(min_size=32, max_size=32))
def test_the_order_of_the_tickets_means_nothing_and_no_ticket_wins_twice(tickets: list[str], seed: bytes):
    winners = drawn(seed, "", tickets, PRIZES)
    assert winners == drawn(seed, "", tickets[::-1], PRIZES)
    assert len(winners) == min(len(tickets), 3) == len({ticket for ticket, _ in winners})


def test_every_ticket_has_the_same_chance():
    wins = Counter(drawn(number.to_bytes(32), "", TICKETS, [("bicycle", 1)])[0][0] for number in range(4000))
    assert set(wins) == set(TICKETS)
    assert all(130 < count < 270 for count in wins.values())  # 200 on average, five standard deviations to each side
