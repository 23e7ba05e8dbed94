-- Run once, by the operator, as superuser in template1 of a new cluster: every database begins with this.

-- Only a superuser may install it, so tenants with a database of their own find it there.
CREATE EXTENSION IF NOT EXISTS vector;
-- Nobody makes anything outside of a schema of their own.
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO PUBLIC;
