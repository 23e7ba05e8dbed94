-- Refreshes the materialised views while they are read. Run by the administrator of the tenants, with psql, in the
-- database of the tenants. Variables: schema. One that cannot be refreshed does not keep the others; then this fails.
\set QUIET on
\pset format unaligned
\pset tuples_only on
SET client_min_messages = warning;
SELECT clock_timestamp() AS began \gset
SELECT set_config('penstock.schema', :'schema', false), set_config('penstock.began', :'began', false) \g /dev/null
-- Each with its mark in one transaction: what is marked was refreshed.
SELECT format('REFRESH MATERIALIZED VIEW CONCURRENTLY %1$I.%2$I; UPDATE %1$I.refreshed SET at = clock_timestamp() '
              'WHERE view = %2$L', schemaname, matviewname)
  FROM pg_matviews WHERE schemaname = :'schema' ORDER BY matviewname \gexec
\set ON_ERROR_STOP on
SELECT format('SELECT %L || count(*) || %L || view || %L FROM %I.refreshed WHERE at >= %L GROUP BY view',
              'refreshed ', ' view: ', '', :'schema', :'began') \gexec
DO $$
DECLARE
  stale text;
BEGIN
  EXECUTE format('SELECT string_agg(view, '', '') FROM %I.refreshed WHERE at < %L AND view IN '
                 '(SELECT matviewname FROM pg_matviews WHERE schemaname = %L)',
                 current_setting('penstock.schema'), current_setting('penstock.began'),
                 current_setting('penstock.schema')) INTO stale;
  IF stale IS NOT NULL THEN
    RAISE EXCEPTION 'These views could not be refreshed: %. What was wrong stands above.', stale;
  END IF;
END $$;
