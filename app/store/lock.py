"""One till for one data directory: an operating-system lock that dies with its process."""

import contextlib
import errno
import os
import sys
from pathlib import Path
from typing import Final

from app.errors import Message, StoreError
from app.store.connection import store_error

LOCK: Final = "till.lock"
_REFUSED: Final = frozenset({errno.EACCES, errno.EAGAIN, errno.EWOULDBLOCK, errno.EDEADLK})

if sys.platform == "win32":
    import msvcrt

    # Far behind the text: Windows lets nobody else read what is locked.
    _PLACE: Final = 1 << 30

    def take_lock(descriptor: int) -> None:
        """Lock an open file until it is closed. Raises OSError where another process holds it."""
        os.lseek(descriptor, _PLACE, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def take_lock(descriptor: int) -> None:
        """Lock an open file until it is closed. Raises OSError where another process holds it."""
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


class InstanceLock:
    """Holds `till.lock`; a lock file left behind by a crash is simply taken again.

    `was_left` says that the last holder did not let go of it in order: it died.
    """

    def __init__(self, directory: Path) -> None:
        """Take the lock, or raise StoreError where another till runs on `directory`."""
        path = directory / LOCK
        try:
            descriptor = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
        except OSError as error:
            raise store_error(error, path) from error
        try:
            take_lock(descriptor)
        except OSError as error:
            holder = _text(descriptor)
            os.close(descriptor)
            if error.errno not in _REFUSED:
                raise store_error(error, path) from error
            raise StoreError(
                Message("This till is running already"),
                Message(
                    "Process {holder} uses {directory}.",
                    holder=holder or "unknown",
                    directory=directory,
                ),
                action=Message("Use the window that is open, or close it first."),
            ) from error
        self._descriptor: int | None = descriptor
        self.was_left = bool(_text(descriptor))
        _write(descriptor, f"{os.getpid()}\n")

    def release(self, *, in_order: bool = True) -> None:
        """Give the lock back; the file stays, which harms nobody.

        Where the books could not even be opened, what a dead holder left is still to be seen.
        """
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is None:
            return
        if in_order or not self.was_left:
            _write(descriptor, "")
        os.close(descriptor)


def _text(descriptor: int) -> str:
    os.lseek(descriptor, 0, os.SEEK_SET)
    return os.read(descriptor, 20).decode("ascii", "replace").strip()


def _write(descriptor: int, text: str) -> None:
    # A full disk keeps nobody from holding the lock: the number in it is for people.
    with contextlib.suppress(OSError):
        os.ftruncate(descriptor, 0)
        os.lseek(descriptor, 0, os.SEEK_SET)
        os.write(descriptor, text.encode("ascii"))


def is_running(directory: Path) -> bool:
    """Say whether a till holds the lock of `directory` now."""
    if not (directory / LOCK).exists():
        return False
    descriptor = os.open(directory / LOCK, os.O_RDWR)
    try:
        take_lock(descriptor)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False
