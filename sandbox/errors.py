"""What the sandbox says when it cannot go on."""


class SandboxError(Exception):
    """A message for the user: full sentences that say what is wrong and what to do."""
