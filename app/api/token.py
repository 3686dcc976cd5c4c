"""The token of the local API: a file that only its owner can read."""

import os
import secrets
from pathlib import Path
from typing import Final

TOKEN_FILE: Final = "api-token"  # noqa: S105 - a file's name


def token_of(directory: Path) -> str:
    """Give the token of a data directory, making it (mode 0600) where there is none."""
    path = directory / TOKEN_FILE
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        return path.read_text("ascii").strip()
    token = secrets.token_urlsafe(32)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(f"{token}\n")
    return token
