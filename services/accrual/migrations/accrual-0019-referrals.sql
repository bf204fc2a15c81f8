-- Who invited whom, what both were given for it, and what of that was taken back.
set local lock_timeout = '2s';

-- A friend has one inviter for ever. The lock of the friend's account covers the row.
create table referral (
    friend_id         uuid primary key, -- the friend's account
    inviter_id        uuid, -- an account that may have been claimed since; null: nobody was found
    joined_at         timestamptz not null,
    look_at           timestamptz, -- when the clock looks at it again; null: when something of its purchase comes back, or never
    paid_on           date,
    programme_version integer not null, -- that promised it
    programme         text collate "C" not null,
    state             text not null check (state in ('open', 'paid', 'refused', 'undone')),
    reason            text,
    purchase_key      bytea, -- on which it rests
    check ((state in ('refused', 'undone')) = (reason is not null)),
    check ((state in ('paid', 'undone')) = (purchase_key is not null)),
    check ((purchase_key is null) = (paid_on is null)),
    check (inviter_id is not null or state = 'refused'),
    check (case state when 'open' then look_at is not null when 'paid' then true else look_at is null end)
) with (fillfactor = 80);
create index referral_to_look_at on referral (look_at) where look_at is not null;
create index referral_of_inviter on referral (inviter_id);
create index referral_of_purchase on referral (purchase_key) where state = 'paid';

-- What was given: to both, or to neither. Rows stay as they are.
create table referral_grant (
    key               bytea primary key, -- the cause of its lot; 16 bytes of SHA-256
    friend_id         uuid not null references referral,
    grant_id          uuid not null unique,
    account_id        uuid not null,
    occurred_at       timestamptz not null,
    decided_at        timestamptz not null,
    programme_version integer not null,
    programme         text collate "C" not null,
    side              text not null check (side in ('inviter', 'friend')),
    body              bytea not null,
    decision          bytea not null,
    unique (friend_id, side)
);

-- What was taken back of it, because the purchase came back. Rows stay as they are.
create table referral_reversal (
    key            bytea primary key references referral_grant,
    transaction_id uuid unique, -- null: nothing was booked
    decided_at     timestamptz not null,
    taken          bigint not null check (taken >= 0),
    owed           bigint not null check (owed >= 0),
    forgiven       bigint not null check (forgiven >= 0),
    decision       bytea not null,
    check ((transaction_id is null) = (taken + owed = 0))
);

grant select, insert on referral, referral_grant, referral_reversal to accrual_app;
grant update (inviter_id, look_at, paid_on, state, reason, purchase_key) on referral to accrual_app;
