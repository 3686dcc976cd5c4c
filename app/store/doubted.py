"""Books of which nobody knows what the disk has, because a sync has failed.

The system tells of a failed sync once. From then on what it had in memory passes for written: the
next sync succeeds without it, and a power cut takes it, with all that was built upon it. SQLite
syncs the file of the books only where it folds the whole of the WAL into it, and goes on from
where it had come, so that trying again does not bring back what an earlier part had written.
So every connection is closed with nothing folded, the WAL is written once more, byte for byte, and
folded from its beginning by a connection that is alone with the books. Only then they are opened.
"""

import os
import sqlite3
from pathlib import Path
from typing import Final

from app.store.connection import books_locked

_PIECE: Final = 1024 * 1024


def write_again(path: Path) -> None:
    """Bring a file to the disk by writing every byte of it over itself; nothing where it is not.

    A cut in the middle leaves what was there or the same: each sector has but one content.
    """
    if not path.exists():
        return
    with path.open("r+b", buffering=0) as file:
        at = 0
        while piece := file.read(_PIECE):
            file.seek(at)
            at += file.write(piece)
            file.seek(at)
        os.fsync(file.fileno())


def fold_alone(path: Path) -> None:
    """Fold the whole WAL into the books, from its first page on; nobody else may have them open.

    Raises StoreError where somebody has, and sqlite3.Error or OSError where the disk still fails.
    """
    write_again(path.with_name(f"{path.name}-wal"))
    connection = sqlite3.connect(path, isolation_level=None, timeout=0)
    try:
        # Set before the first look at the file: the index of the WAL is then made anew, in memory.
        connection.execute("PRAGMA locking_mode=EXCLUSIVE")
        connection.execute("PRAGMA synchronous=FULL")
        is_busy = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    except sqlite3.OperationalError as error:
        if getattr(error, "sqlite_errorname", "") == "SQLITE_BUSY":
            raise books_locked() from error
        raise
    finally:
        connection.close()
    if is_busy:
        raise books_locked()
