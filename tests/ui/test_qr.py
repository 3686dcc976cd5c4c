"""The QR code, read back from the widget's own pixels as a camera would."""

import pytest
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from ui.demo.eyes import read_qr
from ui.look import Look
from ui.pay.qr import LEAST_PIXELS, QUIET_MODULES, QrView, modules_of, pixels_per_module
from ui.theme import THEMES

SIZES = [(380, 380), (500, 470), (900, 860)]


def url_of(length: int) -> str:
    start = "https://checkout.stripe.com/c/pay/#"[: max(20, min(35, length))]
    return start + "".join("aB3xY9_q"[n % 8] for n in range(length - len(start)))


@pytest.fixture
def view(qtbot: QtBot, look: Look) -> QrView:
    widget = QrView(look)
    qtbot.addWidget(widget)
    return widget


def white_frame(image: QImage) -> int:
    """Count how many rows of the code's square above the first dark module are white."""
    middle = image.width() // 2
    return sum(1 for y in range(image.height()) if image.pixelColor(middle, y).lightness() > 250)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("length", [40, 150, 550])
@pytest.mark.parametrize("size", SIZES)
def test_a_code_is_read_back_from_the_pixels(
    view: QrView, look: Look, theme: str, length: int, size: tuple[int, int]
) -> None:
    look.set_theme(THEMES[theme])
    view.resize(*size)
    url = url_of(length)
    view.set_url(url)
    assert read_qr(view.grab().toImage()) == url


@pytest.mark.parametrize("length, least_version", [(40, 21), (150, 41), (151, 37), (550, 69)])
def test_long_urls_get_less_error_correction(length: int, least_version: int) -> None:
    assert len(modules_of(url_of(length))) >= least_version
    assert len(modules_of("x" * 151)) < len(modules_of("x" * 150)) + 4


def test_both_screens_share_one_encoding(view: QrView, look: Look, qtbot: QtBot) -> None:
    on_the_display = QrView(look)
    qtbot.addWidget(on_the_display)
    modules_of.cache_clear()
    view.set_url(url_of(550))
    on_the_display.set_url(url_of(550))
    assert modules_of.cache_info().misses == 1


def test_modules_are_whole_pixels_and_as_many_as_fit() -> None:
    assert pixels_per_module(81, 480) == 5
    assert pixels_per_module(81, 444) == 4
    assert pixels_per_module(81, 10) == 1


def test_every_module_is_a_clean_square_in_black_on_white(view: QrView) -> None:
    view.resize(500, 500)
    view.set_url(url_of(550))
    image = view.grab().toImage()
    side = round(view.side)
    left, top = (500 - side) // 2, (500 - side) // 2
    modules = modules_of(view.get_url())
    size = side // (len(modules) + 2 * QUIET_MODULES)
    assert size >= LEAST_PIXELS
    for y, row in enumerate(modules):
        for x, is_dark in enumerate(row):
            at_x, at_y = left + (x + QUIET_MODULES) * size, top + (y + QUIET_MODULES) * size
            wanted = "#000000" if is_dark else "#ffffff"
            corners = {
                image.pixelColor(at_x + dx, at_y + dy).name()
                for dx in (0, size - 1)
                for dy in (0, size - 1)
            }
            assert corners == {wanted}, (x, y)


def test_the_quiet_zone_is_white_in_the_dark_theme(view: QrView, look: Look) -> None:
    look.set_theme(THEMES["dark"])
    view.resize(500, 500)
    view.set_url(url_of(150))
    image = view.grab().toImage()
    side = round(view.side)
    edge = (500 - side) // 2
    size = side // (len(modules_of(view.get_url())) + 2 * QUIET_MODULES)
    for offset in range(QUIET_MODULES * size):
        for along in (0.2, 0.5, 0.8):
            place = edge + round(side * along)
            assert image.pixelColor(edge + offset, place).name() == "#ffffff"
            assert image.pixelColor(place, edge + offset).name() == "#ffffff"


def test_the_code_takes_no_more_than_its_share_of_the_window(view: QrView) -> None:
    view.resize(1000, 500)
    view.set_url(url_of(550))
    assert 0.7 * 500 <= view.side <= 0.8 * 500


def test_without_a_url_nothing_can_be_scanned(view: QrView) -> None:
    view.resize(500, 500)
    view.set_url(url_of(150))
    view.set_url("")
    assert read_qr(view.grab().toImage()) is None
    assert view.property("url") == ""
    assert view.accessibleName() == "No QR code"
