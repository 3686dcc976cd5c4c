"""What the window says of the till's own books, and the backup that it offers."""

import asyncio
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMessageBox, QPushButton

from app.backups import folder_of
from app.errors import BooksDamaged, CheckoutRefused, StoreError
from app.settings import Mode, Settings, load_settings
from app.status import BackupState, BooksState
from app.store import Store
from app.store.backup import Backup, Report, make_backup, read_backup
from app.store.connection import disk_full
from tests.parts.books import count, open_store, placed
from tests.parts.clock import START, VirtualClock
from tests.ui.conftest import Run
from tests.ui.fakes import FakeTill
from ui.counter import Stage
from ui.format import Formats
from ui.rescue import RESTORE, answer_of, asking_in, opened, rescue_box
from ui.theme import LIGHT
from ui.trouble import CLOSE
from ui.window import Window

LATER = START + timedelta(hours=3)


def tell(window: Window, till: FakeTill, books: BooksState) -> None:
    till.answers = replace(till.answers, books=books)
    window._on_status()
    QApplication.processEvents()


def test_where_all_is_well_the_banner_takes_no_room(window: Window, till: FakeTill) -> None:
    tell(window, till, BooksState(backup=BackupState(START)))
    assert not window.banner.isVisible()
    assert not window.strip._backup.isVisible()


def test_a_full_disk_is_said_on_every_screen_until_there_is_room(
    run: Run, window: Window, till: FakeTill
) -> None:
    tell(window, till, BooksState(trouble=disk_full(Path("/data"))))
    assert window.banner.trouble.isVisible()
    assert window.banner.trouble.title == "The disk is full"
    assert "goes on by itself" in window.banner.trouble.words

    async def go_to_orders() -> None:
        window.rail.orders.click()
        await window.counter.tasks.settled()

    run(go_to_orders())
    assert window.banner.trouble.isVisible()
    tell(window, till, BooksState())
    assert not window.banner.isVisible()


def test_charge_on_a_full_disk_is_refused_in_words_and_the_cart_stays(
    run: Run, window: Window, till: FakeTill
) -> None:
    full = disk_full(Path("/data"))
    till.checkout.errors["place_order"] = CheckoutRefused(full.title, action=full.action)

    async def story() -> None:
        product = till.catalog.product("coffee")
        assert product is not None
        window.counter.add(product)
        assert window.counter.charge()
        await window.counter.tasks.settled()

    run(story())
    assert window.counter.stage is Stage.SELLING
    assert window.notice.title == "The disk is full"
    assert "No money has moved" in window.notice.detail
    assert not window.counter.cart.is_empty
    run(window.finish())


def test_damaged_books_send_the_operator_to_a_new_start(window: Window, till: FakeTill) -> None:
    tell(window, till, BooksState(trouble=BooksDamaged("The till's books are damaged")))
    assert "it offers a backup" in window.banner.trouble.words


def test_restored_books_say_why_nothing_is_sold_yet(window: Window, till: FakeTill) -> None:
    tell(window, till, BooksState(must_reconcile=True))
    assert window.banner.restored.isVisible() and not window.banner.trouble.isVisible()
    tell(window, till, BooksState(must_reconcile=True, trouble=disk_full(Path("/data"))))
    assert window.banner.trouble.isVisible() and not window.banner.restored.isVisible()


def test_a_backup_that_fails_is_said_in_the_strip_with_why(window: Window, till: FakeTill) -> None:
    problem = StoreError("The directory for backups is not there", "/media/usb.")
    tell(window, till, BooksState(backup=BackupState(None, problem)))
    assert window.strip._backup.isVisible()
    assert window.strip._backup.text == "No backup can be made"
    assert "/media/usb" in window.strip._backup.toolTip()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A till with a backup of one order, and then damaged books of two."""
    settings = load_settings(tmp_path, Mode.TRAINING, working_directory=tmp_path)
    store = open_store(settings.directory)
    store.write_now(placed)
    make_backup(store.path, folder_of(settings), at=START)
    store.write_now(placed)
    store.close()
    store.path.write_bytes(b"a letter " * 2000)
    return settings


def build(settings: Settings) -> Callable[[], Store]:
    return lambda: open_store(settings.directory, clock=VirtualClock(LATER))


def test_damaged_books_are_replaced_by_the_backup_if_the_operator_wants_it(
    run: Run, settings: Settings
) -> None:
    told = []

    async def wants_it(damage: BooksDamaged, backup: Backup, report: Report) -> bool:
        told.append((damage.title, report.orders))
        assert threading.current_thread() is threading.main_thread()
        return True

    clock = VirtualClock(LATER)
    store = run(opened(build(settings), settings, locale="en", ask=wants_it, clock=clock))
    assert told == [("The till's books are not an SQLite file", 1)]
    assert store.read_now(lambda db: count(db, "orders")) == 1
    row = store.read_now(lambda db: db.execute("SELECT * FROM audit ORDER BY seq DESC").fetchone())
    assert row["actor"].endswith("(window)")
    store.close()
    (kept,) = settings.directory.glob("set-aside-*/till.db")
    assert kept.read_bytes().startswith(b"a letter ")


def test_damaged_books_stay_closed_where_nobody_wants_the_backup(
    run: Run, settings: Settings
) -> None:
    async def declines(*_: object) -> bool:
        return False

    with pytest.raises(BooksDamaged):
        run(opened(build(settings), settings, locale="en", ask=declines))
    assert (settings.directory / "till.db").read_bytes().startswith(b"a letter ")
    with pytest.raises(BooksDamaged):
        # Without a screen nobody can be asked.
        run(opened(build(settings), settings, locale="en"))


def test_where_there_is_no_backup_nothing_is_asked(run: Run, settings: Settings) -> None:
    for path in folder_of(settings).iterdir():
        path.unlink()
    with pytest.raises(BooksDamaged):
        run(opened(build(settings), settings, locale="en", ask=asking_in("en")))


def box_of(settings: Settings) -> QMessageBox:
    (path,) = folder_of(settings).iterdir()
    backup = Backup(path, "till", 1, 1, START)
    damage = BooksDamaged("The till's books are damaged")
    formats, clock = Formats("en"), VirtualClock(LATER)
    return rescue_box(damage, backup, read_backup(path), LIGHT, formats, clock)


@pytest.mark.parametrize(
    "press, wanted", [(RESTORE, True), (CLOSE, False), ("enter", False), ("escape", False)]
)
def test_the_box_says_how_old_the_backup_is_and_gives_the_answer(
    run: Run, qapp: QApplication, settings: Settings, press: str, wanted: bool
) -> None:
    # As in the till, which ends with its window and not with a box.
    qapp.setQuitOnLastWindowClosed(False)
    box = box_of(settings)
    assert box.text() == "The till's books are damaged"
    words = box.informativeText()
    assert "3 hours ago" in words and "orders: 1, receipts: 0" in words
    assert "What was sold after it is not in it" in words and "is kept" in words

    async def story() -> bool:
        answer = asyncio.ensure_future(answer_of(box))
        await asyncio.sleep(0)
        if press == "escape":
            box.reject()
        elif press == "enter":
            QTest.keyClick(box, Qt.Key.Key_Return)
        else:
            buttons = box.findChildren(QPushButton)
            next(button for button in buttons if button.objectName() == press).click()
        return await answer

    try:
        assert run(story()) is wanted
    finally:
        qapp.setQuitOnLastWindowClosed(True)
