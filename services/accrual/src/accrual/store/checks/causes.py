"""I4, I5, I6, I11: each event has one verdict and counts once, refusals leave nothing, and what happened is said."""

from accrual.store.checks.question import check

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
_EVENT_OF_TWO = """
    select encode(event_key, 'hex'), 'one purchase or activity', count(*)
    from (select event_key from purchase union all select event_key from activity) as accepted
    group by event_key having count(*) > 1
"""
_ACCEPTED = """
    select verdict, accepted, remembered
    from (
        select verdict, (select count(*) from inbox where inbox.verdict = verdicts.verdict) as remembered,
               (select count(*) from purchase where purchase.verdict = verdicts.verdict)
               + (select count(*) from activity where activity.verdict = verdicts.verdict) as accepted
        from (values ('granted'), ('nothing-earned')) as verdicts (verdict)
    ) as counted
    where accepted <> remembered
"""
_OFFSETS = """
    select incarnation || ' ' || topic || '/' || partition, next - first,
           granted + nothing_earned + reversed + applied + waiting + refused + duplicate + stale + dead_lettered + gaps
    from consumer_offset
    where next - first <> granted + nothing_earned + reversed + applied + waiting + refused + duplicate + stale + dead_lettered + gaps
"""
_COUNTED = """
    with counted as (
        select verdicts.verdict, coalesce(sum(verdicts.count), 0)::bigint as counted
        from consumer_offset, lateral (values
            ('granted', granted), ('nothing-earned', nothing_earned), ('applied', applied), ('refused', refused), ('stale', stale)
        ) as verdicts (verdict, count)
        group by verdicts.verdict
    )
    select counted.verdict, counted.counted, count(inbox.key)
    from counted left join inbox on inbox.verdict = counted.verdict
    group by counted.verdict, counted.counted having counted.counted <> count(inbox.key)
"""
_REFUSED_AND_ACCEPTED = """
    select encode(refusal.key, 'hex'), 'no purchase accepted of a refused event', purchase.verdict
    from refusal join purchase on purchase.key = refusal.key and purchase.event_key = refusal.event_key
"""
_GRANTED_FOR_NOTHING = """
    select lot.id, 'a granted purchase or activity', coalesce(purchase.verdict, activity.verdict, 'none')
    from lot
    left join purchase on purchase.key = lot.cause_key and purchase.revision = lot.cause_revision
    left join activity on activity.key = lot.cause_key and lot.cause_revision is null
    where coalesce(purchase.grant_id, activity.grant_id) is distinct from lot.id
"""
_NOT_GRANTED = """
    select encode(decided.key, 'hex'), 'a lot', 'none'
    from (select key, grant_id from purchase union all select key, grant_id from activity) as decided
    left join lot on lot.id = decided.grant_id
    where decided.grant_id is not null and lot.id is null
"""
_SAID_OF_NOTHING = """
    with waiting as (
        select id, sequence, convert_from(payload, 'UTF8')::json as body from outbox
        where aggregatetype = 'loyalty.rewards.v1' and type <> 'loyalty.reward.refused.v1'
    ), told as (
        select id, sequence, body ->> 'holder' as holder, body ->> 'programme' as programme, (body ->> 'account_version')::bigint as version from waiting
    )
    select id, 'a version that the account has had, after those told before', version
    from (
        select told.*, account.version as reached, lag(told.version) over (partition by told.holder, told.programme order by sequence) as before
        from told
        left join holder on holder.holder = told.holder and holder.programme = told.programme
        left join account on account.id = holder.account_id
    ) as compared
    where version > reached or version <= before
"""

CHECKS = (
    check(
        "I4",
        "Each event and each purchase counts once",
        ("purchase", _VERDICT_OF_PURCHASE),
        ("activity", _VERDICT_OF_ACTIVITY),
        ("purchase", _EVENT_OF_TWO),
        ("inbox", _ACCEPTED),
    ),
    check("I5", "Every record read has one verdict", ("consumer_offset", _OFFSETS), ("consumer_offset", _COUNTED)),
    check(
        "I6",
        "A refusal leaves no entry, and every lot has a cause that was granted",
        ("refusal", _REFUSED_AND_ACCEPTED),
        ("lot", _GRANTED_FOR_NOTHING),
        ("purchase", _NOT_GRANTED),
    ),
    check("I11", "What waits in the outbox tells of versions that there are, in order", ("outbox", _SAID_OF_NOTHING)),
)
