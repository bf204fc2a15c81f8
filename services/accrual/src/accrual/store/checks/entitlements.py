"""Rewards that are not points: each ends once, none is used too often, each is what its steps say, and no more are given than there are."""

from accrual.store.checks.question import Rows, check

_STEPS = """
    with told as (
        select entitlement_id, count(*) as steps, max(number) as last, count(*) filter (where step = 'used') as used,
               count(*) filter (where ends) as ends, bool_or(number = 1 and step = 'issued') as begins,
               (array_agg(step order by number desc) filter (where step <> 'moved'))[1] as latest
        from entitlement_step group by entitlement_id
    )
    select coalesce(entitlement.id, told.entitlement_id),
           concat_ws(', ', told.steps || ' steps', 'used ' || told.used, told.ends || ' ends', 'last ' || told.latest),
           concat_ws(', ', entitlement.steps || ' steps', 'used ' || entitlement.used || ' of ' || entitlement.uses, entitlement.state)
    from entitlement full join told on told.entitlement_id = entitlement.id
    where (entitlement.steps, entitlement.steps, entitlement.used) is distinct from (told.steps, told.last, told.used)
        or told.begins is not true or told.ends <> (entitlement.state in ('used', 'expired', 'reversed'))::int
        or entitlement.state <> case
            when told.latest in ('reserved', 'used', 'expired', 'reversed') then
                case when told.latest = 'used' and entitlement.used < entitlement.uses then 'issued' else told.latest end
            when entitlement.kind = 'choice' then 'open' else 'issued' end
    order by 1
"""
_GIVEN = """
    with given as (
        select programme, 'reward/' || reward as rule, count(*) as number
        from entitlement where state not in ('reversed', 'open') group by 1, 2
    )
    select given.rule || ' of ' || given.programme, 'at least ' || given.number || ' counted', shared_counter.value
    from given join shared_counter on shared_counter.programme = given.programme and shared_counter.rule = given.rule and shared_counter.period = 'stock'
    where shared_counter.value < given.number
    order by 1
"""
_PAID = """
    select entitlement.id, 'points paid: ' || entitlement.cost, 'way ' || entitlement.way
    from entitlement where (entitlement.cost > 0) <> (entitlement.way = 'points')
    order by 1
"""

CHECKS = (
    check(
        "U3",
        "Each entitlement is what its steps say, ends once and is never used too often; what is given of a stock is counted",
        Rows("entitlement", _STEPS),
        Rows("shared_counter", _GIVEN),
        Rows("entitlement", _PAID),
    ),
)
