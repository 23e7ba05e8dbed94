-- Makes the database of a tenant that has one of its own; tenant_create.sql follows in it. Run as often as wanted, by
-- the administrator of the tenants, with psql, in the database of the tenants.
--
-- Variables: schema (t_acme), which is the name of the database, too.
\set ON_ERROR_STOP on
\set QUIET on
\set owner :schema _owner
SET client_min_messages = warning;
SELECT pg_advisory_lock(hashtext('penstock.tenants')) \g /dev/null
SELECT format('CREATE ROLE %I NOLOGIN', :'owner')
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'owner') \gexec
GRANT :"owner" TO CURRENT_USER;
SELECT format('CREATE DATABASE %I OWNER %I', :'schema', :'owner')
 WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'schema') \gexec
REVOKE ALL ON DATABASE :"schema" FROM PUBLIC;
GRANT CONNECT, TEMPORARY ON DATABASE :"schema" TO CURRENT_USER;
GRANT CONNECT ON DATABASE :"schema" TO pg_monitor;
REVOKE :"owner" FROM CURRENT_USER;
\echo The database :schema is there.
