"""Millimetres and design units as pixels of the screen at hand."""

import math
from dataclasses import dataclass, replace
from typing import Final

from PySide6.QtGui import QScreen

MIN_DPI: Final = 60.0
MAX_DPI: Final = 200.0
_MM_PER_INCH: Final = 25.4
_UNITS_PER_INCH: Final = 96.0
_SMALLEST_TYPE: Final = 11
_LEAST_WIDTH: Final = 920
_LEAST_HEIGHT: Final = 545
_STEP: Final = 0.05

TOUCH_MM: Final = 10.0
"""A finger's smallest target."""
GAP_MM: Final = 2.0
"""The least distance between two targets."""
TILE_MM: Final = 20.0
CHARGE_MM: Final = 20.0


@dataclass(frozen=True, slots=True)
class Metrics:
    """Sizes on one screen. `dpi` counts Qt's own pixels, before the device's pixel ratio.

    A screen's density comes from its EDID, which lies (projectors, televisions, virtual screens):
    it is clamped to 60..200 before the operator's own `scale` is applied. Targets keep their
    millimetres on every screen; type and spacing give way (`most`) where a small dense screen
    would not hold them.
    """

    dpi: float = _UNITS_PER_INCH
    scale: float = 1.0
    most: float = math.inf

    @classmethod
    def of_screen(cls, screen: QScreen, scale: float = 1.0) -> "Metrics":
        """Measure a screen."""
        return cls(min(MAX_DPI, max(MIN_DPI, screen.physicalDotsPerInch())), scale)

    def within(self, width: int, height: int) -> "Metrics":
        """Give the sizes for a window of so many pixels; small changes of it change nothing."""
        room = min(width / _LEAST_WIDTH, height / _LEAST_HEIGHT)
        return replace(self, most=max(_STEP, math.floor(room / _STEP) * _STEP))

    def mm(self, millimetres: float) -> int:
        """Give a length in pixels, rounded up so that a minimum stays one."""
        return math.ceil(millimetres * self.dpi * self.scale / _MM_PER_INCH)

    def dp(self, units: float) -> int:
        """Give design units (1/96 inch) in pixels; at least one for anything above zero."""
        pixels = round(units * min(self.most, self.dpi * self.scale / _UNITS_PER_INCH))
        return max(1, pixels) if units > 0 else pixels

    def type_px(self, units: float) -> int:
        """Give a size of type in pixels, never too small to be drawn legibly."""
        return max(_SMALLEST_TYPE, self.dp(units))

    @property
    def touch(self) -> int:
        """Give the side of the smallest touch target."""
        return self.mm(TOUCH_MM)

    @property
    def gap(self) -> int:
        """Give the distance between two touch targets."""
        return self.mm(GAP_MM)
