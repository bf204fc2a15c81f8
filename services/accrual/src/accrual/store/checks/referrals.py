"""R1: both are given something for a friend, or neither is; once, for a purchase of the friend that stands; and both lose all of it, or nothing."""

from accrual.store.checks.question import Hashes, Rows, check

_BOTH = """
    with told as (
        select referral_grant.friend_id, count(*)::int as grants, count(referral_reversal.key)::int as taken,
               max(referral_grant.account_id::text) filter (where side = 'friend') as friend_account,
               max(referral_grant.account_id::text) filter (where side = 'inviter') as inviter_account
        from referral_grant left join referral_reversal using (key) group by referral_grant.friend_id
    )
    select referral.friend_id,
           case referral.state when 'paid' then 'given to both' when 'undone' then 'given to both, taken from both' else 'given to nobody' end,
           concat_ws(', ', coalesce(told.grants, 0) || ' given', coalesce(told.taken, 0) || ' taken back', told.inviter_account, told.friend_account, reason)
    from referral left join told using (friend_id)
    where (coalesce(told.grants, 0), coalesce(told.taken, 0)) <> case referral.state when 'paid' then (2, 0) when 'undone' then (2, 2) else (0, 0) end
        or told.friend_account <> referral.friend_id::text or told.inviter_account <> referral.inviter_id::text
        or (referral.state = 'undone') <> coalesce(referral.reason = 'purchase-returned', false)
    order by 1
"""
_PROMISED = """
    select encode(referral_grant.key, 'hex'), concat_ws(' ', referral.programme, referral.programme_version, referral.paid_on),
           concat_ws(' ', referral_grant.programme, referral_grant.programme_version, referral_grant.occurred_at)
    from referral_grant left join referral using (friend_id)
    left join programme_version on programme_version.programme = referral.programme and programme_version.version = referral.programme_version
    where (referral_grant.programme, referral_grant.programme_version, (referral_grant.occurred_at at time zone (document ->> 'zone'))::date)
        is distinct from (referral.programme, referral.programme_version, referral.paid_on)
    order by 1
"""
#: Whoever invites is there first, so no chain of invitations leads back to where it began.
_EARLIER = """
    select referral.friend_id, concat_ws(' ', 'invited by somebody who joined before', friend.registered_at),
           concat_ws(' ', referral.inviter_id, 'joined', inviter.registered_at, 'and the friend', referral.joined_at)
    from referral
    left join account as friend on friend.id = referral.friend_id
    left join account as inviter on inviter.id = referral.inviter_id
    where friend.registered_at is distinct from referral.joined_at or friend.programme is distinct from referral.programme
        or (referral.state in ('paid', 'undone')
            and (inviter.registered_at is null or inviter.registered_at >= referral.joined_at or inviter.programme <> referral.programme))
    order by 1
"""
#: Of what came back the clock hears at once; until it has looked, the row says so.
_STANDS = """
    with latest as (
        select purchase_key, (array_agg(stands order by number desc))[1] as stands from reversal group by purchase_key
    ), bought as (
        select distinct on (purchase.key) purchase.key, coalesce(account.moved_to, account.id) as account_id, purchase.occurred_at
        from purchase join account on account.id = purchase.account_id order by purchase.key, purchase.revision desc
    )
    select referral.friend_id, 'given for a purchase that the friend made after joining, and that stands',
           concat_ws(' ', encode(referral.purchase_key, 'hex'), 'of', bought.account_id, 'at', bought.occurred_at, 'stands', coalesce(latest.stands, true))
    from referral left join bought on bought.key = referral.purchase_key left join latest on latest.purchase_key = referral.purchase_key
    where referral.purchase_key is not null
        and (bought.account_id is distinct from referral.friend_id
            or (referral.state = 'paid' and referral.look_at is null
                and (bought.occurred_at < referral.joined_at or not coalesce(latest.stands, true))))
    order by 1
"""
#: What has expired is gone: nobody owes it.
_ALL_OF_IT = """
    with gone as (
        select lot_id, sum(-amount) as points from entry where operation = 'expire' and version is not null group by lot_id
    )
    select encode(referral_reversal.key, 'hex'), lot.amount || ' given',
           taken + owed + forgiven || ' taken, owed or forgiven, ' || coalesce(gone.points, 0) || ' expired'
    from referral_reversal join referral_grant using (key) join lot on lot.id = referral_grant.grant_id left join gone on gone.lot_id = lot.id
    where taken + owed + forgiven > lot.amount or taken + owed + forgiven + coalesce(gone.points, 0) + lot.remaining < lot.amount
    order by 1
"""
_TOLD = """
    select encode(referral_reversal.key, 'hex'), concat_ws(' ', entry.account_id, entry.booked_at),
           concat_ws(' ', referral_grant.account_id, referral_reversal.decided_at)
    from referral_reversal join referral_grant using (key)
    join entry on entry.transaction_id = referral_reversal.transaction_id and entry.operation = 'reverse'
    where (entry.account_id, entry.booked_at) is distinct from (referral_grant.account_id, referral_reversal.decided_at)
    order by 1
"""
_EVIDENCE = r"""
    select encode(referral_reversal.key, 'hex'), referral_reversal.decision || '\x00'::bytea || referral_grant.body, entry.evidence
    from referral_reversal join referral_grant using (key)
    join entry on entry.transaction_id = referral_reversal.transaction_id and entry.operation = 'reverse'
"""

CHECKS = (
    check(
        "R1",
        "For a friend who stayed a customer both are given something, once; both, or neither; and nobody is their own guest",
        Rows("referral", _BOTH),
        Rows("referral_grant", _PROMISED),
        Rows("referral", _EARLIER),
        Rows("referral", _STANDS),
        Rows("referral_reversal", _ALL_OF_IT),
        Rows("referral_reversal", _TOLD),
        Hashes("referral_reversal", _EVIDENCE),
    ),
)
