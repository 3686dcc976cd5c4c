"""What a person sees when the till cannot even open: words, in a window of their own."""

from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMessageBox

from app.errors import ScantillError
from ui.application import create_application
from ui.errors import error_words
from ui.format import Formats
from ui.i18n import _
from ui.icons import Icons
from ui.metrics import Metrics
from ui.theme import DARK, LIGHT, TYPE_SCALE, XL, M, Theme, Type, palette

_WIDTH: Final = 440
_ICON: Final = 48
CLOSE: Final = "trouble_close"


def show_trouble(error: ScantillError) -> None:
    """Say why the till does not open, and wait until that is read; nothing without a screen."""
    create_application()
    if is_seen():
        trouble_box(error, theme_of_desktop()).exec()


def is_seen() -> bool:
    """Say whether there is a screen, and so somebody to answer a question."""
    return QGuiApplication.platformName() not in {"offscreen", "minimal"}


def theme_of_desktop() -> Theme:
    """Give the theme of before the settings are read."""
    is_dark = QGuiApplication.styleHints().colorScheme() is Qt.ColorScheme.Dark
    return DARK if is_dark else LIGHT


def trouble_box(error: ScantillError, theme: Theme) -> QMessageBox:
    """Make the window that says why the till does not open."""
    application = create_application()
    metrics = Metrics.of_screen(QGuiApplication.primaryScreen())
    box = QMessageBox()
    icon, ratio = metrics.dp(_ICON), box.devicePixelRatioF()
    box.setIconPixmap(Icons().pixmap("alert", theme.danger, icon, ratio))
    box.setWindowTitle(application.applicationDisplayName())
    box.setTextFormat(Qt.TextFormat.PlainText)
    words = error_words(error, Formats())
    box.setText(words.title)
    box.setInformativeText("\n".join(part for part in (words.detail, words.action) if part))
    close = box.addButton(_("Close"), QMessageBox.ButtonRole.AcceptRole)
    close.setObjectName(CLOSE)
    close.setAccessibleName(close.text())
    box.setPalette(palette(theme))
    box.setStyleSheet(_stylesheet(theme, metrics))
    return box


def _stylesheet(theme: Theme, metrics: Metrics) -> str:
    def type_of(step: Type) -> str:
        size, weight = TYPE_SCALE[step]
        return f"font-size: {metrics.type_px(size)}px; font-weight: {weight};"

    dp, touch = metrics.dp, metrics.touch
    return f"""
QMessageBox {{ background: {theme.surface}; }}
QLabel {{ color: {theme.text}; {type_of(Type.BODY)} }}
#qt_msgbox_label, #qt_msgbox_informativelabel {{ min-width: {dp(_WIDTH)}px; }}
#qt_msgbox_label {{ {type_of(Type.TITLE)} }}
QPushButton {{ background: {theme.accent}; color: {theme.on_accent}; border-style: solid;
    border-width: 3px; border-color: {theme.accent}; border-radius: {dp(M)}px;
    min-height: {touch}px; min-width: {3 * touch}px; padding: 0 {dp(XL)}px;
    {type_of(Type.BODY_STRONG)} }}
QPushButton:focus {{ border-color: {theme.on_accent}; }}
QPushButton[quiet="true"] {{ background: {theme.surface}; color: {theme.text};
    border-color: {theme.line_strong}; }}
QPushButton[quiet="true"]:focus {{ border-color: {theme.text}; }}
QPushButton:pressed {{ background: {theme.accent_pressed}; color: {theme.on_accent}; }}
"""
