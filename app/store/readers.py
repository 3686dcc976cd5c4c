"""Connections that only read the books: as many as are needed at once, or for a while none."""

import contextlib
import queue
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.store.connection import open_reader


class Readers:
    """Lends readers of the books at `path`, and keeps them for the next who asks."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._free: queue.LifoQueue[sqlite3.Connection] = queue.LifoQueue()
        self._changed = threading.Condition()
        self._lent = 0
        self._is_held_back = False

    @contextmanager
    def one(self) -> Iterator[sqlite3.Connection]:
        """Lend a reader; whoever asks while there are to be none waits."""
        with self._changed:
            self._changed.wait_for(lambda: not self._is_held_back)
            self._lent += 1
        try:
            reader = self._taken()
            try:
                yield reader
            finally:
                self._free.put(reader)
        finally:
            with self._changed:
                self._lent -= 1
                self._changed.notify_all()

    @contextmanager
    def none(self) -> Iterator[None]:
        """Wait until nobody reads, and let nobody meanwhile; the free ones stay open."""
        with self._changed:
            self._changed.wait_for(lambda: not self._is_held_back)
            self._is_held_back = True
            self._changed.wait_for(lambda: not self._lent)
        try:
            yield
        finally:
            with self._changed:
                self._is_held_back = False
                self._changed.notify_all()

    def keep_one(self) -> None:
        """Have one open that has read: beside it a writer that closes is not the last."""
        reader = open_reader(self._path)
        try:
            reader.execute("SELECT count(*) FROM sqlite_master").fetchone()
        except BaseException:
            reader.close()
            raise
        self._free.put(reader)

    def close(self) -> None:
        """Close those that are free."""
        with contextlib.suppress(queue.Empty):
            while True:
                self._free.get_nowait().close()

    def _taken(self) -> sqlite3.Connection:
        try:
            return self._free.get_nowait()
        except queue.Empty:
            return open_reader(self._path)
