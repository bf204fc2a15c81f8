-- Quotes that a hold may name, for some minutes. Lost in a crash, they are asked for again: so they are not logged.
set local lock_timeout = '2s';

create unlogged table quote (
    id          uuid primary key,
    made_at     timestamptz not null,
    valid_until timestamptz not null check (valid_until > made_at),
    holder      text collate "C", -- as it was asked; null: nobody was named
    programme   text collate "C" not null,
    asked       bytea not null, -- the request, as it was checked; JSON
    answered    bytea not null -- the reply; JSON
);
create index quote_until on quote (valid_until);

grant select, insert, delete on quote to accrual_app;

-- Holds that reserve more than points: what their quotes counted on of coupons, budgets and stock. What it is stands in shared_use, held by the hold's id.
create table reservation (
    hold_id   uuid primary key,
    programme text collate "C" not null
);

grant select, insert, delete on reservation to accrual_app;
