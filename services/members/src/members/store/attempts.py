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


async def forget_unproven(connection: Connection, *, opened_before: datetime, limit: int) -> list[bytes]:
    """Delete attempts of which nothing was proven in time, with all that was only known through them; return their events."""
    gone = await connection.fetch(
        """
        with old as (
            select attempt from attempt where proven_at is null and opened_at < $1 order by attempt limit $2 for update skip locked
        ), names as (
            select identifier from claim join old using (attempt)
        ), attempts as (
            delete from attempt using old where attempt.attempt = old.attempt returning attempt.member_id, attempt.event
        ), keys as (
            delete from member_key using attempts where member_key.member_id = attempts.member_id
        ), identifiers as (
            delete from identifier using names where identifier.identifier = names.identifier
            and not exists (select from link where link.identifier = names.identifier)
        )
        select event from attempts
        """,
        opened_before,
        limit,
    )
    return [row["event"] for row in gone]


async def forget_old_claims(connection: Connection, *, claimed_before: datetime, limit: int) -> int:
    """Let members' unproven identifiers go that waited too long, with what was kept for proving them; return how many."""
    gone = await connection.fetch(
        """
        with old as (
            delete from claim where identifier in (
                select identifier from claim where claimed_at < $1 order by identifier limit $2 for update skip locked
            ) returning identifier, attempt
        ), attempts as (
            update attempt set sealed_submission = null where attempt in (select attempt from old)
            and not exists (select from claim where claim.attempt = attempt.attempt and claim.identifier not in (select identifier from old))
        )
        select from old
        """,
        claimed_before,
        limit,
    )
    return len(gone)
