-- The ledger: one row a leg. The legs of a transaction sum to zero. Rows are never changed and never deleted, and the database sees to it.
set local lock_timeout = '2s';

create table entry (
    transaction_id    uuid not null,
    account_id        uuid not null,
    lot_id            uuid,
    booked_at         timestamptz not null,
    amount            bigint not null check (amount <> 0 and amount between -1000000000000000 and 1000000000000000),
    leg               integer not null check (leg >= 0), -- its place in the transaction
    bucket            text not null,
    -- Of legs of holders' accounts: which version of the account this is, and what is in the bucket after it.
    version           bigint check (version >= 1),
    balance_after     bigint,
    -- Said once, on the first leg that the transaction has at a holder's account: everything else about it, and the account's chain.
    programme_version integer check (programme_version >= 0),
    occurred_at       timestamptz,
    usable_from       timestamptz, -- of the lot that a grant opens
    expires_at        timestamptz,
    programme         text collate "C",
    operation         text,
    cause_source      text,
    cause_event       text,
    evidence          bytea check (octet_length(evidence) = 32), -- of a grant: SHA-256(decision, 0x00, body) of its cause; of a reversal, 0x00 and what came back besides
    hash              bytea check (octet_length(hash) = 32),
    constraint entry_bucket check (
        case bucket
            when 'system' then num_nonnulls(version, balance_after, hash) = 0
            when 'debt' then version is not null and balance_after <= 0
            else bucket in ('pending', 'available', 'held') and version is not null and balance_after >= 0
        end
    ),
    constraint entry_first_leg check (
        case when hash is null
            then num_nonnulls(programme_version, occurred_at, usable_from, expires_at, programme, operation, cause_source, cause_event, evidence) = 0
            else num_nulls(programme_version, occurred_at, programme, operation, cause_source, cause_event) = 0
                and (operation in ('grant', 'reverse')) = (evidence is not null) and (operation = 'grant') = (usable_from is not null)
        end
    )
) partition by range (booked_at);

create function entry_legs_sum_to_zero() returns trigger language plpgsql as $$
begin
    if exists (select from booked group by transaction_id having sum(amount) <> 0) then
        raise exception 'the legs of a ledger transaction do not sum to zero' using errcode = 'check_violation', table = 'entry';
    end if;
    return null;
end $$;

create function entry_never_changes() returns trigger language plpgsql as $$
begin
    raise exception 'entries are never changed or deleted' using errcode = 'insufficient_privilege', table = 'entry';
end $$;

create trigger entry_balanced after insert on entry
    referencing new table as booked for each statement execute function entry_legs_sum_to_zero();
create trigger entry_kept before update or delete on entry for each row execute function entry_never_changes();
create trigger entry_not_emptied before truncate on entry for each statement execute function entry_never_changes();

-- Gives a partition its index, and the triggers that a partitioned table does not hand down.
create function entry_partition_guard(part regclass) returns void language plpgsql as $$
begin
    execute format('create unique index on %s (account_id, version, leg) where version is not null', part);
    execute format('create trigger entry_balanced after insert on %s referencing new table as booked '
                   'for each statement execute function entry_legs_sum_to_zero()', part);
    execute format('create trigger entry_not_emptied before truncate on %s '
                   'for each statement execute function entry_never_changes()', part);
end $$;

-- Makes the partitions of the month before `at`, of its own, and of `ahead` months after it; returns how many were missing. It runs
-- with the owner's rights, so that the service needs none. A month whose rows already lie in the default partition stays there.
create function make_entry_partitions(at timestamptz, ahead integer) returns integer
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    starts date;
    part   text;
    made   integer := 0;
begin
    perform pg_advisory_xact_lock(hashtext('make_entry_partitions'));
    for step in -1 .. least(ahead, 120) loop
        starts := (date_trunc('month', at at time zone 'UTC') + make_interval(months => step))::date;
        part := format('public.%I', 'entry_' || to_char(starts, 'YYYY_MM'));
        continue when to_regclass(part) is not null;
        begin
            execute format('create table %s (like public.entry including defaults including constraints)', part);
            execute format('alter table public.entry attach partition %s for values from (%L) to (%L)', part,
                           starts::timestamp at time zone 'UTC', (starts + interval '1 month')::timestamp at time zone 'UTC');
            perform public.entry_partition_guard(part::regclass);
            made := made + 1;
        exception when check_violation then
            null;
        end;
    end loop;
    return made;
end $$;
revoke all on function make_entry_partitions(timestamptz, integer) from public;

create table entry_default partition of entry default;
select entry_partition_guard('entry_default');
select make_entry_partitions(now(), 12);
