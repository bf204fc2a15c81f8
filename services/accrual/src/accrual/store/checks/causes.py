"""I4, I5, I6, I11: each event has one verdict and counts once, refusals leave nothing, and what happened is said."""

from accrual.store.checks.question import Rows, check

_VERDICT_OF_PURCHASE = """
    select encode(purchase.key, 'hex') || ' revision ' || purchase.revision,
           concat_ws(' ', inbox.verdict, inbox.reason, inbox.decided_at), concat_ws(' ', purchase.verdict, purchase.reason, purchase.decided_at)
    from purchase left join inbox on inbox.key = purchase.event_key
    where (inbox.verdict, inbox.reason, inbox.decided_at) is distinct from (purchase.verdict, purchase.reason, purchase.decided_at)
"""
_VERDICT_OF_ACTIVITY = """
    select encode(activity.key, 'hex'),
           concat_ws(' ', inbox.verdict, inbox.reason, inbox.decided_at), concat_ws(' ', activity.verdict, activity.reason, activity.decided_at)
    from activity left join inbox on inbox.key = activity.event_key
    where (inbox.verdict, inbox.reason, inbox.decided_at) is distinct from (activity.verdict, activity.reason, activity.decided_at)
"""
_VERDICT_OF_CONFIRMATION = """
    select encode(confirmation.purchase_key, 'hex'), concat_ws(' ', inbox.verdict, inbox.decided_at), 'applied ' || confirmation.decided_at
    from confirmation left join inbox on inbox.key = confirmation.event_key
    where (inbox.verdict, inbox.decided_at) is distinct from ('applied', confirmation.decided_at)
    union all
    select encode(purchase_key, 'hex'), 'an accepted purchase', 'none' from confirmation
    where not exists (select from purchase where purchase.key = confirmation.purchase_key)
"""
#: As no two rows of the inbox have one key, equal counts say that no two purchases or activities have one event.
_ACCEPTED = """
    with accepted as (
        select verdict, count(*) as count
        from (select verdict from purchase union all select verdict from activity) as decided
        where verdict in ('granted', 'nothing-earned') group by verdict
    ), remembered as (
        select verdict, count(*) as count from inbox where verdict in ('granted', 'nothing-earned') group by verdict
    )
    select coalesce(remembered.verdict, accepted.verdict), coalesce(accepted.count, 0), coalesce(remembered.count, 0)
    from accepted full join remembered on remembered.verdict = accepted.verdict
    where accepted.count is distinct from remembered.count
"""
_OFFSETS = """
    select incarnation || ' ' || topic || '/' || partition, next - first,
           granted + nothing_earned + reversed + applied + waiting + refused + duplicate + stale + dead_lettered + gaps
    from consumer_offset
    where next - first <> granted + nothing_earned + reversed + applied + waiting + refused + duplicate + stale + dead_lettered + gaps
"""
#: What waited was counted as waiting, and its verdict in the inbox is what came of it.
_COUNTED = """
    with counted as (
        select verdicts.verdict, coalesce(sum(verdicts.count), 0)::bigint as count
        from consumer_offset, lateral (values
            ('granted', granted), ('nothing-earned', nothing_earned), ('reversed', reversed), ('applied', applied), ('waiting', waiting),
            ('refused', refused), ('stale', stale)
        ) as verdicts (verdict, count)
        group by verdicts.verdict
    ), resolved as (
        select verdict, count(*) as count from waiting where verdict is not null group by verdict
        union all
        select 'waiting', -count(*) from waiting where verdict is not null
    ), expected as (
        select verdict, sum(count)::bigint as count from (select * from counted union all select * from resolved) as parts group by verdict
    ), remembered as (
        select verdict, count(*) as count from inbox where verdict not in ('duplicate', 'dead-lettered') group by verdict
    )
    select expected.verdict, expected.count, coalesce(remembered.count, 0)
    from expected left join remembered using (verdict)
    where expected.count <> coalesce(remembered.count, 0)
"""
_WAITING = """
    select waiting.source || ' ' || waiting.event_id, concat_ws(' ', coalesce(waiting.verdict, 'waiting'), waiting.reason),
           coalesce(concat_ws(' ', inbox.verdict, inbox.reason), 'nothing')
    from waiting left join inbox on inbox.key = waiting.event_key
    where (inbox.verdict, inbox.reason) is distinct from (coalesce(waiting.verdict, 'waiting'), waiting.reason)
"""
_REFUSED_AND_ACCEPTED = """
    select encode(refusal.key, 'hex'), 'no purchase accepted of a refused event', purchase.verdict
    from refusal join purchase on purchase.key = refusal.key and purchase.event_key = refusal.event_key
"""
_GRANTED_FOR_NOTHING = """
    with decided as (
        select key, revision, grant_id from purchase where grant_id is not null
        union all
        select key, null, grant_id from activity where grant_id is not null
        union all
        select key, null, grant_id from referral_grant
        union all
        select key, null, grant_id from contest_prize where grant_id is not null
        union all
        select substring(sha256(convert_to(kind, 'UTF8') || '\\x00' || convert_to(id::text, 'UTF8') || '\\x00') for 16), null, id
        from (
            select 'adjustment' as kind, id from adjustment where points > 0 and booked_at is not null
            union all
            select 'transfer', id from transfer
            union all
            select 'restoral', lot_id from allocation where lot_id = transaction_id
        ) as opened
    )
    select coalesce(lot.id, decided.grant_id), concat_ws(' revision ', encode(decided.key, 'hex'), decided.revision),
           concat_ws(' revision ', encode(lot.cause_key, 'hex'), lot.cause_revision)
    from decided full join lot on lot.id = decided.grant_id
    where lot.cause_key is distinct from decided.key or lot.cause_revision is distinct from decided.revision
    order by 1
"""
_SAID_OF_NOTHING = """
    with told as (
        select outbox.id, outbox.type, outbox.sequence, body.holder, body.programme, body.account_version as version
        from outbox, json_to_record(convert_from(outbox.payload, 'UTF8')::json) as body (holder text, programme text, account_version bigint)
        where outbox.aggregatetype = 'loyalty.rewards.v1' and outbox.type <> 'loyalty.reward.refused.v1'
    )
    select id, 'a version that the account has had, after those told before', version
    from (
        select told.*, account.version as reached, lag(told.version) over (partition by told.holder, told.programme order by sequence) as before
        from told
        left join holder on holder.holder = told.holder and holder.programme = told.programme
        left join account on account.id = holder.account_id
    ) as compared
    where version > reached or version < before or (version = before and type <> 'loyalty.reward.reversed.v1')
"""

CHECKS = (
    check(
        "I4",
        "Each event and each purchase counts once",
        Rows("purchase", _VERDICT_OF_PURCHASE),
        Rows("activity", _VERDICT_OF_ACTIVITY),
        Rows("confirmation", _VERDICT_OF_CONFIRMATION),
        Rows("inbox", _ACCEPTED),
    ),
    check("I5", "Every record read has one verdict", Rows("consumer_offset", _OFFSETS), Rows("consumer_offset", _COUNTED), Rows("waiting", _WAITING)),
    check(
        "I6",
        "A refusal leaves no entry, and every lot has a cause that was granted",
        Rows("refusal", _REFUSED_AND_ACCEPTED),
        Rows("lot", _GRANTED_FOR_NOTHING),
    ),
    check("I11", "What waits in the outbox tells of versions that there are, in order", Rows("outbox", _SAID_OF_NOTHING)),
)
