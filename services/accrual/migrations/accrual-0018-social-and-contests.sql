-- What members publish elsewhere and somebody looks at before it earns; who has scored how much in contests, and who won what.
set local lock_timeout = '2s';

-- Social actions. While one waits for an operator, its event waits too (table waiting), under the key of the deed.
create table social_action (
    id          uuid primary key,
    key         bytea not null unique,  -- of the deed: it is told once
    event_key   bytea not null unique,
    account_id  uuid not null,          -- of whoever did it; a guest's may have moved since
    asked_at    timestamptz not null,
    lapses_at   timestamptz not null,   -- nobody has approved it until then: it earns nothing
    decided_at  timestamptz,
    programme   text collate "C" not null,
    action      text collate "C" not null, -- its id in the document
    link        text collate "C" not null, -- in its one normal form
    state       text not null check (state in ('waiting', 'approved', 'rejected', 'lapsed')),
    decided_by  text,                   -- null: no operator was asked, or nobody answered
    reason      text,                   -- why it was rejected
    check ((state = 'waiting') = (decided_at is null)),
    check ((state = 'rejected') = (reason is not null)),
    check (state <> 'rejected' or decided_by is not null)
);
-- One link earns once; what was rejected or forgotten may be told anew.
create unique index social_action_of_link on social_action (programme, link) where state in ('waiting', 'approved');
create index social_action_waiting on social_action (asked_at, id) where state = 'waiting';
create index social_action_to_lapse on social_action (lapses_at) where state = 'waiting';

-- Until now only returns, confirmations and cancellations waited; what an operator approves may earn.
alter table waiting
    drop constraint waiting_verdict_check,
    add constraint waiting_verdict_check check (verdict in ('granted', 'nothing-earned', 'reversed', 'applied', 'refused'));

-- What a purchase or an activity scores in a contest, as much as is left of it.
create table contest_score (
    cause_key   bytea not null,
    account_id  uuid not null, -- whose it was; a guest's may have moved since
    occurred_at timestamptz not null,
    score       bigint not null check (score >= 0),
    programme   text collate "C" not null,
    contest     text collate "C" not null,
    primary key (programme, contest, cause_key)
) with (fillfactor = 80);

-- A contest is settled once. The places are final then: what comes back later changes scores, and no place.
create table contest_result (
    programme         text collate "C" not null,
    contest           text collate "C" not null,
    programme_version integer not null,
    settled_at        timestamptz not null,
    primary key (programme, contest)
);
create table contest_place (
    account_id uuid not null,
    score      bigint not null check (score > 0),
    reached_at timestamptz not null, -- when it last scored
    place      integer not null check (place >= 1),
    programme  text collate "C" not null,
    contest    text collate "C" not null,
    primary key (programme, contest, account_id),
    foreign key (programme, contest) references contest_result
);
create index contest_place_in_order on contest_place (programme, contest, place);

-- Who won a place that has a prize, and what was given: points by a grant, an entitlement, or nothing, and why.
create table contest_prize (
    key               bytea primary key,
    grant_id          uuid unique,
    entitlement_id    uuid unique,
    account_id        uuid not null,
    occurred_at       timestamptz not null,
    decided_at        timestamptz not null,
    programme_version integer not null,
    programme         text collate "C" not null,
    contest           text collate "C" not null,
    withheld          text,
    body              bytea not null,
    decision          bytea, -- of points: the explanation
    unique (programme, contest, account_id),
    foreign key (programme, contest, account_id) references contest_place,
    check (num_nonnulls(grant_id, entitlement_id, withheld) = 1),
    check ((grant_id is null) = (decision is null))
);

grant select, insert on social_action, contest_score, contest_result, contest_place, contest_prize to accrual_app;
grant update (state, decided_at, decided_by, reason) on social_action to accrual_app;
grant update (occurred_at, score) on contest_score to accrual_app;
