-- Where each partition is read to. This row, and not Kafka, says what has been counted; its lock lets one owner in at a time.
create table consumer_offset (
    incarnation text collate "C" not null, -- the broker's cluster id; a memory-only broker has a new one at each start
    topic text collate "C" not null,
    partition integer not null,
    first bigint not null, -- the first offset that was read
    next bigint not null, -- the offset to read next: compared and set by every batch
    granted bigint not null default 0,
    nothing_earned bigint not null default 0,
    reversed bigint not null default 0,
    applied bigint not null default 0,
    waiting bigint not null default 0,
    refused bigint not null default 0,
    duplicate bigint not null default 0,
    stale bigint not null default 0,
    dead_lettered bigint not null default 0,
    gaps bigint not null default 0, -- offsets the broker never handed out, less those read again after it lost its tail
    recent_dead bigint [] not null default '{}', -- offsets dead-lettered among the last 10,000: the breaker's memory
    dead_in_a_row integer not null default 0,
    paused_at timestamptz,
    pause_reason text,
    updated_at timestamptz not null,
    primary key (incarnation, topic, partition),
    constraint paused_with_reason check ((paused_at is null) = (pause_reason is null)),
    constraint every_record_has_one_verdict check (
        next - first
        = granted + nothing_earned + reversed + applied + waiting + refused + duplicate + stale + dead_lettered + gaps
    )
) with (fillfactor = 20); -- updated by every batch, so it keeps room in its own page

grant select, insert, update on consumer_offset to loyalty_app;
grant select on consumer_offset to verify;
