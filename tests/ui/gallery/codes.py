"""Can a camera read it? The QR code from the window's own pixels, in every combination.

Run as a program with the variable QT_SCALE_FACTOR, it looks at every combination at that device
pixel ratio, which Qt fixes when it starts, and prints how many there were and what was wrong.
"""

import asyncio
import itertools
import json
import sys

from PySide6.QtCore import QPoint
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QWidget

from tests.ui.fakes import URL
from tests.ui.gallery.paying import waiting
from tests.ui.gallery.pixels import hexadecimal
from tests.ui.gallery.stage import SIZES, Run, Variant, show, staged
from ui.application import create_application
from ui.demo.eyes import read_qr
from ui.pay.qr import LEAST_PIXELS, QUIET_MODULES, QrView, modules_of
from ui.theme import THEMES

SCALES = (1.0, 1.5)


def faults(window: QWidget, view: QrView, url: str) -> list[str]:
    """Name what keeps a camera from reading `url` in the picture of a window."""
    image = window.grab().toImage()
    image.setDevicePixelRatio(1)
    found = []
    read = read_qr(image)
    if read != url:
        found.append(f"the code says {read}, the attempt's address is {url}")
    ratio = window.devicePixelRatioF()
    across = len(modules_of(url)) + 2 * QUIET_MODULES
    side = view.side * ratio
    module = side / across
    if abs(module - round(module)) > 1e-6 or round(module) < LEAST_PIXELS:
        return [*found, f"a module is {module:g} px wide, {LEAST_PIXELS} are the least"]
    return found + _wrong_pixels(image, _origin(window, view, ratio), round(module), url)


def _origin(window: QWidget, view: QrView, ratio: float) -> QPoint:
    """Find the corner of the quiet zone in the window's picture."""
    corner = view.mapTo(window, QPoint(0, 0))
    left = corner.x() + (view.width() - view.side) / 2
    top = corner.y() + (view.height() - view.side) / 2
    return QPoint(round(left * ratio), round(top * ratio))


def _wrong_pixels(image: QImage, origin: QPoint, module: int, url: str) -> list[str]:
    """Look at the corners of every module and all through the quiet zone."""
    modules = modules_of(url)
    count = len(modules)
    reach = (0, module - 1)
    for row, column in itertools.product(range(-QUIET_MODULES, count + QUIET_MODULES), repeat=2):
        is_inside = 0 <= row < count and 0 <= column < count
        wanted = 0xFF000000 if is_inside and modules[row][column] else 0xFFFFFFFF
        left = origin.x() + (column + QUIET_MODULES) * module
        top = origin.y() + (row + QUIET_MODULES) * module
        for right, down in itertools.product(reach, reach):
            pixel = image.pixel(left + right, top + down)
            if pixel != wanted:
                where = f"module {column},{row}" if is_inside else "the quiet zone"
                return [f"{where} is {hexadecimal(pixel)} at {left + right},{top + down}"]
    return []


def look_everywhere(run: Run) -> tuple[int, list[str]]:
    """Look at every combination and give their number and what was wrong."""
    count, said = 0, []
    for size, scale in itertools.product(SIZES, SCALES):
        with staged(run, Variant(size, scale=scale), has_display=True) as stage:
            run(waiting(stage))
            show(stage, "display", size)
            for theme in THEMES:
                stage.window.set_theme(theme)
                for window, view in (
                    (stage.window, stage.window.pay.qr),
                    (stage.display, stage.display.code.qr),
                ):
                    count += 1
                    ratio = window.devicePixelRatioF()
                    where = f"{type(window).__name__} {size} {theme} x{ratio:g} {scale:.0%}"
                    said += [f"{where}: {fault}" for fault in faults(window, view, URL)]
    return count, said


def main() -> int:
    import qasync

    application = create_application(["scantill-codes"])
    application.setQuitOnLastWindowClosed(False)
    loop = qasync.QEventLoop(application)
    asyncio.set_event_loop(loop)
    with loop:
        count, said = look_everywhere(loop.run_until_complete)
        ratio = application.devicePixelRatio()
    json.dump({"ratio": ratio, "combinations": count, "faults": said}, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
