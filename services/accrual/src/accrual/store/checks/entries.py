"""I1, I14: transactions balance, and amounts are what they may be."""

from accrual.store.checks.question import check

_BALANCED = """
    select transaction_id, 'legs from 0 on, of one moment and programme, that sum to 0',
           'legs to ' || max(leg) || ', a sum of ' || sum(amount) || ' in ' || string_agg(distinct account.programme, ' and ')
    from entry left join account on account.id = entry.account_id
    group by transaction_id
    having sum(amount) <> 0 or min(account.programme) is distinct from max(account.programme) or count(account.id) < count(*)
        or max(leg) <> count(*) - 1 or sum(leg) <> count(*) * (count(*) - 1) / 2 or min(booked_at) <> max(booked_at)
"""
#: The account on the other side follows from the operation.
_OTHER_SIDE = """
    select entry.transaction_id, coalesce(system.name, 'a system account'), 'leg ' || entry.leg || ' of ' || coalesce(account.kind, 'no account')
    from entry
    left join account on account.id = entry.account_id
    left join account as system on system.id = entry.account_id and system.kind = 'system'
        and system.name = case when entry.amount < 0 then 'issued' else 'expired' end
    where (entry.bucket = 'system') <> (system.id is not null)
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
    check("I1", "The legs of every transaction sum to zero", ("entry", _BALANCED), ("entry", _OTHER_SIDE)),
    check("I14", "Amounts are within their bounds, and nobody moves points to themselves", ("entry", _AMOUNTS), ("entry", _TO_ITSELF)),
)
