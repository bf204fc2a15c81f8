"""Contests whose places are final: the clock gives their prizes, once, as the version says that was in force when the contest ended."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import orjson
import structlog

from accrual.domain.contests import Contest, Prize
from accrual.domain.facts import Registration
from accrual.domain.programme import Programme
from accrual.domain.rewards.catalogue import Issue, Reward
from accrual.domain.rewards.entitlements import Way
from accrual.handlers.books import Books
from accrual.handlers.catalogue import Catalogue
from accrual.handlers.earning import Earning, give
from accrual.handlers.entitlements import issue_id
from accrual.handlers.explanations import explanation_json
from accrual.handlers.keys import deed_key
from accrual.handlers.rewards import SERVICE, SOURCE, Origin
from accrual.handlers.routes import Owned
from accrual.handlers.surroundings import Surroundings
from accrual.handlers.tally import Holding, Tally
from accrual.store import Connection, accounts, contests, holders, shared
from accrual.store.contests import Asked, Placed, Ranking, Standings, Won
from accrual.store.ledger import Cause
from accrual.store.shared import SharedKey
from contracts.contests import ContestSettled
from contracts.envelope import Event
from shared.batches import Repeat
from shared.ids import derived, event_key
from shared.outbox import Message, enqueue, message_of

log = structlog.get_logger(__name__)

OUT_OF_STOCK = "out-of-stock"


class _Final(NamedTuple):
    """A contest that is being settled."""

    programme: Programme
    contest: Contest
    standings: Standings
    now: datetime

    @property
    def origin(self) -> Origin:
        """Name the cause after the contest: settled again after a restore, its prizes have the same ids."""
        return Origin(SOURCE, f"contest/{self.programme.terms.id}/{self.contest.id}", "schedule", self.contest.settles_at)


class Settling:
    """Settles contests whose day has come. Who asks for standings sees them change until then."""

    def __init__(self, catalogue: Catalogue) -> None:
        """Take the compiled programmes."""
        self._catalogue = catalogue

    async def turn(self, connection: Connection, now: datetime) -> int:
        """Settle one contest that is due, and return whether there was any. Where no programme has contests, nothing is asked."""
        due = (await self._catalogue.current(connection)).contests_due(at=now)
        if not due:
            return 0
        done = await contests.settled(connection, [(programme.terms.id, contest.id) for programme, contest in due])
        for programme, contest in due:
            if (programme.terms.id, contest.id) not in done:
                return int(await _settle(connection, programme, contest, now=now))
        return 0


async def standings_of(connection: Connection, programme: str, contest: Contest, asked: Asked) -> Standings:
    """Read how a contest stands now, by its own rules."""
    return await contests.standings(connection, (programme, contest.id), _ranking(contest), asked)


async def _settle(connection: Connection, programme: Programme, contest: Contest, *, now: datetime) -> bool:
    """Settle it. False: an account has just moved, a place has changed, or somebody else was faster; it is found again."""
    try:
        async with connection.transaction():
            books = await _settled(connection, programme, contest, now=now)
    except Repeat:
        return False
    if books is not None:
        books.count()
        log.info("a contest is settled", programme=programme.terms.id, contest=contest.id)
    return books is not None


async def _settled(connection: Connection, programme: Programme, contest: Contest, *, now: datetime) -> Books | None:
    """Lock who wins as it stands, make places final, and give prizes. Raises Repeat where somebody else wins then. None: it was settled before."""
    name, asked = (programme.terms.id, contest.id), Asked(contest.places)
    locked = {placed.account_id for placed in (await standings_of(connection, programme.terms.id, contest, asked)).placed}
    if not await accounts.lock(connection, locked):
        raise Repeat("an account moved before it was locked")
    if not await contests.settle(connection, name, _ranking(contest), version=programme.terms.version, now=now):
        return None
    final = _Final(programme, contest, await contests.places(connection, name, asked), now)
    if not {placed.account_id for placed in final.standings.placed} <= locked:
        raise Repeat("somebody has won whose account is not locked")
    books, messages = await _prizes(connection, final)
    await books.save(connection, now=now)
    await enqueue(connection, messages)
    return books


def _ranking(contest: Contest) -> Ranking:
    return Ranking(contest.members_only, contest.shared)


async def _prizes(connection: Connection, final: _Final) -> tuple[Books, list[Message]]:
    programme, placed = final.programme, final.standings.placed
    account_ids = [each.account_id for each in placed]
    won = [(each, prize) for each in placed if (prize := final.contest.prize_of(each.place)) is not None]
    stocks = programme.rewards.shared({prize.reward for _, prize in won if prize.reward is not None}, at=final.now)
    tally = await Tally.open(connection, await shared.lock(connection, [SharedKey(programme.terms.id, *key) for key in stocks]))
    books = await Books.open(connection, account_ids, around=Surroundings(tally))
    owners = await holders.owners(connection, account_ids)
    rows, messages = list[Won](), list[Message]()
    for each, prize in won:
        owned = Owned(owners[each.account_id].holder or "", each.account_id)
        row, said = _points(books, final, each, prize, owned) if prize.reward is None else _reward(books, final, each, prize.reward, owned)
        rows.append(row)
        messages += [*said, _told(final, each, row, prize, owned.owner)]
    await _count(connection, final, rows, [prize for _, prize in won])
    await contests.add_prizes(connection, rows)
    return books, messages


def _points(books: Books, final: _Final, placed: Placed, prize: Prize, owned: Owned) -> tuple[Won, list[Message]]:
    """Give points, explained by the place."""
    row = _row(final, placed)
    grant = final.contest.grant(prize, place=placed.place, score=placed.score)
    explanation = explanation_json(grant.explanation)
    fact = Registration(final.programme.terms.id, final.contest.settles_at)  # nothing is decided about it: the place has decided
    cause = event_key(SOURCE, final.origin.event_id)
    earning = Earning(final.programme, fact, owned, final.origin, Cause(row.key, None), cause, row.body)
    grant_id, messages = give(books, earning, owned, grant, (explanation, explanation), now=final.now)
    return row._replace(grant_id=grant_id, decision=explanation), messages


def _reward(books: Books, final: _Final, placed: Placed, reward_id: str, owned: Owned) -> tuple[Won, list[Message]]:
    """Give a reward, as far as there is any left: a place is won whatever limits and levels say."""
    row, rewards = _row(final, placed), final.programme.rewards
    reward = _known(final, reward_id)
    stock = books.tally.values(rewards.programme, rewards.shared([reward_id], at=final.now))
    if reward.stock is not None and stock[reward.stock_key] >= reward.stock:
        return row._replace(withheld=OUT_OF_STOCK), []
    id_ = issue_id(f"{final.origin.event_id}/{placed.account_id}")
    if reward.stock is not None:
        holding = Holding(id_.bytes, event_key(SOURCE, final.origin.event_id))
        books.tally.raise_to(rewards.programme, [(reward.stock_key, stock[reward.stock_key] + 1)], holding)
    given = rewards.issue(reward, Issue(id_, placed.account_id, Way.PRIZE, final.contest.id, final.now))
    messages = books.entitlements.issue(given, owner=owned.owner or None, origin=final.origin, now=final.now, choice=reward.choice)
    return row._replace(entitlement_id=id_), messages


async def _count(connection: Connection, final: _Final, rows: Sequence[Won], prizes: Sequence[Prize]) -> None:
    """Let limits count what was won, for what the winners ask for later."""
    rewards = final.programme.rewards
    given = [(row.account_id, prize.reward) for row, prize in zip(rows, prizes, strict=True) if row.entitlement_id is not None and prize.reward is not None]
    keys = [(account_id, key) for account_id, reward in given for key in rewards.counters([reward], at=final.now)]
    values = await accounts.counters(connection, keys)
    await accounts.count(connection, [((account_id, key), values.get(account_id, {}).get(key, 0) + 1) for account_id, key in keys])


def _row(final: _Final, placed: Placed) -> Won:
    terms, contest = final.programme.terms, final.contest
    return Won(
        key=deed_key("contest", terms.id, contest.id, str(placed.account_id)),
        grant_id=None,
        entitlement_id=None,
        account_id=placed.account_id,
        occurred_at=contest.settles_at,
        decided_at=final.now,
        programme_version=terms.version,
        programme=terms.id,
        contest=contest.id,
        withheld=None,
        body=orjson.dumps({"kind": "contest", "contest": contest.id, "place": placed.place}),
        decision=None,
    )


def _known(final: _Final, reward_id: str) -> Reward:
    reward = final.programme.rewards.get(reward_id)
    if reward is None:
        raise LookupError(f"{final.programme.terms.id} gives {reward_id} as a prize, which it has not got")
    return reward


def _told(final: _Final, placed: Placed, row: Won, prize: Prize, owner: str) -> Message:
    data = ContestSettled(
        programme=row.programme,
        contest=row.contest,
        holder=owner,
        place=placed.place,
        score=placed.score,
        participants=final.standings.participants,
        points=prize.points,
        reward=prize.reward,
        grant_id=row.grant_id,
        entitlement_id=row.entitlement_id,
        withheld=row.withheld,
        cause=final.origin.cause(),
        booked_at=final.now,
    )
    id_ = derived(service=SERVICE, source=SOURCE, cause=final.origin.event_id, type=data.type, holder=owner)
    return message_of(Event(id=str(id_), source=SOURCE, type=data.type, time=final.now, data=data, traceparent=None))
