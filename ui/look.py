"""The look in use: theme, sizes, fonts, icons and formats, handed to every widget that paints."""

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QColor, QFont

from ui.fonts import font_for
from ui.format import Formats
from ui.icons import Icons
from ui.metrics import Metrics
from ui.theme import TYPE_SCALE, Theme, Type


class Look(QObject):
    """What every screen is drawn with. One exists for each window.

    Signals:
        changed: The theme or the sizes are others now; widgets measure and paint anew.
    """

    changed = Signal()

    def __init__(
        self, theme: Theme, metrics: Metrics, formats: Formats, icons: Icons | None = None
    ) -> None:
        super().__init__()
        self.theme = theme
        self.metrics = metrics
        self.formats = formats
        self.icons = icons or Icons()
        self._fonts: dict[tuple[Type, bool], QFont] = {}

    def set_theme(self, theme: Theme) -> None:
        """Change the colours."""
        if theme != self.theme:
            self.theme = theme
            self.changed.emit()

    def set_metrics(self, metrics: Metrics) -> None:
        """Change the sizes, as when the window moves to another screen."""
        if metrics != self.metrics:
            self.metrics = metrics
            self._fonts.clear()
            self.changed.emit()

    def font(self, step: Type, *, tabular: bool = False) -> QFont:
        """Give the font of a type step at the present size."""
        key = (step, tabular)
        font = self._fonts.get(key)
        if font is None:
            size = self.metrics.type_px(TYPE_SCALE[step].size)
            font = self._fonts[key] = font_for(step, size, tabular=tabular)
        return font

    def colour(self, token: str) -> QColor:
        """Give the colour of a theme token by its name."""
        return QColor(getattr(self.theme, token))

    def dp(self, units: float) -> int:
        """Give design units as pixels."""
        return self.metrics.dp(units)
