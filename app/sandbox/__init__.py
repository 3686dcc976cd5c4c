"""A payment provider to practise on: the same API, a real pay page, no real money.

A server of its own with its own books. It imports nothing else of `app`, and importing this
package loads no server: that waits until `SandboxServer` is asked for.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from app.sandbox.server import SandboxServer

__all__ = ["SANDBOX_KEY", "SandboxServer"]

SANDBOX_KEY = "sk_test_scantill_sandbox"


def __getattr__(name: str) -> Any:
    if name == "SandboxServer":
        from app.sandbox.server import SandboxServer

        return SandboxServer
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
