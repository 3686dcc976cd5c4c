"""The watch: asks providers about every session by which money can still come."""

from app.watch.watch import Pace, Watch

__all__ = ["Pace", "Watch"]
