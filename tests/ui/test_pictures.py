"""Pictures of products: drawn away from the GUI thread, once for each size."""

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from ui.sell.pictures import Pictures

SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><rect width="8" height="8"/></svg>'


@pytest.fixture
def folder(tmp_path: Path, qapp: object) -> Path:
    (tmp_path / "square.svg").write_text(SVG, "utf-8")
    (tmp_path / "broken.svg").write_text("<svg", "utf-8")
    photo = QImage(200, 100, QImage.Format.Format_RGB32)
    photo.fill(Qt.GlobalColor.red)
    photo.save(str(tmp_path / "photo.png"))
    return tmp_path


@pytest.mark.parametrize("name, size", [("square.svg", (80, 80)), ("photo.png", (80, 40))])
def test_a_picture_comes_when_it_is_drawn(
    qtbot: QtBot, folder: Path, name: str, size: tuple[int, int]
) -> None:
    pictures = Pictures((folder,))
    with qtbot.waitSignal(pictures.drawn):
        assert pictures.pixmap(name, 40, 2.0) is None
    pixmap = pictures.pixmap(name, 40, 2.0)
    assert pixmap is not None
    assert (pixmap.width(), pixmap.height()) == size
    assert pixmap.devicePixelRatio() == 2.0


@pytest.mark.parametrize("name", ["", "missing.svg"])
def test_a_picture_that_is_not_there_is_none(qtbot: QtBot, folder: Path, name: str) -> None:
    pictures = Pictures((folder,))
    assert pictures.pixmap(name, 40, 1.0) is None
    pictures.wait()
    qtbot.wait(10)
    assert pictures.pixmap(name, 40, 1.0) is None


def test_the_first_folder_that_has_it_counts(qtbot: QtBot, folder: Path) -> None:
    pictures = Pictures((folder / "elsewhere", folder))
    with qtbot.waitSignal(pictures.drawn):
        pictures.pixmap("square.svg", 40, 1.0)
    assert pictures.pixmap("square.svg", 40, 1.0) is not None


@pytest.mark.qt_log_ignore(".*svg.*", "Cannot open file.*", "Cannot read file.*")
def test_a_broken_picture_breaks_nothing(qtbot: QtBot, folder: Path) -> None:
    pictures = Pictures((folder,))
    pictures.pixmap("broken.svg", 40, 1.0)
    pictures.wait()
    qtbot.wait(10)
    assert pictures.pixmap("broken.svg", 40, 1.0) is None


def colour_of(pictures: Pictures, name: str) -> str | None:
    pixmap = pictures.pixmap(name, 40, 1.0)
    return None if pixmap is None else pixmap.toImage().pixelColor(5, 5).name()


def in_colour(colour: str) -> str:
    return SVG.replace("<rect", f'<rect fill="{colour}"')


def test_a_picture_that_was_replaced_is_drawn_anew_when_it_is_asked_to(
    qtbot: QtBot, folder: Path
) -> None:
    pictures = Pictures((folder,))
    for name in ("square.svg", "photo.png", "later.svg"):
        pictures.pixmap(name, 40, 1.0)
    qtbot.waitUntil(lambda: colour_of(pictures, "square.svg") == "#000000")
    qtbot.waitUntil(lambda: colour_of(pictures, "photo.png") == "#ff0000")
    pictures.wait()
    qtbot.wait(10)
    (folder / "square.svg").write_text(in_colour("#00ff00"), "utf-8")
    (folder / "later.svg").write_text(in_colour("#0000ff"), "utf-8")
    kept = pictures.pixmap("photo.png", 40, 1.0)
    pictures.look_again()
    assert colour_of(pictures, "square.svg") == "#000000", "shown as it was until it is drawn"
    qtbot.waitUntil(lambda: colour_of(pictures, "square.svg") == "#00ff00")
    qtbot.waitUntil(lambda: colour_of(pictures, "later.svg") == "#0000ff")
    assert pictures.pixmap("photo.png", 40, 1.0) is kept


def test_a_picture_that_is_gone_is_shown_no_more(qtbot: QtBot, folder: Path) -> None:
    pictures = Pictures((folder,))
    pictures.pixmap("square.svg", 40, 1.0)
    qtbot.waitUntil(lambda: colour_of(pictures, "square.svg") is not None)
    (folder / "square.svg").unlink()
    pictures.look_again()
    qtbot.waitUntil(lambda: colour_of(pictures, "square.svg") is None)


def test_a_catalog_in_another_folder_has_its_own_pictures(
    qtbot: QtBot, folder: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "square.svg").write_text(in_colour("#00ff00"), "utf-8")
    pictures = Pictures((folder,))
    pictures.pixmap("square.svg", 40, 1.0)
    qtbot.waitUntil(lambda: colour_of(pictures, "square.svg") == "#000000")
    pictures.look_again((other, folder))
    qtbot.waitUntil(lambda: colour_of(pictures, "square.svg") == "#00ff00")


def test_a_window_that_is_dragged_to_many_sizes_keeps_but_a_few(qtbot: QtBot, folder: Path) -> None:
    pictures = Pictures((folder,))
    for side in range(20, 60):
        pictures.pixmap("square.svg", side, 1.0)
        pictures.pixmap("square.svg", 20, 1.0)
    pictures.wait()
    qtbot.waitUntil(lambda: pictures.pixmap("square.svg", 59, 1.0) is not None)
    assert pictures.pixmap("square.svg", 20, 1.0) is not None
    assert len(pictures._ready) <= 6 and len(pictures._files) <= 6
    # What was let go of comes again when it is asked for.
    with qtbot.waitSignal(pictures.drawn):
        assert pictures.pixmap("square.svg", 30, 1.0) is None
    assert pictures.pixmap("square.svg", 30, 1.0) is not None
