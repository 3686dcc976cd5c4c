"""Texts of two directions: each reads as it should, in a window of either direction."""

from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QPainter, QTextLayout
from PySide6.QtWidgets import QApplication

from app.domain.money import Money
from tests.ui.fakes import START
from tests.ui.helpers import ink
from ui.bidi import isolated, reading_direction
from ui.fonts import font_for
from ui.format import Formats
from ui.kit.paint import elided, paragraph_in, text_in
from ui.theme import Type
from ui.window import Window

Run = Callable[[Coroutine[Any, Any, None]], None]
Make = Callable[..., Window]
LEFT, RIGHT = Qt.LayoutDirection.LeftToRight, Qt.LayoutDirection.RightToLeft
DATES = "تمر المجهول في علبة من نصف كيلوغرام مع لوز محمص وزعفران"


@pytest.fixture(autouse=True)
def afterwards(qapp: QApplication) -> Iterator[None]:
    """Read from the left again."""
    yield
    qapp.setLayoutDirection(LEFT)


def crop_of_ink(paint: Callable[[QPainter], None], direction: Qt.LayoutDirection) -> QImage:
    image = QImage(640, 80, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.white)
    painter = QPainter(image)
    painter.setLayoutDirection(direction)
    paint(painter)
    assert painter.layoutDirection() is direction
    painter.end()
    begin, end = ink(image, 640)[0]
    return image.copy(begin, 0, end - begin + 1, 80)


READ = [
    "Nothing was added.",
    "Coffee (large)",
    "-€2.00",
    "14:32",
    "19 %",
    "فلات وايت!",
    "قهوة (250 g)",
    "שי 3",
]


@pytest.mark.parametrize("text", READ)
def test_a_text_reads_the_same_in_both_windows(qapp: QApplication, text: str) -> None:
    font = font_for(Type.BODY, 20)
    width = QFontMetricsF(font).horizontalAdvance(text)
    rect = QRectF(0, 0, width + 40, 60)
    for write in (text_in, paragraph_in):

        def paint(painter: QPainter, write: Callable[..., None] = write) -> None:
            write(painter, rect, text, font, "black")

        pictures = []
        for direction in (LEFT, RIGHT):
            qapp.setLayoutDirection(direction)
            pictures.append(crop_of_ink(paint, direction))
        assert pictures[0] == pictures[1], write.__name__


def test_a_long_name_loses_its_end_wherever_that_is(qapp: QApplication) -> None:
    font = font_for(Type.BODY, 20)
    for name in (DATES, "Slow-proofed wholegrain bread with hazelnuts and honey"):
        short = elided(name, font, 200)
        assert short.endswith("…")
        assert name.startswith(short[:-2])
        image = QImage(200, 40, QImage.Format.Format_RGB32)
        image.fill(Qt.GlobalColor.white)
        painter = QPainter(image)
        text_in(painter, QRectF(0, 0, 200, 40), name, font, QColor("black"))
        painter.end()
        upper = image.copy(0, 0, 200, 20)
        begin, end = ink(upper, 200)[0]
        # Dots stand low: their edge has no ink in the upper half.
        edge = begin if reading_direction(name) is RIGHT else 199 - end
        assert edge > 8


# --- texts in texts --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text, direction",
    [
        ("Coffee شاي", LEFT),
        ("شاي Coffee", RIGHT),
        ("250 g", LEFT),
        ("12.50", LEFT),
        ("", LEFT),
        ("(שי) tea", RIGHT),
        ("\N{FIRST STRONG ISOLATE}שי\N{POP DIRECTIONAL ISOLATE} is sold out", LEFT),
        ("\N{RIGHT-TO-LEFT MARK}3.40", RIGHT),
        ("\N{POP DIRECTIONAL ISOLATE}שי", RIGHT),
    ],
)
def test_the_first_letter_with_a_direction_decides(
    text: str, direction: Qt.LayoutDirection
) -> None:
    assert reading_direction(text) is direction


def test_only_what_could_rearrange_a_text_is_shielded(qapp: QApplication) -> None:
    assert isolated("Coffee 250 g") == "Coffee 250 g"
    assert isolated("") == ""
    shielded = isolated("قهوة")
    assert shielded[1:-1] == "قهوة"
    qapp.setLayoutDirection(RIGHT)
    assert isolated("Coffee")[1:-1] == "Coffee"
    assert isolated("") == ""


def test_a_shield_takes_no_room(qapp: QApplication) -> None:
    metrics = QFontMetricsF(font_for(Type.BODY_STRONG, 20))
    for text in ("قهوة", "שי 12"):
        assert metrics.horizontalAdvance(isolated(text)) == metrics.horizontalAdvance(text)


def test_a_name_of_the_other_direction_leaves_the_sentence_in_order(window: Window) -> None:
    code = "قهوة 12"
    window._on_unknown_code(code)
    text = window.notice.title
    layout = QTextLayout(text, window.look.font(Type.BODY_STRONG))
    layout.beginLayout()
    line = layout.createLine()
    layout.endLayout()

    def x(sign: str) -> float:
        found: Any = line.cursorToX(text.index(sign))
        return float(found[0])

    # Inside the number, which follows the word and so stands to its left, and inside the word.
    assert x("“") < x("2") < x("و") < x("”")


def test_an_arabic_amount_keeps_its_order_in_an_english_sentence() -> None:
    amount = Formats("ar").money(Money(340, "EUR"))
    assert reading_direction(f"{amount} each") is LEFT
    assert reading_direction(amount.strip("\N{FIRST STRONG ISOLATE}")) is RIGHT
    assert Formats("en").money(Money(340, "EUR")) == "€3.40"
    assert Formats("de").ago(START, START) == "just now"
    hebrew = Formats("he").moment(START, START)
    assert reading_direction(f"{hebrew} · Receipt 7") is LEFT
