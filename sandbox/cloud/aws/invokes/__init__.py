"""Data sources of Amazon Web Services: they look into the pretend cloud, or into its tables."""
