"""What a command prints where nobody reads any more, as in `scantill exceptions | head -1`.

The command goes on to its end, silently and with its own status: it may be moving money, and what
it comes to does not depend on who watches.
"""

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TextIO

_NOBODY_READS: Final = frozenset({errno.EPIPE, errno.EINVAL})
"""The second is how Windows says it."""


class _Patient:
    """A stream that is written to the null device once its reader is gone."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        try:
            return self._stream.write(text)
        except OSError as error:
            _go_nowhere(self._stream, error)
            return len(text)

    def flush(self) -> None:
        try:
            self._stream.flush()
        except OSError as error:
            _go_nowhere(self._stream, error)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextmanager
def outliving_its_readers() -> Iterator[None]:
    """Have what is printed inside go nowhere, without an error, once nobody reads it."""
    out, err = sys.stdout, sys.stderr
    # A stream that was closed before the start is None.
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        patient: list[Any] = [_Patient(stream or nowhere) for stream in (out, err)]
        sys.stdout, sys.stderr = patient
        try:
            yield
        finally:
            for stream in patient:
                stream.flush()
            sys.stdout, sys.stderr = out, err


def _go_nowhere(stream: TextIO, error: OSError) -> None:
    """Have the rest of a stream go to the null device; any other fault than that is raised."""
    if error.errno not in _NOBODY_READS:
        raise error
    # What is still buffered goes there too, when Python ends.
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
