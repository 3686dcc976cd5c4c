"""The Sell screen: tiles, search, chips and the cart."""

import pkgutil
from collections.abc import Callable

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.errors import Message
from app.routing import Choice, LeftOut, Route
from tests.ui.fakes import FakeTill, many_products
from tests.ui.helpers import Recorder, tap
from ui.look import Look
from ui.metrics import Metrics
from ui.sell.cart_model import CartModel
from ui.sell.cart_panel import CartPanel
from ui.sell.line_delegate import LinePart
from ui.sell.pictures import Pictures
from ui.sell.screen import SellScreen
from ui.sell.tile_model import TileModel, TileRole
from ui.window import Window

Make = Callable[..., CartModel]


@pytest.fixture
def pictures(qapp: object) -> Pictures:
    return Pictures()


@pytest.fixture
def screen(qtbot: QtBot, look: Look, till: FakeTill, pictures: Pictures) -> SellScreen:
    widget = SellScreen(look, till.catalog, pictures)
    qtbot.addWidget(widget)
    widget.resize(1100, 700)
    with qtbot.waitActive(widget):
        widget.show()
        widget.activateWindow()
    return widget


@pytest.fixture
def panel(qtbot: QtBot, look: Look) -> CartPanel:
    widget = CartPanel(look)
    qtbot.addWidget(widget)
    widget.resize(380, 640)
    widget.setFixedWidth(380)
    with qtbot.waitActive(widget):
        widget.show()
        widget.activateWindow()
    return widget


def shown(screen: SellScreen) -> list[str]:
    model = screen.tiles.model()
    rows = range(model.rowCount())
    return [model.index(row, 0).data(TileRole.PRODUCT).id for row in rows]


# --- tiles --------------------------------------------------------------------------------------


