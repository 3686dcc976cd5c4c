"""The shipped typeface, so that a bare machine reads as well as any other."""

import logging
from pathlib import Path
from typing import Final

from PySide6.QtGui import QFont, QFontDatabase

from ui.theme import TYPE_SCALE, Type

FAMILY: Final = "Inter"
RESOURCES: Final = Path(__file__).resolve().parent.parent / "resources"

_TABULAR: Final = QFont.Tag("tnum")
_log = logging.getLogger(__name__)


def load_fonts(folder: Path = RESOURCES / "fonts") -> list[str]:
    """Make every shipped font file known to Qt and give the names of its families."""
    families: list[str] = []
    for file in sorted(folder.rglob("*.otf")):
        number = QFontDatabase.addApplicationFont(str(file))
        if number < 0:
            _log.error("the font %s cannot be loaded", file.name)
            continue
        families += QFontDatabase.applicationFontFamilies(number)
    return sorted(set(families))


def font_for(step: Type, pixel_size: int, *, tabular: bool = False) -> QFont:
    """Make the font of a type step; `tabular` gives all figures one width, for money and time."""
    font = QFont(FAMILY)
    font.setPixelSize(pixel_size)
    font.setWeight(QFont.Weight(TYPE_SCALE[step].weight))
    font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    if tabular:
        font.setFeature(_TABULAR, 1)
    return font
