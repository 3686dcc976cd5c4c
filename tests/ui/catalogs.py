"""Catalogs that a test edits under a window, and what the window makes of them."""

from dataclasses import replace
from typing import Any

from app.domain.catalog import Catalog, Product, Shop
from app.domain.money import Money
from tests.ui.fakes import FakeTill
from tests.ui.helpers import button, tap
from ui.kit.chip import Chip
from ui.sell.tile_model import TileRole
from ui.window import Window


def edited(till: FakeTill, *more: Product, shop: Shop | None = None, **changes: Any) -> Catalog:
    """Give the catalog with products changed by id, left out (None) or added."""
    now = till.catalog
    products = [
        replace(one, **changes.get(one.id, {}))
        for one in now.products
        if changes.get(one.id, {}) is not None
    ]
    return Catalog(shop or now.shop, (*products, *more), now.taxes)


def price(minor: int) -> dict[str, Money]:
    return {"price": Money(minor, "EUR")}


def shown(window: Window) -> dict[str, int]:
    """Give the ids on the tiles with their prices."""
    model = window.sell.tiles.model()
    tiles = [model.data(model.index(row, 0), TileRole.PRODUCT) for row in range(model.rowCount())]
    return {tile.id: tile.price.minor for tile in tiles}


def chips(window: Window) -> dict[str, bool]:
    row = window.sell.findChildren(Chip)
    return {chip.property("category"): chip.isChecked() for chip in row if chip.isVisible()}


def ring_up(window: Window, product_id: str) -> None:
    tap(window.sell.tiles, window.sell.tiles.rect_of(product_id).center())


async def charge(window: Window) -> str:
    button(window, "charge").click()
    await window.counter.tasks.settled()
    till = window._till
    assert isinstance(till, FakeTill)
    return next(reversed(till.orders.orders))
