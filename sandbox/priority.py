"""What plays machines and keeps their time goes before what else this machine does, where this user may ask for that.

On its own machines a control plane waits for nobody, and a rehearsal in which it waits for a compiler measures that.
Linux shares processors among sessions first, then by niceness within each (man 7 sched, "The autogroup feature").
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Final

NICENESS: Final = -10
SHELL: Final = f"{{ renice -n {NICENESS} -p $$; echo {NICENESS} >/proc/$$/autogroup; }} >/dev/null 2>&1"
"""Has a shell and its session go first, or changes nothing."""


def go_first() -> None:
    """Have this process and its session go first, or change nothing."""
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, NICENESS)
    with contextlib.suppress(OSError):
        Path("/proc/self/autogroup").write_text(str(NICENESS))
