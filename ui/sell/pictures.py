"""Pictures of products: drawn once on a worker thread, kept as pixmaps of the right size."""

import logging
from functools import partial
from pathlib import Path
from typing import Final

from PySide6.QtCore import QObject, QRectF, Qt, QThreadPool, Signal
from PySide6.QtGui import QImage, QImageReader, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from ui.fonts import RESOURCES

_MAX_FILE: Final = 4 * 1024 * 1024
_MOST_SIZES: Final = 6
"""So many sizes of one picture are kept: those that were asked for last."""
_NO_FILE: Final = ("", 0, 0)
_log = logging.getLogger(__name__)

_File = tuple[str, int, int]
"""A picture's file as it was drawn from: path, time of change in ns, and size."""


class Pictures(QObject):
    """Gives a product's picture as soon as it is drawn; until then there is none.

    A picture is a path below one of `folders`, or an absolute path. It is drawn once, until
    `look_again` finds another file under its name.

    Signals:
        drawn (): A picture that was asked for is here now; views paint again.
    """

    drawn = Signal()
    _finished = Signal(str, int, QImage, object)

    def __init__(self, folders: tuple[Path, ...] = (RESOURCES.parent, RESOURCES)) -> None:
        super().__init__()
        self._folders = folders
        self._ready: dict[tuple[str, int], QPixmap | None] = {}
        self._files: dict[tuple[str, int], _File] = {}
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(2)
        self._finished.connect(self._on_finished)

    def pixmap(self, name: str, side: int, ratio: float) -> QPixmap | None:
        """Give a picture `side` pixels wide and high, or None where it is not drawn (yet)."""
        if not name:
            return None
        pixels = round(side * ratio)
        key = (name, pixels)
        if key in self._ready:
            # To the end: what is in use is let go of last.
            self._ready[key] = self._ready.pop(key)
        else:
            self._ready[key] = None
            folders = self._folders
            self._pool.start(lambda: self._draw(folders, name, pixels, None))
        pixmap = self._ready[key]
        if pixmap is not None:
            pixmap.setDevicePixelRatio(ratio)
        return pixmap

    def look_again(self, folders: tuple[Path, ...] | None = None) -> None:
        """Draw anew what has another file by now; until then it is shown as it was.

        `folders` are other places to look in from now on.
        """
        self._folders = looked_in = folders or self._folders
        for (name, pixels), file in tuple(self._files.items()):
            self._pool.start(partial(self._draw, looked_in, name, pixels, file))

    def wait(self) -> None:
        """Wait until everything that was asked for is drawn."""
        self._pool.waitForDone()

    def _draw(
        self, folders: tuple[Path, ...], name: str, pixels: int, drawn_from: _File | None
    ) -> None:
        """On a worker thread: images only, no pixmaps and no widgets."""
        image = QImage()
        file = _NO_FILE
        try:
            for folder in folders:
                path = folder / name
                if path.is_file() and path.stat().st_size <= _MAX_FILE:
                    found = path.stat()
                    file = (str(path), found.st_mtime_ns, found.st_size)
                    if file != drawn_from:
                        image = _read(path, pixels)
                    break
        except OSError as error:
            _log.info("the picture %s cannot be read: %s", name, error)
        if file != drawn_from:
            self._finished.emit(name, pixels, image, file)

    def _on_finished(self, name: str, pixels: int, image: QImage, file: _File) -> None:
        if (name, pixels) not in self._ready:
            return
        had = self._ready[name, pixels]
        self._files[name, pixels] = file
        self._ready[name, pixels] = None if image.isNull() else QPixmap.fromImage(image)
        if had is not None or not image.isNull():
            self.drawn.emit()
        for key in [key for key in self._ready if key[0] == name][:-_MOST_SIZES]:
            del self._ready[key]
            self._files.pop(key, None)


def _read(path: Path, pixels: int) -> QImage:
    if path.suffix.lower() == ".svg":
        renderer = QSvgRenderer(str(path))
        if not renderer.isValid():
            return QImage()
        renderer.setAspectRatioMode(Qt.AspectRatioMode.KeepAspectRatio)
        image = QImage(pixels, pixels, QImage.Format.Format_ARGB32_Premultiplied)
        image.fill(Qt.GlobalColor.transparent)
        painter = QPainter(image)
        renderer.render(painter, QRectF(image.rect()))
        painter.end()
        return image
    reader = QImageReader(str(path))
    reader.setAutoTransform(True)
    read = reader.read()
    if read.isNull():
        return read
    return read.scaled(
        pixels,
        pixels,
        Qt.AspectRatioMode.KeepAspectRatio,
        Qt.TransformationMode.SmoothTransformation,
    )


def picture_folders(catalog: Path) -> tuple[Path, ...]:
    """Say where picture paths start: beside the catalog, beside what it links to, in the sample."""
    folders = (catalog.parent, catalog.resolve().parent, RESOURCES.parent, RESOURCES)
    return tuple(dict.fromkeys(folders))
