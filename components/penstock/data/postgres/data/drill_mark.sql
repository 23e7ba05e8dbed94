-- Before a recovery is tried out: leaves a mark in the live cluster, and gives the archive as long as it may take.
-- Run by the administrator of the tenants, with psql, in the database of the tenants. Variables: seconds, of waiting.
\set ON_ERROR_STOP on
\set QUIET on
SET client_min_messages = warning;
CREATE SCHEMA IF NOT EXISTS penstock;
CREATE TABLE IF NOT EXISTS penstock.marks (at timestamptz PRIMARY KEY DEFAULT now());
DELETE FROM penstock.marks WHERE at < now() - interval '90 days';
INSERT INTO penstock.marks DEFAULT VALUES;
SELECT pg_sleep(:seconds) \g /dev/null
\echo The mark has been there for :seconds seconds.
