-- Who may do what. The service adds rows; of a row that exists it may change only the columns listed here, and delete only links.
set local lock_timeout = '2s';

grant select, insert on
    programme_version, programme_merchant, identifier, account, holder, counter, entry, lot,
    anchor, purchase, activity, refusal, discrepancy
to accrual_app;

grant update (key) on anchor to accrual_app; -- only to lock it
grant update (member_id, link_version) on identifier to accrual_app;
grant update (account_id) on holder to accrual_app;
grant update (version, pending, available, held, debt, purchases, moved_to, hash) on account to accrual_app;
grant update (value) on counter to accrual_app;
grant update (account_id, remaining, state) on lot to accrual_app;
grant delete on identifier, holder to accrual_app;
grant execute on function make_entry_partitions(timestamptz, integer) to accrual_app;

grant select on all tables in schema public to verify;
alter default privileges in schema public grant select on tables to verify;
