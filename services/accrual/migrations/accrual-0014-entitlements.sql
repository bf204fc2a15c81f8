-- Rewards that are not points: who has which, what happened to each, and the draws of raffles.
set local lock_timeout = '2s';

create table entitlement (
    id                uuid primary key,
    account_id        uuid not null,
    issued_at         timestamptz not null,
    expires_at        timestamptz,
    choose_by         timestamptz,
    reserved_until    timestamptz,
    programme_version integer not null,
    uses              integer not null check (uses >= 1),
    used              integer not null check (used between 0 and uses),
    steps             integer not null check (steps >= 1), -- how many rows of entitlement_step it has
    cost              bigint not null check (cost >= 0), -- points paid for it
    programme         text collate "C" not null,
    reward            text collate "C" not null, -- of an open choice, the choice
    kind              text not null,
    way               text not null check (way in ('rule', 'points', 'privilege', 'surprise', 'offer', 'prize')),
    rule              text collate "C" not null,
    state             text not null check (state in ('open', 'issued', 'reserved', 'used', 'expired', 'reversed')),
    code              text collate "C" not null unique,
    reserved_for      text,
    goods             text, -- of an offer, the SKU that it is for
    cause             bytea, -- key of the purchase or activity for which it was given
    check ((state = 'used') = (used = uses)),
    check ((state = 'reserved') = (reserved_for is not null)),
    check ((reserved_until is null) = (reserved_for is null))
) with (fillfactor = 80);
create index entitlement_of_account on entitlement (account_id, issued_at);
create index entitlement_of_cause on entitlement (cause) where cause is not null;
create index entitlement_to_release on entitlement (reserved_until) where state = 'reserved';
create index entitlement_to_choose on entitlement (choose_by) where state = 'open' and choose_by is not null;
create index entitlement_to_expire on entitlement (expires_at) where state in ('open', 'issued', 'reserved') and expires_at is not null;
-- At most one offer of a kind is live.
create unique index entitlement_offer on entitlement (account_id, rule) where way = 'offer' and state in ('issued', 'reserved');

-- What happened to it, step by step. Rows stay as they are.
create table entitlement_step (
    entitlement_id uuid not null,
    number         integer not null check (number >= 1),
    booked_at      timestamptz not null,
    step           text not null check (step in ('issued', 'chosen', 'reserved', 'released', 'used', 'expired', 'reversed')),
    ends           boolean not null,
    cause_source   text not null,
    cause_event    text not null,
    handed_by      text, -- who handed it over
    place          text, -- and where
    merchant       text, -- for which purchase
    purchase_id    text,
    primary key (entitlement_id, number)
);
create unique index entitlement_ends_once on entitlement_step (entitlement_id) where ends;

-- A draw: its commitment is published before the tickets are closed, its seed afterwards.
create table raffle (
    programme    text collate "C" not null,
    raffle       text collate "C" not null,
    commitment   bytea not null check (octet_length(commitment) = 32),
    seed         bytea not null check (octet_length(seed) = 32),
    committed_at timestamptz not null,
    drawn_at     timestamptz,
    published    bytea, -- what anybody needs to repeat the draw; JSON
    primary key (programme, raffle),
    check ((drawn_at is null) = (published is null))
);

grant select, insert on entitlement, entitlement_step, raffle to accrual_app;
grant update (account_id, expires_at, choose_by, reserved_until, uses, used, steps, reward, kind, state, reserved_for) on entitlement to accrual_app;
grant update (drawn_at, published) on raffle to accrual_app;
-- Until the draw the seed is nobody's business.
revoke select on raffle from verify;
grant select (programme, raffle, commitment, committed_at, drawn_at, published) on raffle to verify;
