"""Identifiers and whose they are."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from members.store import Connection
from shared.batches import Repeat


@dataclass(frozen=True, slots=True)
class Link:
    """An identifier that becomes a member's, its typed and normal form sealed."""

    identifier: str
    kind: str
    member_id: UUID
    linked_at: datetime
    sealed_value: bytes


@dataclass(frozen=True, slots=True)
class Released:
    """A link that ended, under its new version."""

    kind: Literal["card", "phone", "email", "visitor", "partner"]
    version: int
    linked_at: datetime


@dataclass(frozen=True, slots=True)
class Owners:
    """Who owns each identifier now, and when it was last released by anybody."""

    live: dict[str, UUID]
    released: dict[str, datetime]


async def lock(connection: Connection, kinds: Mapping[str, str]) -> None:
    """Take the rows of these identifiers, in their one order; those never seen before are made."""
    names = sorted(kinds)
    await connection.execute(
        "insert into identifier (identifier, kind) select * from unnest($1::text[], $2::text[]) on conflict do nothing",
        names,
        [kinds[name] for name in names],
    )
    locked = await connection.fetch("select from identifier where identifier = any($1) order by identifier for update", names)
    if len(locked) < len(names):  # a lapsed one was deleted between the two statements
        raise Repeat


async def owners_of(connection: Connection, identifiers: Collection[str]) -> Owners:
    """Read who owns these identifiers. It is certain for those whose rows are locked."""
    rows = await connection.fetch("select identifier, member_id, released_at from link where identifier = any($1)", list(identifiers))
    owners = Owners({}, {})
    for row in rows:
        identifier, released_at = row["identifier"], row["released_at"]
        if released_at is None:
            owners.live[identifier] = row["member_id"]
        else:
            owners.released[identifier] = max(released_at, owners.released.get(identifier, released_at))
    return owners


async def owner_of(connection: Connection, identifier: str) -> UUID | None:
    """Read whose an identifier is. Only reads."""
    owner: UUID | None = await connection.fetchval("select member_id from link where identifier = $1 and released_at is null", identifier)
    return owner


async def link(connection: Connection, links: Sequence[Link]) -> dict[str, int]:
    """Link identifiers whose rows are locked, and return the version of each link."""
    rows = await connection.fetch(
        """
        insert into link (link_version, identifier, kind, member_id, linked_at, sealed_value)
        select nextval('link_version'), * from unnest($1::text[], $2::text[], $3::uuid[], $4::timestamptz[], $5::bytea[])
        returning identifier, link_version
        """,
        [each.identifier for each in links],
        [each.kind for each in links],
        [each.member_id for each in links],
        [each.linked_at for each in links],
        [each.sealed_value for each in links],
    )
    return {row["identifier"]: row["link_version"] for row in rows}


async def release(connection: Connection, *, identifier: str, member_id: UUID, released_at: datetime) -> Released | None:
    """End a member's link to a locked identifier and forget its value; None where it is not theirs."""
    row = await connection.fetchrow(
        """
        update link set released_at = $3, release_version = nextval('link_version'), sealed_value = null
        where identifier = $1 and member_id = $2 and released_at is null
        returning kind, release_version, linked_at
        """,
        identifier,
        member_id,
        released_at,
    )
    return Released(*row.values()) if row else None


async def kind_of(connection: Connection, identifier: str) -> str | None:
    """Read what kind an identifier is, if it was ever seen. Only reads."""
    kind: str | None = await connection.fetchval("select kind from identifier where identifier = $1", identifier)
    return kind


async def forget(connection: Connection, identifiers: Collection[str]) -> None:
    """Forget those of these locked identifiers that nobody ever owned and nobody waits for."""
    await connection.execute(
        """
        delete from identifier where identifier = any($1)
        and not exists (select from link where link.identifier = identifier.identifier)
        and not exists (select from claim where claim.identifier = identifier.identifier)
        """,
        list(identifiers),
    )
