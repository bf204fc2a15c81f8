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

-- A contest is settled once: what comes later changes no place.
create table contest_result (
    programme         text collate "C" not null,
    contest           text collate "C" not null,
    programme_version integer not null,
    participants      bigint not null check (participants >= 0),
    settled_at        timestamptz not null,
    primary key (programme, contest)
);

-- Who got a prize, or would have, had there been enough of it.
create table contest_prize (
    id         uuid primary key, -- of the grant or of the entitlement
    account_id uuid not null,
    place      integer not null check (place >= 1),
    score      bigint not null check (score > 0),
    reached_at timestamptz not null,
    points     bigint not null check (points >= 0),
    programme  text collate "C" not null,
    contest    text collate "C" not null,
    reward     text collate "C",
    withheld   text, -- why nothing was given
    decision   bytea, -- of points: the explanation
    unique (programme, contest, account_id),
    foreign key (programme, contest) references contest_result,
    check ((points > 0) = (reward is null)),
    check ((points > 0) = (decision is not null))
);

grant select, insert on social_action, contest_score, contest_result, contest_prize to accrual_app;
grant update (state, decided_at, decided_by, reason) on social_action to accrual_app;
grant update (account_id, occurred_at, score) on contest_score to accrual_app;
