-- Whom the clock reminded of points that will soon be gone, so that nobody hears it twice.
set local lock_timeout = '2s';

create table reminder (
    expires_at timestamptz not null,
    account_id uuid not null,
    days       integer not null check (days between 0 and 365),
    said_at    timestamptz not null,
    primary key (expires_at, account_id, days) -- by the end first: what is over is forgotten from the front
);

grant select, insert, delete on reminder to accrual_app;
