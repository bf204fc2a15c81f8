"""What the clock does for those who brought friends: both are given their points for a purchase that stayed bought, or both lose them again."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import NamedTuple
from uuid import UUID

import orjson
import structlog

from accrual import metrics
from accrual.domain.entries import Stamp
from accrual.domain.facts import Registration
from accrual.domain.programme import Programme
from accrual.domain.programmes import Programmes
from accrual.domain.referrals import NOTHING_KEPT, Bought, Invited, Objection, ReferralRules, Side
from accrual.domain.returns import left_of
from accrual.domain.reversing import Due, plan
from accrual.handlers import pasts, rewards
from accrual.handlers.books import Books
from accrual.handlers.catalogue import Catalogue
from accrual.handlers.earning import Earning, give
from accrual.handlers.explanations import explanation_json
from accrual.handlers.keys import deed_key
from accrual.handlers.pasts import Past
from accrual.handlers.rewards import SOURCE, Origin, Taking
from accrual.handlers.routes import Owned
from accrual.store import Connection, accounts, holders, ledger, returns
from accrual.store import referrals as store
from accrual.store.holders import Owner
from accrual.store.ledger import Cause
from accrual.store.referrals import Given, Referral, TakenBack
from contracts.rewards import RewardReversed
from shared.batches.errors import is_data
from shared.ids import event_key
from shared.outbox import Message, enqueue

log = structlog.get_logger(__name__)

#: Friends a transaction.
LIMIT = 100
#: Of a friend who buys more often than that within the time that counts, the newest so many purchases are looked at.
PURCHASES = 1_000
#: A friend with whom something failed is left alone for so long.
PAUSE = timedelta(minutes=10)


class Case(NamedTuple):
    """A referral that is looked at, with the rules that promised something for it."""

    referral: Referral
    inviter_id: UUID
    version: Programme
    rules: ReferralRules
    now: datetime


class Referring:
    """Looks at what is due, and remembers where it could not."""

    def __init__(self, catalogue: Catalogue) -> None:
        """Take the compiled programmes."""
        self._catalogue = catalogue
        self._failed: dict[UUID, datetime] = {}

    async def turn(self, connection: Connection, now: datetime) -> int:
        """Do a bounded part of what is due, and return how much that was. Where no programme gives anything for friends, nothing is asked."""
        programmes = await self._catalogue.current(connection)
        if not programmes.refer:
            return 0
        self._failed = {friend: at for friend, at in self._failed.items() if now < at + PAUSE}
        found = await store.due(connection, now=now, limit=LIMIT, but=self._failed)
        locked = {account_id for each in found for account_id in (each.friend_id, each.inviter_id) if account_id is not None}
        if locked:
            await accounts.lock(connection, locked)
        for each in await store.still_due(connection, [each.friend_id for each in found], now=now) if found else ():
            if each.inviter_id in locked:  # else it was claimed meanwhile, and is found the next time
                await self._try(connection, each, each.inviter_id, programmes, now=now)
        return len(found)

    async def _try(self, connection: Connection, referral: Referral, inviter_id: UUID, programmes: Programmes, *, now: datetime) -> None:
        version = programmes.version(referral.programme, referral.programme_version)
        if version is None or version.referrals is None:
            raise LookupError(f"version {referral.programme_version} of {referral.programme} promised something for friends, and is not there")
        try:
            async with connection.transaction():
                books = await _look(connection, Case(referral, inviter_id, version, version.referrals, now), programmes)
        except Exception as error:
            if not is_data(error):
                raise
            self._failed[referral.friend_id] = now
            metrics.CLOCKWORK_FAILURES.inc()
            log.exception("what is due for a friend could not be done", friend_id=str(referral.friend_id))
        else:
            books.count()


async def _look(connection: Connection, case: Case, programmes: Programmes) -> Books:
    """Do what is due of one: give, take back, refuse, or look again later."""
    referral, rules, now = case.referral, case.rules, case.now
    bought = await _bought(connection, case, programmes)
    counting = rules.counting(referral.joined_at, bought)
    if referral.state == "paid":
        if counting is None:
            return await _take_back(connection, case)
        await store.change(connection, referral._replace(look_at=None, purchase_key=counting.key))
        return Books({})
    again = rules.look_again(referral.joined_at, counting, now=now)
    if again is None:
        await _refuse(connection, referral, Objection.NO_PURCHASE)
    elif counting is None or again > now:
        await store.change(connection, referral._replace(look_at=again))
    else:
        return await _pay(connection, case, counting, bought)
    return Books({})


async def _bought(connection: Connection, case: Case, programmes: Programmes) -> list[Bought]:
    """Read what the friend has bought, before joining too, with an identifier that was claimed too."""
    until = min(case.now, case.rules.ends_at(case.referral.joined_at))
    keys = await returns.bought(connection, case.referral.friend_id, until=until, limit=PURCHASES)
    found, _ = await pasts.load(connection, keys, programmes)
    return [Bought(past.key, past.happened_at, past.purchase.currency, _left(past)) for past in found]


def _left(past: Past) -> int | None:
    lines = left_of(past.purchase, past.returned).lines
    return sum(amount for _, amount in lines.values()) if lines else None


async def _refuse(connection: Connection, referral: Referral, objection: Objection) -> None:
    await store.change(connection, referral._replace(state="refused", reason=objection, look_at=None))


async def _pay(connection: Connection, case: Case, counting: Bought, bought: list[Bought]) -> Books:
    """Give both their points, or say why neither gets any."""
    referral, payday = case.referral, case.rules.payday(counting.occurred_at)
    invited = Invited(referral.friend_id, case.inviter_id, referral.joined_at, referral.inviter_joined_at)
    owners = await holders.owners(connection, [referral.friend_id, case.inviter_id])
    objection = case.rules.objection(invited, bought, await store.paid_on(connection, case.inviter_id), payday=payday)
    if objection is None and any(owner.holder is None for owner in owners.values()):
        objection = Objection.FORGOTTEN
    if objection is not None:
        await _refuse(connection, referral, objection)
        return Books({})
    books = await Books.open(connection, owners)
    given, messages = [], list[Message]()
    for side in Side:
        written, said = _give(books, case, side, owners, payday=payday)
        given.append(written)
        messages += said
    paid = referral._replace(state="paid", inviter_id=case.inviter_id, look_at=None, purchase_key=counting.key, paid_on=payday)
    await store.change(connection, paid)
    await store.give(connection, given, decided_at=case.now)
    await books.save(connection, now=case.now)
    await enqueue(connection, messages)
    return books


def _give(books: Books, case: Case, side: Side, owners: Mapping[UUID, Owner], *, payday: date) -> tuple[Given, list[Message]]:
    """Give one of the two their points."""
    referral, terms = case.referral, case.version.terms
    account_id = case.inviter_id if side is Side.INVITER else referral.friend_id
    grant = case.rules.grant(side, payday)
    key, body = deed_key("referral", str(referral.friend_id), side), orjson.dumps({"kind": "referral", "side": side})
    origin = Origin(SOURCE, f"{referral.friend_id}/referral/{side}", "schedule", grant.usable_from)
    explanation = explanation_json(grant.explanation)
    owned, fact = Owned(owners[account_id].holder or "", account_id), Registration(terms.id, referral.joined_at)
    earning = Earning(case.version, fact, owned, origin, Cause(key, None), event_key(origin.source, origin.event_id), body)
    grant_id, messages = give(books, earning, owned, grant, (explanation, explanation), now=case.now)
    given = Given(key, referral.friend_id, side, grant_id, account_id, terms.id, terms.version, origin.occurred_at, body, explanation)
    return given, messages


async def _take_back(connection: Connection, case: Case) -> Books:
    """Take back what both were given, by the programme's rule for points that are spent already."""
    referral = case.referral
    given = await store.given(connection, referral.friend_id)
    account_ids = {each.account_id for each in given}
    owners = await holders.owners(connection, account_ids)
    lots = await ledger.lots(connection, [each.grant_id for each in given])
    expired = await returns.expired(connection, account_ids, lots)
    books = await Books.open(connection, account_ids, lots=lots)
    books.know(await ledger.open_lots_of(connection, account_ids))
    taken, messages = [], list[Message]()
    for each in given:
        written, said = _reverse(books, case, each, owners[each.account_id].holder, expired=expired.get(each.grant_id, 0))
        taken.append(written)
        messages += said
    await store.change(connection, referral._replace(state="undone", reason=Objection.RETURNED, look_at=None))
    await store.take(connection, taken, decided_at=case.now)
    await books.save(connection, now=case.now)
    await enqueue(connection, messages)
    return books


