"""Damaged books: found before anything is sold on them, wherever the damage is."""

import random
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from app.errors import BooksDamaged, InvariantError, StoreError
from app.store import Store, damage
from app.store.connection import open_writer
from app.store.damage import MARK, check_file
from app.store.epochs import epochs_of, needs_reconciliation
from app.store.verify import Outcome, verify
from tests.conftest import ExpectedLogs
from tests.parts.books import begun, count, one_of_each_record, open_store, placed, statement

PAGE = 4096
Record = Callable[[str, object], None]


@pytest.fixture
def sold(directory: Path) -> Path:
    """Books with something on most pages, closed."""
    store = open_store(directory)
    for _ in range(60):
        store.write_now(lambda tx: begun(tx, placed(tx)))
        store.write_now(one_of_each_record)
    store.close()
    return directory / "till.db"


def outcome(path: Path) -> str:
    """Open books and say what became of it: damaged, refused in words, or sound."""
    try:
        store = open_store(path.parent)
    except BooksDamaged:
        return "damaged"
    except StoreError:
        return "refused"
    try:
        return "sound" if not violated(store) else "violated"
    except BooksDamaged:
        return "damaged"
    finally:
        store.close()


def violated(store: Store) -> list[str]:
    checks = store.read_now(verify)
    return [str(check) for check in checks if check.outcome is Outcome.VIOLATED]


def test_a_page_that_was_wiped_or_written_over_is_found_wherever_it_is(
    sold: Path, record_property: Record
) -> None:
    body = sold.read_bytes()
    pages = len(body) // PAGE
    chance = random.Random(7)
    outcomes = dict[str, int]()
    for number in range(pages):
        for garbage in (bytes(PAGE), chance.randbytes(PAGE), b"\xff" * PAGE):
            spoilt = body[: number * PAGE] + garbage + body[(number + 1) * PAGE :]
            sold.write_bytes(spoilt)
            found = outcome(sold)
            outcomes[found] = outcomes.get(found, 0) + 1
            assert sold.read_bytes() == spoilt, "what is damaged is left as it is"
    assert outcomes == {"damaged": 3 * pages}
    record_property("pages_times_garbage", 3 * pages)


def test_a_page_in_the_place_of_another_is_found(sold: Path, record_property: Record) -> None:
    """Each page is sound in itself, as a disk leaves it that writes to the wrong place."""
    db = sqlite3.connect(sold)
    roots = dict(db.execute("SELECT rootpage, name FROM sqlite_master").fetchall())
    db.close()
    body = sold.read_bytes()
    pages = len(body) // PAGE
    chance = random.Random(8)
    pairs = [(a, b) for a in range(pages) for b in chance.sample(range(pages), 4) if a != b]
    unseen = set[str]()
    for there, instead in pairs:
        page = body[instead * PAGE : (instead + 1) * PAGE]
        if page == body[there * PAGE : (there + 1) * PAGE]:
            continue
        sold.write_bytes(body[: there * PAGE] + page + body[(there + 1) * PAGE :])
        if outcome(sold) == "sound":
            unseen.add(roots.get(there + 1, "no root"))
    record_property("pages_swapped", len(pairs))
    # SQLite's own counters of rows: from a table that only grows it takes the highest row anyway.
    assert unseen <= {"sqlite_sequence"}


@pytest.mark.parametrize("share", [0.001, 0.1, 0.5, 0.9, 0.999])
def test_books_that_were_cut_off_are_found(sold: Path, share: float) -> None:
    body = sold.read_bytes()
    sold.write_bytes(body[: int(len(body) * share)])
    assert outcome(sold) in ("damaged", "refused")


@pytest.mark.parametrize("header", [b"", b"\0" * 100, b"PNG\r\n", b"SQLite format 4\0"])
def test_a_wrong_header_is_found(sold: Path, header: bytes) -> None:
    body = sold.read_bytes()
    sold.write_bytes((header or b"\1" * 100) + body[len(header or b"\1" * 100) :])
    assert outcome(sold) == "damaged"


def test_one_bit_is_found_or_changes_nothing_that_the_file_is_made_of(
    sold: Path, record_property: Record, expected_logs: ExpectedLogs
) -> None:
    """SQLite has no checksums: a bit within a text that was written may go unseen, and only that.

    Whatever happens is an answer in words; nothing else than the till's own errors comes out.
    """
    body = sold.read_bytes()
    chance = random.Random(9)
    outcomes = dict[str, int]()
    expected_logs.take_all("damaged")
    for _ in range(300):
        place, bit = chance.randrange(len(body)), chance.randrange(8)
        spoilt = bytearray(body)
        spoilt[place] ^= 1 << bit
        sold.write_bytes(spoilt)
        try:
            found = outcome(sold)
        except (InvariantError, StoreError):
            found = "refused"
        outcomes[found] = outcomes.get(found, 0) + 1
    record_property("bits", str(outcomes))
    expected_logs.take_all("damaged")
    assert outcomes["damaged"] > 10


