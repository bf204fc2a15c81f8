"""Balances, versions and counters of accounts, and the lock that orders those who write them."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from accrual.domain.accounts import AccountState, CounterKey, Profile
from accrual.domain.entries import Account, Balance
from accrual.store import Connection


@dataclass(frozen=True, slots=True)
class Standing:
    """An account with what the rules remember of it."""

    account: Account
    state: AccountState


_LOCK = "select id, moved_to from account where id = any($1::uuid[]) order by id for update"
_LOAD = """
    select id, version, pending, available, held, debt, hash, purchases, kind = 'member', registered_at, coalesce(seed, uuid_send(id))
    from account where id = any($1::uuid[])
"""
_SAVE = """
    update account
    set version = new.version, pending = new.pending, available = new.available, held = new.held, debt = new.debt,
        hash = new.hash, purchases = new.purchases
    from (
        select unnest($1::uuid[]) as id, unnest($2::bigint[]) as version, unnest($3::bigint[]) as pending, unnest($4::bigint[]) as available,
               unnest($5::bigint[]) as held, unnest($6::bigint[]) as debt, unnest($7::bytea[]) as hash, unnest($8::bigint[]) as purchases
    ) as new
    where account.id = new.id
"""
_SAVE_PROFILES = """
    update account set registered_at = new.registered_at, seed = new.seed
    from (select unnest($1::uuid[]) as id, unnest($2::timestamptz[]) as registered_at, unnest($3::bytea[]) as seed) as new
    where account.id = new.id
"""
_CLOSE = "update account set moved_to = new.target from (select unnest($1::uuid[]) as id, unnest($2::uuid[]) as target) as new where account.id = new.id"
# Rules and periods are the same few for all accounts of a batch: they go over once, and each row says which.
_COUNTERS = """
    select wanted.account_id, wanted.place, counter.value
    from (select unnest($1::uuid[]) as account_id, unnest($2::int[]) as place) as wanted
    join counter on counter.account_id = wanted.account_id
        and counter.rule = ($3::text[])[wanted.place] and counter.period = ($4::text[])[wanted.place]
"""
_COUNT = """
    insert into counter (account_id, rule, period, value)
    select account_id, ($4::text[])[place], ($5::text[])[place], value
    from (select unnest($1::uuid[]) as account_id, unnest($2::int[]) as place, unnest($3::bigint[]) as value) as new
    on conflict (account_id, rule, period) do update set value = excluded.value
"""
_MERGE_COUNTERS = """
    insert into counter (account_id, rule, period, value)
    select moved.target, counter.rule, counter.period, sum(counter.value)
    from (select unnest($1::uuid[]) as source, unnest($2::uuid[]) as target) as moved
    join counter on counter.account_id = moved.source
    group by moved.target, counter.rule, counter.period
    order by moved.target, counter.rule, counter.period
    on conflict (account_id, rule, period) do update set value = counter.value + excluded.value
"""

Counted = tuple[UUID, CounterKey]


async def lock(connection: Connection, account_ids: Iterable[UUID]) -> bool:
    """Lock accounts in order, until the transaction ends. False: one of them has moved meanwhile, so look again where it leads."""
    rows = await connection.fetch(_LOCK, list(account_ids))
    return all(row[1] is None for row in rows)


async def load(connection: Connection, account_ids: Collection[UUID]) -> dict[UUID, Standing]:
    """Read accounts as they are, without their counters. They should be locked."""
    return {
        row[0]: Standing(
            Account(row[0], row[1], Balance(row[2], row[3], row[4], row[5]), row[6]),
            AccountState(purchases=row[7], profile=Profile(member=row[8], joined_at=row[9], seed=row[10]), balance=sum(row[2:6])),
        )
        for row in await connection.fetch(_LOAD, list(account_ids))
    }


async def save(connection: Connection, standings: Collection[Standing]) -> None:
    """Write accounts as they are now."""
    if not standings:
        return
    accounts = [standing.account for standing in standings]
    pending, available, held, debt = zip(*(account.balance for account in accounts), strict=True)
    await connection.execute(
        _SAVE,
        [account.id for account in accounts],
        [account.version for account in accounts],
        pending,
        available,
        held,
        debt,
        [account.hash for account in accounts],
        [standing.state.purchases for standing in standings],
    )


async def save_profiles(connection: Connection, profiles: Mapping[UUID, Profile]) -> None:
    """Write when members joined, and the seeds of accounts. Their rows must be locked."""
    if profiles:
        joined, seeds = [profile.joined_at for profile in profiles.values()], [profile.seed for profile in profiles.values()]
        await connection.execute(_SAVE_PROFILES, list(profiles), joined, seeds)


async def close(connection: Connection, moved: Collection[tuple[UUID, UUID]]) -> None:
    """Mark accounts as moved to others. Nothing is ever written to them again."""
    await connection.execute(_CLOSE, [source for source, _ in moved], [target for _, target in moved])


async def counters(connection: Connection, wanted: Iterable[Counted]) -> dict[UUID, dict[CounterKey, int]]:
    """Read counters; those that have counted nothing yet are left out."""
    asked = list(wanted)
    found: dict[UUID, dict[CounterKey, int]] = {}
    if asked:
        keys = _Keys()
        places = [keys.place(key) for _, key in asked]
        for account_id, place, value in await connection.fetch(_COUNTERS, [account_id for account_id, _ in asked], places, *keys.columns()):
            found.setdefault(account_id, {})[keys.key(place)] = value
    return found


async def count(connection: Connection, values: Iterable[tuple[Counted, int]]) -> None:
    """Set counters to new values. Their accounts must be locked."""
    ordered = sorted(values)
    if ordered:
        keys = _Keys()
        places = [keys.place(key) for (_, key), _ in ordered]
        await connection.execute(_COUNT, [account_id for (account_id, _), _ in ordered], places, [value for _, value in ordered], *keys.columns())


async def merge_counters(connection: Connection, moved: Collection[tuple[UUID, UUID]]) -> None:
    """Add the counters of one account to those of another, so that a claim opens no cap anew."""
    await connection.execute(_MERGE_COUNTERS, [source for source, _ in moved], [target for _, target in moved])


class _Keys:
    """The counters that a statement speaks of, each with its place in two arrays."""

    def __init__(self) -> None:
        self._places: dict[CounterKey, int] = {}
        self._keys: list[CounterKey] = []

    def place(self, key: CounterKey) -> int:
        """Return where a counter stands, counted from 1."""
        place = self._places.get(key)
        if place is None:
            self._keys.append(key)
            place = self._places[key] = len(self._keys)
        return place

    def key(self, place: int) -> CounterKey:
        """Return the counter at a place."""
        return self._keys[place - 1]

    def columns(self) -> tuple[list[str], list[str]]:
        """Return the rules and the periods, in their places."""
        return [key.rule for key in self._keys], [key.period for key in self._keys]
