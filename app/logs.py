"""The log: structured lines in a rotating file of the data directory, with secrets scrubbed out.

Whatever looks like a key, a signing secret, a bearer token or a card number is masked before it
is written, wherever in an entry it stands; tracebacks are entries like any other.
"""

import contextlib
import logging
import logging.handlers
import os
import re
import sys
from collections.abc import Mapping
from io import TextIOWrapper
from pathlib import Path
from typing import Any, Final

import structlog

LOG_FILE: Final = "till.log"
_MAX_BYTES: Final = 5 * 1024 * 1024
_KEPT_FILES: Final = 5
_FILE_MODE: Final = 0o600
_MASK: Final = "[hidden]"
_SECRETS: Final = re.compile(
    r"(?:sk|rk|pk)_(?:test|live)_\w+"
    r"|whsec_[\w+/=]+"
    r"|(?:pi|seti)_[A-Za-z0-9]+_secret_\w+"
    r"|(?:EAAA|A21AA)[\w-]{20,}"
    r"|(?i:bearer)\s+[\w.~+/=-]+"
    r"|(?i:basic)\s+[A-Za-z0-9+/=]{20,}"
    r"|(?<!\d)\d(?:[ -]?\d){12,18}(?!\d)"
)


class _PrivateFile(logging.handlers.RotatingFileHandler):
    """Keeps every file of the log to its owner, also those that rotation makes.

    An entry that the disk has no room for is dropped; the till runs on, and so does the log once
    there is room.
    """

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's own name
        if isinstance(sys.exc_info()[1], OSError):
            # What is wrong with the disk is told by the books; a log of it has nowhere to go.
            return
        super().handleError(record)

    def _open(self) -> TextIOWrapper:
        path = Path(self.baseFilename)
        path.touch(mode=_FILE_MODE)
        if os.name == "posix":
            path.chmod(_FILE_MODE)
        return super()._open()


def scrubbed(value: Any) -> Any:
    """Give a value of a log entry with every secret in it masked."""
    if isinstance(value, str):
        return _SECRETS.sub(_MASK, value)
    if isinstance(value, Mapping):
        return {key: scrubbed(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [scrubbed(part) for part in value]
    return value


def _scrub_entry(_logger: Any, _method: str, entry: Any) -> Any:
    return {key: value if key.startswith("_") else scrubbed(value) for key, value in entry.items()}


def _is_worth_an_entry(record: logging.LogRecord) -> bool:
    """Leave out what the servers say of nonsense: whoever sends it would write the log's end."""
    return record.name != "uvicorn.error" or record.levelno >= logging.ERROR


def log_to(directory: Path, *, level: int = logging.INFO) -> None:
    """Send the program's log to a file (mode 0600) in `directory`."""
    handler = _PrivateFile(
        directory / LOG_FILE,
        maxBytes=_MAX_BYTES,
        backupCount=_KEPT_FILES,
        encoding="utf-8",
        # Opened by an entry, so that a disk that refuses is handled like at any other.
        delay=True,
    )
    with contextlib.suppress(OSError):
        (directory / LOG_FILE).touch(mode=_FILE_MODE)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[
                structlog.stdlib.add_log_level,
                structlog.stdlib.add_logger_name,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
            ],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                _scrub_entry,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    handler.addFilter(_is_worth_an_entry)
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(level)
    for noisy in ("httpx", "httpcore", "stripe", "asyncio", "qasync"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
