"""Which purchases the events of a batch follow, as far as they were accepted before it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from accrual.handlers.sequels import Sequel
from accrual.store import Connection, causes, holders, returns
from accrual.store.holders import Wanted
from accrual.store.returns import Named

#: Among so many newest purchases of a holder a return that names none finds its goods.
MOST_CANDIDATES = 100


@dataclass(frozen=True, slots=True)
class Found:
    """The purchases, and the accounts that must be locked for them. Before the locks are taken it may change, so look again."""

    purchases: Mapping[bytes, UUID | None] = field(default_factory=dict)  #: with the accounts they belong to
    named: tuple[Named, ...] = ()
    holders: Mapping[Wanted, UUID] = field(default_factory=dict)  #: of returns that name no purchase

    @property
    def accounts(self) -> frozenset[UUID]:
        """Return all accounts concerned."""
        return frozenset(account for account in (*self.purchases.values(), *self.holders.values()) if account is not None)


async def find(connection: Connection, sequels: Collection[Sequel]) -> Found:
    """Find what these events follow."""
    if not sequels:
        return Found()
    named = await returns.named(connection, [sequel.receipt_key for sequel in sequels if sequel.receipt_key is not None])
    keys = {row.purchase_key for row in named} | {sequel.purchase_key for sequel in sequels if sequel.purchase_key is not None}
    owners: dict[Wanted, UUID] = {}
    for sequel in sequels:
        wanted = holder_of(sequel)
        if wanted is not None:
            account = (await holders.resolve(connection, [wanted]))[wanted].account_id
            if account is not None:
                owners[wanted] = account
                keys |= set(await returns.bought(connection, account, until=sequel.event.data.occurred_at, limit=MOST_CANDIDATES))
    known = await causes.known_purchases(connection, keys)
    return Found({key: purchase.account_id for key, purchase in known.items()}, tuple(named), owners)


def holder_of(sequel: Sequel) -> Wanted | None:
    """Return whose purchases may be meant by a return that names none, where the programme looks for them."""
    if sequel.anchor is not None or sequel.programme is None or sequel.programme.terms.returns.unnamed == "refuse":
        return None
    return Wanted(sequel.event.data.holder, sequel.programme.terms.id)
