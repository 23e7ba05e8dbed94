-- Makes a materialised view, or makes it anew where its query has changed. Run as often as wanted, by the administrator
-- of the tenants, with psql, in the database of the tenants.
--
-- Variables: schema, view, digest (of query and key). Environment: QUERY, KEY (its columns, quoted), READERS (names of
-- roles with commas, or nothing).
\set ON_ERROR_STOP on
\set QUIET on
\getenv query QUERY
\getenv key KEY
\getenv readers READERS
SET client_min_messages = warning;
BEGIN;
SELECT pg_advisory_xact_lock(hashtext('penstock.cache')) \g /dev/null
CREATE SCHEMA IF NOT EXISTS :"schema";
CREATE TABLE IF NOT EXISTS :"schema".refreshed (
  view text PRIMARY KEY,
  digest text NOT NULL,
  at timestamptz NOT NULL DEFAULT clock_timestamp()
);
SELECT NOT EXISTS (
         SELECT FROM pg_matviews JOIN :"schema".refreshed AS known ON known.view = matviewname
          WHERE schemaname = :'schema' AND matviewname = :'view' AND digest = :'digest'
       ) AS changed \gset
\if :changed
  DROP MATERIALIZED VIEW IF EXISTS :"schema".:"view";
  CREATE MATERIALIZED VIEW :"schema".:"view" AS :query;
  -- Without it a refresh would keep readers out.
  CREATE UNIQUE INDEX ON :"schema".:"view" (:key);
  INSERT INTO :"schema".refreshed (view, digest) VALUES (:'view', :'digest')
    ON CONFLICT (view) DO UPDATE SET digest = excluded.digest, at = clock_timestamp();
\endif
SELECT format('GRANT USAGE ON SCHEMA %I TO %I', :'schema', role), format('GRANT SELECT ON %I.%I TO %I', :'schema', :'view', role)
  FROM regexp_split_to_table(:'readers', ',') AS role WHERE role <> '' \gexec
COMMIT;
\echo The view :schema.:view is there.
