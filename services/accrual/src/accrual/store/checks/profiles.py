"""A3: what rules may ask about a member is what was told: when somebody joined, and the seed that no claim changes."""

from accrual.store.checks.question import Rows, check

#: Of registrations no body is kept: that tells them from activities.
_JOINED = """
    with joined as (
        select account_id as id, max(occurred_at) as occurred_at from activity where body = '{}' group by 1
    )
    select account.id, coalesce(joined.occurred_at::text, 'not registered'), coalesce(account.registered_at::text, 'not registered')
    from account left join joined using (id)
    where account.registered_at is distinct from joined.occurred_at
    order by 1
"""
_SEEDS = """
    with seeds as (
        select account.id, account.seed, array_agg(coalesce(moved.seed, uuid_send(moved.id))) as of_guests
        from account left join account as moved on moved.moved_to = account.id
        where account.seed is not null group by account.id, account.seed
    )
    select id, 'its own id, or that of a guest who became its member', encode(seed, 'hex') from seeds
    where seed <> uuid_send(id) and not coalesce(seed = any(of_guests), false)
    order by 1
"""

CHECKS = (check("A3", "An account knows when its member joined, and keeps the seed of its choices", Rows("account", _JOINED), Rows("account", _SEEDS)),)
