"""Members, their keys, the programmes they take part in, and what they agreed to."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from members.store import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMember:
    """A member as they register; personal facts are sealed, or None where not given."""

    member_id: UUID
    language: str
    registered_at: datetime
    given_name: bytes | None
    family_name: bytes | None
    birth_date: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """A text that a member agreed to, and the event that said so."""

    member_id: UUID
    programme: str
    kind: str
    channel: str
    text_version: str
    given_at: datetime
    source: str
    cause: bytes


@dataclass(frozen=True, slots=True)
class Keyring:
    """The wrapped keys of members and future members, and the language of those who are members already."""

    wrapped: dict[UUID, bytes]
    languages: dict[UUID, str]


async def lock(connection: Connection, members: Collection[UUID]) -> None:
    """Take the rows of these members, in their one order."""
    await connection.execute("select from member where member_id = any($1) order by member_id for no key update", list(members))


async def memberships_of(connection: Connection, members: Collection[UUID]) -> set[tuple[UUID, str]]:
    """Read which programmes these members take part in."""
    rows = await connection.fetch("select member_id, programme from membership where member_id = any($1)", list(members))
    return {(row["member_id"], row["programme"]) for row in rows}


async def keyring_of(connection: Connection, members: Collection[UUID]) -> Keyring:
    """Read the keys of members and future members."""
    rows = await connection.fetch(
        "select member_id, wrapped, language from member_key left join member using (member_id) where member_id = any($1)", list(members)
    )
    wrapped = {row["member_id"]: row["wrapped"] for row in rows}
    return Keyring(wrapped, {row["member_id"]: row["language"] for row in rows if row["language"] is not None})


async def keep_keys(connection: Connection, wrapped: dict[UUID, bytes]) -> None:
    """Keep new keys."""
    await connection.execute("insert into member_key (member_id, wrapped) select * from unnest($1::uuid[], $2::bytea[])", list(wrapped), list(wrapped.values()))


async def drop_keys(connection: Connection, members: Collection[UUID]) -> None:
    """Destroy the keys of those who did not become members after all."""
    await connection.execute(
        "delete from member_key where member_id = any($1) and not exists (select from member where member.member_id = member_key.member_id)",
        list(members),
    )


async def enrol(connection: Connection, members: Sequence[NewMember]) -> None:
    """Write new members."""
    await connection.execute(
        """
        insert into member (member_id, language, registered_at, given_name, family_name, birth_date)
        select * from unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::bytea[], $5::bytea[], $6::bytea[])
        """,
        [each.member_id for each in members],
        [each.language for each in members],
        [each.registered_at for each in members],
        [each.given_name for each in members],
        [each.family_name for each in members],
        [each.birth_date for each in members],
    )


async def join(connection: Connection, memberships: Sequence[tuple[UUID, str, datetime]]) -> None:
    """Let members take part in programmes, each from a moment on."""
    await connection.execute(
        "insert into membership (member_id, programme, joined_at) select * from unnest($1::uuid[], $2::text[], $3::timestamptz[])",
        [member_id for member_id, _, _ in memberships],
        [programme for _, programme, _ in memberships],
        [joined_at for _, _, joined_at in memberships],
    )


async def agree(connection: Connection, agreements: Sequence[Agreement], *, now: datetime) -> None:
    """Add what members agreed to."""
    await connection.execute(
        """
        insert into consent (member_id, programme, kind, channel, text_version, given_at, source, cause, recorded_at)
        select *, $9::timestamptz
        from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::text[], $8::bytea[])
        """,
        [each.member_id for each in agreements],
        [each.programme for each in agreements],
        [each.kind for each in agreements],
        [each.channel for each in agreements],
        [each.text_version for each in agreements],
        [each.given_at for each in agreements],
        [each.source for each in agreements],
        [each.cause for each in agreements],
        now,
    )
