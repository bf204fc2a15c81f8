-- What became of each event, kept for ever: it is why an event counts once.
create table inbox (
    key bytea primary key check (octet_length(key) = 16), -- SHA-256(source, 0x00, event id), its first 16 bytes
    decided_at timestamptz not null,
    verdict text collate "C" not null check (
        verdict in ('granted', 'nothing-earned', 'reversed', 'applied', 'waiting', 'refused', 'duplicate', 'stale', 'dead-lettered')
    ),
    reason text collate "C"
);

-- A verdict may be replaced (dead-lettered by what a redrive found, waiting by what came of it) and never removed.
grant select, insert, update on inbox to loyalty_app;
grant select on inbox to verify;
