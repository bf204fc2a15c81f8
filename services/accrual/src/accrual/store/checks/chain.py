"""I16: history is append-only. Every hash is computed anew from the rows, as `accrual.domain.chain` says; any changed byte is found."""

from accrual.store.checks.question import check

_END = r"'\x00'::bytea"  # what ends each field


def _field(text: str) -> str:
    """Write a field: empty where there is nothing."""
    return f"coalesce(textsend({text}), '') || {_END}"


def _id(column: str) -> str:
    return _field(f"encode(uuid_send({column}), 'hex')")


def _number(column: str) -> str:
    return _field(f"{column}::text")


def _moment(column: str) -> str:
    return _field(f"((extract(epoch from {column}) * 1000000)::bigint)::text")


#: The columns are those of `entry`; the first leg of an account in a transaction says what is about the whole.
_HEAD = " || ".join(
    [
        _field("'1'"),
        _id("transaction_id"),
        *map(_field, ("operation", "cause_source", "cause_event", "programme")),
        _number("programme_version"),
        _field("encode(evidence, 'hex')"),
        *map(_moment, ("occurred_at", "booked_at")),
    ]
)
_LEG = " || ".join(
    [
        _id("account_id"),
        _number("version"),
        _field("bucket"),
        *map(_number, ("amount", "balance_after")),
        _id("lot_id"),
        *map(_moment, ("usable_from", "expires_at")),
    ]
)
_CHAIN = f"""
    with written as (
        select transaction_id, {_number("count(*)")} || string_agg({_LEG}, '' order by leg) as legs
        from entry group by transaction_id
    ), heads as (
        select account_id, version, transaction_id, hash, {_HEAD} as head, lag(hash) over account as before, lead(version) over account is null as is_last
        from entry where hash is not null
        window account as (partition by account_id order by version)
    ), computed as (
        select heads.account_id, heads.version, heads.is_last, heads.hash,
               sha256(coalesce(heads.before, decode(repeat('00', 32), 'hex')) || heads.head || written.legs) as expected
        from heads join written using (transaction_id)
    )
    select computed.account_id || ' version ' || computed.version, encode(computed.expected, 'hex'),
           encode(case when computed.hash <> computed.expected then computed.hash else account.hash end, 'hex')
    from computed left join account on account.id = computed.account_id
    where computed.hash <> computed.expected or (computed.is_last and account.hash is distinct from computed.hash)
    order by computed.account_id, computed.version
"""  # noqa: S608  constants
_WITHOUT_HISTORY = """
    select account.id, repeat('00', 32), encode(account.hash, 'hex')
    from account
    where account.version = account.version_base and account.hash <> decode(repeat('00', 32), 'hex')
    order by 1
"""
_EVIDENCE = r"""
    with decided as (
        select key, revision, grant_id, account_id, programme, programme_version, occurred_at, decided_at, sha256(decision || '\x00'::bytea || body) as digest
        from purchase where grant_id is not null
        union all
        select key, null, grant_id, account_id, programme, programme_version, occurred_at, decided_at, sha256(decision || '\x00'::bytea || body)
        from activity where grant_id is not null
    )
    select encode(decided.key, 'hex'),
           concat_ws(' ', encode(entry.evidence, 'hex'), entry.account_id, entry.programme, entry.programme_version, entry.occurred_at, entry.booked_at),
           concat_ws(' ', encode(digest, 'hex'), decided.account_id, decided.programme, decided.programme_version, decided.occurred_at, decided.decided_at)
    from decided left join entry on entry.lot_id = decided.grant_id and entry.operation = 'grant'
    where (entry.evidence, entry.account_id, entry.programme, entry.programme_version, entry.occurred_at, entry.booked_at)
        is distinct from (digest, decided.account_id, decided.programme, decided.programme_version, decided.occurred_at, decided.decided_at)
    order by 1
"""
#: Read without trusting that it is JSON, or even text: somebody may have changed it.
_POINTS = r"""
    with decided as (
        select key, grant_id, substring(encode(substring(decision for 40), 'escape') from '^\{"points":([0-9]{1,16})[,}]')::bigint as points from purchase
        union all
        select key, grant_id, substring(encode(substring(decision for 40), 'escape') from '^\{"points":([0-9]{1,16})[,}]')::bigint from activity
    )
    select encode(decided.key, 'hex'), coalesce(decided.points::text, 'no') || ' points explained', coalesce(lot.amount, 0) || ' points granted'
    from decided left join lot on lot.id = decided.grant_id
    where decided.points is distinct from coalesce(lot.amount, 0)
    order by 1
"""

CHECKS = (
    check(
        "I16",
        "Nothing in history was changed: every hash follows from the one before it and from the rows",
        ("entry", _CHAIN),
        ("account", _WITHOUT_HISTORY),
        ("purchase", _EVIDENCE),
    ),
    check("A3", "Every grant has the points that its explanation comes to", ("purchase", _POINTS)),
)
