"""The recorder: its log is what happened, and says so where it is not all of it."""

import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.till.house import clean_environment
from tests.integration.till.processes import REPOSITORY
from tests.power.disk import ALL_KEPT, NONE_KEPT, replayed
from tests.power.needs import needs_recorder
from tests.power.proof import contents
from tests.power.recording import (
    IncompleteRecording,
    Kind,
    Record,
    build_recorder,
    read_recording,
    recorded_environment,
)

pytestmark = needs_recorder

EVERYTHING = """
import os
from pathlib import Path
from tests.power.recording import set_mark

here = Path.cwd()
os.mkdir("d")
file = os.open(here / "d" / "a", os.O_CREAT | os.O_RDWR)
os.write(file, b"0123456789")
os.pwrite(file, b"AB", 4)
os.ftruncate(file, 8)
os.fdatasync(file)
set_mark(ack="it is there")
os.close(file)
with open("d/a", "ab") as more:
    more.write(b"end")
os.truncate("d/a", 10)
with open("d/b.part", "w") as text:
    text.write("b")
os.replace("d/b.part", "d/b")
directory = os.open("d", os.O_RDONLY)
os.rename("b", "c", src_dir_fd=directory, dst_dir_fd=directory)
os.fsync(directory)
Path("x").write_text("x")
os.unlink("x")
Path("x").write_text("another")
gone = open("x", "w")
os.unlink("x")
gone.write("nobody sees this")
gone.close()
Path("d/books-shm").write_text("a WAL-index")
os.remove("d/books-shm")
(here.parent / "outside").write_text("not recorded")
"""
BOOKS = """
import sqlite3

for name, mode in (("wal.db", "WAL"), ("rollback.db", "DELETE")):
    db = sqlite3.connect(name)
    db.execute(f"PRAGMA journal_mode={mode}")
    db.execute("CREATE TABLE t (a)")
    for _ in range(20):
        with db:
            db.executemany("INSERT INTO t VALUES (?)", [("x" * 500,)] * 20)
    with db:
        db.execute("DELETE FROM t WHERE rowid > 10")
    db.execute("VACUUM")
    db.close()
"""
UNSEEN = {
    "a shared mapping": "import mmap, os; f = open('a', 'w+b'); f.write(b'1'); f.flush(); "
    "mmap.mmap(f.fileno(), 1)[0] = 65",
    "a hard link": "import os; open('a', 'w').close(); os.link('a', 'b')",
    "writev": "import os; os.writev(os.open('a', os.O_CREAT | os.O_WRONLY), [b'1', b'2'])",
    "sendfile": "import os; f = os.open('/etc/passwd', os.O_RDONLY); "
    "os.sendfile(os.open('a', os.O_CREAT | os.O_WRONLY), f, 0, 3)",
}


def recorded(place: Path, program: str) -> list[Record]:
    root = place / "root"
    root.mkdir(exist_ok=True)
    environment = {
        **clean_environment(),
        **recorded_environment(build_recorder(place), root, place / "log"),
        "PYTHONPATH": str(REPOSITORY),
    }
    command = [sys.executable, "-c", program]
    subprocess.run(command, cwd=root, env=environment, check=True, timeout=60)
    return read_recording(place / "log")


def rebuilt(place: Path, records: list[Record]) -> dict[str, bytes]:
    (place / "rebuilt").mkdir()
    replayed(records).image(place / "rebuilt", random.Random(0), ALL_KEPT)
    return contents(place / "rebuilt")


def test_what_is_replayed_whole_is_what_is_on_the_disk(tmp_path: Path) -> None:
    records = recorded(tmp_path, EVERYTHING)
    assert rebuilt(tmp_path, records) == contents(tmp_path / "root")
    assert contents(tmp_path / "root") == {"d": b"", "d/a": b"0123AB67en", "d/c": b"b"}


def test_each_change_is_recorded_once_in_its_order_with_marks_and_syncs_between(
    tmp_path: Path,
) -> None:
    kinds = [record.kind for record in recorded(tmp_path, EVERYTHING)]
    begun = [Kind.MKDIR, Kind.CREATE, Kind.WRITE, Kind.WRITE, Kind.TRUNCATE]
    kept = [Kind.SYNC, Kind.SYNCED, Kind.MARK]
    appended = [Kind.WRITE, Kind.TRUNCATE]
    renamed = [Kind.CREATE, Kind.WRITE, Kind.RENAME, Kind.RENAME, Kind.SYNC_DIRECTORY, Kind.SYNCED]
    removed = [Kind.CREATE, Kind.WRITE, Kind.UNLINK]
    unseen = [Kind.CREATE, Kind.WRITE, Kind.TRUNCATE, Kind.UNLINK]
    assert kinds == [*begun, *kept, *appended, *renamed, *removed, *unseen]


def test_what_was_there_before_is_found_and_taken_for_safe(tmp_path: Path) -> None:
    before = tmp_path / "before"
    (before / "d").mkdir(parents=True)
    (before / "d" / "a").write_bytes(b"before")
    (before / "d" / "a-shm").write_bytes(b"a WAL-index")
    shutil.copytree(before, tmp_path / "root")
    program = "import os; os.pwrite(os.open('d/a', os.O_RDWR), b'BE', 0); os.rename('d/a', 'd/b')"
    records = recorded(tmp_path, program)
    found = [record.path for record in records if record.kind is Kind.FOUND]
    assert sorted(found) == ["d", "d/a"]
    (tmp_path / "kept").mkdir()
    replayed(records, before).image(tmp_path / "kept", random.Random(0), ALL_KEPT)
    assert contents(tmp_path / "kept") == {"d": b"", "d/b": b"BEfore"}
    (tmp_path / "lost").mkdir()
    replayed(records, before).image(tmp_path / "lost", random.Random(0), NONE_KEPT)
    assert contents(tmp_path / "lost") == {"d": b"", "d/a": b"before"}


def test_what_sqlite_writes_is_recorded_in_both_of_its_journal_modes(tmp_path: Path) -> None:
    records = recorded(tmp_path, BOOKS)
    assert rebuilt(tmp_path, records) == contents(tmp_path / "root")
    assert sum(record.kind is Kind.SYNCED for record in records) > 60


@pytest.mark.parametrize("what", UNSEEN)
def test_what_cannot_be_recorded_makes_the_log_useless(tmp_path: Path, what: str) -> None:
    with pytest.raises(IncompleteRecording, match=what):
        recorded(tmp_path, UNSEEN[what])


def test_a_log_that_ends_in_the_middle_is_refused(tmp_path: Path) -> None:
    recorded(tmp_path, EVERYTHING)
    whole = (tmp_path / "log").read_bytes()
    for missing in (1, 5):
        (tmp_path / "log").write_bytes(whole[:-missing])
        with pytest.raises(IncompleteRecording, match="in the middle"):
            read_recording(tmp_path / "log")
