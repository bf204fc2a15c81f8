"""Which accounts the holders of a batch lead to, and their locks."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID

from accrual.store import Connection, accounts, holders
from accrual.store.holders import Found, Wanted
from shared.batches import Repeat


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


class Routes:
    """Remembers, for each connection, the route that its transaction has locked.

    What is locked stays true until the transaction ends, however often the batch is decided; the next transaction begins with `lock`.
    Looking anew while deciding would not do: an identifier may be linked elsewhere meanwhile, to an account without our lock.
    """

    def __init__(self) -> None:
        self._of_connection: dict[int, Route] = {}

    async def lock(self, connection: Connection, wanted: Iterable[Wanted], *, also: Iterable[UUID] = ()) -> None:
        """Lock the accounts of these holders, opening those that are missing, and others besides. Raises Repeat if one has just moved."""
        asked = set(wanted)
        found = await holders.resolve(connection, asked) if asked else {}
        missing = [each for each, where in found.items() if where.account_id is None]
        if missing:
            found |= await self._open(connection, missing)
        owned = {each: Owned(where.owner, where.account_id) for each, where in found.items() if where.account_id is not None}
        account_ids = frozenset(where.account_id for where in owned.values()) | frozenset(also)
        if account_ids and not await accounts.lock(connection, account_ids):
            raise Repeat("an account moved before it was locked")
        self._of_connection[connection.get_server_pid()] = Route(owned, account_ids)

    def of(self, connection: Connection) -> Route:
        """Return what the transaction in hand has locked."""
        return self._of_connection[connection.get_server_pid()]

    async def _open(self, connection: Connection, missing: Collection[Wanted]) -> dict[Wanted, Found]:
        """Open accounts. Identifiers are locked first and looked at again: one that is linked now leads to its member."""
        await holders.lock_identifiers(connection, (each.holder for each in missing if not each.holder.startswith("m:")))
        found = await holders.resolve(connection, missing)
        await holders.open_accounts(connection, (Wanted(where.owner, each.programme) for each, where in found.items() if where.account_id is None))
        return await holders.resolve(connection, missing)
