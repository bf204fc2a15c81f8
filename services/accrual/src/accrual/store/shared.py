"""What is counted for all accounts of a programme together: budgets, uses of coupons, stock. Locked last, after accounts."""

from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from accrual.domain.accounts import CounterKey
from accrual.store import Connection


class SharedKey(NamedTuple):
    """One such counter: `("coffee-bonus", "campaign:spring", "points")`."""

    programme: str
    rule: str
    period: str

    @property
    def counter(self) -> CounterKey:
        """Return it as the rules of its programme name it."""
        return CounterKey(self.rule, self.period)


class Use(NamedTuple):
    """A change of a counter: for which cause, brought about by which event."""

    cause_key: bytes
    event_key: bytes
    key: SharedKey
    amount: int


_WANTED = "select unnest($1::text[]) as programme, unnest($2::text[]) as rule, unnest($3::text[]) as period"
_ADD = f"insert into shared_counter (programme, rule, period) {_WANTED} on conflict do nothing"
_LOCK = f"""
    select from shared_counter where (programme, rule, period) in ({_WANTED})
    order by programme, rule, period for update
"""
_VALUES = f"select programme, rule, period, value from shared_counter join ({_WANTED}) as wanted using (programme, rule, period)"  # noqa: S608  a constant
_SAVE = """
    update shared_counter set value = new.value
    from (select unnest($1::text[]) as programme, unnest($2::text[]) as rule, unnest($3::text[]) as period, unnest($4::bigint[]) as value) as new
    where (shared_counter.programme, shared_counter.rule, shared_counter.period) = (new.programme, new.rule, new.period)
"""
_ADD_USES = """
    insert into shared_use (cause_key, event_key, programme, rule, period, amount)
    select unnest($1::bytea[]), unnest($2::bytea[]), unnest($3::text[]), unnest($4::text[]), unnest($5::text[]), unnest($6::bigint[])
"""
_USED = """
    select cause_key, programme, rule, period, sum(amount)::bigint from shared_use
    where cause_key = any($1::bytea[]) group by 1, 2, 3, 4 having sum(amount) <> 0
"""


async def lock(connection: Connection, keys: Iterable[SharedKey]) -> frozenset[SharedKey]:
    """Lock counters in order, until the transaction ends, making those that are missing. Accounts must be locked before."""
    ordered = sorted(set(keys))
    if ordered:
        columns = _columns(ordered)
        await connection.execute(_ADD, *columns)  # sorted here too: whoever inserts a row holds its lock
        await connection.execute(_LOCK, *columns)
    return frozenset(ordered)


async def values(connection: Connection, keys: Collection[SharedKey]) -> dict[SharedKey, int]:
    """Read counters; those that nobody has counted are 0."""
    found = dict.fromkeys(keys, 0)
    if found:
        found |= {SharedKey(row[0], row[1], row[2]): row[3] for row in await connection.fetch(_VALUES, *_columns(list(found)))}
    return found


async def save(connection: Connection, changed: Mapping[SharedKey, int]) -> None:
    """Set counters to new values. They must be locked."""
    if changed:
        await connection.execute(_SAVE, *_columns(list(changed)), list(changed.values()))


async def add_uses(connection: Connection, uses: Collection[Use]) -> None:
    """Write which cause changed them by how much."""
    if uses:
        columns = _columns([use.key for use in uses])
        amounts = [use.amount for use in uses]
        await connection.execute(_ADD_USES, [use.cause_key for use in uses], [use.event_key for use in uses], *columns, amounts)


async def used(connection: Connection, cause_keys: Iterable[bytes]) -> dict[bytes, dict[SharedKey, int]]:
    """Tell what these causes hold of which counters."""
    found: dict[bytes, dict[SharedKey, int]] = {}
    wanted = list(cause_keys)
    for row in await connection.fetch(_USED, wanted) if wanted else []:
        found.setdefault(row[0], {})[SharedKey(row[1], row[2], row[3])] = row[4]
    return found


def _columns(keys: Collection[SharedKey]) -> tuple[list[str], list[str], list[str]]:
    return [key.programme for key in keys], [key.rule for key in keys], [key.period for key in keys]
