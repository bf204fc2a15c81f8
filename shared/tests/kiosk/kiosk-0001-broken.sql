-- The kiosk's jobs fail while there is a row here, so that tests can see what happens then.
create table broken (why text primary key);
grant select, insert on broken to kiosk_app;
