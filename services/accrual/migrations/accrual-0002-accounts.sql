-- Who owns which account, and what each account holds. Entries know accounts only by a random id, so rows of `identifier` and
-- `holder` can be deleted for a person who wants to be forgotten, and history stays as it is.
set local lock_timeout = '2s';

-- One row per identifier seen or linked. Whoever creates an account for an identifier, or links it, holds this row's lock.
create table identifier (
    identifier   text collate "C" primary key,
    member_id    uuid,
    link_version bigint not null default 0 check (link_version >= 0)
);

create table account (
    id           uuid primary key default gen_random_uuid(),
    programme    text collate "C" not null,
    kind         text not null check (kind in ('unclaimed', 'member', 'system')),
    name         text check ((name is not null) = (kind = 'system')),
    -- The version before the first entry: above 0 where an earlier account of the same holder was claimed,
    -- so that a holder's versions rise without gaps over both.
    version_base bigint not null default 0 check (version_base >= 0),
    version      bigint not null default 0 check (version >= version_base),
    pending      bigint not null default 0,
    available    bigint not null default 0,
    held         bigint not null default 0,
    debt         bigint not null default 0,
    purchases    bigint not null default 0 check (purchases >= 0),
    moved_to     uuid references account,
    -- The end of the account's hash chain.
    hash         bytea not null default decode(repeat('00', 32), 'hex') check (octet_length(hash) = 32),
    constraint account_floors check (pending >= 0 and available >= 0 and held >= 0 and debt <= 0),
    constraint account_moved_is_empty check (moved_to is null or (pending = 0 and available = 0 and held = 0 and debt = 0))
) with (fillfactor = 70); -- room for the next version of a row in its own page
create index account_moved on account (moved_to) where moved_to is not null;
create unique index account_system on account (programme, name) where kind = 'system';

create table holder (
    holder     text collate "C" not null,
    programme  text collate "C" not null,
    account_id uuid not null references account,
    primary key (holder, programme)
);
create index holder_of_account on holder (account_id);

-- What rules count per account: points given under a cap in a period, and the like.
create table counter (
    account_id uuid not null,
    rule       text collate "C" not null,
    period     text collate "C" not null,
    value      bigint not null,
    primary key (account_id, rule, period)
) with (fillfactor = 80);
