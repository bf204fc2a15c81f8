"""I7: a hold is what was put aside and is resolved once; what an account holds is what its open holds are."""

from accrual.store.checks.question import Hashes, Rows, check

_MADE = """
    with made as (
        select transaction_id as id, min(account_id::text)::uuid as account_id, sum(amount) filter (where bucket = 'held') as points, min(booked_at) as at
        from entry where version is not null and transaction_id in (select transaction_id from entry where operation = 'hold')
        group by transaction_id
    )
    select coalesce(hold.id, made.id), concat_ws(', ', made.points, made.account_id, made.at), concat_ws(', ', hold.points, hold.account_id, hold.made_at)
    from (select * from hold where points > 0) as hold full join made on made.id = hold.id
    where (made.points, made.account_id, made.at) is distinct from (hold.points::numeric, hold.account_id, hold.made_at)
    order by 1
"""
_EVIDENCE = """
    select hold.id, hold.body || hold.purchase_key || timestamptz_send(hold.expires_at) || timestamptz_send(hold.made_at)
                    || convert_to(coalesce(hold.permit, ''), 'UTF8')
                    || coalesce((select string_agg(uuid_send(id), '' order by place) from unnest(entitlements) with ordinality as named (id, place)), ''),
           entry.evidence
    from hold left join entry on entry.transaction_id = hold.id and entry.operation = 'hold'
    where hold.points > 0
"""
#: What was put aside was used or given back, once; only one that has expired may be used after that.
_RESOLVED = """
    with released as (
        select head.transaction_id as id, head.booked_at as at, head.cause_event,
               (select -sum(amount) from entry where entry.transaction_id = head.transaction_id and bucket = 'held') as points
        from entry as head where head.operation = 'release'
    )
    select coalesce(hold.id, released.id),
           concat_ws(', ', hold.state, hold.points || ' held', hold.captured || ' used', hold.owed || ' owed', hold.resolved_at),
           concat_ws(', ', released.points || ' given back', released.at, spend.points || ' used', spend.owed || ' owed', spend.spent_at)
    from hold
    left join spend on spend.hold_id = hold.id
    full join released on released.id = hold.release_id
    where hold.id is null
        or (hold.release_id is null) <> (released.id is null)
        or (coalesce(spend.points, 0) + coalesce(spend.owed, 0), coalesce(spend.owed, 0)) is distinct from (hold.captured, hold.owed)
        or hold.points > 0 and (hold.state = 'expired') <> coalesce(released.cause_event = hold.id || '/expired', false)
        or hold.points > 0 and case hold.state
            when 'open' then hold.release_id is not null or spend.id is not null
            when 'captured' then coalesce(released.points, 0) <> hold.points - hold.captured
                or hold.resolved_at is distinct from coalesce(released.at, spend.spent_at) or coalesce(spend.spent_at, hold.resolved_at) <> hold.resolved_at
            else released.points <> hold.points or released.at <> hold.resolved_at or (hold.state = 'released' and spend.id is not null)
        end
    order by 1
"""
_HELD = """
    with open as (
        select coalesce(account.moved_to, account.id) as id, sum(hold.points) as points
        from hold join account on account.id = hold.account_id where hold.state = 'open' group by 1
    )
    select account.id, coalesce(open.points, 0) || ' in open holds', account.held
    from account left join open on open.id = account.id
    where account.held <> coalesce(open.points, 0)
    order by 1
"""
#: Rows that say of a transaction out of which lots it took how much say what its entries say.
_ALLOCATED = """
    with heads as (
        select transaction_id, case when operation in ('hold', 'capture') then 'held' else 'available' end as bucket
        from entry where operation in ('hold', 'capture', 'spend', 'restore')
    ), legs as (
        select entry.transaction_id, entry.lot_id, abs(entry.amount) as points
        from heads join entry on entry.transaction_id = heads.transaction_id and entry.bucket = heads.bucket
    )
    select coalesce(legs.transaction_id, allocation.transaction_id), legs.points || ' of ' || legs.lot_id, allocation.points || ' of ' || allocation.lot_id
    from legs full join allocation on allocation.transaction_id = legs.transaction_id and allocation.lot_id = legs.lot_id
    where legs.points is distinct from allocation.points
    order by 1
"""

#: What a hold reserves beside points is free again, or used, once somebody has resolved it.
_RESERVED = """
    select entitlement.id, 'reserved for an open hold that names it', hold.state || ' hold ' || hold.id
    from entitlement join hold on entitlement.reserved_for = 'hold/' || hold.id
    where entitlement.state = 'reserved' and (hold.state <> 'open' or entitlement.id <> all(hold.entitlements))
    order by 1
"""

CHECKS = (
    check(
        "I7",
        "A hold is what was put aside for it, is resolved once, and an account holds what its open holds are",
        Rows("hold", _MADE),
        Hashes("hold", _EVIDENCE),
        Rows("hold", _RESOLVED),
        Rows("account", _HELD),
        Rows("allocation", _ALLOCATED),
        Rows("entitlement", _RESERVED),
    ),
)
