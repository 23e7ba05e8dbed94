-- Run once, by the operator, as superuser in the database of the tenants, which is new.
-- Variables: database, its name.

CREATE EXTENSION IF NOT EXISTS vector;
-- Nobody connects who is no tenant and no monitor.
REVOKE ALL ON DATABASE :"database" FROM PUBLIC;
GRANT CONNECT ON DATABASE :"database" TO pg_monitor, tenants;
