"""Tenants: who shares the cluster, what each may use, and what keeps them apart."""
