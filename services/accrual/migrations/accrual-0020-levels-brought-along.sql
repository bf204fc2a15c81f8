-- Members also bring along which level they had and what counts towards one; a row may bring no points.
set local lock_timeout = '2s';

alter table migration
    drop constraint migration_points_check,
    add constraint migration_points_check check (points >= 0),
    add column levels        integer not null default 0 check (levels >= 0),
    add column totals        bigint not null default 0 check (totals >= 0), -- of all that counts towards levels, added up
    add column loaded_levels integer not null default 0 check (loaded_levels between 0 and levels),
    add column loaded_totals bigint not null default 0 check (loaded_totals between 0 and totals);

alter table opening
    alter column adjustment_id drop not null,
    add column account_id  uuid not null,
    add column level       text collate "C", -- a floor from level_since on, as if set by hand
    add column level_since date,
    add column level_until date,
    add column counted_on  date,
    add column earned      bigint not null default 0 check (earned >= 0),
    add column spent       bigint not null default 0 check (spent >= 0),
    add column purchases   bigint not null default 0 check (purchases >= 0),
    add constraint opening_brings_something check (adjustment_id is not null or level is not null or earned + spent + purchases > 0),
    add constraint opening_level_begins check ((level is null) = (level_since is null)),
    add constraint opening_counts_on_a_day check (counted_on is not null or earned + spent + purchases = 0);

grant update (loaded_levels, loaded_totals) on migration to accrual_app;
