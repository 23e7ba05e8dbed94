"""From what Pulumi writes to a bill that people and tools read, and what a change costs."""
