-- What a service's roles may do with its database, before any table is there. Run each time; says the same each time.
grant {group} to {app};
revoke all on database {database} from public;
grant connect on database {database} to {app}, {verify};
