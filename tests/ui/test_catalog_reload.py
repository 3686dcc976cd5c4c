"""The window follows the catalog: tiles, categories, display, cart and payment."""

from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.domain.catalog import Catalog
from app.domain.money import Money
from app.domain.order import OrderState
from tests.ui.catalogs import charge, chips, edited, price, ring_up, shown
from tests.ui.fakes import FakeTill, many_products, product
from tests.ui.helpers import Recorder, button, stage_of, until
from ui.counter import Stage
from ui.display.display import DisplayOptions
from ui.kit.chip import Chip
from ui.pay.state import Action
from ui.window import Window

Run = Callable[[Coroutine[Any, Any, None]], None]
Make = Callable[..., Window]
Speak = Callable[[str], None]


# --- a good edit --------------------------------------------------------------------------------


def test_tiles_prices_categories_and_codes_follow_the_file(window: Window, till: FakeTill) -> None:
    pear = product("pear", "Pear", 90, category="Fruit", sku="P1")
    till.catalog_watch.save(edited(till, pear, coffee=price(350), tea=None))
    tiles = shown(window)
    assert tiles["coffee"] == 350 and tiles["pear"] == 90 and "tea" not in tiles
    assert list(chips(window)) == ["", "Drinks", "Bakery", "Clubs", "Fruit"]
    QTest.keyClicks(window.sell.search.edit, "P1\r")
    ring_up(window, "coffee")
    assert window.counter.cart_model.total == Money(440, "EUR")


def test_a_short_notice_says_what_has_changed(window: Window, till: FakeTill) -> None:
    pear = product("pear", "Pear", 90)
    till.catalog_watch.save(edited(till, pear, coffee=price(350), tea=price(400), bread=None))
    assert window.notice.title == "The catalog was changed"
    assert window.notice.detail == (
        "2 products changed. 1 product is new. 1 product is no longer on sale."
    )
    till.catalog_watch.save(edited(till, shop=replace(till.catalog.shop, tax_number="7")))
    assert window.notice.detail == "The shop's own details or its taxes are other ones now."


def test_a_file_saved_anew_as_it_was_is_no_news(window: Window, till: FakeTill) -> None:
    till.catalog_watch.save(edited(till))
    assert not window.notice.isVisible()


def test_category_and_search_stay_while_they_exist(window: Window, till: FakeTill) -> None:
    bakery = next(c for c in window.findChildren(Chip) if c.property("category") == "Bakery")
    bakery.click()
    window.sell.search.edit.setText("bre")
    till.catalog_watch.save(edited(till, product("pear", "Pear", 90, category="Fruit")))
    assert window.sell.search.text == "bre"
    assert list(shown(window)) == ["bread"]
    assert chips(window)["Bakery"]
    window.sell.search.clear()
    assert set(shown(window)) == {"bread", "long", "markup"}
    till.catalog_watch.save(edited(till, bread=None, long=None, markup=None))
    assert chips(window) == {"": True, "Drinks": False, "Clubs": False, "Fruit": False}
    assert "coffee" in shown(window)


def test_an_empty_search_finds_what_the_file_brings(window: Window, till: FakeTill) -> None:
    window.sell.search.edit.setText("pear")
    assert not window.sell.tiles.isVisible()
    till.catalog_watch.save(edited(till, product("pear", "Pear", 90)))
    assert window.sell.tiles.isVisible() and list(shown(window)) == ["pear"]


