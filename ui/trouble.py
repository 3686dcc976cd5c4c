"""What a person sees when the till cannot even open: words, in a window of the system's own."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMessageBox

from app.errors import ScantillError
from ui.application import create_application
from ui.errors import error_words
from ui.format import Formats
from ui.i18n import _


def show_trouble(error: ScantillError) -> None:
    """Say why the till does not open, and wait until that is read; nothing without a screen."""
    create_application()
    if QGuiApplication.platformName() in {"offscreen", "minimal"}:
        return
    trouble_box(error).exec()


def trouble_box(error: ScantillError) -> QMessageBox:
    """Make the window that says why the till does not open."""
    application = create_application()
    box = QMessageBox()
    box.setIcon(QMessageBox.Icon.Warning)
    box.setWindowTitle(application.applicationDisplayName())
    box.setTextFormat(Qt.TextFormat.PlainText)
    words = error_words(error, Formats())
    box.setText(words.title)
    box.setInformativeText("\n".join(part for part in (words.detail, words.action) if part))
    box.addButton(_("Close"), QMessageBox.ButtonRole.AcceptRole)
    return box
