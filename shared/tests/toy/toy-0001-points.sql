-- What the toy handler remembers: how often each holder's events counted.
create table toy (holder text primary key, points integer not null, check (points < 1000));

grant select, insert, update on toy to shared_app;
