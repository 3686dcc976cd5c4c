"""Keys in a `.env` file, for a computer without a key store: nobody else may read the file."""

import os
import shutil
import tempfile
from pathlib import Path
from typing import Final

from dotenv import dotenv_values, set_key, unset_key

from app.errors import ConfigError, Message

_MINE: Final = 0o600


def keep_in(path: Path, variable: str, value: str) -> None:
    """Write a variable into the file, and leave all else in it as it was.

    Raises ConfigError where it cannot be written, or would not be read back as it is.
    """
    with_value = _copy_with(path, variable, value)
    _put(with_value, path)


def forget_in(path: Path, variable: str) -> bool:
    """Take a variable out of the file; False where it was not there. Raises as `keep_in` does."""
    if not path.exists() or variable not in dotenv_values(path):
        return False
    _put(_copy_with(path, variable, None), path)
    return True


def _copy_with(path: Path, variable: str, value: str | None) -> Path:
    """Give a file beside it that is nobody else's, with the variable set or taken out."""
    try:
        handle, name = tempfile.mkstemp(prefix=".env-", dir=path.resolve().parent)
        os.close(handle)
    except OSError as error:
        raise _not_kept(path, f"{error.strerror or error}.") from error
    made = Path(name)
    try:
        if path.exists():
            shutil.copyfile(path, made)
        if value is None:
            unset_key(made, variable)
        else:
            set_key(made, variable, value)
        made.chmod(_MINE)
        if dotenv_values(made).get(variable) != value:
            raise _not_kept(path, Message("The file would not give it back as it is."))
    except BaseException as error:
        # It is full of keys, and nobody would look for it.
        made.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise _not_kept(path, f"{error.strerror or error}.") from error
        raise
    return made


def _put(made: Path, path: Path) -> None:
    """Put what was written in the file's place, for good."""
    place = path.resolve()
    try:
        with made.open("rb") as written:
            os.fsync(written.fileno())
        made.replace(place)
    except OSError as error:
        made.unlink(missing_ok=True)
        raise _not_kept(path, f"{error.strerror or error}.") from error


def _not_kept(path: Path, why: str) -> ConfigError:
    return ConfigError(
        Message("{path} could not be written", path=path),
        Message("Nothing was changed. {why}", why=why),
        action=Message("Make it yours and writable, or write the key into it yourself."),
    )
