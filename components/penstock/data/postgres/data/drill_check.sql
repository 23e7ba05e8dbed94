-- Asks a cluster that was recovered from a backup whether it is what it should be. Run by the administrator of the
-- tenants, with psql, in the database of the tenants. Variables: seconds, in which the mark was made.
\set ON_ERROR_STOP on
\set QUIET on
\pset format unaligned
\pset tuples_only on
SELECT set_config('penstock.seconds', :'seconds', false) \g /dev/null
DO $$
DECLARE
  newest timestamptz := (SELECT max(at) FROM penstock.marks);
  lost text;
BEGIN
  IF newest IS NULL OR newest < now() - make_interval(secs => current_setting('penstock.seconds')::int) THEN
    RAISE EXCEPTION 'The newest mark is of %: what was written after it was not archived in time.', newest;
  END IF;
  IF NOT EXISTS (SELECT FROM pg_extension WHERE extname = 'vector') THEN
    RAISE EXCEPTION 'The extension vector is missing.';
  END IF;
  SELECT string_agg(nspname, ', ') INTO lost FROM pg_namespace
   WHERE nspname LIKE 't\_%' AND NOT EXISTS (SELECT FROM pg_roles WHERE rolname = nspname || '_owner');
  IF lost IS NOT NULL THEN
    RAISE EXCEPTION 'The schemas % have no owner.', lost;
  END IF;
END $$;
-- Every table of every tenant can be read.
SELECT format('GRANT %I TO CURRENT_USER', rolname) FROM pg_roles
 WHERE rolname LIKE 't\_%\_owner' AND EXISTS (SELECT FROM pg_namespace WHERE nspname || '_owner' = rolname) \gexec
SELECT format('SELECT FROM %I.%I LIMIT 1', nspname, relname)
  FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
 WHERE nspname LIKE 't\_%' AND relkind IN ('r', 'm') AND relispopulated \gexec
SELECT 'recovered: ' || count(*) || ' tables of tenants, the newest mark of ' || (SELECT max(at) FROM penstock.marks)
  FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
 WHERE nspname LIKE 't\_%' AND relkind IN ('r', 'm');
