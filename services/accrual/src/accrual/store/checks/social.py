"""K3: of what members published, what somebody approved has been decided, and what waits, was rejected or lapsed has earned nothing."""

from accrual.store.checks.question import Rows, check

_DECIDED = """
    select encode(social_action.key, 'hex'),
           case social_action.state when 'waiting' then 'waits' when 'approved' then 'decided' else 'refused' end,
           concat_ws(', ', case when waiting.event_key is null then 'never waited' else coalesce(waiting.verdict, 'waits') end,
                     case when activity.key is not null then 'decided ' || activity.verdict end)
    from social_action
    left join waiting on waiting.event_key = social_action.event_key
    left join activity on activity.key = social_action.key
    where case social_action.state
        when 'waiting' then waiting.event_key is null or waiting.resolved_at is not null or activity.key is not null
        when 'approved' then (waiting.event_key is null) <> (social_action.decided_by is null)
            or coalesce(waiting.verdict, activity.verdict) is distinct from coalesce(activity.verdict, 'refused')
            or (waiting.event_key is not null and waiting.resolved_at is null)
        else activity.key is not null or waiting.verdict is distinct from 'refused' end
    order by 1
"""

CHECKS = (check("K3", "What waits for somebody's approval earns with it, and not without", Rows("social_action", _DECIDED)),)
