"""S1: uses of points, what came back of them, and what was done by hand are what the ledger says; no more comes back than was used."""

from accrual.store.checks.question import Hashes, Rows, check

_MOVED = """
    select transaction_id as id, min(account_id::text)::uuid as account_id, min(booked_at) as at,
           abs(coalesce(sum(amount) filter (where bucket in ('held', 'available')), 0)) as points,
           abs(coalesce(sum(amount) filter (where bucket = 'debt'), 0)) as owed
    from entry where version is not null and transaction_id in (select transaction_id from entry where operation {operations})
    group by transaction_id
"""
_SPENT = f"""
    with moved as ({_MOVED.format(operations="in ('capture', 'spend')")})
    select coalesce(spend.id, moved.id), concat_ws(', ', moved.points, moved.owed, moved.account_id, moved.at),
           concat_ws(', ', spend.points, spend.owed, spend.account_id, spend.spent_at)
    from spend full join moved on moved.id = spend.id
    where (moved.points, moved.owed, moved.account_id, moved.at) is distinct from (spend.points::numeric, spend.owed::numeric, spend.account_id, spend.spent_at)
    order by 1
"""  # noqa: S608  constants
_WHAT_FOR = """
    select spend.id, coalesce(uuid_send(spend.hold_id), ''::bytea) || coalesce(spend.purchase_key, ''::bytea), entry.evidence
    from spend left join entry on entry.transaction_id = spend.id and entry.operation in ('capture', 'spend')
"""
_RESTORED = f"""
    with moved as ({_MOVED.format(operations="= 'restore'")})
    select coalesce(restoral.id, moved.id), concat_ws(', ', moved.points, moved.owed, moved.account_id, moved.at),
           concat_ws(', ', restoral.points, restoral.owed, restoral.account_id, restoral.restored_at)
    from restoral full join moved on moved.id = restoral.id
    where (moved.points, moved.owed, moved.account_id, moved.at)
        is distinct from (restoral.points::numeric, restoral.owed::numeric, restoral.account_id, restoral.restored_at)
    order by 1
"""  # noqa: S608  constants
_OF_WHAT = """
    select restoral.id, uuid_send(restoral.spend_id), entry.evidence
    from restoral left join entry on entry.transaction_id = restoral.id and entry.operation = 'restore'
"""
_NO_MORE = """
    select spend.id, 'at most ' || spend.points + spend.owed || ' back', sum(restoral.points + restoral.owed)
    from restoral left join spend on spend.id = restoral.spend_id
    group by spend.id having spend.id is null or sum(restoral.points + restoral.owed) > spend.points + spend.owed
    order by 1
"""
#: Lot by lot, too: nothing comes back to a lot that was not taken out of it. What was owed may come back as a lot of its own.
_LOT_BY_LOT = """
    with back as (
        select restoral.spend_id, allocation.lot_id, sum(allocation.points) as points
        from restoral join allocation on allocation.transaction_id = restoral.id and allocation.lot_id <> restoral.id
        group by restoral.spend_id, allocation.lot_id
    )
    select back.spend_id, coalesce(allocation.points, 0) || ' taken of lot ' || back.lot_id, back.points
    from back left join allocation on allocation.transaction_id = back.spend_id and allocation.lot_id = back.lot_id
    where back.points > coalesce(allocation.points, 0)
    order by 1
"""
_BY_HAND = """
    with moved as (
        select transaction_id as id, min(account_id::text)::uuid as account_id, sum(amount) as points, min(booked_at) as at, max(operation) as operation
        from entry where version is not null and transaction_id in (select transaction_id from entry where operation in ('adjust', 'forfeit'))
        group by transaction_id
    )
    select coalesce(adjustment.id, moved.id), concat_ws(', ', moved.points, moved.account_id, moved.at, moved.operation),
           concat_ws(', ', adjustment.points, adjustment.account_id, adjustment.booked_at, adjustment.forfeit)
    from (select * from adjustment where booked_at is not null) as adjustment full join moved on moved.id = adjustment.id
    where (moved.points, moved.account_id, moved.at, moved.operation)
        is distinct from (
            adjustment.points::numeric, adjustment.account_id, adjustment.booked_at, case when adjustment.forfeit then 'forfeit' else 'adjust' end
        )
    order by 1
"""
_BY_WHOM = r"""
    select adjustment.id, convert_to(adjustment.reason, 'UTF8') || '\x00'::bytea || convert_to(adjustment.requested_by, 'UTF8') || '\x00'::bytea
                          || convert_to(adjustment.approved_by, 'UTF8') || '\x00'::bytea || timestamptz_send(adjustment.requested_at), entry.evidence
    from adjustment left join entry on entry.transaction_id = adjustment.id and entry.operation in ('adjust', 'forfeit')
    where adjustment.booked_at is not null
"""
_HANDED_ON = """
    with handed as (
        select transaction_id as id, booked_at, lot_id from entry where operation = 'transfer' and amount < 0
    )
    select coalesce(transfer.id, handed.id), concat_ws(', ', handed.lot_id, handed.booked_at), concat_ws(', ', transfer.lot_id, transfer.transferred_at)
    from transfer full join handed on handed.id = transfer.id
    where (handed.lot_id, handed.booked_at) is distinct from (transfer.lot_id, transfer.transferred_at)
    order by 1
"""

CHECKS = (
    check(
        "S1",
        "What was used, came back, was done by hand or handed on is what the ledger says, and no more comes back than was used",
        Rows("spend", _SPENT),
        Hashes("spend", _WHAT_FOR),
        Rows("restoral", _RESTORED),
        Hashes("restoral", _OF_WHAT),
        Rows("restoral", _NO_MORE),
        Rows("restoral", _LOT_BY_LOT),
        Rows("adjustment", _BY_HAND),
        Hashes("adjustment", _BY_WHOM),
        Rows("transfer", _HANDED_ON),
    ),
)
