"""I2, I3, I10: balances are the sums of their entries, never below their floor, and versions rise by one."""

from accrual.store.checks.question import Rows, check

_SUMS = """
    with sums as (
        select account_id,
               coalesce(sum(amount) filter (where bucket = 'pending'), 0) as pending,
               coalesce(sum(amount) filter (where bucket = 'available'), 0) as available,
               coalesce(sum(amount) filter (where bucket = 'held'), 0) as held,
               coalesce(sum(amount) filter (where bucket = 'debt'), 0) as debt
        from entry where version is not null group by account_id
    ), compared as (
        select coalesce(account.id, sums.account_id) as id,
               concat_ws(', ', coalesce(sums.pending, 0), coalesce(sums.available, 0), coalesce(sums.held, 0), coalesce(sums.debt, 0)) as expected,
               concat_ws(', ', account.pending, account.available, account.held, account.debt) as found
        from account full join sums on sums.account_id = account.id
        where account.kind is distinct from 'system'
    )
    select id, expected, found from compared where expected <> found order by id
"""
_FLOORS = """
    select id, 'no bucket below its floor', concat_ws(', ', pending, available, held, debt)
    from account where pending < 0 or available < 0 or held < 0 or debt > 0
    order by id
"""
_MOVED = """
    select id, 'nothing in an account that has moved', concat_ws(', ', pending, available, held, debt)
    from account where moved_to is not null and (pending <> 0 or available <> 0 or held <> 0 or debt <> 0)
    order by id
"""
_AFTER = """
    select account_id || ' version ' || version, expected, balance_after
    from (
        select account_id, version, leg, balance_after, sum(amount) over (partition by account_id, bucket order by version, leg) as expected
        from entry where version is not null
    ) as running
    where balance_after <> expected
    order by account_id, version, leg
"""
_VERSIONS = """
    with numbered as (
        select account_id, count(*) as versions, min(version) as first, max(version) as last from entry where hash is not null group by account_id
    )
    select coalesce(account.id, numbered.account_id),
           coalesce(account.version - account.version_base || ' versions after ' || account.version_base, 'an account'),
           coalesce(numbered.versions || ' from ' || numbered.first || ' to ' || numbered.last, 'none')
    from numbered full join account on account.id = numbered.account_id
    where account.kind is distinct from 'system' and (
        account.id is null or account.version - account.version_base <> coalesce(numbered.versions, 0)
        or numbered.first <> account.version_base + 1 or numbered.last <> account.version
    )
    order by 1
"""
_HEADLESS = """
    select entry.account_id || ' version ' || entry.version, 'a first leg with the hash', 'none'
    from entry left join entry as head on head.account_id = entry.account_id and head.version = entry.version and head.hash is not null
    where entry.version is not null and entry.hash is null and head.account_id is null
    order by entry.account_id, entry.version
"""

CHECKS = (
    check("I2", "Every balance is the sum of its entries", Rows("account", _SUMS)),
    check("I3", "No bucket is below its floor, and a moved account is empty", Rows("account", _FLOORS), Rows("account", _MOVED)),
    check(
        "I10",
        "Versions rise by one without gaps, and balances after follow from each other",
        Rows("account", _VERSIONS),
        Rows("entry", _AFTER),
        Rows("entry", _HEADLESS),
    ),
)
