"""The private door: the local API, on this computer only and by token."""

from app.api.door import PrivateDoor

__all__ = ["PrivateDoor"]
