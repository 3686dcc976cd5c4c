"""Texts of two directions side by side: a Hebrew name in an English sentence, and the reverse.

The window's direction says where things stand. Each text says itself in which direction it is
read: by its first letter that has one, as the Unicode Bidirectional Algorithm (UAX 9) puts it.
"""

from typing import Final
from unicodedata import bidirectional

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication

_ISOLATE: Final = "\N{FIRST STRONG ISOLATE}"
_END: Final = "\N{POP DIRECTIONAL ISOLATE}"
_RIGHT: Final = frozenset({"R", "AL"})
_OPENS: Final = frozenset({"LRI", "RLI", "FSI"})


def reading_direction(text: str) -> Qt.LayoutDirection:
    """Say in which direction a text is read; figures and signs alone are read from the left."""
    depth = 0
    for sign in text:
        kind = bidirectional(sign)
        if kind in _OPENS:
            depth += 1
        elif kind == "PDI":
            depth = max(0, depth - 1)
        elif not depth and kind in _RIGHT:
            return Qt.LayoutDirection.RightToLeft
        elif not depth and kind == "L":
            return Qt.LayoutDirection.LeftToRight
    return Qt.LayoutDirection.LeftToRight


def isolated(text: str) -> str:
    """Shield a text that is filled into another, so that neither rearranges the other's parts.

    A text that cannot do so stays as it is: in a window that is read from the left, one without
    a letter that is read from the right.
    """
    is_flipped = QGuiApplication.layoutDirection() is Qt.LayoutDirection.RightToLeft
    if text and (is_flipped or any(bidirectional(sign) in _RIGHT for sign in text)):
        return f"{_ISOLATE}{text}{_END}"
    return text
