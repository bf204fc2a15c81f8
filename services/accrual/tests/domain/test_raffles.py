"""A draw is what was promised, and whoever changes anything of it is found out."""

from collections import Counter
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accrual.domain.accounts import AccountState
from accrual.domain.decisions import RewardDue
from accrual.domain.document.rewards import Beacon, Prize, Raffle
from accrual.domain.rewards.raffles import closing_key, commitment_of, digest_of, drawn, faults, promise_of, published

from .builders import NEW, a_programme, a_purchase, decided, reasons

SEED = bytes(range(32))
PRIZES = [("bicycle", 1), ("mug", 2)]
TICKETS = [f"ticket-{number:02}" for number in range(20)]
SPRING = Raffle(
    id="spring",
    ticket="ticket",
    closes="2026-04-01",
    beacon=Beacon(source="the closing price", at="2026-04-01T18:45:00+03:00"),
    prizes=[Prize(reward=reward, count=count) for reward, count in PRIZES],
)
PROMISE = promise_of(SPRING, programme="club", zone=ZoneInfo("Europe/Moscow"))
NOTED, LISTED = commitment_of(PROMISE, SEED).hex(), digest_of(TICKETS).hex()
TIMES = {"committed_at": "2026-03-01T09:00:00Z", "closed_at": "2026-03-31T21:00:03Z", "drawn_at": "2026-04-01T16:00:00Z"}


def a_draw(secret: bytes = SEED, **changes: Any) -> dict[str, Any]:
    known = {"commitment": commitment_of(PROMISE, secret).hex(), "tickets": TICKETS, "digest": LISTED}
    return {**PROMISE, **TIMES, **known, **published(PROMISE, seed=secret, beacon="1041.27", tickets=TICKETS), **changes}


def test_what_is_promised_is_told_in_utc():
    assert (PROMISE["closes_at"], PROMISE["beacon_at"]) == ("2026-03-31T21:00:00Z", "2026-04-01T15:45:00Z")


def test_a_draw_repeats_and_gives_every_prize_once():
    draw = a_draw()
    assert faults(draw, commitment=NOTED, digest=LISTED) == []
    assert Counter(winner["reward"] for winner in draw["winners"]) == {"bicycle": 1, "mug": 2}
    assert len({winner["ticket"] for winner in draw["winners"]}) == 3


@pytest.mark.parametrize(
    "changes",
    [
        {"seed": bytes(32).hex()},
        {"raffle": "summer"},
        {"tickets": TICKETS[1:]},
        {"tickets": [*TICKETS, "late"]},
        {"tickets": TICKETS[::-1]},
        {"tickets": [*TICKETS, "late"], "digest": digest_of([*TICKETS, "late"]).hex()},
        {"tickets": [*TICKETS, TICKETS[0]], "digest": digest_of([*TICKETS, TICKETS[0]]).hex()},
        {"beacon": "1041.28"},
        {"beacon_source": "another price"},
        {"beacon_source": "the closing price\n"},
        {"beacon_at": "2026-04-01T15:46:00Z"},
        {"closes_at": "2026-04-01T21:00:00Z"},
        {"closed_at": "2026-03-31T20:59:00Z"},
        {"closed_at": "2026-04-01T15:45:00Z"},
        {"committed_at": "2026-04-01T00:00:00Z"},
        {"drawn_at": "2026-04-01T15:44:00Z"},
        {"withdrawn": ["nobody's"]},
        {"winners": [{"ticket": TICKETS[0], "reward": "bicycle"}]},
        {"prizes": [{"reward": "mug", "count": 3}]},
        {"seed": "no hex"},
        {"winners": [{}]},
        {"closed_at": None},
        {"commitment": None},
    ],
)
def test_whatever_is_changed_afterwards_is_found(changes: dict[str, Any]):
    assert faults(a_draw(**changes)) != []


def test_a_winner_passed_over_is_named_and_the_next_one_wins():
    (first, *others) = [winner["ticket"] for winner in a_draw()["winners"]]
    draw = a_draw(**published(PROMISE, seed=SEED, beacon="1041.27", tickets=TICKETS, withdrawn=[first, "of another raffle"]))
    assert (draw["withdrawn"], [winner["ticket"] for winner in draw["winners"][:2]]) == ([first], others)
    assert faults(draw) == []
    assert faults(draw | {"withdrawn": []}) != []


