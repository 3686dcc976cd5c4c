"""What the window says of a catalog file that is bad, and for how long."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QApplication

from app.errors import CatalogError, Fault, Message
from tests.ui.catalogs import edited, price, ring_up, shown
from tests.ui.fakes import FakeTill
from ui.errors import error_words
from ui.format import Formats
from ui.window import Window

Run = Callable[[Coroutine[Any, Any, None]], None]
Make = Callable[..., Window]
Speak = Callable[[str], None]

FAULTS = (
    (
        Message("product {id}", id="coffee"),
        "price.amount",
        Message("must not be negative"),
    ),
    ("shop", "motto", Message("is not a key that the till knows")),
)


def test_a_bad_file_is_told_for_as_long_as_it_is_bad(window: Window, till: FakeTill) -> None:
    before = shown(window)
    till.catalog_watch.spoil(*FAULTS)
    band = window.sell.notes.file
    assert band.isVisible() and shown(window) == before
    assert band.title == "catalog.toml has 2 faults"
    assert band.words == (
        "The till goes on with the catalog it has. No sale is affected.\n"
        "product coffee: price.amount: must not be negative"
    )
    ring_up(window, "coffee")
    window.counter.void()
    assert band.isVisible(), "it is not news that passes"
    till.catalog_watch.save(till.catalog)
    assert not band.isVisible() and not window.notice.isVisible()


def test_all_faults_can_be_read_and_put_away_again(window: Window, till: FakeTill) -> None:
    till.catalog_watch.spoil(*(FAULTS * 150))
    band = window.sell.notes.file
    band.button.click()
    assert band.is_open
    lines = band.more.splitlines()
    assert lines[0] == "• product coffee: price.amount: must not be negative"
    assert lines[1] == "• shop: motto: is not a key that the till knows"
    assert lines[200] == "• and 100 more"
    assert lines[-1] == f"Check it yourself: scantill catalog check {till.catalog_watch.path}"
    QApplication.processEvents()
    assert window.sell.tiles.height() > window.look.metrics.mm(20)
    till.catalog_watch.spoil(FAULTS[0])
    assert "motto" not in band.more
    band.button.click()
    assert not band.is_open


def test_a_file_that_is_gone_is_told_in_its_own_words(window: Window, till: FakeTill) -> None:
    till.catalog_watch.spoil(("", "", Message("there is no such file")))
    assert window.sell.notes.file.title == "catalog.toml cannot be used"
    assert "there is no such file" in window.sell.notes.file.words


def test_a_till_that_opens_beside_a_bad_file_says_so_at_once(
    make_window: Make, till: FakeTill
) -> None:
    till.catalog_watch.spoil(*FAULTS)
    assert make_window(till).sell.notes.file.isVisible()


def test_no_tile_moves_when_a_band_comes(window: Window, till: FakeTill) -> None:
    tiles = window.sell.tiles
    before = tiles.mapTo(window, tiles.rect_of("bread").topLeft())
    till.catalog_watch.spoil(*FAULTS)
    QApplication.processEvents()
    assert tiles.mapTo(window, tiles.rect_of("bread").topLeft()) == before


@pytest.mark.parametrize("size", [(1024, 600), (1280, 800)])
def test_news_and_bands_do_not_cover_each_other(
    make_window: Make, till: FakeTill, size: tuple[int, int]
) -> None:
    window = make_window(till, size)
    ring_up(window, "coffee")
    till.catalog_watch.save(edited(till, coffee=price(360)))
    QApplication.processEvents()
    till.catalog_watch.spoil(*FAULTS)
    QApplication.processEvents()
    bottom = window.notice.mapTo(window, QPoint(0, window.notice.height())).y()
    top = window.sell.notes.mapTo(window, QPoint(0, 0)).y()
    assert window.notice.isVisible() and bottom <= top


def test_the_german_window_says_it_all_in_german(
    make_window: Make, till: FakeTill, language: Speak
) -> None:
    language("de")
    window = make_window(till, locale="de")
    ring_up(window, "coffee")
    till.catalog_watch.save(edited(till, coffee=price(360)))
    assert window.notice.title == "Der Katalog wurde geändert"
    assert window.sell.notes.cart.title.endswith("bei 3,40\N{NO-BREAK SPACE}€")
    till.catalog_watch.spoil(*FAULTS)
    band = window.sell.notes.file
    assert band.title == "catalog.toml hat 2 Fehler"
    assert band.words.splitlines()[1] == "Artikel coffee: price.amount: darf nicht negativ sein"
    assert "Kein Verkauf ist betroffen." in band.words


def test_a_till_that_cannot_open_names_the_faults_in_its_language(language: Speak) -> None:
    language("de")
    faults = tuple(Fault("/data/catalog.toml", *fault) for fault in FAULTS * 6)
    words = error_words(CatalogError("/data/catalog.toml", faults), Formats("de"))
    assert words.title == "catalog.toml hat 12 Fehler"
    lines = words.detail.splitlines()
    assert lines[0] == "/data/catalog.toml"
    assert lines[1] == "Artikel coffee: price.amount: darf nicht negativ sein"
    assert lines[-1] == "und 4 weitere"
    assert words.money == "Es ist kein Geld geflossen."


def test_what_a_file_says_cannot_break_its_line(window: Window, till: FakeTill) -> None:
    till.catalog_watch.spoil((Message("product {id}", id="a\nb\x1b"), "name", "is missing"))
    assert "product a\\nb\\x1b: name: is missing" in window.sell.notes.file.words


def test_the_till_is_left_alone_once_the_window_is_closed(
    run: Run, window: Window, till: FakeTill
) -> None:
    async def story() -> None:
        await window.finish()
        till.catalog_watch.save(edited(till, coffee=price(1)))
        await asyncio.sleep(0)
        assert shown(window)["coffee"] == 340

    run(story())
