-- How schemas are made again: a row for each object, with a key, other keys by which PostgreSQL's catalogue of
-- dependencies may name it, a phase (0: before rows, 1: after them, 2: after all keys, indexes and views), and SQL.
-- What belongs to an extension is left out: the extension brings it. search_path has to be empty, so that all names
-- come out with their schemas.
--
-- Parameter: schemas, their oids.
WITH spaces AS (SELECT oid, nspname FROM pg_namespace WHERE oid = ANY(%(schemas)s::oid[])),
of_extensions AS (SELECT classid, objid FROM pg_depend WHERE deptype = 'e'),
relations AS (
  SELECT c.*, format('%%I.%%I', s.nspname, c.relname) AS name
    FROM pg_class c JOIN spaces s ON s.oid = c.relnamespace
   WHERE (1259, c.oid) NOT IN (SELECT classid, objid FROM of_extensions)
),
columns AS (
  SELECT a.attrelid, a.attnum, a.attname,
         format('%%I %%s', a.attname, format_type(a.atttypid, a.atttypmod))
         || CASE WHEN a.attcollation <> t.typcollation AND a.attcollation <> 0
                 THEN format(' COLLATE %%I.%%I', cs.nspname, co.collname) ELSE '' END
         || CASE WHEN a.attgenerated <> ''
                 THEN format(' GENERATED ALWAYS AS (%%s)%%s', pg_get_expr(d.adbin, d.adrelid),
                             CASE a.attgenerated WHEN 's' THEN ' STORED' END) ELSE '' END
         || CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END AS definition,
         a.attislocal, a.attidentity, a.attgenerated, d.oid AS default_oid, pg_get_expr(d.adbin, d.adrelid) AS value
    FROM pg_attribute a
    JOIN relations r ON r.oid = a.attrelid AND r.relkind IN ('r', 'p', 'c')
    JOIN pg_type t ON t.oid = a.atttypid
    LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    LEFT JOIN pg_collation co ON co.oid = a.attcollation
    LEFT JOIN pg_namespace cs ON cs.oid = co.collnamespace
   WHERE a.attnum > 0 AND NOT a.attisdropped
),
listed AS (
  SELECT attrelid, string_agg('  ' || definition, E',\n' ORDER BY attnum) AS every,
         string_agg('  ' || definition, E',\n' ORDER BY attnum) FILTER (WHERE attislocal) AS own
    FROM columns GROUP BY attrelid
),
parents AS (
  SELECT i.inhrelid, string_agg(i.inhparent::regclass::text, ', ' ORDER BY i.inhseqno) AS names
    FROM pg_inherits i GROUP BY i.inhrelid
),
sequences AS (
  SELECT r.oid, r.name, q.*, d.refobjid, d.refobjsubid, d.deptype,
         format('START WITH %%s INCREMENT BY %%s MINVALUE %%s MAXVALUE %%s CACHE %%s%%s', q.seqstart, q.seqincrement,
                q.seqmin, q.seqmax, q.seqcache, CASE WHEN q.seqcycle THEN ' CYCLE' ELSE '' END) AS options
    FROM relations r JOIN pg_sequence q ON q.seqrelid = r.oid
    LEFT JOIN pg_depend d ON d.classid = 1259 AND d.objid = r.oid AND d.refclassid = 1259 AND d.deptype IN ('a', 'i')
)
SELECT 'pg_namespace:' || oid AS key, '{}'::text[] AS aliases, 0 AS phase,
       format('CREATE SCHEMA IF NOT EXISTS %%I;', nspname) AS statement
  FROM spaces
UNION ALL
SELECT 'pg_extension:' || e.oid, '{}', 0,
       format('CREATE EXTENSION IF NOT EXISTS %%I;', e.extname)
  FROM pg_extension e WHERE e.extname <> 'plpgsql'
UNION ALL
SELECT 'pg_type:' || t.oid, ARRAY['pg_type:' || t.typarray]
       || ARRAY(SELECT 'pg_constraint:' || c.oid FROM pg_constraint c WHERE c.contypid = t.oid), 0,
       CASE t.typtype
         WHEN 'e' THEN format('CREATE TYPE %%I.%%I AS ENUM (%%s);', s.nspname, t.typname,
           (SELECT string_agg(quote_literal(enumlabel), ', ' ORDER BY enumsortorder) FROM pg_enum WHERE enumtypid = t.oid))
         WHEN 'd' THEN format('CREATE DOMAIN %%I.%%I AS %%s%%s%%s%%s;', s.nspname, t.typname,
           format_type(t.typbasetype, t.typtypmod), ' DEFAULT ' || t.typdefault,
           CASE WHEN t.typnotnull THEN ' NOT NULL' ELSE '' END,
           (SELECT string_agg(format(' CONSTRAINT %%I %%s', conname, pg_get_constraintdef(oid)), '' ORDER BY oid)
              FROM pg_constraint WHERE contypid = t.oid AND contype = 'c'))
         ELSE format('CREATE TYPE %%I.%%I AS RANGE (SUBTYPE = %%s);', s.nspname, t.typname,
           (SELECT format_type(rngsubtype, NULL) FROM pg_range WHERE rngtypid = t.oid)) END
  FROM pg_type t JOIN spaces s ON s.oid = t.typnamespace
 WHERE t.typtype IN ('e', 'd', 'r') AND (1247, t.oid) NOT IN (SELECT classid, objid FROM of_extensions)
