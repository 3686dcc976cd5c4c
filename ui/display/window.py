"""The display's own window: the training bar, and below it the face that fits the model."""

from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QCloseEvent, QResizeEvent
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from app.clock import Clock
from app.settings import Mode
from ui.display.faces import IdleFace, PaidFace, WordsFace
from ui.display.model import DisplayModel, Face
from ui.display.sale import CartFace, CodeFace
from ui.format import Formats
from ui.i18n import _
from ui.look import Look
from ui.metrics import Metrics
from ui.modebar import ModeBar
from ui.sell.pictures import Pictures
from ui.theme import Theme, Type, palette, stylesheet

_WIDTH: Final = 800
_HEIGHT: Final = 470
_TALL: Final = 480
_STEP: Final = 0.05

AnyFace = IdleFace | CartFace | CodeFace | WordsFace | PaidFace


def sizes_for(width: int, height: int) -> Metrics:
    """Give sizes that fill a screen of so many pixels: it is read from a metre away.

    They follow the screen's pixels and not its millimetres, which such screens often get wrong.
    """
    share = min(width / _WIDTH, height / _HEIGHT) if width > height else width / _TALL
    return Metrics(scale=max(0.5, round(share / _STEP) * _STEP))


class DisplayWindow(QWidget):
    """What the customer sees. It never takes the keyboard: a scanner types into the till.

    Signals:
        closed: Somebody closes it by its frame; it is still there.
    """

    closed = Signal()

    def __init__(
        self,
        theme: Theme,
        formats: Formats,
        clock: Clock,
        mode: Mode,
        pictures: Pictures,
        *,
        logo: str = "",
        line: str = "",
    ) -> None:
        super().__init__()
        self.setObjectName("page")
        self.setWindowFlag(Qt.WindowType.WindowDoesNotAcceptFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        # The till ends with the operator's window, whether this one is open or not.
        self.setAttribute(Qt.WidgetAttribute.WA_QuitOnClose, False)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.look = Look(theme, sizes_for(1024, 600), formats)
        # Before any widget of the window hears of it: Qt's stylesheet resets what widgets set.
        self.look.changed.connect(self._restyle)
        self.idle = IdleFace(self.look, pictures, logo, line)
        self.cart = CartFace(self.look, pictures, logo)
        self.code = CodeFace(self.look, clock)
        self.words = WordsFace(self.look)
        self.paid = PaidFace(self.look)
        self._faces = QStackedWidget()
        for face in (self.idle, self.cart, self.code, self.words, self.paid):
            self._faces.addWidget(face)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(ModeBar(self.look, mode, step=Type.TITLE, is_customers=True))
        column.addWidget(self._faces, 1)
        self.setMinimumSize(480, 320)
        self._restyle()

    def show_model(self, model: DisplayModel) -> None:
        """Show the model, whole, in this turn of the event loop; a code that is over goes."""
        self.code.show_model(model)
        faces: dict[Face, AnyFace] = {
            Face.IDLE: self.idle,
            Face.CART: self.cart,
            Face.CODE: self.code,
            Face.PAID: self.paid,
        }
        face = faces.get(model.face, self.words)
        face.show_model(model)
        self._faces.setCurrentWidget(face)
        self.setWindowTitle(_("{shop} · Customer display").format(shop=model.shop))

    def closeEvent(self, event: QCloseEvent) -> None:
        super().closeEvent(event)
        self.closed.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self.look.set_metrics(sizes_for(self.width(), self.height()))
        super().resizeEvent(event)

    def _restyle(self) -> None:
        colours = self.look.theme
        self.setPalette(palette(colours))
        self.setStyleSheet(stylesheet(colours))
