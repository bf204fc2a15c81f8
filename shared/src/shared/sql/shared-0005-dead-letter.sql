-- Records put aside, as they were, until somebody sends them again or discards them.
create table dead_letter (
    key bytea primary key check (octet_length(key) = 16), -- the inbox's key of the same record
    state text collate "C" not null check (state in ('waiting', 'redriven', 'discarded', 'settled')),
    event_id text collate "C", -- what of its identity could be read
    source text collate "C",
    type text collate "C",
    code text collate "C" not null,
    reason text not null,
    topic text collate "C" not null, -- where it was first met
    partition integer not null,
    "offset" bigint not null,
    attempts integer not null check (attempts > 0),
    first_failed_at timestamptz not null,
    failed_at timestamptz not null,
    changed_at timestamptz not null, -- when it came into its state
    changed_by text, -- who redrove or discarded it last
    record_key bytea,
    headers bytea, -- its own, packed as in the outbox
    value bytea,
    constraint bytes_kept_as_long_as_needed check (
        case when state in ('waiting', 'redriven') then headers is not null else coalesce(record_key, headers, value) is null end
    )
);
create index dead_letter_waiting on dead_letter (topic, code) where state = 'waiting';
create index dead_letter_by_time on dead_letter (failed_at, key);

-- Whoever replaces the verdict of a dead record has settled its row, in the same transaction, whichever way the verdict came.
create function settle_dead_letter() returns trigger language plpgsql as $$
begin
    update dead_letter set state = 'settled', changed_at = new.decided_at, record_key = null, headers = null, value = null where key = new.key;
    return null;
end $$;

create trigger dead_letter_settled after update of verdict on inbox for each row
    when (old.verdict = 'dead-lettered' and new.verdict <> 'dead-lettered') execute function settle_dead_letter();

-- What was put aside before this table: its dead-letter topic alone has its bytes.
insert into dead_letter (key, state, code, reason, topic, partition, "offset", attempts, first_failed_at, failed_at, changed_at)
select key, 'discarded', coalesce(reason, 'internal-error'), 'put aside before this table was made', '', 0, 0, 1, decided_at, decided_at, decided_at
from inbox where verdict = 'dead-lettered';

-- The audit reads all but what the records hold.
grant select, insert, update on dead_letter to loyalty_app;
grant select (
    key, state, event_id, source, type, code, reason, topic, partition, "offset", attempts, first_failed_at, failed_at, changed_at, changed_by
) on dead_letter to verify;
