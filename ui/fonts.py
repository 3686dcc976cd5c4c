"""The shipped typefaces, so that a bare machine reads as well as any other.

Inter is the till's own; what it does not have, a product's name in Arabic for example, is taken
from the families behind it, always in the same order. Only then is the system asked.
"""

import logging
from pathlib import Path
from typing import Final

from PySide6.QtGui import QFont, QFontDatabase

from ui.theme import TYPE_SCALE, Type

FAMILY: Final = "Inter"
"""What the till itself is set in."""
FAMILIES: Final = (
    FAMILY,
    "Noto Sans Arabic UI",
    "Noto Sans Hebrew",
    "Noto Sans Devanagari UI",
    "Noto Sans Bengali UI",
    "Noto Sans Gurmukhi UI",
    "Noto Sans Gujarati UI",
    "Noto Sans Oriya UI",
    "Noto Sans Tamil UI",
    "Noto Sans Telugu UI",
    "Noto Sans Kannada UI",
    "Noto Sans Malayalam UI",
    "Noto Sans Sinhala UI",
    "Noto Sans Thai UI",
    "Noto Sans Lao UI",
    "Noto Sans Khmer UI",
    "Noto Sans Myanmar UI",
    "Noto Sans Armenian",
    "Noto Sans Georgian",
    "Noto Sans Ethiopic",
    "Noto Sans Symbols2",
    "Droid Sans Fallback",
)
"""All shipped families, in the order in which a character is looked for."""
RESOURCES: Final = Path(__file__).resolve().parent.parent / "resources"

_ENDINGS: Final = frozenset({".otf", ".ttf"})
_TABULAR: Final = QFont.Tag("tnum")
_log = logging.getLogger(__name__)


def load_fonts(folder: Path = RESOURCES / "fonts") -> list[str]:
    """Make every shipped font file known to Qt and give the names of its families."""
    families: list[str] = []
    for file in sorted(file for file in folder.rglob("*") if file.suffix in _ENDINGS):
        number = QFontDatabase.addApplicationFont(str(file))
        if number < 0:
            _log.error("the font %s cannot be loaded", file.name)
            continue
        families += QFontDatabase.applicationFontFamilies(number)
    return sorted(set(families))


def font_for(step: Type, pixel_size: int, *, tabular: bool = False) -> QFont:
    """Make the font of a type step; `tabular` gives all figures one width, for money and time."""
    font = QFont(list(FAMILIES))
    font.setPixelSize(pixel_size)
    font.setWeight(QFont.Weight(TYPE_SCALE[step].weight))
    font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    if tabular:
        font.setFeature(_TABULAR, 1)
    return font
