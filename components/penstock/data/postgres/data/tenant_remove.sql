-- Erases a tenant's schema and roles with everything in them, and says what that was. Run as often as wanted, by the
-- administrator of the tenants, with psql, in the database of the tenants.
--
-- Variables: schema (t_acme). Fails where anything is left.
\set ON_ERROR_STOP on
\set QUIET on
\pset format unaligned
\pset tuples_only on
\set owner :schema _owner
SET client_min_messages = warning;
SELECT set_config('penstock.schema', :'schema', false), set_config('penstock.owner', :'owner', false) \g /dev/null

CREATE TEMPORARY VIEW tenant_roles AS
  SELECT oid, rolname FROM pg_roles
   WHERE rolname IN (SELECT current_setting('penstock.schema') || suffix
                       FROM unnest(ARRAY['_owner', '_ro', '_0', '_1']) AS suffix);

-- Nobody comes in again, and whoever is in is put out.
SELECT format('ALTER ROLE %I NOLOGIN', rolname) FROM tenant_roles \gexec
SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity
 WHERE usename IN (SELECT rolname FROM tenant_roles) \g /dev/null

BEGIN;
SELECT pg_advisory_xact_lock(hashtext('penstock.tenants')) \g /dev/null
SELECT format('GRANT %I TO CURRENT_USER', rolname) FROM tenant_roles \gexec

-- What is erased, counted before it is.
SELECT format('SELECT %L || count(*) || %L FROM %I.%I', 'erased ' || relname || ': ', ' rows', nspname, relname)
  FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
 WHERE nspname = :'schema' AND relkind IN ('r', 'p', 'm') AND NOT relispartition
 ORDER BY relname \gexec

SELECT format('DROP OWNED BY %I CASCADE', rolname) FROM tenant_roles \gexec
SELECT format('DROP SCHEMA %I CASCADE', nspname) FROM pg_namespace
 WHERE nspname = :'schema' AND pg_get_userbyid(nspowner) = :'owner' \gexec
SELECT format('DROP ROLE %I', rolname) FROM tenant_roles ORDER BY rolname DESC \gexec
COMMIT;

DO $$
BEGIN
  IF EXISTS (SELECT FROM tenant_roles)
     OR EXISTS (SELECT FROM pg_namespace WHERE nspname = current_setting('penstock.schema')) THEN
    RAISE EXCEPTION 'Something of % is left. Look at pg_shdepend for what its roles still own.',
      current_setting('penstock.schema');
  END IF;
END $$;
\echo Nothing of :schema is left in :DBNAME.
