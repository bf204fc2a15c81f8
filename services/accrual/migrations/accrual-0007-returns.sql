-- What came back of purchases and what was taken for it, and what waits for its purchase.
set local lock_timeout = '2s';

-- One row for each thing that changed how much of a purchase is kept. Points due are taken, owed or forgiven; those that expired are gone.
create table reversal (
    purchase_key   bytea not null,
    number         integer not null check (number >= 1), -- its place among those of the purchase
    kind           text not null check (kind in ('return', 'cancellation', 'correction')),
    revision       integer not null check (revision >= 1), -- of the purchase: what is kept was computed on it
    event_key      bytea not null,
    return_key     bytea, -- 16 bytes of SHA-256 over merchant and return id
    account_id     uuid, -- nobody's, where nobody was identified
    transaction_id uuid, -- null: nothing was booked
    taken          bigint not null check (taken >= 0),
    owed           bigint not null check (owed >= 0),
    forgiven       bigint not null check (forgiven >= 0),
    kept           bigint not null check (kept >= 0), -- what the purchase still gives
    stands         boolean not null, -- false: nothing of the purchase is kept
    occurred_at    timestamptz not null,
    decided_at     timestamptz not null,
    body           bytea not null, -- what was said, without the identifier
    returned       bytea not null, -- what came back with it, line by line; JSON
    decision       bytea not null, -- the explanation of what is kept
    primary key (purchase_key, number),
    check ((transaction_id is null) = (taken + owed = 0)),
    check ((kind = 'return') = (return_key is not null))
);
create unique index reversal_of_return on reversal (return_key, purchase_key) where return_key is not null;
create unique index reversal_of_transaction on reversal (transaction_id) where transaction_id is not null;

-- Returns, cancellations and confirmations that came before their purchase. Rows stay, with what came of them.
create table waiting (
    event_key   bytea primary key,
    anchor      bytea not null, -- the key of the purchase, or of the receipt, that is waited for
    return_key  bytea,
    number      bigint generated always as identity, -- they are applied in the order in which they came
    arrived_at  timestamptz not null,
    occurred_at timestamptz not null,
    source      text not null,
    event_id    text not null,
    type        text not null,
    traceparent text,
    body        bytea not null, -- without the identifier
    resolved_at timestamptz,
    verdict     text check (verdict in ('reversed', 'applied', 'refused')),
    reason      text,
    check ((resolved_at is null) = (verdict is null))
);
create index waiting_for on waiting (anchor) where resolved_at is null;
create index waiting_since on waiting (arrived_at) where resolved_at is null;
create index waiting_of_return on waiting (return_key) where return_key is not null;

grant select, insert on reversal, waiting to accrual_app;
grant update (resolved_at, verdict, reason) on waiting to accrual_app;
