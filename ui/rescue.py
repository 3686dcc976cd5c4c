"""What stands in the place of the counter where the books are damaged: a backup, offered."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from PySide6.QtWidgets import QAbstractButton, QDialogButtonBox, QMessageBox, QPushButton

from app.backups import newest_offer, person_at
from app.clock import Clock, SystemClock
from app.errors import BooksDamaged
from app.settings import Settings
from app.store.backup import Backup, Report
from app.store.restore import restore_books
from ui.format import Formats
from ui.i18n import _
from ui.metrics import Metrics
from ui.theme import Theme
from ui.trouble import CLOSE, is_seen, theme_of_desktop, trouble_box

T = TypeVar("T")
Ask = Callable[[BooksDamaged, Backup, Report], Awaitable[bool]]
RESTORE: Final = "rescue_restore"


async def opened(
    build: Callable[[], T],
    settings: Settings,
    *,
    locale: str,
    ask: Ask | None = None,
    clock: Clock | None = None,
) -> T:
    """Open the till off this thread; where its books are damaged, offer the newest backup.

    Raises BooksDamaged where there is none or it is not wanted, StoreError where it cannot be
    restored.
    """
    clock = clock or SystemClock()
    while True:
        try:
            return await asyncio.to_thread(build)
        except BooksDamaged as damage:
            offer = await asyncio.to_thread(newest_offer, settings)
            if offer is None or not await (ask or asking_in(locale))(damage, *offer):
                raise
            await asyncio.to_thread(
                restore_books,
                settings.directory,
                offer[0].path,
                mode=settings.mode.value,
                at=clock.now(),
                actor=person_at("window"),
            )


def asking_in(locale: str) -> Ask:
    """Give what shows a person what happened and what a backup holds, in a locale's language."""

    async def ask(damage: BooksDamaged, backup: Backup, report: Report) -> bool:
        if not is_seen():
            return False
        formats = Formats(locale)
        return await answer_of(rescue_box(damage, backup, report, theme_of_desktop(), formats))

    return ask


async def answer_of(box: QMessageBox) -> bool:
    """Open a rescue box and wait for its answer."""
    answered: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

    def note(_result: int) -> None:
        pressed: QAbstractButton | None = box.clickedButton()
        if not answered.done():
            answered.set_result(pressed is not None and pressed.objectName() == RESTORE)

    box.finished.connect(note)
    box.open()
    try:
        return await answered
    finally:
        box.deleteLater()


def rescue_box(
    damage: BooksDamaged,
    backup: Backup,
    report: Report,
    theme: Theme,
    formats: Formats,
    clock: Clock | None = None,
) -> QMessageBox:
    """Make the window that offers a backup."""
    now = (clock or SystemClock()).now()
    box = trouble_box(damage, theme)
    made = formats.moment(backup.taken_at, now)
    lines = [
        _("The newest backup was made {moment} ({ago}) and is sound.").format(
            moment=made, ago=formats.ago(backup.taken_at, now)
        ),
        _("In it are orders: {orders}, receipts: {receipts}.").format(
            orders=formats.count(report.orders), receipts=formats.count(report.receipts)
        ),
        _(
            "What was sold after it is not in it. The till asks the provider about that before it "
            "sells again; cash is known to nobody."
        ),
        _("The damaged file is kept, in a folder beside the books."),
    ]
    box.setInformativeText("\n\n".join(lines))
    button = box.addButton(_("Restore this backup"), QMessageBox.ButtonRole.YesRole)
    button.setObjectName(RESTORE)
    button.setAccessibleName(button.text())
    # Enter and Escape restore nothing.
    close = next(one for one in box.buttons() if one.objectName() == CLOSE)
    close.setProperty("quiet", True)
    box.setStyleSheet(box.styleSheet())
    box.setEscapeButton(close)
    if isinstance(close, QPushButton):
        box.setDefaultButton(close)
    buttons = box.findChild(QDialogButtonBox)
    layout = buttons.layout() if isinstance(buttons, QDialogButtonBox) else None
    if layout is not None:
        layout.setSpacing(Metrics.of_screen(box.screen()).gap)
    return box