def test_a_commitment_or_a_list_exchanged_with_all_that_follows_is_found_by_whoever_noted_the_first():
    draw = a_draw(bytes(32))
    assert faults(draw) == []
    assert faults(draw, commitment=NOTED, digest=LISTED) == ["the commitment is not the one that was noted before the draw"]
    fewer = {"tickets": TICKETS[1:], "digest": digest_of(TICKETS[1:]).hex()}
    draw = a_draw(**fewer, **published(PROMISE, seed=SEED, beacon="1041.27", tickets=TICKETS[1:]))
    assert faults(draw) == []
    assert faults(draw, commitment=NOTED, digest=LISTED) == ["the digest of the tickets is not the one that was noted before the draw"]


@given(st.lists(st.uuids().map(str), unique=True, max_size=30), st.binary(min_size=32, max_size=32), st.integers(0, 30))
def test_no_ticket_wins_twice_and_who_is_passed_over_changes_nothing_for_those_before(tickets: list[str], seed: bytes, place: int):
    winners = [ticket for ticket, _ in drawn(seed, "", tickets, PRIZES)]
    assert len(winners) == min(len(tickets), 3) == len(set(winners))
    left = [ticket for ticket, _ in drawn(seed, "", tickets, PRIZES, withdrawn=winners[place : place + 1])]
    assert [ticket for ticket in winners if ticket in left] == left[: len(winners) - (place < len(winners))]


def test_every_ticket_has_the_same_chance():
    wins = Counter(drawn(number.to_bytes(32), "", TICKETS, [("bicycle", 1)])[0][0] for number in range(4000))
    assert set(wins) == set(TICKETS)
    assert all(130 < count < 270 for count in wins.values())  # 200 on average, five standard deviations to each side


RULE = "- {id: lot, give: {reward: ticket, per: 1.00}}"
BEACON = "beacon: {source: the closing price, at: 2026-12-31}"
ONE = f"{{id: one, ticket: ticket, closes: 2026-12-01, {BEACON}, prizes: [{{reward: ticket}}]}}"
TWO = ONE.replace("one", "two").replace("2026-12-01", "2026-12-15")
CLOSED, OTHER = closing_key("one"), closing_key("two")


def given_in(raffles: str, **shared: int) -> tuple[tuple[RewardDue, ...], dict[str, str]]:
    """What a purchase of three units brings while so many of its raffles are closed, and why not more."""
    programme = a_programme(RULE, rewards="[{id: ticket, kind: ticket}]", raffles=raffles)
    state = AccountState(shared={closing_key(raffle): value for raffle, value in shared.items()})
    decision = decided(programme, a_purchase(3_00), state)
    assert decision.effects.shared == ()
    return decision.effects.rewards, reasons(decision)


def test_a_purchase_told_after_its_raffle_was_closed_brings_no_ticket_unless_another_is_open():
    three = (RewardDue("lot", "ticket", 3),)
    assert given_in(ONE) == given_in(ONE, one=0) == (three, {})
    assert given_in(ONE, one=1) == ((), {"lot": "raffle-closed"})
    assert given_in(f"[{ONE}, {TWO}]", one=1) == (three, {})
    assert given_in(f"[{ONE}, {TWO}]", one=1, two=1) == ((), {"lot": "raffle-closed"})
    assert given_in(ONE.replace("2026-12-01", "2026-11-01"), one=1) == (three, {})


def test_a_purchase_told_anew_after_its_raffle_was_closed_keeps_the_tickets_that_it_had_and_gets_no_more():
    assert given_in(ONE, one=-2) == ((RewardDue("lot", "ticket", 2),), {"lot": "raffle-closed"})
    rewards = a_programme(RULE, rewards="[{id: ticket, kind: ticket}]", raffles=ONE).rewards
    at = a_purchase(1_00).occurred_at
    closed = NEW._replace(shared={CLOSED: 1, OTHER: 1})
    assert dict(rewards.had({"ticket": 2}, closed, at=at).shared) == {CLOSED: -2, OTHER: 1}
    assert rewards.had({"ticket": 2}, NEW, at=at) == NEW
