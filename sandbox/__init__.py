"""Everything needed to run the project without a cloud account."""

from sandbox.errors import SandboxError
from sandbox.workspace import Result, Sandbox

__all__ = ["Result", "Sandbox", "SandboxError"]
