-- Which purchases were confirmed: delivered, or past their return window. What a correction grants after that waits for nothing.
set local lock_timeout = '2s';

create table confirmation (
    purchase_key bytea primary key,
    event_key    bytea not null, -- of the first that said so
    decided_at   timestamptz not null
);

grant select, insert on confirmation to accrual_app;
