-- The points of each grant: when they may be used, when they expire, and what remains. Which transaction took how much of a lot is
-- said by the entries, whose legs name it.
set local lock_timeout = '2s';

create table lot (
    id             uuid primary key, -- the grant's
    account_id     uuid not null,
    granted_at     timestamptz not null,
    usable_from    timestamptz not null,
    expires_at     timestamptz,
    amount         bigint not null check (amount between 1 and 1000000000000000),
    remaining      bigint not null check (remaining between 0 and amount),
    -- The version that the account of its cause had after the grant: where to find the entry.
    version        bigint not null check (version >= 1),
    -- What it was granted for: a purchase, with its revision, or an activity, without one.
    cause_revision integer,
    confirmable    boolean not null,
    state          text not null check (state in ('pending', 'available', 'spent', 'expired')),
    cause_key      bytea not null,
    check ((remaining = 0) = (state in ('spent', 'expired')))
);
create index lot_of_account on lot (account_id) where remaining > 0;
create index lot_to_activate on lot (usable_from) where state = 'pending';
create index lot_to_expire on lot (expires_at) where remaining > 0 and expires_at is not null;