def _reverse(books: Books, case: Case, given: Given, owner: str | None, *, expired: int) -> tuple[TakenBack, list[Message]]:
    """Take back what one of the two was given."""
    now, lot, decision = case.now, books.lot(given.grant_id), explanation_json(NOTHING_KEPT)
    if lot is None:
        raise LookupError(f"lot {given.grant_id} was given for a friend, and is not there")
    due = Due(granted=lot.amount, kept=0, settled=0, expired=expired)
    reversal = plan(due, own=[lot], others=books.lots_of(given.account_id), at=now, spent=case.version.terms.returns.spent)
    origin = Origin(SOURCE, f"{given.friend_id}/referral/{given.side}/returned", "schedule", case.referral.look_at or now)
    stamp = Stamp(
        transaction_id=rewards.change_id(origin, RewardReversed.type, owner or ""),
        cause_source=origin.source,
        cause_event=origin.event_id,
        programme=given.programme,
        programme_version=given.programme_version,
        occurred_at=origin.occurred_at,
        booked_at=now,
        evidence=sha256(decision + b"\0" + given.body).digest(),
    )
    before = {id_: found.remaining for id_, _ in reversal.allocations if (found := books.lot(id_)) is not None}
    account = books.reverse(given.account_id, reversal, stamp)
    messages = []
    if owner is not None and reversal.points > 0:
        lots = tuple((id_, points, before[id_] - points) for id_, points in reversal.allocations)
        taking = Taking(lots, reversal.taken, reversal.debt, reversal.forgiven, 0, None)
        messages.append(rewards.reversed_(account, taking, stamp, owner=owner, origin=origin, explanation=decision))
    booked = stamp.transaction_id if reversal.taken + reversal.debt else None
    return TakenBack(given.key, booked, reversal.taken, reversal.debt, reversal.forgiven, decision), messages
