"""The simulator that a till in training has for itself."""

import sqlite3
from typing import TYPE_CHECKING, Final

from app.errors import Message, StoreError
from app.sandbox.books import BooksUnusable
from app.settings import Settings

if TYPE_CHECKING:
    from app.sandbox import SandboxServer

_NO_SIMULATOR: Final = Message(
    "It is for training: no real money is in its books, and the till's own were not touched. Close "
    "another till or simulator that uses them. If the file is damaged, move it away: the simulator "
    "begins anew, and what it had open is put on the list of what needs a person."
)


def simulator_of(settings: Settings, shop_name: str) -> "SandboxServer":
    """Start the simulator. It is loaded only now: a till that sells for money needs none."""
    from app.sandbox import SandboxServer

    books_path = settings.directory / "sandbox.db"
    server = SandboxServer(books_path=books_path, shop_name=shop_name)
    try:
        server.start()
    except (BooksUnusable, sqlite3.Error, OSError) as error:
        raise StoreError(
            Message("The simulator cannot be started"),
            f"{error} ({books_path}).",
            action=_NO_SIMULATOR,
        ) from error
    return server
