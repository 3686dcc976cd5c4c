"""The token of the local API: a file that only its owner can read."""

import logging
import os
import secrets
from pathlib import Path
from typing import Final

TOKEN_FILE: Final = "api-token"  # noqa: S105 - a file's name
ADDRESS_FILE: Final = "api-address"
"""Where the door of the till that runs now is; beside the token, for commands of this computer."""
_LEAST_LENGTH: Final = 32

_log = logging.getLogger(__name__)


def token_of(directory: Path) -> str:
    """Give the token of a data directory, making it (mode 0600) where there is no whole one.

    A file that a crash left empty or cut off counts as none: a short token opens no door.
    """
    path = directory / TOKEN_FILE
    if path.exists():
        token = path.read_text("utf-8", "replace").strip()
        if len(token) >= _LEAST_LENGTH:
            return token
    token = secrets.token_urlsafe(32)
    try:
        _write(token, path)
    except OSError as error:
        # Nobody can read this one, so the local API opens to nobody; the till sells without it.
        _log.warning("the token of the local API cannot be written: %s", error)
    return token


def _write(token: str, path: Path) -> None:
    part = path.with_suffix(".part")
    descriptor = os.open(part, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(f"{token}\n")
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
