-- Who a member is and by which identifiers; attempts that wait for proof; consents; what waits for guests.

-- What members.clients.vault sealed: format 1, a nonce, the cipher's tag. Plain text cannot stand in such a column.
create domain sealed as bytea check (octet_length(value) >= 29 and get_byte(value, 0) = 1);

create table member (
    member_id uuid primary key,
    kind text not null default 'person' check (kind in ('person', 'household', 'company')),
    status text not null default 'active' check (status in ('active', 'blocked', 'erased')),
    language text not null,
    registered_at timestamptz not null,
    given_name sealed,
    family_name sealed,
    birth_date sealed
);

-- A member's own key, wrapped under the key from a file. Made when an attempt opens; without this row nothing sealed can be read.
create table member_key (
    member_id uuid primary key,
    wrapped sealed not null
);

create table membership (
    member_id uuid not null references member,
    programme text not null,
    joined_at timestamptz not null,
    primary key (member_id, programme)
);

-- Only there to be locked: whoever holds an identifier's row decides about its links and claims.
create table identifier (
    identifier text collate "C" primary key,
    kind text not null check (kind in ('card', 'phone', 'email', 'visitor', 'partner'))
);

-- One sequence for all: whoever hears two links of one identifier believes the higher.
create sequence link_version as bigint;

create table link (
    link_version bigint primary key,
    identifier text collate "C" not null,
    kind text not null check (kind in ('card', 'phone', 'email', 'visitor', 'partner')),
    member_id uuid not null references member,
    linked_at timestamptz not null,
    sealed_value sealed,
    release_version bigint unique check (release_version > link_version),
    released_at timestamptz,
    check ((release_version is null) = (released_at is null))
);
create unique index link_one_live on link (identifier) where released_at is null;
create index link_identifier on link (identifier);
create index link_member on link (member_id);

-- A registration that was taken. Until something of it is proven, its member does not exist yet.
create table attempt (
    attempt bytea primary key,
    member_id uuid not null,
    programme text not null,
    event bytea not null, -- the inbox's key of what opened it, whose verdict is `waiting` until something is proven
    opened_at timestamptz not null,
    proven_at timestamptz,
    sealed_submission sealed
);
create index attempt_member on attempt (member_id);
create index attempt_unproven on attempt (opened_at) where proven_at is null;

-- An identifier that waits for its own proof. One live claim each, whoever asked first.
create table claim (
    identifier text collate "C" primary key,
    attempt bytea not null references attempt on delete cascade,
    claimed_at timestamptz not null
);
create index claim_attempt on claim (attempt);
create index claim_age on claim (claimed_at);

-- What was agreed to, or withdrawn: rows are added, never changed.
create table consent (
    consent_id bigint generated always as identity primary key,
    member_id uuid not null references member,
    programme text not null,
    kind text not null check (kind in ('terms', 'processing', 'advertising')),
    channel text not null,
    text_version text not null,
    given_at timestamptz not null,
    withdrawn_at timestamptz,
    source text not null,
    cause bytea not null,
    recorded_at timestamptz not null
);
create index consent_member on consent (member_id);

create function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception '% only grows', tg_table_name using errcode = 'restrict_violation';
end
$$;
create trigger consent_only_grows before update or delete on consent for each row execute function refuse_change();
create trigger consent_is_never_emptied before truncate on consent for each statement execute function refuse_change();

-- Totals of every account at its highest known version, folded from the ledger's events.
create table waiting (
    holder text collate "C" not null,
    programme text not null,
    account_version bigint not null check (account_version > 0),
    pending bigint not null,
    available bigint not null,
    primary key (holder, programme)
) with (fillfactor = 80);

-- When each lot of an unclaimed account expires.
create table waiting_lot (
    holder text collate "C" not null,
    programme text not null,
    grant_id uuid not null,
    expires_at timestamptz,
    primary key (holder, programme, grant_id)
);

-- Locking a row needs the right to update a column of it: of `member` and `identifier`, nothing else is ever updated.
grant select, insert, update (status) on member to members_app;
grant select, insert, update (kind), delete on identifier to members_app;
grant select, insert, delete on member_key to members_app;
grant select, insert on membership, consent to members_app;
grant select, insert, update (sealed_value, release_version, released_at) on link to members_app;
grant select, insert, update (member_id, proven_at, sealed_submission), delete on attempt to members_app;
grant select, insert, delete on claim to members_app;
grant select, insert, update (account_version, pending, available) on waiting to members_app;
grant select, insert, update (expires_at), delete on waiting_lot to members_app;
grant usage, select on sequence link_version to members_app;

-- An audit reads everything but what is sealed.
grant select on membership, identifier, claim, consent, waiting, waiting_lot, link_version to verify;
grant select (member_id, kind, status, language, registered_at) on member to verify;
grant select (member_id) on member_key to verify;
grant select (link_version, identifier, kind, member_id, linked_at, release_version, released_at) on link to verify;
grant select (attempt, member_id, programme, event, opened_at, proven_at) on attempt to verify;
