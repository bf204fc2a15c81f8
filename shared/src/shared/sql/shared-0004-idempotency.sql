-- What an HTTP command was answered, kept for ever: the same key and payload get the same reply, and one effect.
create table idempotency (
    caller text collate "C" not null,
    route text collate "C" not null,
    key text collate "C" not null,
    payload_hash bytea not null check (octet_length(payload_hash) = 32), -- SHA-256
    status smallint not null check (status between 200 and 499),
    content_type text not null,
    body bytea not null,
    replied_at timestamptz not null,
    primary key (caller, route, key)
);

grant select, insert on idempotency to loyalty_app;
grant select on idempotency to verify;
