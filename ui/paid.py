"""The Paid screen: one look from across the counter is enough."""

from PySide6.QtCore import QEasingCurve, QPointF, QRectF, QSize, Qt, QVariantAnimation, Signal
from PySide6.QtGui import (
    QColor,
    QHideEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QShowEvent,
)
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from app.clock import Clock
from app.domain.money import Money
from ui import theme
from ui.format import Formats
from ui.i18n import _
from ui.kit.base import Part
from ui.kit.button import Button, Kind
from ui.kit.text import ElidedText
from ui.look import Look
from ui.pay.state import PaidModel
from ui.theme import Type

_ANIMATION_MS = 520
_CALM_S = 0.5
_TICK_SIDE = 136
_BUTTON_WIDTH = 320
_TICK = (QPointF(0.29, 0.53), QPointF(0.44, 0.67), QPointF(0.72, 0.36))


class Tick(Part):
    """A tick that draws itself once and then rests."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._animation = QVariantAnimation(self)
        self._animation.setDuration(_ANIMATION_MS)
        self._animation.setStartValue(0.0)
        self._animation.setEndValue(1.0)
        self._animation.setEasingCurve(QEasingCurve.Type.OutCubic)
        self._animation.valueChanged.connect(lambda _value: self.update())

    @property
    def is_at_rest(self) -> bool:
        """Say whether the tick is drawn and nothing moves any more."""
        return self._animation.state() is QVariantAnimation.State.Stopped

    def draw_itself(self) -> None:
        """Begin from nothing."""
        self._animation.stop()
        self._animation.start()

    def rest(self) -> None:
        """Stop moving."""
        self._animation.stop()

    def sizeHint(self) -> QSize:
        side = self.look.dp(_TICK_SIDE)
        return QSize(side, side)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        shown = 1.0 if self.is_at_rest else float(self._animation.currentValue())
        colours = self.look.theme
        rect = QRectF(self.rect())
        radius = rect.width() / 2 * (0.82 + 0.18 * shown)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colours.on_paid))
        painter.drawEllipse(rect.center(), radius, radius)
        start, turn, end = (QPointF(p.x() * rect.width(), p.y() * rect.height()) for p in _TICK)
        path = QPainterPath(start)
        path.lineTo(turn)
        path.lineTo(end)
        width = rect.width() * 0.085
        pen = QPen(QColor(colours.paid), width)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        if shown < 1.0:
            whole = path.length() / width
            pen.setDashPattern([max(0.01, whole * shown), whole * 2])
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(path)


def change_words(change: Money, formats: Formats) -> str:
    """Say what goes back to the customer."""
    return _("Change {amount}").format(amount=formats.money(change))


class PaidScreen(Part):
    """Tick, word, amount and numbers; stays until a tap, Enter or the next scan.

    Signals:
        next_wanted: Go on with the next sale.
    """

    next_wanted = Signal()

    def __init__(self, look: Look, clock: Clock, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        self._clock = clock
        self._shown_at = 0.0
        self.tick = Tick(look)
        self._word = ElidedText(look, _("Paid"), Type.AMOUNT, colour="on_paid", centred=True)
        self._amount = ElidedText(look, "", Type.HERO, colour="on_paid", centred=True)
        self._change = ElidedText(look, "", Type.HERO, colour="on_paid", centred=True)
        self._change.hide()
        self._numbers = ElidedText(look, "", Type.TITLE, colour="on_paid", centred=True)
        self.next_sale = Button(
            look, _("Next sale"), Kind.INVERSE, cap=_("Enter"), height_mm=16, step=Type.TITLE
        )
        self.next_sale.setObjectName("next_sale")
        self.next_sale.clicked.connect(self.next_wanted)
        self._column = QVBoxLayout(self)
        centre = Qt.AlignmentFlag.AlignHCenter
        self._column.addStretch(4)
        self._column.addWidget(self.tick, 0, centre)
        self._column.addStretch(1)
        self._column.addWidget(self._word)
        self._column.addWidget(self._amount)
        self._column.addWidget(self._change)
        self._column.addWidget(self._numbers)
        self._column.addStretch(2)
        self._column.addWidget(self.next_sale, 0, centre)
        self._column.addStretch(4)
        self.on_look_changed()

    def show_paid(self, paid: PaidModel) -> None:
        """Show what was paid."""
        self._amount.set_text(self.look.formats.money(paid.total))
        # What is still to be done is the largest.
        self._amount.set_step(Type.HERO if paid.change is None else Type.TOTAL)
        if paid.receipt_number is None:
            numbers = _("Order {order}").format(order=paid.order_number)
        else:
            numbers = _("Receipt {receipt} · Order {order}").format(
                receipt=paid.receipt_number, order=paid.order_number
            )
        self._numbers.set_text(numbers)
        change = "" if paid.change is None else change_words(paid.change, self.look.formats)
        self._change.set_text(change)
        self._change.setVisible(bool(change))
        said = (self._word.text, self._amount.text, change, numbers)
        self.setAccessibleName(" ".join(filter(None, said)))

    @property
    def accepts_dismissal(self) -> bool:
        """Say whether it has been seen for long enough that a tap is meant for it.

        A finger that was on its way to a button of the Pay screen must not wipe the news away.
        """
        return self._clock.monotonic() - self._shown_at >= _CALM_S

    def on_look_changed(self) -> None:
        """Measure and paint anew."""
        dp = self.look.dp
        self._column.setContentsMargins(dp(theme.L), dp(theme.M), dp(theme.L), dp(theme.M))
        self._column.setSpacing(dp(theme.S))
        self.next_sale.setMinimumWidth(dp(_BUTTON_WIDTH))
        super().on_look_changed()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._shown_at = self._clock.monotonic()
        self.tick.draw_itself()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.tick.rest()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        if self.accepts_dismissal:
            self.next_wanted.emit()

    def paintEvent(self, event: QPaintEvent) -> None:
        QPainter(self).fillRect(self.rect(), self.look.colour("paid"))
