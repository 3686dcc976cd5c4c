"""A disk that keeps only what was synced: replays a recording, and is cut off anywhere.

What it promises is less than ext4 and XFS do:

* The content of a file is safe up to a write once an fsync or fdatasync of that file, begun after
  the write, has returned. Of later writes each may be there, be missing, be there in part (by
  sectors of 512 bytes), or be laid over one that came after it.
* The creation of a file is safe once that file was synced (as on ext4 and XFS), or its directory.
* Renaming and unlinking are safe once the directory was synced, and so is mkdir: by a sync of the
  parent, or of the new directory itself. Before that each may have happened or not, in any order
  but that of changes to the same name. A file whose directory is missing is missing.

A sync that failed promises nothing, and worse: what it was to bring to the disk passes for written
from then on, so that no later sync of that file brings it there. Only writing it again does. Names
and lengths are in the file system's own journal: the next sync that succeeds covers them.

Unwritten room in a file that grew reads as zeros. A sector is written whole or not at all.
"""

import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.power.recording import Kind, Record

_SECTOR: Final = 512
_DIRECTORY: Final = 0


@dataclass(slots=True)
class _Change:
    """A write, or where `data` is None a truncation to `at`."""

    at: int
    data: bytes | None
    is_forgotten: bool = False
    """Its pages pass for written: no later sync brings them to the disk."""


@dataclass(slots=True)
class _File:
    """What is safe of a file, and the changes after that; `settled` counts those made safe."""

    safe: bytearray = field(default_factory=bytearray)
    later: list[_Change] = field(default_factory=list)
    settled: int = 0

    def settle(self, until: int) -> None:
        for _ in range(until - self.settled):
            change = self.later.pop(0)
            if change.data is None or not change.is_forgotten:
                _lay(self.safe, change)
            self.settled += 1


@dataclass(eq=False, slots=True)
class _Naming:
    """A change of names: `file` is at `path` from now on, or with None nothing is there.

    A rename takes `old` away in the same step.
    """

    path: str
    file: int | None
    old: str = ""

    @property
    def names(self) -> set[str]:
        return {self.path, self.old} - {""}


@dataclass(frozen=True, slots=True)
class Fate:
    """How a cut treats what was not synced, as probabilities."""

    keep: float
    tear: float
    shuffle: bool
    keep_name: float


ALL_KEPT: Final = Fate(keep=1.0, tear=0.0, shuffle=False, keep_name=1.0)
NONE_KEPT: Final = Fate(keep=0.0, tear=0.0, shuffle=False, keep_name=0.0)
FATES: Final = (
    NONE_KEPT,
    Fate(keep=0.0, tear=0.0, shuffle=False, keep_name=1.0),
    Fate(keep=1.0, tear=0.0, shuffle=False, keep_name=0.5),
    Fate(keep=0.5, tear=0.2, shuffle=False, keep_name=0.5),
    Fate(keep=0.5, tear=0.3, shuffle=True, keep_name=0.5),
    Fate(keep=0.9, tear=0.1, shuffle=True, keep_name=0.9),
)


