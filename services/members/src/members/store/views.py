"""What can be read of a member by others: nothing personal."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from members.store import Connection


@dataclass(frozen=True, slots=True)
class LinkedIdentifier:
    """An identifier of a member, as everybody else knows it."""

    kind: str
    identifier: str
    linked_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberView:
    """A member without anything personal."""

    member_id: UUID
    status: str
    language: str
    programmes: list[str]
    registered_at: datetime
    identifiers: list[LinkedIdentifier]


async def member(connection: Connection, member_id: UUID) -> MemberView | None:
    """Read one member. Only reads."""
    row = await connection.fetchrow(
        """
        select member_id, status, language, registered_at,
            array(select programme from membership where member_id = $1 order by programme) as programmes
        from member where member_id = $1
        """,
        member_id,
    )
    if row is None:
        return None
    links = await connection.fetch("select kind, identifier, linked_at from link where member_id = $1 and released_at is null order by link_version", member_id)
    return MemberView(**row, identifiers=[LinkedIdentifier(**link) for link in links])


async def exists(connection: Connection, member_id: UUID) -> bool:
    """Read whether there is such a member. Only reads."""
    return bool(await connection.fetchval("select exists (select from member where member_id = $1)", member_id))
