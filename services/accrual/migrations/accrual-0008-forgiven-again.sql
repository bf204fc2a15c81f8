-- Below 0: what a correction gives more was had before, so that so much of what was forgiven no longer is.
set local lock_timeout = '2s';

alter table reversal drop constraint reversal_forgiven_check;
alter table reversal add constraint reversal_forgiven_check check (forgiven >= 0 or kind = 'correction');
