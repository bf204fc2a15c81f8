"""Which accounts the holders of a batch lead to, and their locks."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, NamedTuple, TypeVar
from uuid import UUID

from accrual.domain.programmes import Programmes
from accrual.handlers.surroundings import NOTHING_COMMON, Common
from accrual.store import Connection, accounts, holders
from accrual.store.holders import Found, Wanted
from contracts.envelope import Event
from shared.batches import Repeat

T = TypeVar("T")
_NO_PROGRAMMES = Programmes(())


class Owned(NamedTuple):
    """An account and who owns it: the member, once an identifier is linked."""

    owner: str
    account_id: UUID


@dataclass(frozen=True, slots=True)
class Route:
    """Where each holder leads, and every account that the transaction has locked."""

    found: Mapping[Wanted, Owned] = field(default_factory=dict)
    locked: frozenset[UUID] = frozenset()

    def to(self, wanted: Wanted) -> Owned:
        """Return where a holder leads. Raises Repeat for one that was not asked for when the locks were taken."""
        try:
            return self.found[wanted]
        except KeyError:
            raise Repeat("an account is needed that is not locked") from None


@dataclass(frozen=True, slots=True)
class Batch(Generic[T]):
    """What a transaction found when it took its locks: its events as they were read, and whose accounts they need."""

    read: Mapping[int, T]  # by the event's identity
    route: Route
    anchors: frozenset[bytes] = frozenset()  # all that are locked
    seen: frozenset[bytes] | None = None  # all keys about which something may have been decided; None: any
    programmes: Programmes = _NO_PROGRAMMES
    common: Common = NOTHING_COMMON  # what may be counted for all accounts together, locked too
    reserved: frozenset[bytes] = frozenset()  # under which names holds have reserved some of it that purchases name

    def of(self, event: Event[Any]) -> T:
        """Return an event as it was read. Raises Repeat for one that was not there when the locks were taken."""
        try:
            return self.read[id(event)]
        except KeyError:
            raise Repeat("an event was not there when the locks were taken") from None


class Held(Generic[T]):
    """Keeps what a connection's transaction found when it took its locks, until its next transaction takes its own.

    What is locked stays true until the transaction ends, however often and in whatever parts its events are decided. To look again while
    deciding would not do: an identifier may be linked elsewhere meanwhile, and lead to an account without our lock.
    """

    def __init__(self) -> None:
        self._batches: dict[int, Batch[T]] = {}

    def keep(self, connection: Connection, batch: Batch[T]) -> None:
        """Keep what the transaction in hand has found."""
        self._batches[connection.get_server_pid()] = batch

    def of(self, connection: Connection) -> Batch[T]:
        """Return what the transaction in hand has found."""
        return self._batches[connection.get_server_pid()]


async def lock_accounts(connection: Connection, wanted: Iterable[Wanted], *, also: Iterable[UUID] = ()) -> Route:
    """Lock the accounts of these holders, opening those that are missing, and others besides. Raises Repeat if one has just moved."""
    asked = set(wanted)
    found = await holders.resolve(connection, asked) if asked else {}
    missing = [each for each, where in found.items() if where.account_id is None]
    if missing:
        found |= await _open(connection, missing)
    owned = {each: Owned(where.owner, where.account_id) for each, where in found.items() if where.account_id is not None}
    account_ids = frozenset(where.account_id for where in owned.values()) | frozenset(also)
    if account_ids and not await accounts.lock(connection, account_ids):
        raise Repeat("an account moved before it was locked")
    return Route(owned, account_ids)


async def _open(connection: Connection, missing: Collection[Wanted]) -> dict[Wanted, Found]:
    """Open accounts. Identifiers are locked first and looked at again: one that is linked now leads to its member."""
    await holders.lock_identifiers(connection, (each.holder for each in missing if not each.holder.startswith("m:")))
    found = await holders.resolve(connection, missing)
    await holders.open_accounts(connection, (Wanted(where.owner, each.programme) for each, where in found.items() if where.account_id is None))
    return await holders.resolve(connection, missing)
