"""Measures what Penstock adds to the bare engine."""
