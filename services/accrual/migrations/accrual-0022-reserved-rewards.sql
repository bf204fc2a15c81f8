-- Holds that reserve rewards, perhaps without any points; and all that is put aside for one receipt, found by the receipt.
set local lock_timeout = '2s';

alter table hold drop constraint hold_points_check;
alter table hold add constraint hold_points_check check (points between 0 and 1000000000000000);
alter table hold add column entitlements uuid[] not null default '{}'; -- reserved with the points
alter table hold add column entitlements_used boolean not null default false; -- they were used with the points, each as far as it was still to be had
alter table hold add check (not entitlements_used or (entitlements <> '{}' and state in ('captured', 'expired')));
alter table hold add check (state <> 'captured' or entitlements_used or entitlements = '{}');
create index hold_for_purchase on hold (purchase_key);

grant update (entitlements_used) on hold to accrual_app;
