"""I16: history is append-only. Every hash is computed anew from the rows, as `accrual.domain.chain` says; any changed byte is found."""

from accrual.store.checks.question import Hashes, Rows, check


def _text(column: str) -> str:
    return f"int4send(octet_length({column})) || textsend({column})"


def _moment(column: str) -> str:
    return f"coalesce(timestamptz_send({column}), int8send(-9223372036854775808))"


def _leg(account: str, version: str, amount: str, after: str, usable: str, expires: str, bucket: str) -> str:
    return " || ".join(
        [
            f"uuid_send({account})",
            "coalesce(uuid_send(entry.lot_id), decode(repeat('00', 16), 'hex'))",
            *(f"int8send({number})" for number in (version, amount, after)),
            *map(_moment, (usable, expires)),
            _text(bucket),
        ]
    )


#: The leg of the row `entry`, and the one that a grant or an expiry has at the system account: it follows from the holder's.
_OWN = _leg(
    "entry.account_id",
    "coalesce(entry.version, 0)",
    "entry.amount",
    "coalesce(entry.balance_after, 0)",
    "entry.usable_from",
    "entry.expires_at",
    "entry.bucket",
)
_SYSTEM = _leg("system.id", "0", "-entry.amount", "0", "null", "null", "'system'::text")
_HEAD = " || ".join(
    [
        r"'\x01'::bytea",
        "uuid_send(entry.transaction_id)",
        "timestamptz_send(entry.occurred_at)",
        "timestamptz_send(entry.booked_at)",
        "int4send(entry.programme_version)",
        "int4send(coalesce(whole.legs, 2))",
        *map(_text, ("entry.operation", "entry.programme", "entry.cause_source", "entry.cause_event")),
        "coalesce(entry.evidence, decode(repeat('00', 32), 'hex'))",
    ]
)
#: Transactions between holders' accounts and buckets have their legs collected; those with a system account need not be.
_CHAIN = f"""
    with whole as (
        select transaction_id, count(*)::int as legs, string_agg({_OWN}, '' order by leg) as written
        from entry
        where transaction_id in (select transaction_id from entry where operation not in ('grant', 'expire'))
        group by transaction_id
    )
    select entry.account_id || ' version ' || entry.version,
           coalesce(before.hash, decode(repeat('00', 32), 'hex')) || {_HEAD}
           || case entry.operation when 'grant' then {_SYSTEM} || {_OWN} when 'expire' then {_OWN} || {_SYSTEM} else whole.written end,
           entry.hash
    from entry
    left join entry as before on before.account_id = entry.account_id and before.version = entry.version - 1 and before.hash is not null
    left join account as system on system.kind = 'system' and system.programme = entry.programme
        and system.name = case entry.operation when 'grant' then 'issued' when 'expire' then 'expired' end
    left join whole on whole.transaction_id = entry.transaction_id
    where entry.hash is not null
"""  # noqa: S608  constants
_END = """
    select account.id, coalesce(encode(entry.hash, 'hex'), repeat('00', 32)), encode(account.hash, 'hex')
    from account left join entry on entry.account_id = account.id and entry.version = account.version and entry.hash is not null
    where account.kind <> 'system' and account.hash <> coalesce(entry.hash, decode(repeat('00', 32), 'hex'))
    order by 1
"""
_DECIDED = """
    select key, revision, grant_id, account_id, programme, programme_version, occurred_at, decided_at, decision, body from purchase
    union all
    select key, null, grant_id, account_id, programme, programme_version, occurred_at, decided_at, decision, body from activity
    union all
    select key, null, grant_id, account_id, programme, programme_version, occurred_at, decided_at, decision, body from referral_grant
    union all
    select key, null, grant_id, account_id, programme, programme_version, occurred_at, decided_at, decision, body from contest_prize where grant_id is not null
"""
_EVIDENCE = rf"""
    select encode(decided.key, 'hex'), decided.decision || '\x00'::bytea || decided.body, entry.evidence
    from ({_DECIDED}) as decided left join entry on entry.lot_id = decided.grant_id and entry.operation = 'grant'
    where decided.grant_id is not null
"""  # noqa: S608  constants
_EVIDENCE_OF_REVERSALS = r"""
    select encode(reversal.purchase_key, 'hex') || ' number ' || reversal.number,
           reversal.decision || '\x00'::bytea || reversal.body || '\x00'::bytea || reversal.returned, entry.evidence
    from reversal left join entry on entry.transaction_id = reversal.transaction_id and entry.operation = 'reverse'
    where reversal.transaction_id is not null
"""
#: Read without trusting that a decision is JSON, or even text: somebody may have changed it. A correction grants a difference only.
_TERMS = f"""
    with compared as (
        select decided.*, entry.account_id as to_account, entry.amount, entry.programme as in_programme, entry.programme_version as by_version,
               entry.occurred_at as happened_at, entry.booked_at, convert_to('{{"points":' || coalesce(entry.amount, 0) || ',', 'UTF8') as beginning
        from ({_DECIDED}) as decided left join entry on entry.lot_id = decided.grant_id and entry.operation = 'grant'
    )
    select encode(key, 'hex'), concat_ws(' ', coalesce(amount, 0), to_account, in_programme, by_version, happened_at, booked_at),
           concat_ws(' ', encode(substring(decision for 30), 'escape'), account_id, programme, programme_version, occurred_at, decided_at)
    from compared
    where (coalesce(revision, 1) = 1 and substring(decision for octet_length(beginning)) <> beginning)
        or (grant_id is not null and (
            to_account is distinct from account_id or in_programme is distinct from programme or by_version is distinct from programme_version
            or happened_at is distinct from occurred_at or booked_at is distinct from decided_at
        ))
"""  # noqa: S608  constants

CHECKS = (
    check(
        "I16",
        "Nothing in history was changed: every hash follows from the one before it and from the rows, and every grant from its decision",
        Hashes("entry", _CHAIN),
        Rows("account", _END),
        Hashes("purchase", _EVIDENCE),
        Hashes("reversal", _EVIDENCE_OF_REVERSALS),
        Rows("purchase", _TERMS),
    ),
)
