"""Every word of the customer's display is whole: on each face, screen, theme and language."""

from collections.abc import Callable, Iterator
from typing import Final

import pytest
from PySide6.QtCore import QPoint, QRectF, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.domain.catalog import BillingInterval
from app.domain.money import Money
from app.settings import Mode
from tests.ui.fakes import URL, FakeClock
from tests.ui.helpers import picture
from tests.ui.ink import Ink, written
from ui.demo.eyes import read_qr
from ui.display.model import (
    DisplayCart,
    DisplayCode,
    DisplayLine,
    DisplayModel,
    Ending,
    Face,
)
from ui.display.window import DisplayWindow
from ui.fonts import RESOURCES
from ui.format import Formats
from ui.sell.pictures import Pictures
from ui.theme import THEMES

SIZES: Final = [(800, 480), (1024, 600), (1280, 800), (1920, 1080), (1080, 1920)]
LONG_SHOP: Final = "Bäckerei & Konditorei Müller-Lüdenscheidt am Alten Rathausplatz GmbH & Co. KG"
LONG_LINE: Final = (
    "Unsere Bäckerei hat am Ostermontag geschlossen; Vorbestellungen bis Samstag zwölf Uhr. "
    "Vielen Dank für Ihre Treue!"
)
LONG_NAMES: Final = (
    "Sunflower wholemeal bread with pumpkin seeds, shaped by hand, one kilogram",
    "Donaudampfschifffahrtsgesellschaftskapitänsmütze",
    "خبز عربي طازج من الفرن",
    "Tea",
)
HUGE: Final = Money(999_999_999_99, "EUR")
SHORTENED: Final = "…"


def euro(minor: int) -> Money:
    return Money(minor, "EUR")


def a_cart(names: tuple[str, ...], total: Money, rows: int) -> DisplayCart:
    lines = tuple(
        DisplayLine(
            names[row % len(names)],
            1 + row % 3,
            total if row == 1 else euro(290),
            euro(50 if row % 2 else 0),
            total if row == 1 else euro(820),
            BillingInterval.MONTHLY if row % 4 == 3 else BillingInterval.ONETIME,
        )
        for row in range(rows)
    )
    return DisplayCart(lines, total, euro(250), euro(190), euro(300), total, newest=rows - 1)


def models(clock: FakeClock, *, is_long: bool) -> dict[str, DisplayModel]:
    shop = LONG_SHOP if is_long else "Corner Café"
    amount = HUGE if is_long else euro(790)
    names = LONG_NAMES if is_long else ("Coffee", "Tea")
    host = "pay.the-long-name-of-a-bakery.example" if is_long else "checkout.stripe.com"
    code = DisplayCode(URL, host, clock.elapsed() + 14 * 60)
    refused = DisplayCode(URL, host, clock.elapsed() + 50, was_declined=True)
    faces = {
        "idle": DisplayModel(Face.IDLE, shop),
        "cart": DisplayModel(Face.CART, shop, amount, a_cart(names, amount, 4)),
        "two hundred": DisplayModel(Face.CART, shop, amount, a_cart(names, amount, 200)),
        "code": DisplayModel(Face.CODE, shop, amount, code=code),
        "declined": DisplayModel(Face.CODE, shop, amount, code=refused),
    }
    for face in (Face.PREPARING, Face.PROCESSING, Face.CHECKING, Face.PAID):
        faces[face.value] = DisplayModel(face, shop, amount)
    for ending in Ending:
        faces[ending.value] = DisplayModel(Face.NOT_PAID, shop, amount, ending=ending)
    return faces


@pytest.fixture
def flipped(qapp: QApplication) -> Iterator[Callable[[], None]]:
    """Lay the screens out from right to left, and back again afterwards."""
    yield lambda: qapp.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    qapp.setLayoutDirection(Qt.LayoutDirection.LeftToRight)


@pytest.fixture
def make_display(qtbot: QtBot, clock: FakeClock) -> Callable[..., DisplayWindow]:
    def make(
        size: tuple[int, int], locale: str = "en", theme: str = "light", *, is_long: bool = True
    ) -> DisplayWindow:
        window = DisplayWindow(
            THEMES[theme],
            Formats(locale),
            clock,
            Mode.TRAINING,
            Pictures((RESOURCES,)),
            line=LONG_LINE if is_long else "",
        )
        qtbot.addWidget(window)
        window.resize(*size)
        window.show()
        return window

    return make


def show(window: DisplayWindow, model: DisplayModel) -> list[Ink]:
    window.show_model(model)
    for _ in range(3):
        QApplication.processEvents()
    return written(window)


