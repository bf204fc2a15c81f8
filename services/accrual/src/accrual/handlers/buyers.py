"""Who stands at the till, as far as a quote asks: what the rules remember of them, their points, their level."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from accrual.domain.accounts import AccountState
from accrual.domain.coupons import NONE_USABLE, Usable
from accrual.domain.facts import Purchase
from accrual.domain.lots import Lot
from accrual.domain.programme import Programme
from accrual.domain.programmes import Programmes
from accrual.domain.tiers.outlook import Outlook
from accrual.domain.zones import zone_of
from accrual.handlers.counting import state_seen
from accrual.handlers.tiers import Levels
from accrual.store import Connection, accounts, reading, shared
from accrual.store.shared import SharedKey

#: Why a coupon does nothing yet. Its uses are counted with an account.
NOT_IDENTIFIED, UNKNOWN_COUPON = "not-identified", "unknown-coupon"


@dataclass(frozen=True, slots=True, kw_only=True)
class Buyer:
    """A holder in one programme, at one moment."""

    known: bool  #: somebody was named
    account_id: UUID | None  #: where there is one already
    state: AccountState
    lots: Collection[Lot]
    level: Outlook | None

    def usable(self, programme: Programme, purchase: Purchase) -> Usable:
        """Say which of the coupons shown may be used."""
        zone = zone_of(purchase.zone)
        if zone is None or not self.known:
            return NONE_USABLE
        return programme.coupons.usable(purchase, purchase.occurred_at.astimezone(zone).date(), self.state)


async def find(connection: Connection, holder: str | None, programmes: Programmes, programme: Programme, fact: Purchase, *, now: datetime) -> Buyer:
    """Read what is known of a holder. Somebody never seen has no past, and nobody has none either."""
    found = None if holder is None else await reading.holdings(connection, holder)
    account = None if found is None else next((each for each in found.accounts if each.programme == programme.terms.id), None)
    account_id = None if account is None else account.account_id
    state = await state_seen(connection, account_id, programmes, programme, fact)
    state = await _with_catalogue(connection, state, programme, account_id, now=now)
    level = None
    if programme.ladder is not None and account_id is not None:
        level = (await Levels.open(connection, programmes, [account_id], of=[programme.terms.id])).outlook(account_id, now=now)
    lots = () if found is None or account_id is None else found.lots.get(account_id, ())
    return Buyer(known=holder is not None, account_id=account_id, state=state, lots=lots, level=level)


async def _with_catalogue(connection: Connection, state: AccountState, programme: Programme, account_id: UUID | None, *, now: datetime) -> AccountState:
    """Add what the catalogue's limits and stock count. No statement where there are none."""
    catalogue = programme.rewards
    ids = [reward.id for reward in catalogue.all() if reward.cost]
    own, common = catalogue.counters(ids, at=now), catalogue.shared(ids, at=now)
    if own and account_id is not None:
        counted = await accounts.counters(connection, [(account_id, key) for key in own])
        state = state._replace(counters={**state.counters, **counted.get(account_id, {})})
    if common:
        values = await shared.values(connection, [SharedKey(programme.terms.id, *key) for key in common])
        state = state._replace(shared={**state.shared, **{key.counter: value for key, value in values.items()}})
    return state