def test_the_tiles_stay_where_they_were_scrolled_to(make_window: Make) -> None:
    till = FakeTill(many_products(200))
    window = make_window(till)
    bar = window.sell.tiles.verticalScrollBar()
    bar.setValue(bar.maximum() // 2)
    before = bar.value()
    seen = window.sell.tiles.rect_of("p100")
    assert before > 0
    till.catalog_watch.save(edited(till, p7=price(1)))
    QApplication.processEvents()
    assert bar.value() == before
    assert window.sell.tiles.rect_of("p100") == seen


def test_the_keyboard_stays_on_its_product(window: Window, till: FakeTill) -> None:
    tiles = window.sell.tiles
    tiles.focus_first()
    QTest.keyClick(tiles, Qt.Key.Key_Right)
    assert tiles.currentIndex().data() == "Fresh mint tea"
    till.catalog_watch.save(edited(till, coffee=None))
    assert tiles.currentIndex().data() == "Fresh mint tea"
    QTest.keyClick(tiles, Qt.Key.Key_Return)
    assert [line.product.id for line in window.counter.cart.content.lines] == ["tea"]


def test_a_finger_that_is_down_rings_up_nothing_that_slides_beneath_it(
    window: Window, till: FakeTill
) -> None:
    tiles = window.sell.tiles
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    point = tiles.rect_of("tea").center()
    QTest.mousePress(tiles.viewport(), left, none, point)
    till.catalog_watch.save(edited(till, coffee=None))
    assert tiles.rect_of("bread").contains(point)
    QTest.mouseRelease(tiles.viewport(), left, none, point)
    assert window.counter.cart.is_empty
    QTest.mousePress(tiles.viewport(), left, none, point)
    till.catalog_watch.save(edited(till, bread=price(500)))
    QTest.mouseRelease(tiles.viewport(), left, none, point)
    assert window.counter.cart_model.total.minor == 500


def test_title_strip_and_display_take_the_shops_new_name(
    run: Run, make_window: Make, till: FakeTill
) -> None:
    window = make_window(till, display=DisplayOptions(place="window"))

    async def story() -> None:
        window.start()
        assert window.display.model is not None and window.display.model.shop == "Corner Café"
        till.catalog_watch.save(edited(till, shop=replace(till.catalog.shop, name="Bohne")))
        assert window.display.model.shop == "Bohne"
        assert window.display.window is not None
        assert window.display.window.windowTitle().startswith("Bohne")
        await window.finish()

    run(story())
    assert window.windowTitle() == "Bohne · Scantill"
    assert window.strip._shop.text == "Bohne"


def test_another_shops_logo_leaves_the_display(run: Run, make_window: Make, till: FakeTill) -> None:
    window = make_window(till, display=DisplayOptions(place="window", logo="brand/shop.svg"))

    async def story() -> None:
        window.start()
        first = window.display.window
        window.display.set_logo("brand/shop.svg")
        assert window.display.window is first
        window.display.set_logo("")
        second = window.display.window
        assert second is not None and second is not first and second.isVisible()
        assert second.idle._logo == ""
        ring_up(window, "coffee")
        assert second._faces.currentWidget() is second.cart
        await window.finish()

    run(story())


# --- the cart -----------------------------------------------------------------------------------


def test_a_line_keeps_the_price_that_was_told_and_a_band_says_so(
    window: Window, till: FakeTill
) -> None:
    ring_up(window, "coffee")
    till.catalog_watch.save(edited(till, coffee=price(360)))
    band = window.sell.notes.cart
    assert window.counter.cart_model.total.minor == 340
    assert band.isVisible()
    assert band.title == "Coffee stays in this cart at €3.40"
    assert band.words.startswith("Its price is €3.60 from now on.")
    ring_up(window, "coffee")
    lines = window.counter.cart.content.lines
    assert [(line.quantity, line.gross_minor) for line in lines] == [(1, 340), (1, 360)]
    assert band.isVisible(), "it stays for as long as the line does"
    window.counter.remove(lines[0].id)
    assert not band.isVisible() and not window.sell.notes.isVisible()
    window.counter.undo()
    assert band.isVisible()


@pytest.mark.parametrize("change", [None, {"active": False}])
def test_what_is_no_longer_on_sale_stays_in_the_cart_with_a_word(
    window: Window, till: FakeTill, change: dict[str, bool] | None
) -> None:
    ring_up(window, "bread")
    till.catalog_watch.save(edited(till, bread=change))
    assert "bread" not in shown(window)
    assert window.sell.notes.cart.title == "Bread is no longer on sale"
    assert "Remove it if it is not to be sold." in window.sell.notes.cart.words
    window.counter.set_quantity(1, 2)
    assert window.counter.cart_model.total.minor == 900


def test_another_tax_is_said_as_well(window: Window, till: FakeTill) -> None:
    ring_up(window, "coffee")
    till.catalog_watch.save(edited(till, coffee={"tax": till.catalog.taxes[1]}))
    assert window.sell.notes.cart.title == "Coffee stays in this cart as it was rung up"


def test_several_lines_are_named_together(make_window: Make) -> None:
    till = FakeTill(many_products(8))
    window = make_window(till)
    for number in range(6):
        ring_up(window, f"p{number}")
    dear = price(9)
    till.catalog_watch.save(edited(till, p0=dear, p1=dear, p2=dear, p3=dear, p4=dear, p5=None))
    band = window.sell.notes.cart
    assert band.title == "6 items stay in this cart as they were rung up"
    assert band.words == (
        "At the price they were rung up at: Product number 0, Product number 1, "
        "Product number 2 +2. No longer on sale, remove what is not to be sold: Product number 5."
    )


def net_prices(till: FakeTill) -> Catalog:
    return edited(till, shop=replace(till.catalog.shop, prices_include_tax=False))


def test_other_terms_wait_for_the_end_of_the_sale(run: Run, window: Window, till: FakeTill) -> None:
    async def story() -> None:
        ring_up(window, "coffee")
        before = till.catalog
        till.catalog_watch.save(net_prices(till))
        waiting = window.sell.notes.waiting
        assert waiting.isVisible() and waiting.title == "A changed catalog is waiting"
        ring_up(window, "coffee")
        assert window.counter.cart_model.total.minor == 680
        order_id = await charge(window)
        till.pay(order_id)
        assert till.orders.orders[order_id].total.minor == 680
        assert till.catalog.shop is before.shop
        button(window, "next_sale").click()
        assert not till.catalog.shop.prices_include_tax
        assert not waiting.isVisible()
        ring_up(window, "coffee")
        assert window.counter.cart_model.total.minor == 405

    run(story())


def test_a_voided_cart_lets_the_new_terms_in_and_cannot_be_brought_back_under_them(
    window: Window, till: FakeTill
) -> None:
    ring_up(window, "coffee")
    till.catalog_watch.save(net_prices(till))
    window.counter.void()
    assert not till.catalog.shop.prices_include_tax
    assert not button(window, "undo").isEnabled()
    window.counter.undo()
    assert window.counter.cart.is_empty


def test_an_empty_cart_with_a_past_forgets_it_under_new_terms(
    window: Window, till: FakeTill
) -> None:
    ring_up(window, "coffee")
    window.counter.void()
    till.catalog_watch.save(net_prices(till))
    assert not window.counter.cart_model.prices_include_tax
    assert not window.counter.cart.can_undo


# --- a payment ----------------------------------------------------------------------------------


def test_a_payment_on_the_screen_is_not_touched_and_the_news_wait_for_its_end(
    run: Run, window: Window, till: FakeTill
) -> None:
    async def story() -> None:
        ring_up(window, "coffee")
        order_id = await charge(window)
        changes = Recorder(window.counter.payment_changed)
        renamed = replace(till.catalog.shop, name="Bohne")
        till.catalog_watch.save(edited(till, shop=renamed, coffee=price(999)))
        till.catalog_watch.save(edited(till, tea=price(999)))
        window.counter._on_tick()
        assert changes.calls == []
        assert window.counter.payment is not None
        assert window.counter.payment.shop == "Corner Café"
        assert window.pay.qr.isVisible() and not window.notice.isVisible()
        till.pay(order_id)
        assert window.paid._amount.text == "€3.40"
        assert not window.notice.isVisible()
        button(window, "next_sale").click()
        await until(window.notice.isVisible)
        assert window.notice.detail == "2 products changed."
        ring_up(window, "coffee")
        assert window.counter.cart_model.total.minor == 999

    run(story())


def test_a_cancelled_payment_gives_the_cart_back_as_it_was(
    run: Run, window: Window, till: FakeTill
) -> None:
    async def story() -> None:
        ring_up(window, "coffee")
        await charge(window)
        till.catalog_watch.save(edited(till, coffee=price(999)))
        window.counter.act(Action.CANCEL)
        await window.counter.tasks.settled()
        assert stage_of(window.counter) is Stage.SELLING
        assert window.counter.cart_model.total.minor == 340
        assert window.sell.notes.cart.isVisible()

    run(story())


def test_an_order_is_not_rung_up_again_under_other_terms(
    run: Run, make_window: Make, till: FakeTill
) -> None:
    window = make_window(till)

    async def story() -> None:
        ring_up(window, "coffee")
        order_id = await charge(window)
        window.counter.cart.start_over()
        till.catalog_watch.save(net_prices(till))
        window.counter.act(Action.CANCEL)
        await window.counter.tasks.settled()
        assert till.orders.orders[order_id].state is OrderState.CANCELLED
        assert window.counter.cart.is_empty

    run(story())
