"""The real control plane, and what surrounds it."""
