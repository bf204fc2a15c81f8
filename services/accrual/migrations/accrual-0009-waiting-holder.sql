-- Whoever a return by the number on a receipt names: only their purchases may answer it. Known while it waits, and gone with its verdict.
set local lock_timeout = '2s';

alter table waiting add column holder text, add check (holder is null or resolved_at is null);

grant update (holder) on waiting to accrual_app;
