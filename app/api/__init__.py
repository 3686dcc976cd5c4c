"""The private door: the local API, on this computer only and by token.

Importing this package loads no server: FastAPI alone takes longer than the window does, so it
waits until `PrivateDoor` is asked for.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from app.api.door import PrivateDoor

__all__ = ["PrivateDoor"]


def __getattr__(name: str) -> Any:
    if name == "PrivateDoor":
        from app.api.door import PrivateDoor

        return PrivateDoor
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
