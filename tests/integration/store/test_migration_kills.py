"""A crash in a migration leaves old books or new ones, and before a change a verified copy."""

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from app.store import schema
from app.store.connection import open_reader
from app.store.schema import missing_guards
from app.store.verify import Outcome, verify
from tests.integration.store.kills import killed_at_each_step
from tests.parts.books import count, one_of_each_record, open_store, placed


def tables_of(db: sqlite3.Connection) -> str:
    """Give the whole schema as text, with its guards."""
    rows = db.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name")
    return "\n".join(row[0] for row in rows)


def read(path: Path) -> tuple[str, int, list[str]]:
    db = open_reader(path)
    try:
        applied = [row[0] for row in db.execute("SELECT name FROM _sqlite_migrations ORDER BY id")]
        return tables_of(db), count(db, "orders"), applied
    finally:
        db.close()


@pytest.fixture
def old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Books as the first program made them, with a WAL that a killed till left."""
    directory = tmp_path / "old"
    first, *_later = schema.migrations._migrations
    monkeypatch.setattr(schema.migrations, "_migrations", [first])
    store = open_store(directory)
    store.write_now(one_of_each_record)
    store.write_now(placed)
    shutil.copytree(directory, tmp_path / "before" / "training")
    store.close()
    monkeypatch.undo()
    return tmp_path


def test_killed_at_any_step_of_an_update_the_books_are_old_or_new(
    old: Path, record_property: Callable[[str, object], None]
) -> None:
    before = read(old / "before" / "training" / "till.db")
    assert before[1:] == (1, ["m0001_the_books"])
    wanted = [migration.name for migration in schema.migrations._migrations]
    places = [path / "training" for path in killed_at_each_step("migrate", old)]
    new = read(places[-1] / "till.db")
    assert new[1:] == (1, wanted)
    stages = []
    for place in places:
        # As the crash has left it, before anything mends it.
        found = read(place / "till.db")
        assert found[1] == 1
        assert found[2] == wanted[: len(found[2])]
        stages.append(len(found[2]))
        copies = list(place.glob("till.before-*.db"))
        if len(found[2]) > 1:
            (copy,) = copies
            assert read(copy) == before, "the verified copy was there before the change"
        store = open_store(place)
        assert read(store.path) == new
        assert store.read_now(missing_guards) == []
        checks = store.read_now(verify)
        assert [str(c) for c in checks if c.outcome is Outcome.VIOLATED] == []
        store.close()
    record_property("kills", len(places) - 1)
    assert stages == sorted(stages) and set(stages) == set(range(1, len(wanted) + 1))
