-- Makes a tenant's schema and roles, or brings them to what is asked for. Run as often as wanted, by the administrator
-- of the tenants, with psql, in the database of the tenants. It also rotates passwords.
--
-- Variables: schema (t_acme), present and previous (the suffixes of the two login roles, 0 and 1), connections,
-- statement_timeout (ms). Environment: VERIFIER, the SCRAM verifier of the present password, and PREVIOUS_VERIFIER, of
-- the one before; empty: nobody logs in with that any more.
\set ON_ERROR_STOP on
\set QUIET on
\getenv verifier VERIFIER
\getenv previous_verifier PREVIOUS_VERIFIER
\set owner :schema _owner
\set reader :schema _ro
\set login :schema _ :present
\set other :schema _ :previous
SET client_min_messages = warning;

BEGIN;
-- Jobs of many tenants run at once, and PostgreSQL refuses concurrent changes of one role, as of the group.
SELECT pg_advisory_xact_lock(hashtext('penstock.tenants')) \g /dev/null

SELECT format('CREATE ROLE %I NOLOGIN', name)
  FROM unnest(ARRAY[:'owner', :'reader', :'login', :'other']) AS name
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) \gexec

-- The administrator acts for the owner while this runs, and not a moment longer.
GRANT :"owner" TO CURRENT_USER;
SELECT format('CREATE SCHEMA %I AUTHORIZATION %I', :'schema', :'owner')
 WHERE NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = :'schema') \gexec

SELECT set_config('penstock.schema', :'schema', true), set_config('penstock.owner', :'owner', true) \g /dev/null
DO $$
BEGIN
  IF (SELECT pg_get_userbyid(nspowner) FROM pg_namespace WHERE nspname = current_setting('penstock.schema'))
     <> current_setting('penstock.owner') THEN
    RAISE EXCEPTION 'The schema % belongs to somebody else. Rename it, or the tenant.',
      current_setting('penstock.schema');
  END IF;
END $$;

-- What either login role makes belongs to the owner, so that both reach it whichever is the present one.
GRANT :"owner" TO :"login", :"other";
GRANT tenants TO :"login", :"other";
SELECT format('ALTER ROLE %I SET role = %L', name, :'owner'),
       format('ALTER ROLE %I SET search_path = %I, public', name, :'schema'),
       format('ALTER ROLE %I SET statement_timeout = %L', name, :'statement_timeout'),
       format('ALTER ROLE %I SET idle_in_transaction_session_timeout = %L', name, '10min'),
       format('ALTER ROLE %I CONNECTION LIMIT %s', name, :'connections'::int)
  FROM unnest(ARRAY[:'login', :'other']) AS name \gexec

SET LOCAL ROLE :"owner";
GRANT USAGE ON SCHEMA :"schema" TO :"reader";
GRANT SELECT ON ALL TABLES IN SCHEMA :"schema" TO :"reader";
GRANT SELECT ON ALL SEQUENCES IN SCHEMA :"schema" TO :"reader";
ALTER DEFAULT PRIVILEGES IN SCHEMA :"schema" GRANT SELECT ON TABLES TO :"reader";
ALTER DEFAULT PRIVILEGES IN SCHEMA :"schema" GRANT SELECT ON SEQUENCES TO :"reader";
RESET ROLE;

ALTER ROLE :"login" LOGIN PASSWORD :'verifier';
SELECT CASE WHEN :'previous_verifier' = '' THEN format('ALTER ROLE %I NOLOGIN PASSWORD NULL', :'other')
            ELSE format('ALTER ROLE %I LOGIN PASSWORD %L', :'other', :'previous_verifier') END \gexec
REVOKE :"owner" FROM CURRENT_USER;
COMMIT;

-- Sessions of a password that is no longer valid end with it.
SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
 WHERE usename = :'other' AND :'previous_verifier' = '' \g /dev/null
\echo The tenant :schema is there.
