"""U1, U2: what is counted for all accounts together is what decisions used, and no code was used twice."""

from accrual.store.checks.question import Rows, check

_SUMS = """
    with held as (
        select programme, rule, period, sum(amount) as value from shared_use group by 1, 2, 3
    )
    select concat_ws(' ', programme, rule, period), coalesce(held.value, 0), coalesce(shared_counter.value, 0)
    from shared_counter full join held using (programme, rule, period)
    where coalesce(held.value, 0) <> coalesce(shared_counter.value, 0)
    order by 1
"""
#: What a purchase used is held by it, and by nobody else; a return gives back no more than was used.
_OVERDRAWN = """
    select encode(cause_key, 'hex') || ' ' || concat_ws(' ', programme, rule, period), '0 or more', sum(amount)
    from shared_use group by cause_key, programme, rule, period having sum(amount) < 0
    order by 1
"""
_CAUSES = """
    with causes as (
        select key from purchase union all select key from activity union all select uuid_send(id) from entitlement union all select uuid_send(id) from hold
        union all select uuid_send(id) from raffle
    )
    select encode(shared_use.cause_key, 'hex') || ' ' || concat_ws(' ', programme, rule, period), 'whatever may hold it', 'none'
    from shared_use left join causes on causes.key = shared_use.cause_key
    where causes.key is null
    order by 1
"""
_CODES = """
    select concat_ws(' ', shared_counter.programme, shared_counter.period), 'an issued code, used at most once',
           case when coupon_code.code is null then 'never issued' else shared_counter.value || ' times' end
    from shared_counter
    left join coupon_code on coupon_code.programme = shared_counter.programme and coupon_code.code = substr(shared_counter.period, 6)
    where shared_counter.rule = 'coupon' and (shared_counter.value > 1 or coupon_code.code is null)
    order by 1
"""

CHECKS = (
    check(
        "U1",
        "What is counted for all members together is what purchases and other causes hold of it",
        Rows("shared_counter", _SUMS),
        Rows("shared_use", _OVERDRAWN),
        Rows("shared_use", _CAUSES),
    ),
    check("U2", "A code issued for one use is used at most once", Rows("shared_counter", _CODES)),
)
