"""What an audit asks of members: each question names the rows that contradict an invariant, and reads nothing personal."""

from collections.abc import AsyncIterator

from members.store import Connection
from shared.checks import Check, Violation
from shared.deadletters import check as deadletters


def _check(number: int, title: str, *, table: str, expected: str, query: str) -> Check:
    """Make the check of one invariant; the query gives a key and what was found for every row that breaks it."""
    invariant = f"M{number}"

    async def run(connection: Connection) -> AsyncIterator[Violation]:
        async with connection.transaction(readonly=True):
            async for key, found in connection.cursor(query):
                yield Violation(invariant=invariant, table=table, key=str(key), expected=expected, found=str(found))

    return Check(invariant, title, run)


CHECKS = (
    _check(
        1,
        "One live link per identifier",
        table="link",
        expected="one live link",
        query="select identifier, count(*) || ' live links' from link where released_at is null group by identifier having count(*) > 1",
    ),
    _check(
        2,
        "Every link and release has its own version, and no version is from the future",
        table="link",
        expected="versions drawn once from the sequence",
        query="""
            with versions as (
                select link_version as version, identifier from link
                union all select release_version, identifier from link where release_version is not null
            )
            select version, string_agg(identifier, ' and ' order by identifier) from versions group by version
            having count(*) > 1 or version > (select last_value from link_version)
        """,
    ),
    _check(
        3,
        "Every member takes part in a programme, has a key, and agreed to the terms and to the processing",
        table="member",
        expected="a programme, a key and two consents",
        query="""
            select member_id, concat_ws(', ', case when not joined then 'no programme' end, case when not keyed then 'no key' end, missing)
            from (
                select member_id,
                    exists (select from membership where membership.member_id = member.member_id) as joined,
                    exists (select from member_key where member_key.member_id = member.member_id) as keyed,
                    (select string_agg('no consent to ' || kind, ', ') from unnest(array['processing', 'terms']) as needed (kind)
                        where not exists (select from consent where consent.member_id = member.member_id and consent.kind = needed.kind)) as missing
                from member where status <> 'erased'
            ) as members
            where not joined or not keyed or missing is not null
        """,
    ),
    _check(
        4,
        "Consents only grow",
        table="consent",
        expected="both triggers, enabled",
        query="""
            select name, 'missing or disabled' from unnest(array['consent_only_grows', 'consent_is_never_emptied']) as needed (name)
            where not exists (select from pg_trigger where tgrelid = 'consent'::regclass and tgname = name and tgenabled in ('O', 'A'))
        """,
    ),
    _check(
        5,
        "Personal facts are sealed, and the audit's role cannot read them",
        table="pg_attribute",
        expected="type sealed, no right to read",
        query="""
            select needed.relation || '.' || needed.name, concat_ws(', ', coalesce(format_type(atttypid, atttypmod), 'no such column'),
                case when has_column_privilege('verify', attrelid, attnum, 'select') then 'readable' end)
            from (values ('member', 'given_name'), ('member', 'family_name'), ('member', 'birth_date'), ('member_key', 'wrapped'),
                ('link', 'sealed_value'), ('attempt', 'sealed_submission')) as needed (relation, name)
            left join pg_attribute on attrelid = needed.relation::regclass and attname = needed.name
            where atttypid is distinct from 'sealed'::regtype or has_column_privilege('verify', attrelid, attnum, 'select')
        """,
    ),
    _check(
        6,
        "What waits for a linked identifier is its member's, and claims belong to attempts",
        table="claim",
        expected="no live link of a proven identifier under the same attempt",
        query="""
            select claim.identifier, 'claimed by an attempt of its own member' from claim
            join attempt using (attempt) join link on link.identifier = claim.identifier and link.released_at is null
            where link.member_id = attempt.member_id and attempt.proven_at is not null
        """,
    ),
    _check(
        7,
        "Every offset read has a verdict",
        table="consumer_offset",
        expected="verdicts and gaps add up to the records read",
        query="""
            select topic || '/' || partition, (next - first) || ' records, ' || counted || ' verdicts and gaps' from (
                select *, granted + nothing_earned + reversed + applied + waiting + refused + duplicate + stale + dead_lettered + gaps as counted
                from consumer_offset
            ) as offsets where next - first <> counted
        """,
    ),
    *deadletters.CHECKS,
)