class Disk:
    """Replays records in their order; `image` may be asked between any two of them."""

    def __init__(self, before: Path | None = None) -> None:
        """Begin with an empty disk, or with a copy of what the recorder found; that is safe."""
        self._before = before
        self._files: dict[int, _File] = {}
        self._safe_names: dict[str, int] = {"": _DIRECTORY}
        self._later_names: list[_Naming] = []
        self._now: dict[str, int] = {"": _DIRECTORY}
        self._syncs: dict[int, tuple[int, int]] = {}
        self._directory_syncs: dict[int, list[_Naming]] = {}

    def apply(self, record: Record) -> None:
        """Take in what happened next."""
        match record.kind:
            case Kind.WRITE:
                self._files[record.file].later.append(_Change(record.number, record.first))
            case Kind.TRUNCATE:
                self._files[record.file].later.append(_Change(record.number, None))
            case Kind.SYNC:
                file = self._files[record.file]
                self._syncs[record.number] = (record.file, file.settled + len(file.later))
            case Kind.SYNC_DIRECTORY:
                covered = [step for step in self._later_names if _is_of(step, record.path)]
                self._directory_syncs[record.number] = covered
            case Kind.SYNCED:
                self._synced(record.number)
            case Kind.FAILED:
                self._failed(record.number)
            case Kind.CREATE:
                self._files[record.file] = _File()
                self._name(_Naming(record.path, record.file))
            case Kind.MKDIR:
                self._name(_Naming(record.path, _DIRECTORY))
            case Kind.UNLINK:
                self._name(_Naming(record.path, None))
            case Kind.RENAME:
                self._rename(record.path, record.new_path)
            case Kind.FOUND:
                self._found(record)
            case Kind.MARK | Kind.UNRECORDED:
                pass

    def image(self, directory: Path, chance: random.Random, fate: Fate | None = None) -> None:
        """Leave in `directory` what is there after the power went now, as chance has it."""
        fate = fate or chance.choice(FATES)
        names = self._names_after(chance, fate)
        for path, file in sorted(names.items()):
            if any(str(parent) not in names for parent in _parents(path)):
                continue
            if file == _DIRECTORY:
                (directory / path).mkdir(exist_ok=True)
            else:
                (directory / path).write_bytes(self._content_after(file, chance, fate))

    def _found(self, record: Record) -> None:
        self._safe_names[record.path] = self._now[record.path] = record.file
        if record.file != _DIRECTORY:
            assert self._before is not None
            content = (self._before / record.path).read_bytes()
            self._files[record.file] = _File(bytearray(content))

    def _name(self, step: _Naming) -> None:
        self._later_names.append(step)
        _take(self._now, step)

    def _rename(self, old: str, new: str) -> None:
        if _parent(old) != _parent(new) or self._now[old] == _DIRECTORY:
            raise ValueError(f"the model knows no such rename: {old} to {new}")
        self._name(_Naming(new, self._now[old], old))

    def _synced(self, number: int) -> None:
        if number in self._directory_syncs:
            self._keep_names(self._directory_syncs.pop(number))
            return
        file, until = self._syncs.pop(number)
        self._files[file].settle(until)
        created = [s for s in self._later_names if s.file == file and not s.old]
        self._keep_names(created)

    def _failed(self, number: int) -> None:
        if self._directory_syncs.pop(number, None) is None:
            file, until = self._syncs.pop(number)
            for change in self._files[file].later[: until - self._files[file].settled]:
                change.is_forgotten = True

    def _keep_names(self, steps: list[_Naming]) -> None:
        """Make steps safe that are not so yet."""
        for step in steps:
            if step in self._later_names:
                self._settle_name(step)

    def _settle_name(self, step: _Naming) -> None:
        """Make a step safe, and before it what was done earlier to the same names."""
        before = self._later_names[: self._later_names.index(step)]
        for earlier in before:
            if earlier in self._later_names and earlier.names & step.names:
                self._settle_name(earlier)
        self._later_names.remove(step)
        _take(self._safe_names, step)

    def _names_after(self, chance: random.Random, fate: Fate) -> dict[str, int]:
        names = dict(self._safe_names)
        blocked: set[str] = set()
        for step in self._later_names:
            if blocked & step.names or chance.random() >= fate.keep_name:
                blocked |= step.names
            else:
                _take(names, step)
        return names

    def _content_after(self, file: int, chance: random.Random, fate: Fate) -> bytes:
        content = bytearray(self._files[file].safe)
        kept: list[_Change] = []
        for change in self._files[file].later:
            if chance.random() < fate.keep:
                kept.append(change)
            elif change.data is not None and chance.random() < fate.tear:
                kept.extend(_torn(change.at, change.data, chance))
        if fate.shuffle:
            chance.shuffle(kept)
        for change in kept:
            _lay(content, change)
        return bytes(content)


def replayed(records: Iterable[Record], before: Path | None = None) -> Disk:
    """Replay records on an empty disk, or on what was there before."""
    disk = Disk(before)
    for record in records:
        disk.apply(record)
    return disk


def _lay(content: bytearray, change: _Change) -> None:
    if change.data is None:
        if len(content) > change.at:
            del content[change.at :]
        else:
            content.extend(bytes(change.at - len(content)))
        return
    if len(content) < change.at:
        content.extend(bytes(change.at - len(content)))
    content[change.at : change.at + len(change.data)] = change.data


def _torn(at: int, data: bytes, chance: random.Random) -> list[_Change]:
    """Give some of a write's sectors."""
    pieces, start = [], 0
    while start < len(data):
        end = min(start + _SECTOR - (at + start) % _SECTOR, len(data))
        if chance.random() < 0.5:
            pieces.append(_Change(at + start, data[start:end]))
        start = end
    return pieces


def _take(names: dict[str, int], step: _Naming) -> None:
    if step.old:
        names.pop(step.old, None)
    if step.file is None:
        names.pop(step.path, None)
    else:
        names[step.path] = step.file


def _is_of(step: _Naming, directory: str) -> bool:
    is_itself = step.path == directory and step.file == _DIRECTORY
    return is_itself or _parent(step.path) == directory


def _parent(path: str) -> str:
    return path.rpartition("/")[0]


def _parents(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:count]) for count in range(1, len(parts))]
