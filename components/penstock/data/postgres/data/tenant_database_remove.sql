-- Drops the database of a tenant that has one of its own; tenant_remove.sql follows. Run as often as wanted, by the
-- administrator of the tenants, with psql, in the database of the tenants.
--
-- Variables: schema (t_acme), which is the name of the database, too.
\set ON_ERROR_STOP on
\set QUIET on
\pset format unaligned
\pset tuples_only on
\set owner :schema _owner
SET client_min_messages = warning;
SELECT pg_advisory_lock(hashtext('penstock.tenants')) \g /dev/null
SELECT format('GRANT %I TO CURRENT_USER', :'owner')
 WHERE EXISTS (SELECT FROM pg_roles WHERE rolname = :'owner') \gexec
SELECT 'erased the database ' || datname || ': ' || pg_size_pretty(pg_database_size(datname))
  FROM pg_database WHERE datname = :'schema';
SELECT format('DROP DATABASE %I WITH (FORCE)', datname) FROM pg_database WHERE datname = :'schema' \gexec
