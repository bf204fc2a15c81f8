-- Points that members bring along from another system: announced by one operator with their sum, loaded by another, taken back before the day it counts.
set local lock_timeout = '2s';

create table migration (
    programme     text collate "C" not null,
    name          text collate "C" not null,
    points        bigint not null check (points > 0), -- announced; more is never loaded
    openings      integer not null check (openings > 0),
    loaded_points bigint not null default 0 check (loaded_points between 0 and points),
    loaded        integer not null default 0 check (loaded between 0 and openings),
    announced_by  text collate "C" not null,
    announced_at  timestamptz not null,
    live_at       timestamptz, -- from then on nothing is taken back
    primary key (programme, name)
);

-- Each row that was loaded: the adjustment that opened its lot, and the one that took back what was left of it.
create table opening (
    programme     text collate "C" not null,
    migration     text collate "C" not null,
    name          text collate "C" not null,
    adjustment_id uuid not null unique,
    undo_id       uuid unique,
    undone        boolean not null default false,
    primary key (programme, migration, name),
    foreign key (programme, migration) references migration,
    check (undo_id is null or undone)
);
create index opening_to_undo on opening (programme, migration) where not undone;

grant select, insert on migration, opening to accrual_app;
grant update (loaded_points, loaded, live_at) on migration to accrual_app;
grant update (undo_id, undone) on opening to accrual_app;
