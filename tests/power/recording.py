"""What a process did to its files, in order: the recorder is built here, and its log read."""

import ctypes
import json
import os
import shutil
import struct
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any, Final

_SOURCES: Final = Path(__file__).with_name("recorder")
_HEADER: Final = struct.Struct("<IIqII")


class Kind(IntEnum):
    """What a record tells of, as the recorder numbers it."""

    CREATE = 1
    WRITE = 2
    TRUNCATE = 3
    SYNC = 4
    SYNCED = 5
    SYNC_DIRECTORY = 6
    RENAME = 7
    UNLINK = 8
    MKDIR = 9
    MARK = 10
    UNRECORDED = 11
    FOUND = 12
    FAILED = 13


@dataclass(frozen=True, slots=True)
class Record:
    """One record. `number` is a write's offset, a truncation's size, or which sync it is."""

    kind: Kind
    file: int
    number: int
    first: bytes
    second: bytes

    @property
    def path(self) -> str:
        """Give the path below the recorded directory; "" is that directory itself."""
        return os.fsdecode(self.first)

    @property
    def new_path(self) -> str:
        """Give where a rename led to."""
        return os.fsdecode(self.second)

    @property
    def mark(self) -> dict[str, Any]:
        """Give what the process had to say."""
        document = json.loads(self.first)
        assert isinstance(document, dict)
        return document


class IncompleteRecording(Exception):
    """The log tells of something that it could not record, or ends in the middle."""


def build_recorder(directory: Path) -> Path:
    """Compile the library with the system's compiler, and give its path."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    assert compiler is not None, "there is no C compiler"
    library = directory / "recorder.so"
    sources = sorted(str(path) for path in _SOURCES.glob("*.c"))
    command = [compiler, "-shared", "-fPIC", "-O2", "-Wall", "-Wextra", "-Werror"]
    subprocess.run([*command, "-o", str(library), *sources, "-ldl", "-lpthread"], check=True)
    return library


def recorded_environment(library: Path, root: Path, log: Path) -> dict[str, str]:
    """Give what a process needs to be recorded; `log` lies outside `root` and is new."""
    assert root.resolve() not in log.resolve().parents
    return {"LD_PRELOAD": str(library), "POWER_ROOT": str(root), "POWER_LOG": str(log)}


def begin_anew(root: Path, log: Path, *, fail_from: int = 0, fail_times: int = 0) -> None:
    """Have this process, which has the library preloaded, record into another log from now on.

    Its `fail_from`-th sync and those after it, `fail_times` in all, fail with EIO.
    """
    begin = ctypes.PyDLL(None).power_begin
    begin(*map(os.fsencode, (root, log)), ctypes.c_long(fail_from), ctypes.c_long(fail_times))


def set_mark(**said: Any) -> None:
    """Write into this process's own log, among its writes and syncs, what is true from now on."""
    text = json.dumps(said).encode()
    # PyDLL keeps the GIL: no other thread of Python can act between the mark and what it tells of.
    ctypes.PyDLL(None).power_mark(text, ctypes.c_size_t(len(text)))


def read_recording(log: Path) -> list[Record]:
    """Read a log. Raises IncompleteRecording where it does not tell everything."""
    records = list(_records(log.read_bytes()))
    missed = {record.path for record in records if record.kind is Kind.UNRECORDED}
    if missed:
        raise IncompleteRecording(f"done without being recorded: {', '.join(sorted(missed))}")
    return records


def _records(data: bytes) -> Iterator[Record]:
    at = 0
    while at < len(data):
        if at + _HEADER.size > len(data):
            raise IncompleteRecording("the log ends in the middle of a record")
        kind, file, number, first, second = _HEADER.unpack_from(data, at)
        at += _HEADER.size
        if at + first + second > len(data):
            raise IncompleteRecording("the log ends in the middle of a record")
        parts = data[at : at + first], data[at + first : at + first + second]
        at += first + second
        yield Record(Kind(kind), file, number, *parts)
