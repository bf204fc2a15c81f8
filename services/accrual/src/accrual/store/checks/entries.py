"""I1, I14: transactions balance, and amounts are what they may be."""

from accrual.store.checks.question import Rows, check

#: Every transaction has two legs for each lot, one after the other, that sum to zero; so all of its legs do.
_BALANCED = """
    select transaction_id, 'two legs for each lot, one after the other, of one moment and programme, with a sum of 0',
           count(*) || ' legs from ' || min(leg) || ' to ' || max(leg) || ' for ' || coalesce(lot_id::text, 'no lot') || ', a sum of ' || sum(amount)
    from (
        select entry.transaction_id, entry.lot_id, entry.leg, entry.amount, entry.booked_at, hashtext(coalesce(entry.programme, system.programme)) as programme
        from entry left join account as system on system.id = entry.account_id and system.kind = 'system'
    ) as legs
    group by transaction_id, lot_id
    having sum(amount) <> 0 or count(*) <> 2 or max(leg) <> min(leg) + 1 or min(leg) % 2 <> 0
        or min(booked_at) <> max(booked_at) or min(programme) <> max(programme)
"""
#: Which system account stands on the other side follows from the way the points go.
_OTHER_SIDE = """
    with back as (
        select transaction_id from entry where operation = 'reverse'
    )
    select entry.transaction_id, 'issued, redeemed or expired, as the points go',
           'leg ' || entry.leg || ' in ' || entry.bucket || ' of ' || coalesce(account.name, account.kind, 'no account')
    from entry
    left join account on account.id = entry.account_id
    left join back on back.transaction_id = entry.transaction_id
    where (entry.bucket = 'system') <> (account.kind = 'system') or account.id is null
        or (account.kind = 'system' and case
            when entry.amount < 0 or back.transaction_id is not null then account.name <> 'issued' else account.name not in ('expired', 'redeemed')
        end)
"""
_AMOUNTS = """
    select transaction_id, 'an amount from 1 to 10^15, either way, and a balance that is not below 0', amount || ', after it ' || balance_after
    from entry
    where amount = 0 or abs(amount) > 1000000000000000 or (bucket <> 'debt' and balance_after < 0) or (bucket = 'debt' and balance_after > 0)
"""
_TO_ITSELF = """
    select transaction_id, 'two accounts', 'a claim by an account of its own points'
    from entry where operation = 'claim'
    group by transaction_id having count(distinct account_id) <> 2
"""

CHECKS = (
    check("I1", "The legs of every transaction sum to zero", Rows("entry", _BALANCED), Rows("entry", _OTHER_SIDE)),
    check("I14", "Amounts are within their bounds, and nobody moves points to themselves", Rows("entry", _AMOUNTS), Rows("entry", _TO_ITSELF)),
)
