"""A tenant's data: exported encrypted, then erased from Redis, Postgres and Qdrant, with a report of what is left."""