UNION ALL
SELECT 'pg_class:' || r.oid, ARRAY['pg_type:' || r.reltype, 'pg_type:' || coalesce(t.typarray, 0)], 0,
       format('CREATE TYPE %%s AS (%%s);', r.name, E'\n' || l.every || E'\n')
  FROM relations r LEFT JOIN listed l ON l.attrelid = r.oid LEFT JOIN pg_type t ON t.oid = r.reltype
 WHERE r.relkind = 'c'
UNION ALL
SELECT 'pg_class:' || r.oid, ARRAY['pg_type:' || r.reltype, 'pg_type:' || coalesce(t.typarray, 0)]
       || ARRAY(SELECT 'pg_attrdef:' || default_oid FROM columns WHERE attrelid = r.oid AND attgenerated <> ''), 0,
       format('CREATE %%sTABLE %%s (%%s)%%s%%s%%s;%%s', CASE r.relpersistence WHEN 'u' THEN 'UNLOGGED ' ELSE '' END, r.name,
         E'\n' || CASE WHEN r.relispartition OR p.names IS NULL THEN l.every ELSE l.own END || E'\n',
         CASE WHEN NOT r.relispartition THEN ' INHERITS (' || p.names || ')' END,
         ' PARTITION BY ' || CASE WHEN r.relkind = 'p' THEN pg_get_partkeydef(r.oid) END,
         ' WITH (' || array_to_string(r.reloptions, ', ') || ')',
         CASE WHEN r.relispartition THEN format(E'\nALTER TABLE %%s ATTACH PARTITION %%s %%s;', p.names, r.name,
           pg_get_expr(r.relpartbound, r.oid)) END)
  FROM relations r LEFT JOIN listed l ON l.attrelid = r.oid LEFT JOIN parents p ON p.inhrelid = r.oid
  LEFT JOIN pg_type t ON t.oid = r.reltype
 WHERE r.relkind IN ('r', 'p')
UNION ALL
SELECT 'pg_class:' || oid, '{}', 0, format('CREATE SEQUENCE %%s AS %%s %%s;', name, format_type(seqtypid, NULL), options)
  FROM sequences WHERE deptype IS DISTINCT FROM 'i'
UNION ALL
SELECT 'owned:' || q.oid, '{}', 0, format('ALTER SEQUENCE %%s OWNED BY %%s.%%I;', q.name, r.name, a.attname)
  FROM sequences q JOIN relations r ON r.oid = q.refobjid
  JOIN pg_attribute a ON a.attrelid = q.refobjid AND a.attnum = q.refobjsubid
 WHERE q.deptype = 'a'
UNION ALL
SELECT 'pg_class:' || q.oid, '{}', 0, format('ALTER TABLE %%s ALTER COLUMN %%I ADD GENERATED %%s AS IDENTITY (SEQUENCE NAME %%s %%s);',
       r.name, a.attname, CASE a.attidentity WHEN 'a' THEN 'ALWAYS' ELSE 'BY DEFAULT' END, q.name, q.options)
  FROM sequences q JOIN relations r ON r.oid = q.refobjid
  JOIN pg_attribute a ON a.attrelid = q.refobjid AND a.attnum = q.refobjsubid
 WHERE q.deptype = 'i'
UNION ALL
SELECT 'pg_attrdef:' || c.default_oid, '{}', 0,
       format('ALTER TABLE ONLY %%s ALTER COLUMN %%I SET DEFAULT %%s;', r.name, c.attname, c.value)
  FROM columns c JOIN relations r ON r.oid = c.attrelid
 WHERE c.default_oid IS NOT NULL AND c.attgenerated = ''
UNION ALL
SELECT 'pg_proc:' || p.oid, '{}', 0, pg_get_functiondef(p.oid) || ';'
  FROM pg_proc p JOIN spaces s ON s.oid = p.pronamespace
 WHERE p.prokind IN ('f', 'p', 'w') AND (1255, p.oid) NOT IN (SELECT classid, objid FROM of_extensions)
   AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 1255 AND d.objid = p.oid AND d.deptype = 'i')
UNION ALL
SELECT 'value:' || oid, ARRAY[]::text[], 1, format('SELECT pg_catalog.setval(%%L, %%s, true);', name, pg_sequence_last_value(oid))
  FROM sequences WHERE pg_sequence_last_value(oid) IS NOT NULL
