"""The model of a disk: what it promises, it keeps at every chance; the rest it does take away."""

import random
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.power.disk import ALL_KEPT, Fate, replayed
from tests.power.recording import Kind, Record

DRAWS = 60
EMPTY = b""


def record(
    kind: Kind, file: int = 0, number: int = 0, first: bytes = EMPTY, to: bytes = EMPTY
) -> Record:
    return Record(kind, file, number, first, to)


def create(name: str, file: int) -> Record:
    return record(Kind.CREATE, file, first=name.encode())


def write(file: int, at: int, data: bytes) -> Record:
    return record(Kind.WRITE, file, at, data)


def synced(number: int) -> Record:
    return record(Kind.SYNCED, number=number)


def sync(file: int, number: int = 1) -> list[Record]:
    return [record(Kind.SYNC, file, number), synced(number)]


def sync_directory(name: str, number: int) -> list[Record]:
    return [record(Kind.SYNC_DIRECTORY, number=number, first=name.encode()), synced(number)]


def rename(old: str, new: str) -> Record:
    return record(Kind.RENAME, first=old.encode(), to=new.encode())


def named(kind: Kind, name: str) -> Record:
    return record(kind, first=name.encode())


def images(place: Path, records: Iterable[Record], fate: Fate | None = None) -> list[dict]:
    """Draw many images, each as the files that are found in it."""
    disk, drawn = replayed(records), []
    for seed in range(DRAWS):
        image = place / str(seed)
        image.mkdir()
        disk.image(image, random.Random(seed), fate)
        files = (path for path in image.rglob("*") if path.is_file())
        drawn.append({str(path.relative_to(image)): path.read_bytes() for path in files})
    return drawn


def contents_of(name: str, drawn: list[dict]) -> set[bytes]:
    return {files[name] for files in drawn if name in files}


def test_what_was_synced_is_there_at_every_chance_and_what_was_not_may_be_missing(
    tmp_path: Path,
) -> None:
    records = [create("a", 1), write(1, 0, b"old"), *sync(1), write(1, 3, b"new")]
    assert contents_of("a", images(tmp_path, records)) == {b"old", b"oldnew"}


def test_a_sync_that_has_not_returned_promises_nothing(tmp_path: Path) -> None:
    records = [create("a", 1), *sync(1), write(1, 0, b"new"), record(Kind.SYNC, 1, 2)]
    assert b"" in contents_of("a", images(tmp_path, records))


def test_a_sync_does_not_cover_what_was_written_while_it_ran(tmp_path: Path) -> None:
    records = [create("a", 1), write(1, 0, b"old"), record(Kind.SYNC, 1, 1), write(1, 3, b"new")]
    assert contents_of("a", images(tmp_path, [*records, synced(1)])) == {b"old", b"oldnew"}


def test_syncs_that_overlap_each_cover_what_came_before_them(tmp_path: Path) -> None:
    records = [create("a", 1), write(1, 0, b"1"), record(Kind.SYNC, 1, 1), write(1, 1, b"2")]
    records += [record(Kind.SYNC, 1, 2), synced(2), synced(1), write(1, 2, b"3")]
    assert contents_of("a", images(tmp_path, records)) == {b"12", b"123"}


def test_a_write_is_torn_at_sectors_and_nowhere_else(tmp_path: Path) -> None:
    records = [create("a", 1), write(1, 0, bytes(2048)), *sync(1), write(1, 256, b"x" * 1024)]
    torn = Fate(keep=0.0, tear=1.0, shuffle=False, keep_name=1.0)
    drawn = contents_of("a", images(tmp_path, records, torn))
    pieces = {(c[256:512], c[512:1024], c[1024:1280]) for c in drawn}
    assert {len(set(piece)) for some in pieces for piece in some} == {1}
    assert {c[:256] + c[1280:] for c in drawn} == {bytes(1024)}
    assert len(pieces) == 8


