-- Programme documents, version by version. A published version never changes: what it decided must stay explainable.
set local lock_timeout = '2s';

create table programme_version (
    programme       text collate "C" not null,
    version         integer not null check (version >= 1),
    effective_from  timestamptz not null,
    effective_until timestamptz,
    document        json not null,
    fingerprint     text not null, -- equal for equal documents
    published_at    timestamptz not null,
    -- Rises with each publication, so that one small query tells a process whether its compiled rules are the latest.
    sequence        bigint generated always as identity,
    primary key (programme, version),
    check (effective_until is null or effective_until > effective_from)
);
create unique index programme_version_by_sequence on programme_version (sequence);

-- Which merchants a version names: a merchant belongs to one programme at a time, so publishing compares with the others here.
create table programme_merchant (
    merchant  text collate "C" not null,
    programme text collate "C" not null,
    version   integer not null,
    primary key (merchant, programme, version),
    foreign key (programme, version) references programme_version
);
