"""A draw that anybody can repeat: its seed was promised before by its hash, and seed, tickets and prizes decide everything else.

With SHA-256 and no other tool: the commitment is the hash of `raffle`, the programme, the raffle and the seed in hexadecimal, joined by newlines.
The list's digest is the hash of all tickets in order, each followed by a newline. A ticket's number is the hash of seed, beacon, digest and
ticket, joined by newlines, all in hexadecimal or as written. The tickets with the lowest numbers win, the first prize first.
"""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from itertools import chain, repeat
from typing import Any

Prizes = Sequence[tuple[str, int]]
"""Rewards, and how many winners get each; the first ones are the first prizes."""


def commitment_of(programme: str, raffle: str, seed: bytes) -> bytes:
    """Return what is published before: it says nothing of the seed, and no other seed fits it."""
    return sha256(f"raffle\n{programme}\n{raffle}\n{seed.hex()}".encode()).digest()


def drawn(seed: bytes, beacon: str, tickets: Sequence[str], prizes: Prizes) -> list[tuple[str, str]]:
    """Return the winning tickets with their prizes, the first prize first. With fewer tickets than prizes the last prizes stay.

    The beacon is a public text that nobody could know when the commitment was published, as a closing price; it may be empty.
    """
    ordered = sorted(tickets)
    digest = sha256("".join(f"{ticket}\n" for ticket in ordered).encode()).hexdigest()
    numbers = {ticket: sha256(f"{seed.hex()}\n{beacon}\n{digest}\n{ticket}".encode()).digest() for ticket in ordered}
    rewards = chain.from_iterable(repeat(reward, count) for reward, count in prizes)
    return list(zip(sorted(ordered, key=numbers.__getitem__), rewards, strict=False))


def published(*, programme: str, raffle: str, commitment: bytes, seed: bytes, beacon: str, tickets: Sequence[str], prizes: Prizes) -> dict[str, Any]:
    """Return everything that anybody needs to repeat a draw, with its winners."""
    winners = [{"ticket": ticket, "reward": reward} for ticket, reward in drawn(seed, beacon, tickets, prizes)]
    return {
        "programme": programme,
        "raffle": raffle,
        "commitment": commitment.hex(),
        "seed": seed.hex(),
        "beacon": beacon,
        "tickets": sorted(tickets),
        "prizes": [{"reward": reward, "count": count} for reward, count in prizes],
        "winners": winners,
    }


def faults(draw: Mapping[str, Any], *, commitment: str | None = None) -> list[str]:
    """Say what is wrong with a published draw; nothing, if it is what was promised. `commitment` is the one noted before, if it was."""
    try:
        seed, tickets = bytes.fromhex(draw["seed"]), [str(ticket) for ticket in draw["tickets"]]
        prizes = [(str(prize["reward"]), int(prize["count"])) for prize in draw["prizes"]]
        winners = [(winner["ticket"], winner["reward"]) for winner in draw["winners"]]
        promised, beacon, names = str(draw["commitment"]), str(draw["beacon"]), (str(draw["programme"]), str(draw["raffle"]))
    except (KeyError, TypeError, ValueError) as error:
        return [f"not a published draw: {error!r}"]
    found = []
    if commitment is not None and commitment.lower() != promised.lower():
        found.append("the commitment is not the one that was noted before the draw")
    if commitment_of(*names, seed).hex() != promised.lower():
        found.append("the seed is not the one that was promised: its hash is another")
    if len(set(tickets)) != len(tickets):
        found.append("a ticket stands in the list twice")
    if not found and drawn(seed, beacon, tickets, prizes) != winners:
        found.append("other tickets win: the winners do not follow from seed, beacon and tickets")
    return found
