"""The scenes of the till's own books: a disk that is full, damage, a restoration, no backup."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from app.domain.reconciliation import Report as Comparison
from app.errors import BooksDamaged, CheckoutRefused, StoreError
from app.status import BackupState, BooksState
from app.store.backup import Backup, Report
from app.store.connection import disk_full
from app.store.damage import damaged as damaged_books
from app.store.epochs import Known
from tests.ui.fakes import START, FakeClock
from tests.ui.gallery.stage import Stage
from ui.rescue import rescue_box
from ui.theme import DARK, LIGHT, Theme

_BOOKS = Path("/home/shop/.local/share/scantill/live/till.db")


def _tell(stage: Stage, books: BooksState) -> None:
    stage.till.answers = replace(stage.till.answers, books=books)
    stage.window._on_status()


def _full() -> StoreError:
    return disk_full(_BOOKS.parent)


async def full_disk(stage: Stage) -> None:
    stage.add_first(3)
    _tell(stage, BooksState(trouble=_full()))


async def charged_on_a_full_disk(stage: Stage) -> None:
    await full_disk(stage)
    full = _full()
    stage.till.checkout.errors["place_order"] = CheckoutRefused(
        full.title, full.detail, action=full.action
    )
    stage.window.counter.charge()
    await stage.settled()


async def full_disk_with_a_code(stage: Stage) -> None:
    await stage.charge()
    _tell(stage, BooksState(trouble=_full()))


async def damaged(stage: Stage) -> None:
    stage.add_first(3)
    _tell(stage, BooksState(trouble=_damage()))


async def restored(stage: Stage) -> None:
    stage.add_first(3)
    _tell(stage, BooksState(must_reconcile=True))


async def compared(stage: Stage) -> None:
    at = START - timedelta(minutes=4)
    stage.till.answers = replace(stage.till.answers, reconciled=Comparison("timer", at, at))
    stage.window._on_status()


async def not_all_compared(stage: Stage) -> None:
    report = Comparison(
        "timer", START, START, problems=["Stripe does not answer."], still_unknown=2
    )
    stage.till.answers = replace(stage.till.answers, reconciled=report, needs_person=12)
    stage.window._on_status()


async def no_backup(stage: Stage) -> None:
    stage.add_first(3)
    _tell(stage, BooksState(backup=BackupState(START, _full())))


async def rescue(stage: Stage, theme: Theme = LIGHT) -> None:
    backup = Backup(Path("till.db"), "7h2cfb", 1, 1200, START - timedelta(hours=3))
    report = Report(
        backup.path, 184_320, "live", "7h2cfb", Known(1, 1204, 1187, START), 1204, 1187, ()
    )
    stage.dialog = rescue_box(
        _damage(), backup, report, theme, stage.window.look.formats, FakeClock()
    )


async def rescue_in_the_dark(stage: Stage) -> None:
    await rescue(stage, DARK)


def _damage() -> BooksDamaged:
    return damaged_books(_BOOKS, "Tree 14 page 9: btreeInitPage() returns error code 11")
