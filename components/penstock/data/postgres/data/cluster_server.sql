-- Run once, by the operator, as superuser in the database "postgres" of a new cluster.
-- Variables: admin, the role that owns the database of the tenants.

-- Login roles of tenants are members of this group. pg_hba keeps it out of all databases that are not theirs.
CREATE ROLE tenants NOLOGIN;
ALTER ROLE :"admin" CREATEROLE CREATEDB;
GRANT tenants TO :"admin" WITH ADMIN OPTION;
-- A tenant that is removed may still be connected.
GRANT pg_signal_backend TO :"admin";
