"""What waits for guests, folded from the ledger's events."""

from collections.abc import Collection, Mapping

from members.domain.waiting import Waiting
from members.store import Connection
from members.store.identifiers import owner_of

Account = tuple[str, str]
"""A holder and a programme."""


async def lock(connection: Connection, accounts: Collection[Account]) -> None:
    """Take the rows of these accounts, in their one order. A new account needs none: its events come one batch after the other."""
    holders, programmes = _columns(sorted(accounts))
    await connection.execute(
        """
        select from waiting join unnest($1::text[], $2::text[]) as wanted (holder, programme) using (holder, programme)
        order by holder, programme for update of waiting
        """,
        holders,
        programmes,
    )


async def load(connection: Connection, accounts: Collection[Account]) -> dict[Account, Waiting]:
    """Read what waits in these accounts, as far as anything is known of them."""
    holders, programmes = _columns(accounts)
    rows = await connection.fetch(
        """
        select holder, programme, account_version, pending, available,
            array_agg(grant_id) filter (where grant_id is not null) as grants,
            array_agg(expires_at) filter (where grant_id is not null) as expiries
        from waiting left join waiting_lot using (holder, programme)
        join unnest($1::text[], $2::text[]) as wanted (holder, programme) using (holder, programme)
        group by holder, programme
        """,
        holders,
        programmes,
    )
    return {
        (row["holder"], row["programme"]): Waiting(
            version=row["account_version"],
            pending=row["pending"],
            available=row["available"],
            lots=dict(zip(row["grants"] or (), row["expiries"] or (), strict=True)),
        )
        for row in rows
    }


async def of_guest(connection: Connection, *, holder: str, programme: str) -> Waiting:
    """Read what waits for an identifier; nothing does for one that is linked, as it is its member's. Only reads."""
    if holder.startswith("m:") or await owner_of(connection, holder) is not None:
        return Waiting()
    found = await load(connection, [(holder, programme)])
    return found.get((holder, programme), Waiting())


async def save(connection: Connection, accounts: Mapping[Account, Waiting]) -> None:
    """Write the totals of these accounts, where they are newer than what is there."""
    holders, programmes = _columns(accounts)
    await connection.execute(
        """
        insert into waiting (holder, programme, account_version, pending, available)
        select * from unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[])
        on conflict (holder, programme) do update
            set account_version = excluded.account_version, pending = excluded.pending, available = excluded.available
            where waiting.account_version < excluded.account_version
        """,
        holders,
        programmes,
        [each.version for each in accounts.values()],
        [each.pending for each in accounts.values()],
        [each.available for each in accounts.values()],
    )


async def replace_lots(connection: Connection, accounts: Mapping[Account, Waiting]) -> None:
    """Write when the lots of these accounts expire, and forget all other lots of theirs."""
    holders, programmes = _columns(accounts)
    lots = [(*account, grant, expires_at) for account, waiting in accounts.items() for grant, expires_at in waiting.lots.items()]
    await connection.execute(
        """
        delete from waiting_lot using unnest($1::text[], $2::text[]) as wanted (holder, programme)
        where waiting_lot.holder = wanted.holder and waiting_lot.programme = wanted.programme and not grant_id = any($3)
        """,
        holders,
        programmes,
        [grant for _, _, grant, _ in lots],
    )
    await connection.execute(
        """
        insert into waiting_lot (holder, programme, grant_id, expires_at)
        select * from unnest($1::text[], $2::text[], $3::uuid[], $4::timestamptz[])
        on conflict (holder, programme, grant_id) do update set expires_at = excluded.expires_at
            where waiting_lot.expires_at is distinct from excluded.expires_at
        """,
        [holder for holder, _, _, _ in lots],
        [programme for _, programme, _, _ in lots],
        [grant for _, _, grant, _ in lots],
        [expires_at for _, _, _, expires_at in lots],
    )


def _columns(accounts: Collection[Account]) -> tuple[list[str], list[str]]:
    return [holder for holder, _ in accounts], [programme for _, programme in accounts]
