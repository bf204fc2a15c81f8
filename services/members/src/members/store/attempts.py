"""Registrations that were taken, and the identifiers that wait for their own proof."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from members.domain.enrolment import Attempt
from members.store import Connection
from shared.batches import Repeat


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A registration as it is kept: its member, future or real, and what was sent, sealed, while something waits."""

    attempt: bytes
    member_id: UUID
    programme: str
    event: bytes
    opened_at: datetime
    proven_at: datetime | None
    sealed_submission: bytes | None


async def lock(connection: Connection, attempts: Collection[bytes]) -> None:
    """Take the rows of these attempts, in their one order. One that is opened meanwhile makes `save` ask for a repeat."""
    await connection.execute("select from attempt where attempt = any($1) order by attempt for update", list(attempts))


async def load(connection: Connection, attempts: Collection[bytes]) -> dict[bytes, Attempt]:
    """Read these attempts, as far as they exist."""
    rows = await connection.fetch("select attempt, member_id, event, proven_at is not null as proven from attempt where attempt = any($1)", list(attempts))
    return {row["attempt"]: Attempt(row["member_id"], proven=row["proven"], event=row["event"]) for row in rows}


async def claims_of(connection: Connection, identifiers: Collection[str]) -> dict[str, bytes]:
    """Read which attempt each of these identifiers waits under."""
    rows = await connection.fetch("select identifier, attempt from claim where identifier = any($1)", list(identifiers))
    return {row["identifier"]: row["attempt"] for row in rows}


async def save(connection: Connection, taken: Sequence[Taken], *, existing: Collection[bytes]) -> None:
    """Write these attempts; those said to exist are brought up to date. Asks for a repeat if somebody opened one meanwhile."""
    for each in sorted((each for each in taken if each.attempt in existing), key=lambda each: each.attempt):
        await connection.execute(
            "update attempt set member_id = $2, proven_at = coalesce(proven_at, $3), sealed_submission = $4 where attempt = $1",
            each.attempt,
            each.member_id,
            each.proven_at,
            each.sealed_submission,
        )
    new = [each for each in taken if each.attempt not in existing]
    rows = await connection.fetch(
        """
        insert into attempt (attempt, member_id, programme, event, opened_at, proven_at, sealed_submission)
        select * from unnest($1::bytea[], $2::uuid[], $3::text[], $4::bytea[], $5::timestamptz[], $6::timestamptz[], $7::bytea[])
        order by 1 on conflict do nothing returning attempt
        """,
        [each.attempt for each in new],
        [each.member_id for each in new],
        [each.programme for each in new],
        [each.event for each in new],
        [each.opened_at for each in new],
        [each.proven_at for each in new],
        [each.sealed_submission for each in new],
    )
    if len(rows) < len(new):
        raise Repeat


async def end_claims(connection: Connection, identifiers: Collection[str]) -> None:
    """Let these identifiers wait no more: they have been proven."""
    await connection.execute("delete from claim where identifier = any($1)", list(identifiers))


async def claim(connection: Connection, claims: Mapping[str, bytes], *, now: datetime) -> None:
    """Let these locked identifiers wait for proof under an attempt each."""
    await connection.execute(
        "insert into claim (identifier, attempt, claimed_at) select *, $3::timestamptz from unnest($1::text[], $2::bytea[])",
        list(claims),
        list(claims.values()),
        now,
    )


@dataclass(frozen=True, slots=True)
class Lapsed:
    """An attempt of which something waited too long: all of it, if nothing was proven."""

    attempt: bytes
    member_id: UUID
    event: bytes
    proven: bool


async def lock_lapsed(connection: Connection, *, waiting_since: datetime, limit: int) -> list[Lapsed]:
    """Take attempts of which something has waited since before that moment, in their one order; those in use are left for later."""
    rows = await connection.fetch(
        """
        select attempt, member_id, event, proven_at is not null as proven from attempt
        where attempt in (
            select attempt from attempt where proven_at is null and opened_at < $1
            union all select attempt from claim where claimed_at < $1
        ) order by attempt limit $2 for update skip locked
        """,
        waiting_since,
        limit,
    )
    return [Lapsed(**row) for row in rows]


async def claimed_under(connection: Connection, attempts: Collection[bytes]) -> dict[str, str]:
    """Read which identifiers wait under these attempts, and of which kind each is."""
    rows = await connection.fetch("select identifier, kind from claim join identifier using (identifier) where attempt = any($1)", list(attempts))
    return {row["identifier"]: row["kind"] for row in rows}


async def forget(connection: Connection, attempts: Collection[bytes]) -> None:
    """Delete these attempts with their claims."""
    await connection.execute("delete from attempt where attempt = any($1)", list(attempts))


async def forget_claims(connection: Connection, attempts: Collection[bytes], *, waiting_since: datetime) -> None:
    """Delete the old claims of these attempts, and what was kept for proving them."""
    await connection.execute("delete from claim where attempt = any($1) and claimed_at < $2", list(attempts), waiting_since)
    await connection.execute(
        "update attempt set sealed_submission = null where attempt = any($1) and not exists (select from claim where claim.attempt = attempt.attempt)",
        list(attempts),
    )
