"""A draw that anybody can repeat: what is promised before, which tickets take part, and who wins; all of it from what is published.

With SHA-256 and no other tool, everything in hexadecimal or as it is written, lines ending in a newline: the **commitment** is the hash of the
lines `raffle`, programme, raffle, `closes_at`, the beacon's source and time, a line `reward count` for each prize, and the seed. The **digest** is
the hash of all tickets in order, a line each. A ticket's **number** is the hash of the lines seed, beacon, digest and ticket. The tickets with the
lowest numbers win, the first prize first; those that were taken back after the list was closed are passed over.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from itertools import chain, repeat
from typing import Any
from zoneinfo import ZoneInfo

from accrual.domain.accounts import CounterKey
from accrual.domain.document.rewards import Raffle
from accrual.domain.lifetimes import moment_of

Prizes = Sequence[tuple[str, int]]
"""Rewards, and how many winners get each; the first ones are the first prizes."""
Record = Mapping[str, Any]
"""What is published, as JSON values."""


def closing_key(raffle: str) -> CounterKey:
    """Name the counter, of all accounts together, that is 1 once a raffle's tickets are closed."""
    return CounterKey(f"raffle/{raffle}", "closed")


def promise_of(raffle: Raffle, *, programme: str, zone: ZoneInfo) -> dict[str, Any]:
    """Return what is promised of a raffle: until when tickets count, what decides beside the seed, and what is to be won."""
    return {
        "programme": programme,
        "raffle": raffle.id,
        "ticket": raffle.ticket,
        "closes_at": _written(moment_of(raffle.closes, zone)),
        "beacon_source": raffle.beacon.source,
        "beacon_at": _written(moment_of(raffle.beacon.at, zone)),
        "prizes": [{"reward": prize.reward, "count": prize.count} for prize in raffle.prizes],
    }


def commitment_of(promise: Record, seed: bytes) -> bytes:
    """Return what is published before: it says nothing of the seed, and neither another seed nor another promise fits it."""
    names = [str(promise[name]) for name in ("programme", "raffle", "closes_at", "beacon_source", "beacon_at")]
    prizes = [f"{reward} {count}" for reward, count in _prizes(promise)]
    return _hash("raffle", *names, *prizes, seed.hex())


def digest_of(tickets: Sequence[str]) -> bytes:
    """Return what is published of the tickets when they are closed: no other list fits it."""
    return _hash(*tickets)


def drawn(seed: bytes, beacon: str, tickets: Sequence[str], prizes: Prizes, *, withdrawn: Collection[str] = ()) -> list[tuple[str, str]]:
    """Return the winning tickets with their prizes, the first prize first. With fewer tickets than prizes the last prizes stay."""
    digest = digest_of(tickets).hex()
    numbers = {ticket: _hash(seed.hex(), beacon, digest, ticket) for ticket in tickets if ticket not in withdrawn}
    rewards = chain.from_iterable(repeat(reward, count) for reward, count in prizes)
    return list(zip(sorted(numbers, key=numbers.__getitem__), rewards, strict=False))


def published(promise: Record, *, seed: bytes, beacon: str, tickets: Sequence[str], withdrawn: Collection[str] = ()) -> dict[str, Any]:
    """Return what a draw adds to what was published of its raffle before: seed, beacon, the tickets passed over, and the winners."""
    passed_over = sorted(set(withdrawn) & set(tickets))
    winners = drawn(seed, beacon, tickets, _prizes(promise), withdrawn=passed_over)
    return {
        "seed": seed.hex(),
        "beacon": beacon,
        "withdrawn": passed_over,
        "winners": [{"ticket": ticket, "reward": reward} for ticket, reward in winners],
    }


def faults(draw: Record, *, commitment: str | None = None, digest: str | None = None) -> list[str]:
    """Say what is wrong with a published draw; nothing, if it is what was promised. `commitment` and `digest` are those noted before it, if they were."""
    try:
        seed, tickets, withdrawn = bytes.fromhex(draw["seed"]), [str(ticket) for ticket in draw["tickets"]], [str(ticket) for ticket in draw["withdrawn"]]
        winners = [(winner["ticket"], winner["reward"]) for winner in draw["winners"]]
        committed, closed, known, at = (datetime.fromisoformat(draw[name]) for name in ("committed_at", "closed_at", "beacon_at", "drawn_at"))
        closes, beacon, prizes = datetime.fromisoformat(draw["closes_at"]), str(draw["beacon"]), _prizes(draw)
        fits, listed = commitment_of(draw, seed).hex() == draw["commitment"].lower(), digest_of(tickets).hex() == draw["digest"].lower()
        noted = [name for name, value in (("commitment", commitment), ("digest", digest)) if value is not None and value.lower() != draw[name].lower()]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        return [f"not a published draw: {error!r}"]
    asked = [
        ("commitment" not in noted, "the commitment is not the one that was noted before the draw"),
        ("digest" not in noted, "the digest of the tickets is not the one that was noted before the draw"),
        (fits, "the seed or the terms are not what was promised: their hash is another"),
        ("\n" not in f"{draw['beacon_source']}{beacon}", "the beacon or its source is more than one line"),
        (committed < closes, "it was promised only when its tickets were closed"),
        (closed < known, "the tickets were closed only when the beacon could be known"),
        (closes <= closed and known <= at, "it was closed or drawn before its time"),
        (listed and len(set(tickets)) == len(tickets), "the tickets are not those that were published when they were closed"),
        (set(withdrawn) <= set(tickets), "a ticket is passed over that is not in the list"),
    ]
    found = [text for holds, text in asked if not holds]
    if not found and drawn(seed, beacon, tickets, prizes, withdrawn=withdrawn) != winners:
        found.append("other tickets win: the winners do not follow from seed, beacon and tickets")
    return found


def _prizes(promise: Record) -> list[tuple[str, int]]:
    return [(str(prize["reward"]), int(prize["count"])) for prize in promise["prizes"]]


def _hash(*lines: str) -> bytes:
    return sha256("".join(f"{line}\n" for line in lines).encode()).digest()


def _written(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
