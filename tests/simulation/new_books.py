"""Books without a row, made once: migrating anew for each day would take longest."""

import random
import shutil
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

from app.clock import SystemClock
from app.domain.ids import Ids
from app.settings import Mode
from app.store import Store, schema
from app.store.connection import BOOKS


@cache
def new_books(*, are_old: bool) -> bytes:
    """Make books without a row once, to be copied: migrating anew each day would take longest.

    Old ones are those of the first program there was.
    """
    all_of_them = list(schema.migrations._migrations)
    if are_old:
        del schema.migrations._migrations[1:]
    directory = Path(mkdtemp(prefix="scantill-books-"))
    try:
        clock = SystemClock()
        store = Store(
            directory, mode=Mode.TRAINING, clock=clock, ids=Ids(random.Random(0)), inline=True
        )
        store.write_now(lambda tx: tx.execute("DELETE FROM till"))
        store.close()
        return (directory / BOOKS).read_bytes()
    finally:
        schema.migrations._migrations[:] = all_of_them
        shutil.rmtree(directory)
