"""Kubernetes: an API server that records what it is given."""
