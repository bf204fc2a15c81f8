"""Whose account an identifier or a member leads to, and the locks under which that may change."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

from accrual.store import Connection


class Wanted(NamedTuple):
    """A holder, as an event names it, in one programme."""

    holder: str
    programme: str


class Found(NamedTuple):
    """Where a holder leads: who owns the account (the member, once an identifier is linked), and the account if there is one."""

    owner: str
    account_id: UUID | None


class Owner(NamedTuple):
    """Whose an account is, in which programme. Nobody's: its holder was forgotten, and there is nobody to tell."""

    holder: str | None
    programme: str


class Link(NamedTuple):
    """What is known of an identifier: whose it is, and by which version of its links."""

    member_id: UUID | None
    version: int


_RESOLVE = """
    with asked as (
        select unnest($1::text[]) as holder, unnest($2::text[]) as programme
    ), owned as (
        select asked.holder, asked.programme, coalesce('m:' || identifier.member_id, asked.holder) as owner
        from asked left join identifier on identifier.identifier = asked.holder
    )
    select owned.holder, owned.programme, owned.owner, holder.account_id
    from owned left join holder on holder.holder = owned.owner and holder.programme = owned.programme
"""
_ADD_IDENTIFIERS = "insert into identifier (identifier) select unnest($1::text[]) on conflict do nothing"
_LOCK_IDENTIFIERS = 'select identifier, member_id, link_version from identifier where identifier = any($1::text[]) order by identifier collate "C" for update'
_OPEN = """
    with opened as (
        insert into holder (holder, programme, account_id)
        select holder, programme, gen_random_uuid() from (select unnest($1::text[]) as holder, unnest($2::text[]) as programme) as wanted
        on conflict do nothing
        returning holder, programme, account_id
    )
    insert into account (id, programme, kind)
    select account_id, programme, case when starts_with(holder, 'm:') then 'member' else 'unclaimed' end from opened
"""
_LINKS = "select identifier, member_id, link_version from identifier where identifier = any($1::text[])"
_UNCLAIMED = """
    select holder.holder, holder.programme, holder.account_id
    from holder join account on account.id = holder.account_id
    where holder.holder = any($1::text[]) and account.kind = 'unclaimed' and account.moved_to is null
"""
_SET_LINKS = """
    update identifier set member_id = new.member_id, link_version = new.version
    from (select unnest($1::text[]) as identifier, unnest($2::uuid[]) as member_id, unnest($3::bigint[]) as version) as new
    where identifier.identifier = new.identifier
"""
_REOPEN = """
    with closed as (
        select holder.holder, holder.programme, account.version, gen_random_uuid() as account_id
        from holder join account on account.id = holder.account_id
        where holder.holder = any($1::text[]) and account.moved_to is not null
    ), opened as (
        insert into account (id, programme, kind, version_base, version)
        select account_id, programme, 'unclaimed', version, version from closed
    )
    update holder set account_id = closed.account_id
    from closed where holder.holder = closed.holder and holder.programme = closed.programme
"""
_OWNERS = """
    select account.id, holder.holder, account.programme
    from account left join holder on holder.account_id = account.id
    where account.id = any($1::uuid[])
"""


async def resolve(connection: Connection, wanted: Collection[Wanted]) -> dict[Wanted, Found]:
    """Tell where each holder leads now. Without locks it may change before it is used."""
    rows = await connection.fetch(_RESOLVE, [each.holder for each in wanted], [each.programme for each in wanted])
    return {Wanted(row[0], row[1]): Found(row[2], row[3]) for row in rows}


async def lock_identifiers(connection: Connection, identifiers: Iterable[str]) -> dict[str, Link]:
    """Lock identifiers, known and unknown, in order: until the transaction ends nobody else links them or opens an account for them."""
    ordered = sorted(set(identifiers))
    if not ordered:
        return {}
    await connection.execute(_ADD_IDENTIFIERS, ordered)
    return {row[0]: Link(row[1], row[2]) for row in await connection.fetch(_LOCK_IDENTIFIERS, ordered)}


async def open_accounts(connection: Connection, wanted: Iterable[Wanted]) -> None:
    """Give each owner an account in the programme, where it has none. An identifier's row must be locked, and not linked."""
    ordered = sorted(set(wanted))
    if ordered:
        await connection.execute(_OPEN, [each.holder for each in ordered], [each.programme for each in ordered])


async def links(connection: Connection, identifiers: Iterable[str]) -> dict[str, Link]:
    """Read whose these identifiers are. They should be locked."""
    return {row[0]: Link(row[1], row[2]) for row in await connection.fetch(_LINKS, list(identifiers))}


async def unclaimed(connection: Connection, identifiers: Iterable[str]) -> dict[Wanted, UUID]:
    """Find the unclaimed accounts of identifiers, in every programme. While an identifier is locked it gets no further one."""
    return {Wanted(row[0], row[1]): row[2] for row in await connection.fetch(_UNCLAIMED, list(identifiers))}


async def set_links(connection: Connection, links: Mapping[str, Link]) -> None:
    """Remember whose these identifiers are. Their rows must be locked."""
    await connection.execute(_SET_LINKS, list(links), [link.member_id for link in links.values()], [link.version for link in links.values()])


async def reopen(connection: Connection, identifiers: Sequence[str]) -> None:
    """Give identifiers that belong to nobody again a new, empty account where theirs was claimed; versions go on where it ended."""
    await connection.execute(_REOPEN, identifiers)


async def owners(connection: Connection, account_ids: Iterable[UUID]) -> dict[UUID, Owner]:
    """Tell the holder and the programme of accounts."""
    return {row[0]: Owner(row[1], row[2]) for row in await connection.fetch(_OWNERS, list(account_ids))}
