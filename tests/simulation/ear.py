"""An ear for what the till logs: an error there is a bug, also where the till survives it."""

import logging
import re
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.simulation.loop import PowerCut

_EXPECTED: Final = re.compile(r"the keys of \S+ are refused")
"""Errors that the till is right to log on such a day."""


@contextmanager
def listening(troubles: list[str]) -> Iterator[None]:
    """Hear what the till logs as an error: a bug that it survives is one all the same."""
    log = logging.getLogger("app")
    ear = _Ear(troubles)
    before = log.propagate
    log.addHandler(ear)
    log.propagate = False
    try:
        yield
    finally:
        log.propagate = before
        log.removeHandler(ear)


class _Ear(logging.Handler):
    def __init__(self, troubles: list[str]) -> None:
        super().__init__(logging.ERROR)
        self._troubles = troubles

    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage()
        if record.exc_info is not None and record.exc_info[1] is not None:
            error = record.exc_info[1]
            if isinstance(error, PowerCut):
                return
            last = traceback.extract_tb(error.__traceback__)[-1]
            text += f": {error!r} in {Path(last.filename).name}, {last.name}"
        if not _EXPECTED.search(text):
            self._troubles.append(f"the till logged: {text}")
