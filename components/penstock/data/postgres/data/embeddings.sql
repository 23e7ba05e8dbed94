-- An example for tenants: texts with embeddings, found by nearness. Run by a tenant, with psql, in its own schema.
-- Variables: size, of the vectors (384 as in the shared collection of Qdrant).
CREATE TABLE IF NOT EXISTS embeddings (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  source text NOT NULL,
  content text NOT NULL,
  embedding vector(:size) NOT NULL,
  made_at timestamptz NOT NULL DEFAULT now()
);
-- Cosine distance, as there. HNSW needs no data to begin with, and no retraining.
CREATE INDEX IF NOT EXISTS embeddings_by_nearness ON embeddings USING hnsw (embedding vector_cosine_ops);
CREATE INDEX IF NOT EXISTS embeddings_by_source ON embeddings (source);
