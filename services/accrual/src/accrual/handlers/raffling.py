"""Raffles: a commitment is published, tickets are given, the clock closes them, and later somebody draws. All of it can be repeated by anybody."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from accrual.domain.accounts import CounterKey
from accrual.domain.document.problems import Problem
from accrual.domain.programme import Programme
from accrual.domain.rewards import raffles as domain
from accrual.domain.rewards.entitlements import Denied
from accrual.handlers.entitlements import issue_id
from accrual.handlers.rewarding import Desk
from accrual.handlers.rewards import SOURCE
from accrual.handlers.tally import Holding, Tally
from accrual.handlers.winning import give_prizes
from accrual.store import Connection, raffles, shared
from accrual.store.raffles import Promise
from accrual.store.shared import SharedKey
from shared.ids import event_key

_UNKNOWN = Denied("unknown-raffle", "no programme in force has such a raffle")
_CLOSED = "closed"


async def commit(desk: Desk, programme_id: str, raffle: str, *, seed: bytes) -> Promise | Denied:
    """Promise a draw by the hash of its seed and terms, and put its prizes aside. Asked again, the first promise stands."""
    programme = desk.programmes.in_force(programme_id, at=desk.now)
    if programme is None or raffle not in programme.rewards.raffles:
        return _UNKNOWN
    promise = _promise(programme, raffle, seed=seed, now=desk.now)
    if promise.closes_at <= desk.now:
        return Denied("too-late", "its time has come: a promise made now would be none")
    before = await raffles.find(desk.connection, programme_id, raffle)
    if before is not None:
        return before
    prizes = prizes_held(programme, raffle)
    tally = await Tally.open(desk.connection, await shared.lock(desk.connection, [SharedKey(programme_id, *key) for key in prizes]))
    for key, value in tally.values(programme_id, prizes).items():
        stock = next(reward.stock for reward in programme.rewards.all() if reward.stock_key == key)
        if stock is not None and value + prizes[key] > stock:
            return Denied("out-of-stock", f"{key.rule.removeprefix('reward/')}: {max(stock - value, 0)} are left of {prizes[key]} prizes")
    if not await raffles.commit(desk.connection, promise):
        return await raffles.find(desk.connection, programme_id, raffle) or _UNKNOWN
    tally.hold(programme_id, prizes, Holding(promise.id.bytes, event_key(desk.origin.source, desk.origin.event_id)))
    await tally.save(desk.connection)
    return promise


async def close_one(connection: Connection, now: datetime) -> int:
    """Close the tickets of a raffle whose time has come, for ever, and return how many raffles that were: one or none. Whatever is told later brings none."""
    promise = await raffles.to_close(connection, now=now)
    if promise is None:
        return 0
    closed = domain.closing_key(promise.raffle)
    locked = await shared.lock(connection, [SharedKey(promise.programme, *closed)])  # whoever gives a ticket holds it: after this they are all seen
    tally = await Tally.open(connection, locked, causes=[promise.id.bytes])
    tickets = await raffles.given(connection, promise.programme, orjson.loads(promise.promised)["ticket"], before=promise.closes_at)
    await raffles.close(connection, promise, tickets, now=now)
    held = tally.used(promise.id.bytes) | {closed: 1}
    tally.hold(promise.programme, held, Holding(promise.id.bytes, event_key(SOURCE, f"{promise.id}/{_CLOSED}")))
    await tally.save(connection)
    return 1


async def draw(desk: Desk, programme_id: str, raffle: str, *, beacon: str) -> Promise | Denied:
    """Draw, once, as was promised: the winners' tickets are used, and they have their prizes. Raises Repeat where a ticket changed meanwhile."""
    promise = await raffles.find(desk.connection, programme_id, raffle, lock=True)
    if promise is None:
        programme = desk.programmes.in_force(programme_id, at=desk.now)
        return _UNKNOWN if programme is None or raffle not in programme.rewards.raffles else Denied("not-promised", "its commitment was not published")
    if promise.drawn_at is not None:
        return Denied("already-drawn", "it was drawn before")
    if desk.now < promise.beacon_at:
        return Denied("too-early", f"it is drawn from {promise.beacon_at:%Y-%m-%d %H:%M} UTC on, when the beacon is known")
    if promise.tickets is None:
        return Denied("not-closed", "its tickets are not closed yet: the clock is late")
    programme = desk.programmes.version(programme_id, promise.programme_version)
    if programme is None:
        raise LookupError(f"version {promise.programme_version} of {programme_id} was published, and is not there")
    tickets = await raffles.tickets(desk.connection, promise.tickets)
    told = domain.published(
        orjson.loads(promise.promised), seed=promise.seed, beacon=beacon,
        tickets=[str(ticket) for ticket in promise.tickets], withdrawn=[str(ticket.id) for ticket in tickets if not ticket.good],
    )  # fmt: skip
    owners = {ticket.id: ticket.account_id for ticket in tickets}
    winners = {UUID(winner["ticket"]): winner["reward"] for winner in told["winners"]}
    await give_prizes(desk, programme, promise, winners, {ticket: owners[ticket] for ticket in winners})
    await raffles.drawn(desk.connection, promise, published=orjson.dumps(told), now=desk.now)
    return await raffles.find(desk.connection, programme_id, raffle) or _UNKNOWN


