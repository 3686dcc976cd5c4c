"""The QApplication with everything that has to be so before the first window is made."""

from collections.abc import Sequence

from PySide6.QtCore import QLibraryInfo, QLocale, QLoggingCategory, Qt, QTranslator
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from ui.fonts import FAMILIES, FAMILY, load_fonts


def follow_locale(locale: str) -> None:
    """Speak and lay out as a locale does: Qt's own words, and the side from which one reads."""
    translate_qt(locale)
    create_application().setLayoutDirection(direction_of(locale))


def direction_of(locale: str) -> Qt.LayoutDirection:
    """Say from which side one reads in a locale ("ar", "he_IL", "fa-IR"); unknown ones: left."""
    return QLocale(locale.replace("-", "_")).textDirection()


def translate_qt(locale: str) -> None:
    """Have Qt's own words, such as a field's menu, said in the language of a locale."""
    application = create_application()
    translator = QTranslator(application)
    folder = QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
    if translator.load(QLocale(locale.replace("-", "_")), "qtbase", "_", folder):
        application.installTranslator(translator)


def create_application(argv: Sequence[str] = ()) -> QApplication:
    """Give the process's QApplication, made on the first call: style, fonts, pixel ratios."""
    existing = QApplication.instance()
    if isinstance(existing, QApplication):
        application = existing
    else:
        QGuiApplication.setHighDpiScaleFactorRoundingPolicy(
            Qt.HighDpiScaleFactorRoundingPolicy.PassThrough
        )
        application = QApplication(list(argv) or ["scantill"])
    # Qt warns of each typeface that it passes by on its way to the one that has a script.
    QLoggingCategory.setFilterRules("qt.text.font.db.info=false")
    application.setStyle("Fusion")
    application.setApplicationName("scantill")
    application.setApplicationDisplayName("Scantill")
    application.setDesktopFileName("scantill")
    if FAMILY not in load_fonts():
        raise RuntimeError(f"the typeface {FAMILY} is missing from resources/fonts")
    font = application.font()
    font.setFamilies(list(FAMILIES))
    application.setFont(font)
    return application
