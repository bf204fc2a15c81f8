-- What is to be sent: written with its cause, deleted when Kafka has it. Columns as Debezium's outbox router reads them, plus ours.
create table outbox (
    shard smallint not null, -- by the key's hash: one relay at a time per shard keeps the order per key
    sequence bigint generated always as identity,
    id text not null,
    aggregatetype text not null, -- the topic
    aggregateid bytea, -- the key
    type text not null,
    source text not null,
    time timestamptz,
    traceparent text,
    headers bytea, -- sent instead of the CloudEvents headers; only dead letters have it
    payload bytea,
    created_at timestamptz not null default now(),
    primary key (shard, sequence)
) with (
    toast_tuple_target = 8160, -- rows live for milliseconds: neither compress nor move them
    autovacuum_vacuum_scale_factor = 0,
    autovacuum_vacuum_threshold = 20000,
    autovacuum_vacuum_cost_delay = 0
);
alter table outbox alter column payload set storage external;

grant select, insert, delete on outbox to loyalty_app;
grant select on outbox to verify;