def painted_by(step: str, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Give a list that grows with every cell for which a delegate's step is taken from now on.

    `step` is the dotted name of a method that `paint` calls: Qt itself keeps `paint` as it was.
    """
    cells: list[str] = []
    module, name = step.rsplit(".", 1)
    real = pkgutil.resolve_name(step)

    def counted(*arguments: object) -> None:
        cells.append(name)
        real(*arguments)

    monkeypatch.setattr(f"{module}.{name}", counted)
    return cells


def test_a_tap_on_a_tile_adds_one_piece(screen: SellScreen) -> None:
    chosen = Recorder(screen.product_chosen)
    tap(screen.tiles, screen.tiles.rect_of("bread").center())
    assert [call[0].id for call in chosen.calls] == ["bread"]


def test_two_quick_taps_add_two(screen: SellScreen) -> None:
    chosen = Recorder(screen.product_chosen)
    place = screen.tiles.rect_of("coffee").center()
    viewport = screen.tiles.viewport()
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    QTest.mouseClick(viewport, left, none, place)
    QTest.mouseDClick(viewport, left, none, place)
    QTest.mouseRelease(viewport, left, none, place)
    assert len(chosen.calls) == 2


def test_a_press_is_seen_at_once_and_taken_back_where_the_finger_slides_away(
    screen: SellScreen,
) -> None:
    chosen = Recorder(screen.product_chosen)
    viewport = screen.tiles.viewport()
    place = screen.tiles.rect_of("coffee").center()
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    before = screen.tiles.grab().toImage()
    QTest.mousePress(viewport, left, none, place)
    assert screen.tiles.grab().toImage() != before
    QTest.mouseRelease(viewport, left, none, place + QPoint(400, 0))
    assert chosen.calls == []


def test_the_gap_between_tiles_adds_nothing(screen: SellScreen) -> None:
    chosen = Recorder(screen.product_chosen)
    rect = screen.tiles.rect_of("coffee")
    tap(screen.tiles, QPoint(rect.right() + 3, rect.center().y()))
    assert chosen.calls == []


@pytest.mark.parametrize("size", [(940, 540), (1196, 740), (1836, 1020)])
@pytest.mark.parametrize("dpi", [60.0, 96.0, 149.0])
def test_tiles_are_at_least_twenty_millimetres_and_two_apart(
    screen: SellScreen, look: Look, size: tuple[int, int], dpi: float
) -> None:
    look.set_metrics(Metrics(dpi))
    screen.resize(*size)
    first, second = screen.tiles.rect_of("coffee"), screen.tiles.rect_of("tea")
    assert min(first.width(), first.height()) >= look.metrics.mm(20)
    if second.top() == first.top():
        assert second.left() - first.right() - 1 >= look.metrics.mm(2)
        last = max(screen.tiles.rect_of(p).right() for p in shown(screen))
        assert last < screen.tiles.viewport().width()


def test_tiles_fill_the_width(screen: SellScreen) -> None:
    right = max(screen.tiles.rect_of(p).right() for p in shown(screen))
    assert screen.tiles.viewport().width() - right < 40


def test_products_that_are_off_sale_are_not_shown(screen: SellScreen) -> None:
    assert "off" not in shown(screen)
    assert screen.tiles.rect_of("off").isEmpty()


def test_tiles_count_what_is_in_the_cart(screen: SellScreen, cart_model: Make) -> None:
    before = screen.tiles.grab().toImage()
    screen.show_cart(cart_model(coffee=2, bread=1))
    model = screen.tiles.model()
    counts = [model.index(row, 0).data(TileRole.COUNT) for row in range(3)]
    assert counts == [2, 0, 1]
    assert model.index(2, 0).data(TileRole.STOCK) == 3
    assert screen.tiles.grab().toImage() != before
    spoken = model.index(2, 0).data(Qt.ItemDataRole.AccessibleTextRole)
    assert spoken == "Bread, €4.50, 1 in the cart, 3 left"


def test_the_arrow_keys_move_and_enter_adds(screen: SellScreen) -> None:
    chosen = Recorder(screen.product_chosen)
    screen.tiles.focus_first()
    QTest.keyClick(screen.tiles, Qt.Key.Key_Right)
    QTest.keyClick(screen.tiles, Qt.Key.Key_Return)
    QTest.keyClick(screen.tiles, Qt.Key.Key_Space)
    assert [call[0].id for call in chosen.calls] == ["tea", "tea"]


def test_of_two_thousand_products_only_those_in_view_are_painted(
    qtbot: QtBot, look: Look, pictures: Pictures, monkeypatch: pytest.MonkeyPatch
) -> None:
    screen = SellScreen(look, many_products(2000), pictures)
    qtbot.addWidget(screen)
    screen.resize(1100, 700)
    screen.show()
    screen.grab()
    painted = painted_by("ui.sell.tile_delegate.TileDelegate._paint_text", monkeypatch)
    screen.search.edit.setText("p")
    screen.grab()
    assert 0 < len(painted) < 200, "what is not in view is not painted"
    screen.search.edit.setText("number 1999")
    assert shown(screen) == ["p1999"]


# --- search and categories ----------------------------------------------------------------------


def test_each_key_searches_at_once_in_every_category(screen: SellScreen) -> None:
    screen._chips.buttons()[1].click()
    assert shown(screen) == ["coffee", "tea"]
    screen.search.edit.setText("bre")
    assert shown(screen) == ["bread"]
    screen.clear_search()
    assert shown(screen) == ["coffee", "tea"]
    screen.clear_search()
    assert len(shown(screen)) == 6


def test_enter_adds_what_was_scanned_and_clears_the_field(screen: SellScreen) -> None:
    chosen = Recorder(screen.product_chosen)
    QTest.keyClicks(screen.search.edit, "2012345")
    QTest.keyClick(screen.search.edit, Qt.Key.Key_Return)
    assert [call[0].id for call in chosen.calls] == ["bread"]
    assert screen.search.text == ""


def test_enter_adds_the_first_that_was_found(screen: SellScreen) -> None:
    chosen = Recorder(screen.product_chosen)
    screen.search.edit.setText("mint")
    QTest.keyClick(screen.search.edit, Qt.Key.Key_Return)
    assert [call[0].id for call in chosen.calls] == ["tea"]


def test_a_code_that_nobody_knows_is_told_and_stays_in_the_field(screen: SellScreen) -> None:
    unknown, chosen = Recorder(screen.code_entered), Recorder(screen.product_chosen)
    screen.search.edit.setText("999")
    QTest.keyClick(screen.search.edit, Qt.Key.Key_Return)
    assert unknown.calls == [("999",)]
    assert chosen.calls == []
    assert screen.search.text == "999"
    assert screen._nothing._title.text == "Nothing matches “999”"


def test_an_empty_search_adds_nothing(screen: SellScreen) -> None:
    chosen = Recorder(screen.product_chosen)
    QTest.keyClick(screen.search.edit, Qt.Key.Key_Return)
    assert chosen.calls == []


@pytest.mark.parametrize("size", [(940, 540), (1196, 740), (1836, 1020)])
def test_search_and_chips_fit_at_every_size(screen: SellScreen, size: tuple[int, int]) -> None:
    screen.resize(*size)
    chips = screen._chips_row.geometry()
    field = screen.search.geometry()
    assert not chips.intersects(field)
    assert field.height() >= screen.look.metrics.mm(10)
    assert all(chip.height() >= screen.look.metrics.mm(10) for chip in screen._chips.buttons())
    assert screen.cart.charge.height() >= screen.look.metrics.mm(20)


# --- the cart -----------------------------------------------------------------------------------


def test_an_empty_cart_invites_and_cannot_be_charged(panel: CartPanel, cart_model: Make) -> None:
    panel.show_cart(cart_model())
    assert not panel.charge.isEnabled()
    assert not panel.void.isEnabled()
    assert panel.charge.label == "Charge"
    assert panel._body.currentIndex() == 0


def test_charge_names_the_amount(panel: CartPanel, cart_model: Make) -> None:
    panel.show_cart(cart_model(coffee=2, bread=1))
    assert panel.charge.label == "Charge €11.30"
    assert panel._title.text == "Cart · 3 items"
    assert panel.totals.total.amount.text() == "€11.30"
    note = panel.totals._note.text.replace("\xa0", " ")
    assert note == "Includes VAT 19 % €1.09 · VAT 7 % €0.29"


def test_a_cart_that_nobody_takes_says_so_before_charge_and_why(
    screen: SellScreen, cart_model: Make, till: FakeTill
) -> None:
    alone = Message("It takes a subscription by itself, with nothing else in the cart.")
    till.ways.route = Route(
        left_out=(
            LeftOut("square", alone),
            LeftOut("cash", Message("It takes no subscriptions.")),
            LeftOut("paypal", alone),
        )
    )
    screen.show_cart(cart_model(coffee=1, beans=1))
    assert not screen.notes.refused.isHidden()
    assert screen.notes.refused.title == "No account takes this cart as it is"
    isolates = "\N{FIRST STRONG ISOLATE}\N{POP DIRECTIONAL ISOLATE}"
    words = screen.notes.refused.words.translate(dict.fromkeys(map(ord, isolates)))
    assert words.splitlines() == [
        "Square, PayPal: It takes a subscription by itself, with nothing else in the cart.",
        "Cash: It takes no subscriptions.",
    ]
    till.ways.route = Route((Choice("paypal", Message("It is the only one.")),))
    screen.show_cart(cart_model(beans=1))
    assert screen.notes.refused.isHidden()


def test_the_steppers_change_the_quantity(panel: CartPanel, cart_model: Make) -> None:
    cart = cart_model(coffee=2, bread=1)
    panel.show_cart(cart)
    wanted, removed = Recorder(panel.quantity_wanted), Recorder(panel.removal_wanted)
    coffee, bread = cart.content.lines
    tap(panel.lines, panel.lines.rect_of(coffee.id, LinePart.MORE).center())
    tap(panel.lines, panel.lines.rect_of(coffee.id, LinePart.FEWER).center())
    tap(panel.lines, panel.lines.rect_of(bread.id, LinePart.FEWER).center())
    tap(panel.lines, panel.lines.rect_of(bread.id, LinePart.REMOVE).center())
    assert wanted.calls == [(coffee.id, 3), (coffee.id, 1)]
    assert removed.calls == [(bread.id,)]


def test_plus_minus_and_delete_work_on_the_line_in_hand(panel: CartPanel, cart_model: Make) -> None:
    cart = cart_model(coffee=2, bread=3)
    panel.show_cart(cart)
    wanted, removed = Recorder(panel.quantity_wanted), Recorder(panel.removal_wanted)
    bread = cart.content.lines[1]
    panel.lines.setFocus()
    for key in (Qt.Key.Key_Plus, Qt.Key.Key_Minus, Qt.Key.Key_Delete):
        QTest.keyClick(panel.lines, key)
    assert wanted.calls == [(bread.id, 4), (bread.id, 2)]
    assert removed.calls == [(bread.id,)]


@pytest.mark.parametrize("dpi", [60.0, 96.0, 149.0])
def test_the_steppers_are_targets_and_stand_apart(
    panel: CartPanel, look: Look, cart_model: Make, dpi: float
) -> None:
    look.set_metrics(Metrics(dpi))
    panel.setFixedWidth(look.dp(330))
    cart = cart_model(coffee=2)
    panel.show_cart(cart)
    line = cart.content.lines[0]
    fewer, more, remove = (
        panel.lines.rect_of(line.id, part)
        for part in (LinePart.FEWER, LinePart.MORE, LinePart.REMOVE)
    )
    for rect in (fewer, more, remove):
        assert min(rect.width(), rect.height()) >= look.metrics.mm(10)
    assert remove.left() - more.right() - 1 >= look.metrics.mm(2)
    assert more.left() - fewer.right() - 1 >= look.metrics.mm(2)
    assert fewer.left() > 0
    assert remove.right() < panel.lines.viewport().width()


def test_void_takes_two_taps(panel: CartPanel, cart_model: Make) -> None:
    panel.show_cart(cart_model(coffee=1))
    voids = Recorder(panel.void_wanted)
    panel.void.click()
    assert voids.calls == []
    assert panel.void.label == "Tap again to void"
    panel.void.click()
    assert len(voids.calls) == 1


def test_the_first_tap_on_void_is_forgotten(panel: CartPanel, cart_model: Make) -> None:
    panel.show_cart(cart_model(coffee=1))
    voids = Recorder(panel.void_wanted)
    panel.void.click()
    panel._void_timer.timeout.emit()
    panel.void.click()
    panel.show_cart(cart_model(coffee=2))
    panel.void.click()
    assert voids.calls == []


def test_void_is_far_from_charge(panel: CartPanel, cart_model: Make) -> None:
    panel.show_cart(cart_model(coffee=1))
    apart = panel.charge.y() - panel.void.geometry().bottom()
    assert apart > panel.look.metrics.mm(50)


def test_of_five_hundred_lines_only_those_in_view_are_painted(
    panel: CartPanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    till = FakeTill(many_products(500))
    cart = Make_of(till)
    panel.show_cart(cart(499))
    panel.grab()
    painted = painted_by("ui.sell.line_delegate.LineDelegate._paint_words", monkeypatch)
    panel.show_cart(cart(500))
    panel.grab()
    assert 0 < len(painted) < 100, "what is not in view is not painted"
    assert panel.lines.model().rowCount() == 500


def test_a_long_name_does_not_run_into_the_price(
    panel: CartPanel, cart_model: Make, look: Look
) -> None:
    panel.show_cart(cart_model(long=99))
    image = panel.grab().toImage()
    assert not image.isNull()
    assert panel.charge.label == "Charge €1,221.66"


def test_markup_in_a_name_is_painted_as_it_stands(window: Window, till: FakeTill) -> None:
    product = till.catalog.product("markup")
    assert product is not None
    model = window.sell.tiles.model()
    assert isinstance(model, TileModel)
    row = model.row_of("markup")
    assert row is not None
    assert model.index(row).data() == "<b>Bold</b> & <i>sweet</i>"


def Make_of(till: FakeTill) -> Callable[[int], CartModel]:
    from ui.counter import Counter

    def make(count: int) -> CartModel:
        counter = Counter(till, till.clock)
        for product in till.catalog.products[:count]:
            counter.cart.add(product)
        return counter.cart_model

    return make
