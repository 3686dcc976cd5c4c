"""Typing anywhere goes to the search field."""

from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent

_NO_TEXT: Final = (
    Qt.KeyboardModifier.ControlModifier
    | Qt.KeyboardModifier.AltModifier
    | Qt.KeyboardModifier.MetaModifier
)


def typed_text(event: QKeyEvent) -> str:
    """Give what a key writes, or nothing for keys that command: arrows, F-keys, Space, Enter."""
    text = event.text()
    if event.modifiers() & _NO_TEXT or not text.isprintable() or not text.strip():
        return ""
    return text