def test_damage_that_a_read_meets_stops_all_writing_and_is_remembered(
    directory: Path, expected_logs: ExpectedLogs
) -> None:
    store = open_store(directory)
    for _ in range(60):
        store.write_now(placed)
    page = store.read_now(
        lambda db: db.execute("SELECT rootpage FROM sqlite_master WHERE name='audit'").fetchone()[0]
    )
    store.close()
    store = open_store(directory)
    with store.path.open("r+b") as file:
        file.seek((page - 1) * PAGE)
        file.write(b"\x77" * PAGE)
    with pytest.raises(BooksDamaged):
        store.read_now(lambda db: db.execute("SELECT * FROM audit").fetchall())
    assert isinstance(store.trouble, BooksDamaged)
    before = store.read_now(lambda db: count(db, "orders"))
    for _ in range(3):
        with pytest.raises(BooksDamaged):
            store.write_now(placed)
    assert store.read_now(lambda db: count(db, "orders")) == before
    store.close()
    expected_logs.take("The till's books are damaged")
    assert "damaged" in (directory / MARK).read_text()
    with pytest.raises(BooksDamaged):
        open_store(directory)
    assert (directory / MARK).exists()


def test_damage_that_a_write_meets_fails_its_batch_and_stops_all_writing(
    directory: Path, expected_logs: ExpectedLogs
) -> None:
    store = open_store(directory)
    page = store.read_now(
        lambda db: db.execute("SELECT rootpage FROM sqlite_master WHERE name='audit'").fetchone()[0]
    )
    store.close()
    store = open_store(directory)
    with store.path.open("r+b") as file:
        file.seek((page - 1) * PAGE)
        file.write(b"\x77" * PAGE)
    # What the check at the start has read is still in the writer's memory.
    store.write_now(statement("PRAGMA shrink_memory"))
    with pytest.raises(BooksDamaged):
        store.write_now(lambda tx: tx.audit("a", "b", "c", {}))
    with pytest.raises(BooksDamaged):
        store.write_now(placed)
    assert isinstance(store.trouble, BooksDamaged)
    store.close()
    expected_logs.take("The till's books are damaged")


def test_a_mark_beside_sound_books_is_taken_away_after_the_whole_check(sold: Path) -> None:
    sold.with_name(MARK).write_text("the memory was at fault")
    assert outcome(sold) == "sound"
    assert not sold.with_name(MARK).exists()


def test_the_check_at_the_start_ends_in_time_and_the_whole_one_at_its_end(
    tmp_path: Path,
) -> None:
    path = tmp_path / "large.db"
    connection = open_writer(path)
    connection.execute("CREATE TABLE t (a TEXT UNIQUE)")
    connection.execute(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 400000) "
        "INSERT INTO t SELECT hex(i * 7919 % 400009) FROM n"
    )
    assert check_file(connection, path, within_s=0.001) is False
    assert connection.execute("SELECT count(*) FROM t").fetchone()[0] == 400_000
    assert check_file(connection, path, within_s=None) is True
    connection.close()


def test_damage_beyond_the_time_of_the_first_check_is_found_by_the_first_backup(
    sold: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.store.backup import make_backup
    from tests.parts.clock import START

    db = sqlite3.connect(sold)
    (page,) = db.execute("SELECT rootpage FROM sqlite_master WHERE name='intents'").fetchone()
    db.close()
    with sold.open("r+b") as file:
        file.seek((page - 1) * PAGE)
        file.write(b"\x77" * PAGE)
    monkeypatch.setattr("app.store.store.check_file", lambda *_, **__: False)
    store = open_store(sold.parent)
    with pytest.raises(BooksDamaged):
        make_backup(store.path, tmp_path, at=START)
    store.close()


def killed(sold: Path) -> Path:
    """Copy books as a till that was killed leaves them, with a WAL and its number in the lock."""
    store = open_store(sold.parent)
    store.write_now(placed)
    shutil.copytree(sold.parent, place := sold.parent.with_name("killed"))
    store.close()
    assert (place / "till.db-wal").stat().st_size > 0
    assert (place / "till.lock").read_text().strip()
    return place


def test_a_wal_that_is_gone_after_a_crash_begins_an_epoch_since_orders_may_be_lost(
    sold: Path,
) -> None:
    place = killed(sold)
    (place / "till.db-wal").unlink()
    (place / "till.db-shm").unlink()
    store = open_store(place)
    assert store.read_now(lambda db: count(db, "orders")) == 60, "the last one is lost"
    assert store.read_now(needs_reconciliation)
    assert store.write_now(placed).number > 61, "its number is not given again"
    assert violated(store) == []
    row = store.read_now(lambda db: db.execute("SELECT * FROM audit ORDER BY seq DESC").fetchone())
    assert row["subject"] == "the file of the last commits was gone"
    store.close()


def test_a_wal_that_is_there_after_a_crash_is_all_that_is_needed(sold: Path) -> None:
    store = open_store(killed(sold))
    assert store.read_now(lambda db: count(db, "orders")) == 61
    assert len(store.read_now(epochs_of)) == 1
    store.close()
    again = open_store(sold.parent.with_name("killed"))
    assert len(again.read_now(epochs_of)) == 1
    again.close()


def test_what_is_no_damage_is_not_called_so(sold: Path) -> None:
    store = open_store(sold.parent)
    with pytest.raises(StoreError) as caught:
        store.read_now(lambda db: db.execute("SELECT * FROM nowhere").fetchall())
    assert not isinstance(caught.value, BooksDamaged)
    with pytest.raises(InvariantError):
        store.write_now(statement("UPDATE orders SET total_minor = -1"))
    assert store.trouble is None
    assert damage.as_damage(sqlite3.OperationalError("no"), sold) is None
    store.close()