def told(promise: Promise) -> dict[str, Any]:
    """Return what the public may know: before the tickets are closed the promise, then their list with its digest, after the draw everything."""
    tickets = [str(ticket) for ticket in promise.tickets or ()]
    closed = {} if promise.tickets is None else {"tickets": tickets, "digest": domain.digest_of(tickets).hex()}
    times = {"committed_at": promise.committed_at, "closed_at": promise.closed_at, "drawn_at": promise.drawn_at}
    promised: dict[str, Any] = orjson.loads(promise.promised)
    result = {} if promise.published is None else orjson.loads(promise.published)
    return promised | {"commitment": promise.commitment.hex()} | times | closed | result


async def broken(connection: Connection, programme: Programme) -> tuple[Problem, ...]:
    """Return what a version to be published says otherwise than was promised of a raffle, or leaves out before its tickets are closed."""
    problems, parts = list[Problem](), programme.rewards.raffles
    for promise in await raffles.promised(connection, programme.terms.id):
        part = parts.get(promise.raffle)
        if part is None and promise.closes_at > programme.terms.starts_at:
            problems.append(Problem(None, "raffles", f"{promise.raffle} was promised, and its tickets are not closed when this version begins", "keep it"))
        elif part is not None and _written(programme, promise.raffle) != promise.promised:
            text = f"{promise.raffle} was promised otherwise, and a promise is kept"
            problems.append(Problem(None, "raffles", text, "leave it as it was, or give the new one an id of its own"))
    return tuple(problems)


def prizes_held(programme: Programme, raffle: str) -> dict[CounterKey, int]:
    """Return how many of each reward with a stock are put aside for a raffle."""
    wanted = Counter[str]()
    for prize in programme.rewards.raffles[raffle].prizes:
        wanted[prize.reward] += prize.count
    found = ((programme.rewards.get(reward), count) for reward, count in wanted.items())
    return {reward.stock_key: count for reward, count in found if reward is not None and reward.stock is not None}


def _promise(programme: Programme, raffle: str, *, seed: bytes, now: datetime) -> Promise:
    written = _written(programme, raffle)
    promised: Mapping[str, Any] = orjson.loads(written)
    closes_at, beacon_at = (datetime.fromisoformat(promised[name]) for name in ("closes_at", "beacon_at"))
    id_ = issue_id(f"raffle/{programme.terms.id}/{raffle}")
    commitment = domain.commitment_of(promised, seed)
    return Promise(id_, programme.terms.id, raffle, programme.terms.version, commitment, seed, written, now, closes_at, beacon_at)


def _written(programme: Programme, raffle: str) -> bytes:
    return orjson.dumps(domain.promise_of(programme.rewards.raffles[raffle], programme=programme.terms.id, zone=programme.terms.zone))
