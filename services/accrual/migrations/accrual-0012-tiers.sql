-- What members do day by day for a level, what was decided by hand, and which level they have. The last follows from the others.
set local lock_timeout = '2s';

-- What counts of one day of an account, in the programme's zone; a return takes from the day of its purchase. Only where a version has levels.
create table tier_progress (
    account_id uuid not null,
    day        date not null,
    points     bigint not null,
    money      bigint not null, -- in minor units
    purchases  bigint not null,
    primary key (account_id, day)
) with (fillfactor = 80);

-- Floors set by operators, in their order. The last one that has begun counts, until it ends; one without a level ends what was set before.
create table tier_assignment (
    account_id  uuid not null,
    number      integer not null check (number >= 1),
    level       text collate "C",
    since       date not null,
    until       date check (until >= since),
    reason      text not null,
    operator    text not null,
    assigned_at timestamptz not null,
    primary key (account_id, number)
);

-- Which level everybody was told, and when the clock has to look again.
create table tier_standing (
    account_id uuid primary key,
    programme  text collate "C" not null,
    level      text collate "C",
    edition    integer not null, -- the version of the programme that last changed its levels when this was found
    turns_on   date
) with (fillfactor = 80);
create index tier_standing_to_turn on tier_standing (programme, turns_on) where turns_on is not null;
create index tier_standing_of_edition on tier_standing (programme, edition);

grant select, insert on tier_progress, tier_assignment, tier_standing to accrual_app;
grant update (points, money, purchases) on tier_progress to accrual_app;
grant update (level, edition, turns_on) on tier_standing to accrual_app;
grant delete on tier_progress, tier_standing to accrual_app;
