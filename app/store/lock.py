"""One till for one data directory: an operating-system lock that dies with its process."""

import os
import sys
from pathlib import Path
from typing import IO

from app.errors import Message, StoreError

if sys.platform == "win32":
    import msvcrt

    def _take(file: IO[str]) -> None:
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _take(file: IO[str]) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


class InstanceLock:
    """Holds `till.lock`; a lock file left behind by a crash is simply taken again."""

    def __init__(self, directory: Path) -> None:
        """Take the lock, or raise StoreError where another till runs on `directory`."""
        path = directory / "till.lock"
        self._file = os.fdopen(os.open(path, os.O_CREAT | os.O_RDWR, 0o600), "r+")
        try:
            _take(self._file)
        except OSError as error:
            holder = self._file.read(20).strip()
            self._file.close()
            raise StoreError(
                Message("This till is running already"),
                Message(
                    "Process {holder} uses {directory}.",
                    holder=holder or "unknown",
                    directory=directory,
                ),
                action=Message("Use the window that is open, or close it first."),
            ) from error
        self._file.seek(0)
        self._file.truncate()
        self._file.write(f"{os.getpid()}\n")
        self._file.flush()

    def release(self) -> None:
        """Give the lock back; the file stays, which harms nobody."""
        self._file.close()


def is_running(directory: Path) -> bool:
    """Say whether a till holds the lock of `directory` now."""
    if not (directory / "till.lock").exists():
        return False
    try:
        InstanceLock(directory).release()
    except StoreError:
        return True
    return False
