"""A1, A2: everybody finds their account, and an account is what its name says."""

from accrual.store.checks.question import Rows, check

_LOST = """
    select holder.account_id, 'an account in ' || holder.programme, coalesce(account.kind || ' account in ' || account.programme, 'no account')
    from holder left join account on account.id = holder.account_id
    where account.id is null or account.programme <> holder.programme
        or account.kind <> case when starts_with(holder.holder, 'm:') then 'member' else 'unclaimed' end
    order by 1
"""
_STRANDED = """
    select account.id, case when identifier.member_id is null then 'open, as its identifier is nobody''s' else 'moved, as its identifier is a member''s' end,
           coalesce('moved to ' || account.moved_to, 'open')
    from identifier join holder on holder.holder = identifier.identifier join account on account.id = holder.account_id
    where (identifier.member_id is null) <> (account.moved_to is null)
    order by 1
"""
_MOVED = """
    select account.id, 'moved from an unclaimed account to a member''s, in one programme',
           concat_ws(' ', account.kind, account.programme, target.kind, target.programme)
    from account left join account as target on target.id = account.moved_to
    where account.moved_to is not null
        and (account.kind, target.kind, target.programme) is distinct from ('unclaimed'::text, 'member'::text, account.programme)
    order by 1
"""
#: One of which nothing is left counts as if it had never been.
_PURCHASES = """
    with undone as (
        select purchase_key as key from reversal group by purchase_key having (array_agg(stands order by number desc))[1] = false
    ), counted as (
        select coalesce(account.moved_to, account.id) as id, count(distinct purchase.key) as purchases
        from purchase join account on account.id = purchase.account_id left join undone on undone.key = purchase.key
        where undone.key is null group by 1
    )
    select account.id, coalesce(counted.purchases, 0), account.purchases
    from account left join counted on counted.id = account.id
    where account.moved_to is null and account.purchases <> coalesce(counted.purchases, 0)
    order by 1
"""
_PROGRAMMES = """
    select entry.account_id || ' version ' || entry.version, account.programme, entry.programme
    from entry join account on account.id = entry.account_id
    where entry.hash is not null and entry.programme <> account.programme
    order by entry.account_id, entry.version
"""

CHECKS = (
    check(
        "A1",
        "Every holder leads to one account, and nothing is stranded in one that nobody finds",
        Rows("holder", _LOST),
        Rows("account", _STRANDED),
        Rows("account", _MOVED),
    ),
    check("A2", "An account counts its purchases, and belongs to the programme of its entries", Rows("account", _PURCHASES), Rows("entry", _PROGRAMMES)),
)
