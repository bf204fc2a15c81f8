-- What was decided about purchases and activities, and why. Bodies are kept without the identifier.
set local lock_timeout = '2s';

-- A place to meet: all that is about one purchase locks its row here first. The key is 16 bytes of SHA-256.
create table anchor (
    key bytea primary key
);

-- Only an accepted purchase has a row, so that one (merchant, purchase id, revision) earns once.
create table purchase (
    key               bytea not null,
    revision          integer not null check (revision >= 1),
    programme_version integer not null,
    account_id        uuid,
    grant_id          uuid,
    occurred_at       timestamptz not null,
    decided_at        timestamptz not null,
    event_key         bytea not null,
    programme         text collate "C" not null,
    -- A correction may also take points back, or change nothing.
    verdict           text not null check (verdict in ('granted', 'nothing-earned') or (revision > 1 and verdict in ('reversed', 'applied'))),
    reason            text,
    body              bytea not null,
    decision          bytea not null,
    receipt_key       bytea, -- 16 bytes of SHA-256 over merchant, store and the number on the receipt, if it has one
    decided_as        bytea, -- of an exchange: time and place of the exchanged purchase, by which it was decided; JSON
    primary key (key, revision),
    check ((verdict = 'granted') = (grant_id is not null))
) with (toast_tuple_target = 8160); -- a receipt of ordinary length stays in its row; packing it would cost more than the space
create index purchase_of_receipt on purchase (receipt_key) where receipt_key is not null;
-- Those that earned are found by their lots.
create index purchase_of_account on purchase (account_id) where verdict = 'nothing-earned' and account_id is not null;

create table activity (
    key               bytea primary key,
    programme_version integer not null,
    account_id        uuid not null,
    grant_id          uuid,
    occurred_at       timestamptz not null,
    decided_at        timestamptz not null,
    event_key         bytea not null,
    programme         text collate "C" not null,
    verdict           text not null check (verdict in ('granted', 'nothing-earned')),
    reason            text,
    body              bytea not null,
    decision          bytea not null,
    check ((verdict = 'granted') = (grant_id is not null))
);

-- Refused purchases, for the question "why not": a refusal occupies no revision, so there may be several.
create table refusal (
    key         bytea not null,
    event_key   bytea not null,
    revision    integer not null,
    reason      text not null,
    detail      text not null,
    occurred_at timestamptz not null,
    decided_at  timestamptz not null,
    primary key (key, event_key)
);

-- A purchase said again under another event id, with other content: nothing was booked, an operator may look at it.
create table discrepancy (
    key       bytea not null,
    revision  integer not null,
    event_key bytea not null,
    seen_at   timestamptz not null,
    fields    text[] not null,
    body      bytea not null,
    primary key (key, revision, event_key)
);
