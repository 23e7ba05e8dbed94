"""The Python language host of an engine that was built from source.

An official release of pulumi brings a program `pulumi-language-python`; a build from the Go module does not. This
package answers the same calls (`pulumirpc.LanguageRuntime`) with the stubs that the Python SDK carries. The
engine starts it through a launcher beside its own binary, with these arguments:

    EXECUTOR [flags] ENGINE_ADDRESS

It prints its port; what is printed after that line shows in the engine's log. It ends on SIGINT, SIGTERM or
`Cancel`, and when its standard input closes, which is how it learns that the engine was killed. What it started
ends with it.

It imports nothing of the sandbox: the engine waits for it to start.
"""

from __future__ import annotations

from .service import LanguageHost, serve

__all__ = ["LanguageHost", "serve"]
