"""What SQLite says, in words for the counter."""

import errno
import sqlite3
from pathlib import Path

import pytest

from app.store.connection import store_error


def said(name: str, words: str = "it did not work") -> sqlite3.OperationalError:
    error = sqlite3.OperationalError(words)
    error.sqlite_errorname = name
    return error


@pytest.mark.parametrize(
    "name, title",
    [
        ("SQLITE_FULL", "The disk is full"),
        ("SQLITE_BUSY", "Another program holds the till's books"),
        ("SQLITE_BUSY_SNAPSHOT", "Another program holds the till's books"),
        ("SQLITE_CORRUPT", "The till's books are damaged"),
        ("SQLITE_CORRUPT_INDEX", "The till's books are damaged"),
        ("SQLITE_NOTADB", "The till's books are not an SQLite file"),
        ("SQLITE_READONLY", "The till's books cannot be written"),
        ("SQLITE_READONLY_DIRECTORY", "The till's books cannot be written"),
        ("SQLITE_CANTOPEN", "The till's books cannot be opened"),
        ("SQLITE_IOERR_WRITE", "The disk fails"),
        ("SQLITE_NOMEM", "The till's books cannot be used"),
    ],
)
def test_each_way_in_which_the_disk_fails_has_words_and_a_next_step(name: str, title: str) -> None:
    error = store_error(said(name), Path("/data/till.db"))
    assert error.title == title
    assert error.action
    assert error.detail == f"{name}: it did not work (/data/till.db)."


def test_an_error_of_the_system_has_words_too() -> None:
    error = store_error(OSError(5, "Input/output error"))
    assert error.title == "The disk fails"
    assert error.detail.startswith("OSError: ")


@pytest.mark.parametrize("number", [errno.EACCES, errno.EEXIST, errno.ENOENT, errno.ENOTDIR])
def test_a_directory_that_cannot_be_had_is_called_so_and_another_one_offered(number: int) -> None:
    error = store_error(OSError(number, "No", "/data"), Path("/data/training"))
    assert error.title == "The data directory cannot be used"
    assert error.detail == "No: /data."
    assert "--data-dir" in error.action
