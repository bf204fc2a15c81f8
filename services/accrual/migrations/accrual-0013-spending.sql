-- Points put aside and used, out of which lots, and what came back of them; points given, taken and handed on by hand.
set local lock_timeout = '2s';

-- Its id is that of the transaction that put the points aside; the entry's evidence is SHA-256 over what is told of it here.
create table hold (
    id           uuid primary key,
    account_id   uuid not null, -- in which it was made; a claim moves what is held, too
    points       bigint not null check (points between 1 and 1000000000000000),
    captured     bigint not null default 0, -- points used, those of a late capture included
    owed         bigint not null default 0, -- of these, what was no longer there
    made_at      timestamptz not null,
    expires_at   timestamptz not null,
    resolved_at  timestamptz,
    release_id   uuid, -- the transaction that gave points back
    purchase_key bytea not null, -- of the purchase for which it was made
    state        text not null default 'open',
    permit       text collate "C" unique, -- of the member, good for one hold
    body         bytea not null, -- what was asked for, without the holder; JSON
    check (expires_at > made_at),
    check (captured between 0 and points and owed between 0 and captured),
    check (state in ('open', 'captured', 'released', 'expired')),
    check ((state = 'open') = (resolved_at is null)),
    check (captured = 0 or state in ('captured', 'expired')),
    check (owed = 0 or state = 'expired'),
    check (release_id is null or state <> 'open')
);
create index hold_of_account on hold (account_id) where state = 'open';
create index hold_of_release on hold (release_id) where release_id is not null;
create index hold_to_expire on hold (expires_at) where state = 'open';

-- Each time that points were used: by a hold, or at once. Its id is that of the transaction.
create table spend (
    id           uuid primary key,
    account_id   uuid not null,
    points       bigint not null check (points >= 0), -- out of lots
    owed         bigint not null check (owed >= 0),
    spent_at     timestamptz not null,
    hold_id      uuid unique,
    purchase_key bytea, -- of the purchase that they paid for
    check (points + owed > 0)
);
create index spend_for_purchase on spend (purchase_key) where purchase_key is not null;

-- Each time that used points came back. Its id is that of the transaction.
create table restoral (
    id          uuid primary key,
    spend_id    uuid not null,
    account_id  uuid not null,
    points      bigint not null check (points >= 0), -- into lots
    owed        bigint not null check (owed >= 0), -- no longer owed
    restored_at timestamptz not null,
    check (points + owed > 0)
);
create index restoral_of_spend on restoral (spend_id);

-- How many points of which lot each of these transactions took or gave back: entries say it too, but nobody finds them by a transaction's id.
create table allocation (
    transaction_id uuid not null,
    lot_id         uuid not null,
    points         bigint not null check (points > 0),
    primary key (transaction_id, lot_id)
);

-- Points given (more than 0) or taken by hand. Somebody else has to approve it; its id is then that of the transaction, and of the lot.
create table adjustment (
    id           uuid primary key,
    account_id   uuid not null, -- in which it is booked: its holder may become a member before that
    points       bigint not null check (points <> 0 and abs(points) <= 1000000000000000),
    requested_at timestamptz not null,
    booked_at    timestamptz,
    forfeit      boolean not null,
    reason       text not null,
    requested_by text collate "C" not null,
    approved_by  text collate "C",
    check (approved_by <> requested_by),
    check (points < 0 or not forfeit),
    check ((approved_by is null) = (booked_at is null))
);

-- Points of one lot that became a lot of somebody else. Its id is that of the transaction, and of the lot.
create table transfer (
    id             uuid primary key,
    lot_id         uuid not null, -- out of which
    transferred_at timestamptz not null
);

alter table entry drop constraint entry_first_leg;
alter table entry add constraint entry_first_leg check (
    case when hash is null
        then num_nonnulls(programme_version, occurred_at, usable_from, expires_at, programme, operation, cause_source, cause_event, evidence) = 0
        else num_nulls(programme_version, occurred_at, programme, operation, cause_source, cause_event) = 0
            and (operation in ('grant', 'reverse', 'hold', 'capture', 'spend', 'restore', 'adjust', 'forfeit')) = (evidence is not null)
            and (operation <> 'grant' or usable_from is not null)
            and (usable_from is null or operation in ('grant', 'adjust', 'transfer', 'restore'))
            and (expires_at is null or operation in ('grant', 'adjust', 'transfer', 'restore'))
    end
);

grant select, insert on hold, spend, restoral, allocation, adjustment, transfer to accrual_app;
grant update (captured, owed, resolved_at, release_id, state) on hold to accrual_app;
grant update (account_id, booked_at, approved_by) on adjustment to accrual_app;
grant update (expires_at) on lot to accrual_app; -- one that is given points back after its last day lives some days more
