"""I1, I14: transactions balance, and amounts are what they may be."""

from accrual.store.checks.question import Rows, check

#: Every transaction has legs in pairs, one after the other, that sum to zero; so all of its legs do.
_BALANCED = """
    select transaction_id, 'legs in pairs for one lot, one after the other, of one moment and programme, with a sum of 0',
           count(*) || ' legs from ' || min(leg) || ' to ' || max(leg) || ', a sum of ' || sum(amount)
    from (
        select entry.transaction_id, entry.leg, entry.amount, entry.booked_at, uuid_hash(entry.lot_id) as lot, entry.operation,
               hashtext(coalesce(entry.programme, system.programme)) as programme
        from entry left join account as system on system.id = entry.account_id and system.kind = 'system'
    ) as legs
    group by transaction_id, leg / 2
    having sum(amount) <> 0 or count(*) <> 2 or max(leg) <> min(leg) + 1 or min(booked_at) <> max(booked_at) or min(programme) <> max(programme)
        or count(lot) = 1 or (min(lot) <> max(lot) and min(operation) is distinct from 'transfer')
"""
#: Which system account stands on the other side follows from what is done, and from the way the points go.
_OTHER_SIDE = """
    with rare as (
        select transaction_id, operation from entry where operation in ('reverse', 'restore', 'adjust', 'forfeit')
    )
    select entry.transaction_id, 'the system account that belongs to what is done',
           'leg ' || entry.leg || ' in ' || entry.bucket || ' of ' || coalesce(account.name, account.kind, 'no account')
    from entry
    left join account on account.id = entry.account_id
    left join rare on rare.transaction_id = entry.transaction_id
    where (entry.bucket = 'system') <> (account.kind = 'system') or account.id is null
        or (account.kind = 'system' and case rare.operation
            when 'reverse' then account.name <> 'issued'
            when 'restore' then account.name <> 'redeemed'
            when 'adjust' then account.name <> 'adjusted'
            when 'forfeit' then account.name <> 'forfeited'
            else account.name is distinct from case when entry.amount < 0 then 'issued' else 'expired' end
                and (entry.amount < 0 or account.name <> 'redeemed')
        end)
"""
_AMOUNTS = """
    select transaction_id, 'an amount from 1 to 10^15, either way, and a balance that is not below 0', amount || ', after it ' || balance_after
    from entry
    where amount = 0 or abs(amount) > 1000000000000000 or (bucket <> 'debt' and balance_after < 0) or (bucket = 'debt' and balance_after > 0)
"""
_TO_ITSELF = """
    select transaction_id, 'two accounts', 'points that an account moved to itself'
    from entry where operation in ('claim', 'transfer')
    group by transaction_id having count(distinct account_id) <> 2
"""

CHECKS = (
    check("I1", "The legs of every transaction sum to zero", Rows("entry", _BALANCED), Rows("entry", _OTHER_SIDE)),
    check("I14", "Amounts are within their bounds, and nobody moves points to themselves", Rows("entry", _AMOUNTS), Rows("entry", _TO_ITSELF)),
)