def test_writes_that_were_not_synced_may_be_laid_down_in_another_order(tmp_path: Path) -> None:
    records = [create("a", 1), *sync(1), write(1, 0, b"1"), write(1, 0, b"2")]
    shuffled = Fate(keep=1.0, tear=0.0, shuffle=True, keep_name=1.0)
    assert contents_of("a", images(tmp_path, records, shuffled)) == {b"1", b"2"}


def test_a_hole_reads_as_zeros_and_a_truncation_is_a_change_like_any_other(tmp_path: Path) -> None:
    grown = [create("a", 1), write(1, 0, b"1"), write(1, 1, b"2"), *sync(1)]
    cut = [*grown, record(Kind.TRUNCATE, 1, 1), write(1, 3, b"4")]
    drawn = contents_of("a", images(tmp_path, cut))
    assert drawn == {b"12", b"1", b"12\0" + b"4", b"1\0\0" + b"4"}


@pytest.mark.parametrize("by", [sync(1), sync_directory("", 1)])
def test_a_new_file_is_safe_once_it_or_its_directory_was_synced(
    tmp_path: Path, by: list[Record]
) -> None:
    unsafe, safe = [create("a", 1)], [create("a", 1), *by]
    (tmp_path / "safe").mkdir()
    assert {len(files) for files in images(tmp_path, unsafe)} == {0, 1}
    assert {len(files) for files in images(tmp_path / "safe", safe)} == {1}


def test_a_renamed_file_has_its_old_or_its_new_name_until_the_directory_is_synced(
    tmp_path: Path,
) -> None:
    records = [create("new", 1), *sync(1), rename("new", "old"), *sync(1, 2)]
    assert {tuple(files) for files in images(tmp_path, records)} == {("new",), ("old",)}
    (tmp_path / "safe").mkdir()
    records += sync_directory("", 3)
    assert {tuple(files) for files in images(tmp_path / "safe", records)} == {("old",)}


def test_a_file_that_is_renamed_over_another_leaves_one_of_the_two(tmp_path: Path) -> None:
    records = [create("a", 1), write(1, 0, b"1"), *sync(1)]
    records += [create("b", 2), write(2, 0, b"2"), *sync(2, 2), rename("b", "a")]
    assert contents_of("a", images(tmp_path, records)) == {b"1", b"2"}


def test_a_file_made_where_another_was_removed_is_never_there_before_that_is_gone(
    tmp_path: Path,
) -> None:
    records = [create("a", 1), write(1, 0, b"1"), *sync(1)]
    records += [named(Kind.UNLINK, "a"), create("a", 2), write(2, 0, b"2")]
    assert contents_of("a", images(tmp_path, records)) >= {b"1", b"2"}
    (tmp_path / "safe").mkdir()
    assert contents_of("a", images(tmp_path / "safe", [*records, *sync(2, 2)])) == {b"2"}


def test_a_directory_that_was_not_synced_is_lost_with_all_that_is_in_it(tmp_path: Path) -> None:
    records = [named(Kind.MKDIR, "d"), named(Kind.MKDIR, "d/e"), create("d/e/a", 1), *sync(1)]
    records += sync_directory("d/e", 2)
    assert {len(files) for files in images(tmp_path, records)} == {0, 1}
    (tmp_path / "safe").mkdir()
    records += sync_directory("", 3)
    assert {len(files) for files in images(tmp_path / "safe", records)} == {1}


def test_a_rename_that_the_model_does_not_know_is_refused() -> None:
    made = [named(Kind.MKDIR, "d"), create("a", 1)]
    with pytest.raises(ValueError, match="no such rename"):
        replayed([*made, rename("a", "d/a")])
    with pytest.raises(ValueError, match="no such rename"):
        replayed([*made, rename("d", "e")])


def test_the_same_chance_gives_the_same_image(tmp_path: Path) -> None:
    records = [create("a", 1), *(write(1, 512 * at, bytes([at]) * 900) for at in range(20))]
    (tmp_path / "again").mkdir()
    assert images(tmp_path, records) == images(tmp_path / "again", records)
    (tmp_path / "kept").mkdir()
    kept = contents_of("a", images(tmp_path / "kept", records, ALL_KEPT))
    assert {len(content) for content in kept} == {19 * 512 + 900}