UNION ALL
SELECT 'pg_constraint:' || c.oid, ARRAY['pg_class:' || CASE WHEN c.contype IN ('p', 'u', 'x') THEN c.conindid ELSE 0 END],
       CASE WHEN c.contype = 'f' THEN 2 ELSE 1 END,
       format('ALTER TABLE %%s ADD CONSTRAINT %%I %%s;', r.name, c.conname, pg_get_constraintdef(c.oid))
  FROM pg_constraint c JOIN relations r ON r.oid = c.conrelid
 WHERE c.contype IN ('c', 'p', 'u', 'x', 'f') AND c.conislocal AND c.conparentid = 0
UNION ALL
SELECT 'pg_class:' || r.oid, '{}', 1, pg_get_indexdef(r.oid) || ';'
       || CASE WHEN r.relispartition THEN format(E'\nALTER INDEX %%s ATTACH PARTITION %%s;', p.names, r.name) ELSE '' END
  FROM relations r JOIN pg_index i ON i.indexrelid = r.oid LEFT JOIN parents p ON p.inhrelid = r.oid
 WHERE r.relkind IN ('i', 'I')
   AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = r.oid AND c.contype IN ('p', 'u', 'x'))
UNION ALL
SELECT 'pg_class:' || r.oid, ARRAY['pg_type:' || r.reltype]
       || ARRAY(SELECT 'pg_rewrite:' || w.oid FROM pg_rewrite w WHERE w.ev_class = r.oid AND w.rulename = '_RETURN'), 1,
       format('CREATE %%sVIEW %%s%%s AS %%s', CASE r.relkind WHEN 'm' THEN 'MATERIALIZED ' ELSE '' END, r.name,
         ' WITH (' || array_to_string(r.reloptions, ', ') || ')', pg_get_viewdef(r.oid))
  FROM relations r WHERE r.relkind IN ('v', 'm')
UNION ALL
SELECT 'pg_statistic_ext:' || x.oid, '{}', 1, pg_get_statisticsobjdef(x.oid) || ';'
  FROM pg_statistic_ext x JOIN relations r ON r.oid = x.stxrelid
UNION ALL
SELECT 'pg_rewrite:' || w.oid, '{}', 2, pg_get_ruledef(w.oid)
  FROM pg_rewrite w JOIN relations r ON r.oid = w.ev_class WHERE w.rulename <> '_RETURN'
UNION ALL
SELECT 'pg_trigger:' || t.oid, '{}', 2, pg_get_triggerdef(t.oid) || ';'
       || CASE WHEN t.tgenabled = 'D' THEN format(E'\nALTER TABLE %%s DISABLE TRIGGER %%I;', r.name, t.tgname) ELSE '' END
  FROM pg_trigger t JOIN relations r ON r.oid = t.tgrelid WHERE NOT t.tgisinternal AND t.tgparentid = 0
UNION ALL
SELECT 'pg_policy:' || y.oid, '{}', 2, format('CREATE POLICY %%I ON %%s AS %%s FOR %%s TO %%s%%s%%s;', y.polname, r.name,
       CASE WHEN y.polpermissive THEN 'PERMISSIVE' ELSE 'RESTRICTIVE' END,
       CASE y.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE' ELSE 'ALL' END,
       (SELECT string_agg(CASE role WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(role)) END, ', ')
          FROM unnest(y.polroles) AS role),
       ' USING (' || pg_get_expr(y.polqual, y.polrelid) || ')',
       ' WITH CHECK (' || pg_get_expr(y.polwithcheck, y.polrelid) || ')')
  FROM pg_policy y JOIN relations r ON r.oid = y.polrelid
UNION ALL
SELECT 'security:' || r.oid, '{}', 2, format('ALTER TABLE %%s ENABLE ROW LEVEL SECURITY;', r.name)
       || CASE WHEN r.relforcerowsecurity THEN format(E'\nALTER TABLE %%s FORCE ROW LEVEL SECURITY;', r.name) ELSE '' END
  FROM relations r WHERE r.relrowsecurity
UNION ALL
SELECT 'comment:' || d.objoid || ':' || d.objsubid, '{}', 2,
       CASE WHEN d.objsubid = 0
            THEN format('COMMENT ON %%s %%s IS %%L;', CASE r.relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW'
                        WHEN 'S' THEN 'SEQUENCE' WHEN 'i' THEN 'INDEX' WHEN 'c' THEN 'TYPE' ELSE 'TABLE' END, r.name, d.description)
            ELSE format('COMMENT ON COLUMN %%s.%%I IS %%L;', r.name, a.attname, d.description) END
  FROM pg_description d JOIN relations r ON r.oid = d.objoid AND d.classoid = 1259
  LEFT JOIN pg_attribute a ON a.attrelid = d.objoid AND a.attnum = d.objsubid
ORDER BY 3, 1
