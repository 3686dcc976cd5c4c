"""One key of an account: where it stands, a masked field to set or replace it, and its removal."""

from typing import Final

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from app.account_desk import KeyStanding
from ui import theme
from ui.i18n import _
from ui.kit.base import Part
from ui.kit.button import Button, Kind
from ui.kit.field import Field
from ui.kit.text import ElidedText, Text
from ui.look import Look
from ui.settings.words import place_words, shadow_words
from ui.theme import Tone, Type

_MOST: Final = 4096
_ASKED_MS: Final = 4000
_PLACE_LINES: Final = 3


class KeyEntry(Part):
    """Takes a key and never gives one back: what stands in the field is masked, and gone once kept.

    Signals:
        given (str): This is to be kept, in place of an older one.
        unwanted: What was set here is to be removed; it was pressed twice.
    """

    given = Signal(str)
    unwanted = Signal()

    def __init__(self, look: Look, key: KeyStanding, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        self.key = key
        self._is_busy = False
        label = look.formats.message(key.label)
        self._label = Text(look, label, Type.BODY_STRONG)
        self._place = ElidedText(
            look, "", Type.CAPTION, colour="text_muted", lines=_PLACE_LINES, tabular=True
        )
        self.field = Field(look, "", icon="key")
        self.field.setObjectName(f"key_{key.name}")
        edit = self.field.edit
        edit.setEchoMode(QLineEdit.EchoMode.Password)
        edit.setMaxLength(_MOST)
        edit.setAccessibleName(label)
        hints = Qt.InputMethodHint
        edit.setInputMethodHints(
            hints.ImhSensitiveData | hints.ImhNoPredictiveText | hints.ImhNoAutoUppercase
        )
        self.field.submitted.connect(self._on_save)
        self.field.text_changed.connect(self._on_typed)
        self.paste = Button(look, _("Paste"), Kind.SECONDARY)
        self.paste.setObjectName(f"paste_{key.name}")
        self.paste.setAccessibleName(_("Paste {key}").format(key=label))
        self.paste.clicked.connect(self._on_paste)
        self.save = Button(look, _("Save"), Kind.PRIMARY)
        self.save.setObjectName(f"save_{key.name}")
        self.save.setAccessibleName(_("Save {key}").format(key=label))
        self.save.clicked.connect(self._on_save)
        self.remove = Button(look, _("Remove"), Kind.QUIET, icon="trash")
        self.remove.setObjectName(f"remove_{key.name}")
        self.remove.set_icon_only(True)
        self.remove.setAccessibleName(_("Remove {key}").format(key=label))
        self.remove.clicked.connect(self._on_remove)
        # A button of its own: the second of two quick taps is not for what has just come there.
        self.really = Button(look, _("Tap again to remove"), Kind.DANGER, icon="trash")
        self.really.setObjectName(f"really_remove_{key.name}")
        self.really.clicked.connect(self._on_really)
        self._asked = QTimer(self, singleShot=True, interval=_ASKED_MS)
        self._asked.timeout.connect(self._show_removal)
        self._note = Text(look, "", Type.CAPTION, wraps=True)
        self._row = QHBoxLayout()
        self._row.addWidget(self.field, 1)
        for button in (self.paste, self.save, self.remove, self.really):
            self._row.addWidget(button)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.addWidget(self._label)
        self._column.addWidget(self._place)
        self._column.addLayout(self._row)
        self._column.addWidget(self._note)
        self.show_key(key)
        self.on_look_changed()

    @property
    def note(self) -> str:
        """Give what stands below the field."""
        return self._note.text()

    @property
    def place(self) -> str:
        """Give what is said of where the key stands."""
        return self._place.text

    def show_key(self, key: KeyStanding) -> None:
        """Show where it stands now; what is being typed stays."""
        formats = self.look.formats
        self.key = key
        self._place.set_text(place_words(key, formats))
        self._place.set_colour("text_muted" if key.place or not key.is_needed else "warning")
        edit = self.field.edit
        edit.setPlaceholderText(_("Paste a new one") if key.place else _("Paste it here"))
        edit.setAccessibleDescription(self._place.text)
        self.tell(shadow_words(key, formats), Tone.WARNING)
        self._show_removal()

    def tell(self, words: str, tone: Tone) -> None:
        """Say what came of it, below the field; nothing where there is nothing to say."""
        self._note.setText(words)
        self._note.set_colour("text_muted" if tone is Tone.NEUTRAL else tone.value)
        self._note.setVisible(bool(words))

    def end(self, words: str, tone: Tone) -> None:
        """Say what came of what was asked for; the field is empty again, whatever it was."""
        self._set_busy(is_busy=False)
        self.field.clear()
        self.field.edit.setFocus(Qt.FocusReason.OtherFocusReason)
        self.tell(words, tone)

    def forget_typed(self) -> bool:
        """Let nothing stand in the field that was typed and not kept; say whether any did."""
        had_any = bool(self.field.text) or self._asked.isActive()
        self.field.clear()
        self._asked.stop()
        self._show_removal()
        return had_any

    def on_look_changed(self) -> None:
        """Measure and paint anew."""
        self._column.setSpacing(self.look.dp(theme.XS))
        self._row.setSpacing(self.look.metrics.gap)
        super().on_look_changed()

    def _on_typed(self) -> None:
        """Offer what can be done next: to paste into an empty field, to save a full one.

        While it is asked whether to remove the key, that has the room alone.
        """
        has_text, is_free = bool(self.field.text.strip()), not self._asked.isActive()
        offers = ((self.save, has_text and is_free), (self.paste, not has_text and is_free))
        for button, is_seen in offers:
            if not is_seen and button.hasFocus():
                self.field.edit.setFocus(Qt.FocusReason.OtherFocusReason)
            button.setVisible(is_seen)

    def _on_paste(self) -> None:
        text = QGuiApplication.clipboard().text().strip()
        self.field.edit.setText(text[:_MOST])
        self.field.edit.setFocus(Qt.FocusReason.OtherFocusReason)
        if not text:
            self.tell(_("There is no text in the clipboard."), Tone.WARNING)

    def _on_save(self) -> None:
        text = self.field.text.strip()
        if text and not self._is_busy:
            self._set_busy(is_busy=True)
            self.tell("", Tone.NEUTRAL)
            self.given.emit(text)

    def _on_remove(self) -> None:
        self._asked.start()
        self._show_removal()

    def _on_really(self) -> None:
        self._asked.stop()
        self._show_removal()
        self._set_busy(is_busy=True)
        self.unwanted.emit()

    def _show_removal(self) -> None:
        """Have it pressed twice; only what was set here can be removed here."""
        is_asked, can_be = self._asked.isActive(), bool(self.key.kept)
        shown, hidden = (self.really, self.remove) if is_asked else (self.remove, self.really)
        shown.setVisible(can_be)
        if hidden.hasFocus() and can_be:
            # Else Qt would pass the keyboard on to whatever comes next.
            shown.setFocus(Qt.FocusReason.OtherFocusReason)
        hidden.hide()
        self._on_typed()

    def _set_busy(self, *, is_busy: bool) -> None:
        if is_busy:
            # Else the keyboard would go on to the next button, with Enter still held.
            self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
            self.setFocus(Qt.FocusReason.OtherFocusReason)
        self._is_busy = is_busy
        for part in (self.field, self.paste, self.save, self.remove, self.really):
            part.setEnabled(not is_busy)
        self.save.set_label(_("One moment …") if is_busy else _("Save"))
