"""The QR code: dark on white whatever the theme, whole device pixels, never smoothed."""

from functools import lru_cache
from typing import Final

from PySide6.QtCore import Property, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QSizePolicy, QWidget
from qrcode.constants import ERROR_CORRECT_L, ERROR_CORRECT_M
from qrcode.main import QRCode

from ui import theme
from ui.i18n import _
from ui.kit.base import Part
from ui.kit.paint import ground
from ui.look import Look
from ui.theme import Tone

QUIET_MODULES: Final = 4
LEAST_PIXELS: Final = 4
MOST_OF_SIDE: Final = 0.8
"""No larger than this part of the window's shorter side."""
_LONG_URL: Final = 150
_WANTED: Final = 420
_LEAST: Final = 220

Modules = tuple[tuple[bool, ...], ...]


@lru_cache(maxsize=8)
def modules_of(text: str) -> Modules:
    """Encode a text: error correction M up to 150 characters, else L.

    It takes as long as two frames: `ui.payment` has it done on a worker thread before a code is
    shown, and the views on both screens find the result here.
    """
    level = ERROR_CORRECT_M if len(text) <= _LONG_URL else ERROR_CORRECT_L
    code = QRCode(error_correction=level, border=0)
    code.add_data(text, optimize=0)
    code.make(fit=True)
    return tuple(tuple(bool(module) for module in row) for row in code.get_matrix())


def pixels_per_module(modules: int, room: float) -> int:
    """Say how many whole device pixels a module gets where `room` device pixels are free."""
    return max(1, int(room) // (modules + 2 * QUIET_MODULES))


class QrView(Part):
    """Shows a code, or an icon on a quiet ground while there is none to be scanned."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        self.setObjectName("qr")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._url = ""
        self._modules: Modules = ()
        self._painted: QPixmap | None = None
        self._icon = "hourglass"
        self._tone = Tone.NEUTRAL
        self.set_url("")

    def get_url(self) -> str:
        """Give what the code says, or an empty text where there is none."""
        return self._url

    def set_url(self, url: str) -> None:
        """Show the code of a URL; an empty text takes it away at once."""
        self.setAccessibleName(_("QR code of the payment page") if url else _("No QR code"))
        if url == self._url:
            return
        self._url = url
        self._modules = modules_of(url) if url else ()
        self._painted = None
        self.update()

    url = Property(str, get_url, set_url)

    def set_placeholder(self, icon: str, tone: Tone) -> None:
        """Choose what stands here while there is no code."""
        self._icon, self._tone = icon, tone
        self.update()

    @property
    def side(self) -> float:
        """Give the side of code and quiet zone as it is painted, in Qt's own pixels."""
        if not self._modules:
            return self._room()
        across = len(self._modules) + 2 * QUIET_MODULES
        ratio = self.devicePixelRatioF()
        return across * pixels_per_module(len(self._modules), self._room() * ratio) / ratio

    def sizeHint(self) -> QSize:
        return QSize(self.look.dp(_WANTED), self.look.dp(_WANTED))

    def minimumSizeHint(self) -> QSize:
        return QSize(self.look.dp(_LEAST), self.look.dp(_LEAST))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        side = self.side
        origin = self._aligned((self.width() - side) / 2, (self.height() - side) / 2)
        place = QRectF(origin.x(), origin.y(), side, side)
        if not self._modules:
            self._paint_placeholder(painter, place)
            return
        margin = self.look.dp(theme.XS)
        frame = place.adjusted(-margin, -margin, margin, margin)
        ground(
            painter, frame, self.look.dp(theme.RADIUS_M), theme.QR_LIGHT, self.look.colour("line")
        )
        painter.drawPixmap(origin, self._pixmap())

    def _room(self) -> float:
        window = self.window().size()
        most = MOST_OF_SIDE * min(window.width(), window.height())
        margin = 2 * self.look.dp(theme.XS)
        return max(1.0, min(self.width() - margin, self.height() - margin, most))

    def _aligned(self, x: float, y: float) -> QPointF:
        """Move a point to the next whole device pixel of the window."""
        ratio = self.devicePixelRatioF()
        corner = self.mapTo(self.window(), QPointF(0, 0))
        return QPointF(
            round((corner.x() + x) * ratio) / ratio - corner.x(),
            round((corner.y() + y) * ratio) / ratio - corner.y(),
        )

    def _pixmap(self) -> QPixmap:
        ratio = self.devicePixelRatioF()
        size = pixels_per_module(len(self._modules), self._room() * ratio)
        across = (len(self._modules) + 2 * QUIET_MODULES) * size
        if self._painted is not None and self._painted.width() == across:
            self._painted.setDevicePixelRatio(ratio)
            return self._painted
        pixmap = QPixmap(across, across)
        pixmap.fill(QColor(theme.QR_LIGHT))
        painter = QPainter(pixmap)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        dark = QColor(theme.QR_DARK)
        for y, row in enumerate(self._modules):
            for x, is_dark in enumerate(row):
                if is_dark:
                    left, top = (x + QUIET_MODULES) * size, (y + QUIET_MODULES) * size
                    painter.fillRect(left, top, size, size, dark)
        painter.end()
        pixmap.setDevicePixelRatio(ratio)
        self._painted = pixmap
        return pixmap

    def _paint_placeholder(self, painter: QPainter, place: QRectF) -> None:
        look = self.look
        colour, soft = look.theme.tone(self._tone)
        ground(painter, place, look.dp(theme.RADIUS_L), soft)
        side = look.dp(theme.ICON_XXL)
        icon = QRectF(0, 0, side, side)
        icon.moveCenter(place.center())
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        look.icons.paint(painter, self._icon, colour, icon.toRect().toRectF())
        painter.setPen(Qt.PenStyle.NoPen)
