"""The faces without a cart: idle, words and paid. Each shows a model and knows no more.

Large type throughout: nothing is smaller than a TITLE, for it is read from a metre away.
"""

from typing import Final

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QHideEvent, QPainter, QPaintEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QVBoxLayout

from ui import theme
from ui.display.fittext import FitText
from ui.display.model import DisplayModel, Face
from ui.display.parts import Mark, RoundIcon
from ui.display.words import words_of
from ui.i18n import _
from ui.kit.base import Part
from ui.look import Look
from ui.paid import Tick, change_words
from ui.sell.pictures import Pictures
from ui.theme import Type

_CENTRE: Final = Qt.AlignmentFlag.AlignHCenter


class IdleFace(Part):
    """The shop's mark and name, and a line of text."""

    def __init__(self, look: Look, pictures: Pictures, logo: str, line: str) -> None:
        super().__init__(look)
        self._logo = logo
        self._mark = Mark(look, pictures, 132)
        self._name = FitText(
            look, Type.HERO, Type.HEADLINE, lines=3, wrapped=Type.AMOUNT, centred=True
        )
        self._line = FitText(
            look, Type.HEADLINE, Type.TITLE, lines=4, colour="text_muted", centred=True
        )
        self._line.set_text(line or _("Welcome"))
        self._column = QVBoxLayout(self)
        self._column.addStretch(3)
        self._column.addWidget(self._mark, 0, _CENTRE)
        self._column.addWidget(self._name)
        self._column.addWidget(self._line)
        self._column.addStretch(4)
        self.on_look_changed()

    def show_model(self, model: DisplayModel) -> None:
        """Show the shop."""
        self._mark.set_mark(self._logo, model.shop)
        self._name.set_text(model.shop)
        self.setAccessibleName(f"{model.shop}. {self._line.text}")

    def on_look_changed(self) -> None:
        """Measure and paint anew."""
        dp = self.look.dp
        self._column.setContentsMargins(dp(theme.XXL), dp(theme.L), dp(theme.XXL), dp(theme.L))
        self._column.setSpacing(dp(theme.M))
        self._arrange()
        super().on_look_changed()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._arrange()
        super().resizeEvent(event)

    def _arrange(self) -> None:
        """Share the height out, so that a long name and a long line both have their place."""
        self._name.set_room(round(self.height() * 0.32))
        self._line.set_room(round(self.height() * 0.24))


class WordsFace(Part):
    """An icon, a few calm words, and the amount that it is about."""

    def __init__(self, look: Look) -> None:
        super().__init__(look)
        self._icon = RoundIcon(look, 108)
        self._title = FitText(
            look, Type.HERO, Type.HEADLINE, lines=2, wrapped=Type.AMOUNT, centred=True
        )
        self._sentence = FitText(
            look, Type.HEADLINE, Type.TITLE, lines=3, colour="text_muted", centred=True
        )
        self.amount = FitText(look, Type.AMOUNT, Type.BODY, centred=True, tabular=True)
        self._column = QVBoxLayout(self)
        self._column.addStretch(3)
        self._column.addWidget(self._icon, 0, _CENTRE)
        self._column.addWidget(self._title)
        self._column.addWidget(self._sentence)
        self._column.addWidget(self.amount)
        self._column.addStretch(4)
        self.on_look_changed()

    @property
    def said(self) -> str:
        """Give title and sentence as they are shown."""
        return f"{self._title.text}. {self._sentence.text}"

    def show_model(self, model: DisplayModel) -> None:
        """Say what is known."""
        words = words_of(model)
        amount = "" if model.amount is None else self.look.formats.money(model.amount)
        # What is to be handed over is the largest.
        is_due = model.face in {Face.CASH, Face.MACHINE}
        self._icon.set_icon(words.icon, words.tone)
        self._title.set_text(amount if is_due else words.title)
        self._sentence.set_text(words.title if is_due else words.sentence)
        # Beside "nothing was paid" an amount would only be misread.
        self.amount.setVisible(bool(amount) and not is_due and model.face is not Face.NOT_PAID)
        self.amount.set_text(amount)
        self.setAccessibleName(self.said)

    def on_look_changed(self) -> None:
        """Measure and paint anew."""
        dp = self.look.dp
        self._column.setContentsMargins(dp(theme.XL), dp(theme.L), dp(theme.XL), dp(theme.L))
        self._column.setSpacing(dp(theme.M))
        super().on_look_changed()


class PaidFace(Part):
    """Tick, word and amount: nothing else matters now."""

    def __init__(self, look: Look) -> None:
        super().__init__(look)
        self.tick = Tick(look)
        self._word = FitText(look, Type.AMOUNT, Type.TOTAL, colour="on_paid", centred=True)
        self.amount = FitText(
            look, Type.HERO, Type.BODY, colour="on_paid", centred=True, tabular=True
        )
        self.change = FitText(
            look, Type.AMOUNT, Type.BODY, colour="on_paid", centred=True, tabular=True
        )
        self.change.hide()
        self._thanks = FitText(look, Type.HEADLINE, Type.TITLE, colour="on_paid", centred=True)
        self._thanks.set_text(_("Thank you!"))
        self._word.set_text(_("Paid"))
        self._column = QVBoxLayout(self)
        self._column.addStretch(3)
        self._column.addWidget(self.tick, 0, _CENTRE)
        self._column.addWidget(self._word)
        self._column.addWidget(self.amount)
        self._column.addWidget(self.change)
        self._column.addWidget(self._thanks)
        self._column.addStretch(3)
        self.on_look_changed()

    def show_model(self, model: DisplayModel) -> None:
        """Show what was paid, and what goes back in cash."""
        change = "" if model.change is None else change_words(model.change, self.look.formats)
        self.change.set_text(change)
        self.change.setVisible(bool(change))
        self.amount.set_text("" if model.amount is None else self.look.formats.money(model.amount))
        said = (self._word.text, self.amount.text, change)
        self.setAccessibleName(" ".join(filter(None, said)))

    def on_look_changed(self) -> None:
        """Measure and paint anew."""
        dp = self.look.dp
        self._column.setContentsMargins(dp(theme.L), dp(theme.L), dp(theme.L), dp(theme.L))
        self._column.setSpacing(dp(theme.S))
        super().on_look_changed()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.tick.draw_itself()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.tick.rest()

    def paintEvent(self, event: QPaintEvent) -> None:
        QPainter(self).fillRect(QRectF(self.rect()), self.look.colour("paid"))
