"""The pure parts of the sandbox cluster, and those that need no control plane."""
