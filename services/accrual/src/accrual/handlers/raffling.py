"""Raffles: a commitment is published, tickets are given, and at its time somebody draws. What is drawn can be repeated by anybody."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from accrual.domain.lifetimes import start_of
from accrual.domain.programme import Programme
from accrual.domain.rewards import raffles as domain
from accrual.domain.rewards.catalogue import Issue
from accrual.domain.rewards.entitlements import Denied, Entitlement, State, StepName, Way, use
from accrual.handlers.entitlements import Entitlements, Handover, issue_id
from accrual.handlers.rewarding import Desk
from accrual.store import accounts, holders, raffles
from accrual.store import entitlements as store
from accrual.store.raffles import Promise
from shared.batches import Repeat
from shared.outbox import Message, enqueue

_UNKNOWN = Denied("unknown-raffle", "no programme in force has such a raffle")
_HANDED_BY = Handover("raffle")


async def commit(desk: Desk, programme_id: str, raffle: str, *, seed: bytes) -> Promise | Denied:
    """Promise a draw by the hash of its seed. Asked again, the first promise stands."""
    programme = desk.programmes.in_force(programme_id, at=desk.now)
    if programme is None or raffle not in programme.rewards.raffles:
        return _UNKNOWN
    if drawn_at(programme, raffle) <= desk.now:
        return Denied("too-late", "its time has come: a promise made now would be none")
    commitment = domain.commitment_of(programme_id, raffle, seed)
    await raffles.commit(desk.connection, programme_id, raffle, commitment=commitment, seed=seed, now=desk.now)
    promise = await raffles.find(desk.connection, programme_id, raffle)
    return promise or _UNKNOWN


async def draw(desk: Desk, programme_id: str, raffle: str, *, beacon: str) -> Promise | Denied:
    """Draw, once, as the version says that was in force when the draw was promised: the winners' tickets are used, and they have their prizes."""
    promise = await raffles.find(desk.connection, programme_id, raffle, lock=True)
    programme = desk.programmes.in_force(programme_id, at=desk.now if promise is None else promise.committed_at)
    if programme is None or raffle not in programme.rewards.raffles:
        return _UNKNOWN
    if promise is None:
        return Denied("not-promised", "its commitment was not published")
    if promise.drawn_at is not None:
        return Denied("already-drawn", "it was drawn before")
    closes = drawn_at(programme, raffle)
    if desk.now < closes:
        return Denied("too-early", f"it is drawn from {closes:%Y-%m-%d %H:%M} UTC on")
    part = programme.rewards.raffles[raffle]
    tickets = await raffles.tickets(desk.connection, programme_id, part.ticket, before=closes)
    published = domain.published(
        programme=programme_id, raffle=raffle, commitment=promise.commitment, seed=promise.seed, beacon=beacon,
        tickets=[str(ticket) for ticket in tickets], prizes=[(prize.reward, prize.count) for prize in part.prizes],
    )  # fmt: skip
    winners = {UUID(winner["ticket"]): winner["reward"] for winner in published["winners"]}
    await _give(desk, programme, raffle, winners, {ticket: tickets[ticket] for ticket in winners})
    await raffles.drawn(desk.connection, programme_id, raffle, published=orjson.dumps(published), now=desk.now)
    return await raffles.find(desk.connection, programme_id, raffle) or _UNKNOWN


def drawn_at(programme: Programme, raffle: str) -> datetime:
    """Return from when on a raffle may be drawn; tickets given before count."""
    day = programme.rewards.raffles[raffle].draw
    return day if isinstance(day, datetime) else start_of(day, programme.terms.zone)


def told(promise: Promise) -> dict[str, Any]:
    """Return what the public may know: before the draw the commitment alone, then everything."""
    common = {"committed_at": promise.committed_at, "drawn_at": promise.drawn_at}
    return common | ({"commitment": promise.commitment.hex()} if promise.published is None else orjson.loads(promise.published))


async def _give(desk: Desk, programme: Programme, raffle: str, winners: Mapping[UUID, str], owners: Mapping[UUID, UUID]) -> None:
    """Use the winning tickets and give the prizes. Raises Repeat where a ticket was taken back or moved meanwhile."""
    if not winners:
        return
    if not await accounts.lock(desk.connection, set(owners.values())):
        raise Repeat("an account moved before it was locked")
    tickets = await store.by_ids(desk.connection, winners)
    book, messages = Entitlements(tickets.values()), list[Message]()
    names = await holders.owners(desk.connection, set(owners.values()))
    for id_, reward_id in winners.items():
        ticket, reward = tickets[id_], programme.rewards.get(reward_id)
        late = ticket.state is State.EXPIRED  # since it was good at its time: it wins, and has ended
        after = ticket if late else use(ticket, purpose=ticket.reserved_for, at=drawn_at(programme, raffle))
        if not isinstance(after, Entitlement) or ticket.account_id != owners[id_] or reward is None:
            raise Repeat("a ticket was taken back before it was drawn")
        owner = names[ticket.account_id].holder
        prize_id = issue_id(f"raffle/{programme.terms.id}/{raffle}/{id_}")
        prize = programme.rewards.issue(reward, Issue(prize_id, ticket.account_id, Way.PRIZE, raffle, desk.now))
        messages += book.change(after, StepName.USED, owner=owner, origin=desk.origin, now=desk.now, handover=_HANDED_BY)
        messages += book.issue(prize, owner=owner, origin=desk.origin, now=desk.now, choice=reward.choice)
    await book.save(desk.connection, now=desk.now)
    await enqueue(desk.connection, messages)
