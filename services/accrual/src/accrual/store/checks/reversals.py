"""I9: what is taken back of a purchase is what it was granted and does not keep, and no more."""

from accrual.store.checks.question import Rows, check

_BOOKED = """
    with moved as (
        select transaction_id, sum(amount) filter (where bucket in ('pending', 'available')) as taken,
               sum(amount) filter (where bucket = 'debt') as owed, max(account_id::text) filter (where version is not null) as account_id
        from entry where transaction_id in (select transaction_id from entry where operation = 'reverse')
        group by transaction_id
    )
    select coalesce(encode(reversal.purchase_key, 'hex') || ' number ' || reversal.number, moved.transaction_id::text),
           coalesce(reversal.taken || ' taken, ' || reversal.owed || ' owed', 'a purchase of which it is taken'),
           coalesce(-coalesce(moved.taken, 0) || ' taken, ' || -coalesce(moved.owed, 0) || ' owed', 'nothing booked')
    from (
        select purchase_key, number, transaction_id, taken, owed from reversal where transaction_id is not null
        union all
        select key, 1, transaction_id, taken, owed from referral_reversal where transaction_id is not null
    ) as reversal full join moved on moved.transaction_id = reversal.transaction_id
    where (reversal.taken, reversal.owed) is distinct from (-coalesce(moved.taken, 0), -coalesce(moved.owed, 0))
    order by 1
"""
#: What has expired is gone; points whose last day was over when the purchase was last reversed count as such, whether or not the clock has turned since.
_SETTLED = """
    with of_purchase as (
        select purchase_key as key, sum(taken + owed + forgiven) as settled, (array_agg(kept order by number desc))[1] as kept, max(decided_at) as at
        from reversal where account_id is not null group by purchase_key
    ), gone as (
        select lot.cause_key as key, sum(lot.amount) as granted,
               coalesce(sum(expiry.points), 0) + coalesce(sum(lot.remaining) filter (where lot.expires_at <= of_purchase.at), 0) as expired
        from of_purchase join lot on lot.cause_key = of_purchase.key and lot.cause_revision is not null
        left join (select lot_id, sum(-amount) as points from entry where operation = 'expire' group by lot_id) as expiry on expiry.lot_id = lot.id
        group by lot.cause_key
    )
    select encode(of_purchase.key, 'hex'), coalesce(gone.granted, 0) || ' granted, ' || of_purchase.kept || ' kept',
           of_purchase.settled || ' taken, owed or forgiven, ' || coalesce(gone.expired, 0) || ' expired'
    from of_purchase left join gone on gone.key = of_purchase.key
    where of_purchase.settled + coalesce(gone.expired, 0) > coalesce(gone.granted, 0)
        or of_purchase.settled + coalesce(gone.expired, 0) < coalesce(gone.granted, 0) - of_purchase.kept
        or (coalesce(gone.expired, 0) = 0 and of_purchase.settled <> coalesce(gone.granted, 0) - of_purchase.kept)
    order by 1
"""
_NUMBERED = """
    select encode(purchase_key, 'hex'), count(*) || ' from 1 on', min(number) || ' to ' || max(number)
    from reversal group by purchase_key having min(number) <> 1 or max(number) <> count(*)
    order by 1
"""
#: Read without trusting that a decision is JSON, or even text: somebody may have changed it.
_TOLD = """
    select encode(reversal.purchase_key, 'hex') || ' number ' || reversal.number,
           concat_ws(' ', inbox.verdict, inbox.decided_at, entry.account_id, entry.occurred_at, entry.booked_at, encode(substring(decision for 30), 'escape')),
           concat_ws(' ', reversal.decided_at, reversal.account_id, reversal.occurred_at, reversal.kept)
    from reversal
    left join inbox on inbox.key = reversal.event_key
    left join entry on entry.transaction_id = reversal.transaction_id and entry.operation = 'reverse'
    where inbox.decided_at is distinct from reversal.decided_at or inbox.verdict not in ('reversed', 'applied', 'granted')
        or (reversal.transaction_id is not null
            and (entry.account_id, entry.occurred_at, entry.booked_at) is distinct from (reversal.account_id, reversal.occurred_at, reversal.decided_at))
        or substring(decision for octet_length('{"points":,') + length(kept::text)) <> convert_to('{"points":' || kept || ',', 'UTF8')
    order by 1
"""
_OF_NOTHING = """
    select encode(reversal.purchase_key, 'hex') || ' number ' || reversal.number, 'an accepted purchase, revision ' || reversal.revision, 'none'
    from reversal left join purchase on purchase.key = reversal.purchase_key and purchase.revision = reversal.revision
    where purchase.key is null
    order by 1
"""

CHECKS = (
    check(
        "I9",
        "What a purchase no longer keeps is taken back once: neither more than it was granted, nor less than it keeps not",
        Rows("reversal", _BOOKED),
        Rows("reversal", _SETTLED),
        Rows("reversal", _NUMBERED),
        Rows("reversal", _TOLD),
        Rows("reversal", _OF_NOTHING),
    ),
)
