"""I8: no point of a lot is lost or made, wherever the lot goes."""

from accrual.store.checks.question import Rows, check

_LEGS = """
    with legs as (
        select lot_id, account_id, sum(amount) as remaining, coalesce(sum(amount) filter (where bucket = 'pending'), 0) as pending
        from entry where bucket in ('pending', 'available')
        group by lot_id, account_id having sum(amount) <> 0
    )
    select coalesce(lot.id, legs.lot_id), coalesce(legs.remaining, 0) || ' points of it in its account, pending ' || coalesce(legs.pending, 0),
           coalesce(lot.remaining || ', ' || lot.state, 'no such lot there')
    from legs full join lot on lot.id = legs.lot_id and lot.account_id = legs.account_id
    where coalesce(lot.remaining, -1) <> coalesce(legs.remaining, 0)
        or (case when lot.state = 'pending' then lot.remaining else 0 end) <> coalesce(legs.pending, 0)
        or (lot.remaining = 0) <> (lot.state in ('spent', 'expired'))
    order by 1
"""
#: A lot that is given points back after its last day lives on, as the entry says that gave them.
_TERMS = """
    with reopened as (
        select distinct on (leg.lot_id) leg.lot_id, head.expires_at
        from entry as head join entry as leg on leg.transaction_id = head.transaction_id and leg.version = head.version
        where head.operation = 'restore' and head.expires_at is not null and head.usable_from is null
        order by leg.lot_id, head.booked_at desc, head.version desc
    )
    select coalesce(lot.id, entry.lot_id),
           concat_ws(', ', entry.amount, entry.usable_from, entry.expires_at, entry.occurred_at, 'version ' || entry.version),
           concat_ws(', ', lot.amount, lot.usable_from, lot.expires_at, lot.granted_at, 'version ' || lot.version)
    from (select * from entry where usable_from is not null) as entry full join lot on lot.id = entry.lot_id
    left join reopened on reopened.lot_id = lot.id
    where entry.amount is distinct from lot.amount or entry.version is distinct from lot.version or entry.usable_from is distinct from lot.usable_from
        or entry.occurred_at is distinct from lot.granted_at or coalesce(reopened.expires_at, entry.expires_at) is distinct from lot.expires_at
    order by 1
"""
_EMPTIED = """
    select lot.id, 'an account that had its points', lot.account_id
    from lot left join entry on entry.lot_id = lot.id and entry.account_id = lot.account_id
    where lot.remaining = 0 and entry.lot_id is null
    order by 1
"""
_OF_ACCOUNT = """
    with sums as (
        select account_id, sum(remaining) filter (where state = 'pending') as pending, sum(remaining) filter (where state = 'available') as usable
        from lot where remaining > 0 group by account_id
    )
    select coalesce(account.id, sums.account_id), coalesce(sums.pending, 0) || ' pending, ' || coalesce(sums.usable, 0) || ' usable in lots',
           account.pending || ', ' || account.available
    from account full join sums on sums.account_id = account.id
    where account.kind is distinct from 'system'
        and (coalesce(sums.pending, 0) is distinct from account.pending or coalesce(sums.usable, 0) is distinct from account.available)
    order by 1
"""

CHECKS = (
    check(
        "I8",
        "What was granted of a lot is what was taken and what remains, and an account has what its lots have",
        Rows("lot", _LEGS),
        Rows("lot", _TERMS),
        Rows("lot", _EMPTIED),
        Rows("account", _OF_ACCOUNT),
    ),
)