def check(face: str, window: DisplayWindow, found: list[Ink]) -> None:
    """Fail on a word that is cut by an edge, shortened, or written over another."""
    assert found
    whole = [one for one in found if not is_in_cut_row(window, one)]
    for one in whole:
        # Ink is measured in whole pixels, rounded outwards.
        room = one.area.adjusted(-1.5, -1.5, 1.5, 1.5)
        assert room.contains(one.ink), (face, one)
        if SHORTENED in one.text:
            # Of names there is no end, and the head of the cart repeats the shop's; figures and
            # the words of the display are whole.
            assert face in {"cart", "two hundred"} and "€" not in one.text, (face, one)
            names = " ".join((LONG_SHOP, *LONG_NAMES))
            assert one.text.split(SHORTENED)[0] in names, (face, one)
    check_apart(face, whole)


def is_in_cut_row(window: DisplayWindow, one: Ink) -> bool:
    """Say whether a text stands in a line of the cart that an edge of the list cuts, and fades."""
    lines = window.cart.lines
    corner = lines.mapTo(window, QPoint(0, 0))
    is_line = lines.isVisible() and QRectF(lines.rect().translated(corner)) == one.area
    rows = lines.rows_in_view
    return is_line and not any(
        lines.place_of(row).translated(corner).contains(one.ink.center()) for row in rows
    )


def check_apart(face: str, found: list[Ink]) -> None:
    for number, one in enumerate(found):
        for other in found[number + 1 :]:
            shared = one.ink.intersected(other.ink)
            assert shared.width() <= 2 or shared.height() <= 2, (face, one, other)


def check_rows(face: str, window: DisplayWindow, found: list[Ink]) -> None:
    """Fail on a line of the cart that is wholly in view and not wholly written."""
    lines = window.cart.lines
    corner = lines.mapTo(window, lines.rect().topLeft())
    assert lines.rows_in_view
    for row in lines.rows_in_view:
        place = lines.place_of(row).translated(corner)
        own = [one for one in found if place.contains(one.ink.center())]
        assert len(own) >= 3, (face, row)
        for one in own:
            assert place.adjusted(0, -1, 0, 1).contains(one.ink), (face, row, one)


@pytest.mark.parametrize("is_long", [False, True], ids=["short", "long"])
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("locale", ["en", "de"])
@pytest.mark.parametrize("size", SIZES)
def test_no_word_is_cut_or_written_over_another(
    make_display: Callable[..., DisplayWindow],
    clock: FakeClock,
    language: Callable[[str], None],
    size: tuple[int, int],
    locale: str,
    theme: str,
    is_long: bool,
) -> None:
    language(locale)
    window = make_display(size, locale, theme, is_long=is_long)
    for face, model in models(clock, is_long=is_long).items():
        found = show(window, model)
        check(face, window, found)
        if model.cart is not None:
            check_rows(face, window, found)


@pytest.mark.parametrize("size", SIZES)
def test_from_right_to_left_everything_is_mirrored_but_code_and_money(
    make_display: Callable[..., DisplayWindow],
    clock: FakeClock,
    flipped: Callable[[], None],
    size: tuple[int, int],
) -> None:
    faces = models(clock, is_long=True)
    plain = make_display(size)
    before = {face: show(plain, model) for face, model in faces.items()}
    plain.close()
    flipped()
    window = make_display(size)
    for face, model in faces.items():
        found = show(window, model)
        check(face, window, found)
        assert letters(found) == letters(before[face]), face
        if model.cart is not None:
            check_rows(face, window, found)
            assert middle(before[face], "Subtotal") + middle(found, "Subtotal") == pytest.approx(
                window.width(), abs=3
            )
        if model.code is not None:
            assert read_qr(picture(window)) == URL


def letters(found: list[Ink]) -> list[str]:
    """Give all that is written, letter by letter; the pieces depend on the direction."""
    return sorted("".join(one.text for one in found))


def middle(found: list[Ink], text: str) -> float:
    (one,) = (one.ink for one in found if one.text == text)
    return QRectF(one).center().x()


@pytest.mark.parametrize("size", SIZES)
def test_what_matters_most_is_written_largest(
    make_display: Callable[..., DisplayWindow], clock: FakeClock, size: tuple[int, int]
) -> None:
    """On a screen of 10 inches a state's word and the total are read from a metre and a half.

    That takes capitals of 7.5 mm (the distance divided by 200); they are 0.73 of the type's size.
    """
    millimetres = 222 / max(size)
    window = make_display(size, is_long=False)
    for face, model in models(clock, is_long=False).items():
        found = show(window, model)
        largest = max(one.pixels for one in found) * 0.73 * millimetres
        assert largest >= 7.5, (face, largest)
        smallest = min(one.pixels for one in found) * 0.73 * millimetres
        assert smallest >= 3.0, (face, smallest)
