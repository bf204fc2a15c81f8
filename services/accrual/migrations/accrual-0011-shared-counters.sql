-- What is counted for all accounts together (budgets, uses of coupons, stock), codes of coupons, and what rules may ask about a member.
set local lock_timeout = '2s';

-- Whoever changes one holds its row's lock: taken last, after accounts, sorted.
create table shared_counter (
    programme text collate "C" not null,
    rule      text collate "C" not null,
    period    text collate "C" not null,
    value     bigint not null default 0 check (value >= 0),
    primary key (programme, rule, period)
) with (fillfactor = 50); -- a few hot rows, each changed in its own page

-- Each change of such a counter, by what holds it: a purchase, a deed. The changes of a counter add up to its value.
create table shared_use (
    cause_key  bytea not null,
    event_key  bytea not null, -- the event that made the change: a return gives back what a purchase used
    amount     bigint not null check (amount <> 0),
    programme  text collate "C" not null,
    rule       text collate "C" not null,
    period     text collate "C" not null
);
create index shared_use_of_cause on shared_use (cause_key);

-- Codes issued one by one; which were used is counted in shared_counter, as for coupons that everybody has the code of.
create table coupon_code (
    programme   text collate "C" not null,
    code        text collate "C" not null, -- capital letters and digits
    coupon      text collate "C" not null, -- its id in the document
    holder      text collate "C",          -- for whom, where it is personal
    issued_at   timestamptz not null,
    valid_until timestamptz,               -- the first moment at which it can no longer be used
    primary key (programme, code)
);

-- When a member entered and left which segment. All of it is kept: a purchase told late sees the segments of its own time.
create table segment_change (
    holder     text collate "C" not null,
    segment    text collate "C" not null,
    version    bigint not null check (version >= 1), -- rises per member and segment
    entered    boolean not null,
    changed_at timestamptz not null,
    primary key (holder, segment, version)
);

alter table account
    add column registered_at timestamptz, -- when its member joined the programme, once that is known
    add column seed bytea;                -- of choices that look like chance; the account's own id where none is set

grant select, insert on shared_counter, shared_use, coupon_code, segment_change to accrual_app;
grant update (value) on shared_counter to accrual_app;
grant update (registered_at, seed) on account to accrual_app;
grant update (holder) on coupon_code to accrual_app;
grant delete on segment_change to accrual_app; -- of a person who wants to be forgotten
