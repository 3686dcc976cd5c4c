"""From right to left: the whole window is mirrored, what is read is not."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPoint, QRect, Qt, QTranslator
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from app.domain.catalog import Catalog, Shop
from app.settings import Mode, load_settings
from tests.ui.fakes import URL, FakeClock, FakeTill, product
from tests.ui.helpers import button, ink, tap
from ui import start
from ui.application import direction_of, follow_locale
from ui.demo.eyes import read_qr
from ui.icons import POINTING, Icons
from ui.kit.field import Field
from ui.kit.iconlabel import IconLabel
from ui.kit.text import ElidedText, Text
from ui.look import Look
from ui.modebar import ModeBar
from ui.pay.countdown import Countdown
from ui.rail import RailButton
from ui.sell.line_delegate import LinePart
from ui.theme import THEMES
from ui.window import Window

Run = Callable[[Coroutine[Any, Any, None]], None]
Make = Callable[..., Window]
LEFT, RIGHT = Qt.LayoutDirection.LeftToRight, Qt.LayoutDirection.RightToLeft
SIZES = [(1024, 600), (1280, 800)]
DATES = "تمر المجهول في علبة من نصف كيلوغرام مع لوز محمص وزعفران"


@pytest.fixture(autouse=True)
def afterwards(qapp: QApplication) -> Iterator[None]:
    """Read from the left again, in the language that was there before."""
    yield
    qapp.setLayoutDirection(LEFT)
    for translator in qapp.findChildren(QTranslator):
        qapp.removeTranslator(translator)


def two_directions() -> Catalog:
    return Catalog(
        Shop(name="Corner Café"),
        (
            product("dates", DATES, 1290, category="مشروبات"),
            product("coffee", "Coffee (large)", 340, category="Drinks", stock=4),
            product("tea", "שי!", 390, category="Drinks"),
            product("bread", "Bread", 450, category="Bakery"),
            product("cake", "Cake", 450, category="Bakery"),
        ),
    )


# --- the locale ------------------------------------------------------------------------------


@pytest.mark.parametrize("locale", ["ar", "ar_EG", "he", "he-IL", "fa", "fa_IR", "ur", "ur-PK"])
def test_these_locales_are_read_from_the_right(qapp: QApplication, locale: str) -> None:
    assert direction_of(locale) is RIGHT
    follow_locale(locale)
    assert qapp.layoutDirection() is RIGHT
    assert QWidget().layoutDirection() is RIGHT


@pytest.mark.parametrize("locale", ["en", "de-AT", "hi", "ja", "", "C", "tlh", "../ar"])
def test_all_others_are_read_from_the_left(qapp: QApplication, locale: str) -> None:
    qapp.setLayoutDirection(RIGHT)
    follow_locale(locale)
    assert qapp.layoutDirection() is LEFT


def test_the_settings_locale_turns_the_window_before_it_is_made(
    run: Run, qapp: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "scantill.toml").write_text('[window]\nlocale = "fa"\n', "utf-8")
    settings = load_settings(tmp_path, Mode.TRAINING, working_directory=tmp_path)
    found: list[Qt.LayoutDirection] = []

    def made(*_: Any, **__: Any) -> Window:
        found.append(qapp.layoutDirection())
        raise InterruptedError

    monkeypatch.setattr(start, "Window", made)
    till: Any = FakeTill()
    till.catalog_path = tmp_path / "catalog.toml"

    async def opening() -> None:
        with pytest.raises(InterruptedError):
            async with start.running_window(till, settings):
                pass

    run(opening())
    assert found == [RIGHT]


# --- the window ------------------------------------------------------------------------------


def places(window: Window) -> dict[str, QRect]:
    """Give where every widget that is seen stands in the window, in the order of their making."""
    found = {}
    for number, widget in enumerate(window.findChildren(QWidget)):
        if widget.isVisible() and widget.width() and widget.height():
            name = f"{number} {type(widget).__name__} {widget.objectName()}"
            found[name] = QRect(widget.mapTo(window, QPoint(0, 0)), widget.size())
    return found


async def walk(window: Window, see: Callable[[str], None]) -> None:
    """Go through every screen of the till, with news on some."""
    till: Any = window._till
    see("empty")
    for name in ("dates", "coffee", "coffee"):
        tap(window.sell.tiles, window.sell.tiles.rect_of(name).center())
    window._on_unknown_code("12")
    see("sell")
    button(window, "charge").click()
    await window.counter.tasks.settled()
    see("pay")
    till.pay(next(reversed(till.orders.orders)))
    see("paid")
    window.counter.next_sale()
    window.rail.orders.click()
    await window.counter.tasks.settled()
    window.orders.list.setCurrentIndex(window.orders.list.rows.index(0))
    await window.counter.tasks.settled()
    see("orders")


@pytest.mark.parametrize("size", SIZES)
def test_every_widget_stands_where_its_mirror_image_would(
    run: Run, make_window: Make, qapp: QApplication, size: tuple[int, int]
) -> None:
    seen: dict[tuple[Qt.LayoutDirection, str], dict[str, QRect]] = {}
    for direction in (LEFT, RIGHT):
        qapp.setLayoutDirection(direction)
        clock = FakeClock()
        window = make_window(FakeTill(two_directions(), clock=clock), size)

        def see(screen: str, window: Window = window, seen_from: Any = direction) -> None:
            QApplication.processEvents()
            seen[seen_from, screen] = places(window)

        run(walk(window, see))
        window.close()
    for screen in ("empty", "sell", "pay", "paid", "orders"):
        left, right = seen[LEFT, screen], seen[RIGHT, screen]
        assert left.keys() == right.keys()
        assert len(left) > 15
        for name, place in left.items():
            mirror = QRect(size[0] - place.x() - place.width(), place.y(), *place.size().toTuple())
            other = right[name]
            assert abs(other.x() - mirror.x()) <= 1, (screen, name)
            assert abs(other.width() - mirror.width()) <= 1, (screen, name)
            # A shielded text that wraps may be a little higher.
            assert abs(other.y() - mirror.y()) <= 3, (screen, name)
            assert abs(other.height() - mirror.height()) <= 3, (screen, name)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("size", SIZES)
def test_the_code_is_never_mirrored(
    run: Run, make_window: Make, qapp: QApplication, size: tuple[int, int], theme: str
) -> None:
    codes: list[QImage] = []
    for direction in (LEFT, RIGHT):
        qapp.setLayoutDirection(direction)
        window = make_window(FakeTill(two_directions()), size, theme=theme)

        def see(screen: str, window: Window = window) -> None:
            if screen == "pay":
                assert read_qr(window.grab().toImage()) == URL
                codes.append(window.pay.qr.grab().toImage())

        run(walk(window, see))
        window.close()
    assert codes[0] == codes[1]


def test_steppers_and_tiles_are_tapped_where_they_are_painted(
    run: Run, make_window: Make, qapp: QApplication
) -> None:
    qapp.setLayoutDirection(RIGHT)
    window = make_window(FakeTill(two_directions()))
    tiles, lines, cart = window.sell.tiles, window.sell.cart.lines, window.counter.cart

    async def sale() -> None:
        await asyncio.sleep(0)
        tile = tiles.rect_of("dates")
        assert tile.left() > tiles.rect_of("coffee").right()
        assert tiles.viewport().width() - 1 - tile.right() <= 1
        tap(tiles, QPoint(tile.right() - 1, tile.center().y()))
        tap(tiles, QPoint(tile.left() + 1, tile.center().y()))
        tap(tiles, QPoint(tile.left() - 3, tile.center().y()))
        assert cart.content.quantity_of("dates") == 2
        (line,) = cart.content.lines
        fewer, more, remove = (lines.rect_of(line.id, part) for part in LinePart)
        assert remove.right() < more.left() < more.right() < fewer.left()
        tap(lines, more.center())
        tap(lines, more.center())
        tap(lines, fewer.center())
        assert cart.content.quantity_of("dates") == 3
        tap(lines, remove.center())
        assert not cart.content.lines

    run(sale())


def test_the_arrow_keys_move_as_they_point(run: Run, make_window: Make, qapp: QApplication) -> None:
    qapp.setLayoutDirection(RIGHT)
    window = make_window(FakeTill(two_directions()))
    tiles = window.sell.tiles

    async def moves() -> None:
        await asyncio.sleep(0)
        tiles.focus_first()
        first = tiles.visualRect(tiles.currentIndex())
        QTest.keyClick(tiles, Qt.Key.Key_Left)
        second = tiles.visualRect(tiles.currentIndex())
        assert second.right() < first.center().x()
        QTest.keyClick(tiles, Qt.Key.Key_Right)
        assert tiles.visualRect(tiles.currentIndex()) == first

    run(moves())


# --- what is painted -------------------------------------------------------------------------


CENTRED = {"mode bar"}


PARTS: dict[str, Callable[[Look], QWidget]] = {
    "text": lambda look: Text(look, "Nothing was added."),
    "elided text": lambda look: ElidedText(look, "Cart (2)"),
    "icon and label": lambda look: IconLabel(look, "shop", "Corner Café"),
    "mode bar": lambda look: ModeBar(look, Mode.TRAINING),
    "waiting": lambda look: RailButton(look, "Orders", "orders", "F2"),
    "countdown": lambda look: Countdown(look, FakeClock()),
}


@pytest.mark.parametrize("name", PARTS)
def test_a_painted_part_is_mirrored(
    qtbot: QtBot, qapp: QApplication, look: Look, name: str
) -> None:
    pictures = []
    for direction in (LEFT, RIGHT):
        qapp.setLayoutDirection(direction)
        part = PARTS[name](look)
        qtbot.addWidget(part)
        if isinstance(part, RailButton):
            part.set_waiting(3)
        if isinstance(part, Countdown):
            part.set_deadline(0.0)
        part.resize(320, max(40, part.sizeHint().height()))
        pictures.append(part.grab().toImage())
    left, right = map(ink, pictures)
    mirror = [(319 - end, 319 - begin) for begin, end in reversed(left)]
    assert len(left) == len(right)
    for one, other in zip(mirror, right, strict=True):
        assert abs(one[0] - other[0]) <= 4
        assert abs(one[1] - other[1]) <= 4
    assert left != mirror or name in CENTRED


@pytest.mark.parametrize("name", sorted(Icons().names))
def test_what_points_points_the_other_way_and_nothing_else(look: Look, name: str) -> None:
    plain = look.icons.pixmap(name, "#000000", 24, 2.0).toImage()
    turned = look.icons.pixmap(name, "#000000", 24, 2.0, flipped=True).toImage()
    if name in POINTING:
        assert turned != plain
        assert [ink(turned)] == [[(47 - e, 47 - b) for b, e in reversed(ink(plain))]]
    else:
        assert turned == plain


def test_what_is_typed_begins_at_the_icon_whatever_its_direction(
    qtbot: QtBot, look: Look, qapp: QApplication
) -> None:
    field = Field(look, "Search")
    qtbot.addWidget(field)
    field.resize(400, 40)
    field.show()
    for direction in (LEFT, RIGHT, LEFT):
        qapp.setLayoutDirection(direction)
        QApplication.processEvents()
        for text in ("tea", "شاي"):
            field.edit.setText(text)
            caret = field.edit.mapTo(field, field.edit.cursorRect().center()).x()
            assert (caret > 200) is (direction is RIGHT)
