-- Raffles whose tickets are closed before the beacon is known, secret seeds of surprises, and when something was chosen or changed hands.
set local lock_timeout = '2s';

alter table entitlement add column chosen_at timestamptz; -- of what was chosen of several rewards: limits count it in that period
-- The tickets of a raffle are found when it closes.
create index entitlement_ticket on entitlement (programme, reward, issued_at) where kind = 'ticket';

alter table entitlement_step
    drop constraint entitlement_step_step_check,
    add check (step in ('issued', 'chosen', 'reserved', 'released', 'used', 'expired', 'reversed', 'moved'));

alter table raffle
    add column id uuid not null unique, -- holds the stock of the prizes until they are given
    add column programme_version integer not null, -- whose prizes were promised
    add column promised bytea not null, -- what the commitment is made of beside the seed; JSON
    add column closes_at timestamptz not null,
    add column beacon_at timestamptz not null, -- nobody draws earlier
    add column closed_at timestamptz,
    add column tickets uuid[], -- in order, as they were when it closed; nothing changes them
    add check (beacon_at > closes_at),
    add check ((closed_at is null) = (tickets is null)),
    add check (drawn_at is null or closed_at is not null);
create index raffle_to_close on raffle (closes_at) where closed_at is null;

-- The secret of a surprise, made when it is first published: nobody can tell before which purchase is lucky, and everybody afterwards.
create table surprise (
    programme    text collate "C" not null,
    surprise     text collate "C" not null,
    chance       text not null, -- promised with the seed: another chance is another surprise
    commitment   bytea not null check (octet_length(commitment) = 32),
    seed         bytea not null check (octet_length(seed) = 32),
    committed_at timestamptz not null,
    primary key (programme, surprise)
);

grant update (chosen_at) on entitlement to accrual_app;
grant update (closed_at, tickets) on raffle to accrual_app;
grant select, insert on surprise to accrual_app;
grant select (id, programme_version, promised, closes_at, beacon_at, closed_at, tickets) on raffle to verify;
-- Until it is over the seed is nobody's business.
revoke select on surprise from verify;
grant select (programme, surprise, chance, commitment, committed_at) on surprise to verify;
