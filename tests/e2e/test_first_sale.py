"""The first sale takes six taps or fewer, and stands in the documents as it is."""

from pathlib import Path

import pytest
from PySide6.QtCore import QRect
from PySide6.QtGui import QColor, QImage

from tests.e2e.conftest import Run
from tests.e2e.first_sale import MOST_TAPS, picture_name, play_in, written
from tests.e2e.small_pictures import MOST_BYTES, ringed, save_small, side_by_side
from ui.demo.customer import find_browser

DOCS = Path(__file__).resolve().parents[2] / "docs"

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.qt_log_ignore("does not support propagateSizeHints"),
]


@pytest.mark.skipif(find_browser() is None, reason="there is no Chromium")
def test_from_the_open_window_to_paid_in_six_taps(run: Run, tmp_path: Path) -> None:
    async def play() -> None:
        sale = await play_in(tmp_path)
        assert sale.taps <= MOST_TAPS
        assert sale.steps[-1].heading == "PAID"
        assert (DOCS / "first-sale.md").read_text("utf-8") == written(sale), "run `make pictures`"
        for number in range(1, len(sale.steps) + 1):
            picture = QImage(str(DOCS / picture_name(number)))
            assert not picture.isNull()

    run(play())


def test_the_pictures_of_the_documents_are_small() -> None:
    pictures = sorted((DOCS / "pictures").glob("*.png"))
    assert pictures
    assert [p.name for p in pictures if p.stat().st_size > MOST_BYTES] == []


def test_a_tap_is_marked_with_a_ring() -> None:
    image = QImage(200, 200, QImage.Format.Format_RGB32)
    image.fill(QColor("#ffffff"))
    marked = ringed(image, QRect(50, 80, 100, 40))
    assert marked.pixelColor(50 - 9, 100).name() == "#d6247a"
    assert marked.pixelColor(100, 100).name() == "#ffffff"


def test_pictures_are_put_beside_each_other_and_kept_small(tmp_path: Path) -> None:
    images = []
    for colour in ("#aa0000", "#00aa00"):
        image = QImage(300, 200, QImage.Format.Format_RGB32)
        image.fill(QColor(colour))
        images.append(image)
    both = side_by_side(images, 100)
    assert both.pixelColor(30, 50).name() == "#aa0000"
    assert both.pixelColor(both.width() - 30, 50).name() == "#00aa00"
    save_small(both, tmp_path / "both.png", width=200)
    saved = QImage(str(tmp_path / "both.png"))
    assert saved.width() == 200
    assert saved.pixelColor(15, 30).name() == "#aa0000"
