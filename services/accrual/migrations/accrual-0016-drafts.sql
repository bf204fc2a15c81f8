-- Programme documents on their way: one operator proposes, another approves, and only then is a version published.
set local lock_timeout = '2s';

create table programme_draft (
    id             uuid primary key,
    proposed_at    timestamptz not null,
    approved_at    timestamptz,
    effective_from timestamptz not null,
    version        integer not null check (version >= 1),
    programme      text collate "C" not null,
    fingerprint    text not null,
    proposed_by    text not null,
    approved_by    text,
    document       json not null,
    check ((approved_by is null) = (approved_at is null)),
    check (approved_by <> proposed_by), -- two people, whatever a program says
    check (approved_at >= proposed_at)
);
create index programme_draft_open on programme_draft (proposed_at) where approved_at is null;
create unique index programme_draft_approved on programme_draft (programme, version) where approved_at is not null;

grant select, insert on programme_draft to accrual_app;
grant update (approved_by, approved_at) on programme_draft to accrual_app;
