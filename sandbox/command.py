"""How the sandbox's commands end: whatever goes wrong is told in sentences."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

from sandbox.errors import SandboxError
from sandbox.progress import say


def told(command: Callable[[], int]) -> int:
    """Run a command and return its exit code: 1 where it fails, 130 where it is interrupted."""
    try:
        code = command()
        sys.stdout.flush()
        return code
    except SandboxError as error:
        say(str(error))
    except KeyboardInterrupt:
        say("Interrupted.")
        return 130
    except BrokenPipeError:
        # Whoever read this has enough of it, and Python is not to say so once more at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except Exception as error:
        if os.environ.get("PENSTOCK_DEBUG"):
            raise
        what = f"{type(error).__name__}: {error}"
        say(f"The sandbox itself failed: {what}. PENSTOCK_DEBUG=1 shows where; please report it.")
    return 1
