"""What the till makes must not vanish with the power: the directories above its books, too."""

import errno
import os
from pathlib import Path

import pytest

from app.errors import StoreError
from app.store.connection import private_directory, sync_directory


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Note which directories are synced."""
    paths: list[Path] = []
    real = os.fsync

    def fsync(descriptor: int) -> None:
        paths.append(Path(f"/proc/self/fd/{descriptor}").readlink())
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    return paths


def refuse(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    def fsync(descriptor: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fsync)


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="needs Linux's /proc")
def test_every_directory_that_is_made_is_synced_into_the_one_above_it(
    tmp_path: Path, synced: list[Path]
) -> None:
    private_directory(tmp_path / "shop" / "till" / "training")
    assert synced == [tmp_path, tmp_path / "shop", tmp_path / "shop" / "till"]


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="needs Linux's /proc")
def test_directories_that_are_there_already_are_not_synced(
    tmp_path: Path, synced: list[Path]
) -> None:
    private_directory(tmp_path)
    assert synced == []


@pytest.mark.parametrize("number", [errno.EINVAL, errno.ENOTSUP, errno.EACCES])
def test_a_file_system_without_such_a_sync_is_no_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    refuse(monkeypatch, number)
    assert private_directory(tmp_path / "till").is_dir()


def test_a_disk_that_fails_at_it_is_a_store_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse(monkeypatch, errno.EIO)
    with pytest.raises(StoreError, match="The disk fails"):
        private_directory(tmp_path / "till")
    with pytest.raises(OSError, match="Input/output"):
        sync_directory(tmp_path)
