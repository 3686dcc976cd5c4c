"""Two catalogs compared: what changed, whether a sale can go on, and what a cart keeps."""

from dataclasses import replace
from fractions import Fraction

import pytest

from app.domain.cart import Cart, Discount
from app.domain.catalog import BillingInterval, Catalog, Product, Shop, Tax
from app.domain.catalog_change import (
    CatalogChange,
    KeptLine,
    change_between,
    have_same_terms,
    kept_lines,
)
from app.domain.money import Money

FULL = Tax("full", "VAT", Fraction(19, 100))
HALF = replace(FULL, id="half", rate=Fraction(7, 100))
TEA = Product("tea", "Tea", Money(390, "EUR"), tax=FULL)
CAKE = Product("cake", "Cake", Money(450, "EUR"), tax=HALF)
MILK = Product("milk", "Milk", Money(100, "EUR"))
SHOP = Shop(name="Amsel")


def catalog(
    *products: Product, shop: Shop = SHOP, taxes: tuple[Tax, ...] = (FULL, HALF)
) -> Catalog:
    return Catalog(shop, products, taxes)


def test_nothing_has_changed_where_only_the_order_has() -> None:
    change = change_between(catalog(TEA, CAKE), catalog(CAKE, TEA))
    assert change == CatalogChange() and change.is_none


def test_changed_new_and_gone_products_are_counted_by_what_is_on_sale() -> None:
    before = catalog(TEA, CAKE, replace(MILK, active=False))
    after = catalog(replace(TEA, price=Money(410, "EUR")), replace(CAKE, active=False), MILK)
    change = change_between(before, after)
    assert change == CatalogChange(changed=1, new=1, gone=1)
    assert not change.is_none


def test_what_is_never_on_sale_is_no_change() -> None:
    off = replace(MILK, active=False)
    assert change_between(catalog(off), catalog(replace(off, name="Oat milk"))).is_none


@pytest.mark.parametrize(
    "after",
    [catalog(TEA, shop=replace(SHOP, name="Bohne")), catalog(TEA, taxes=(FULL,))],
    ids=["shop", "taxes"],
)
def test_the_shops_own_details_are_a_change_too(after: Catalog) -> None:
    assert change_between(catalog(TEA), after) == CatalogChange(shop=True)


def test_changes_add_up() -> None:
    assert CatalogChange(1, 2, 3).and_then(CatalogChange(10, 20, 30, shop=True)) == CatalogChange(
        11, 22, 33, shop=True
    )


@pytest.mark.parametrize(
    "after",
    [
        catalog(shop=replace(SHOP, currency="USD")),
        catalog(shop=replace(SHOP, prices_include_tax=False)),
        catalog(taxes=(replace(FULL, rate=Fraction(2, 10)), HALF)),
    ],
    ids=["currency", "prices include tax", "rate"],
)
def test_a_cart_cannot_span_other_terms(after: Catalog) -> None:
    assert not have_same_terms(catalog(), after)
    assert not have_same_terms(after, catalog())


@pytest.mark.parametrize(
    "after",
    [
        catalog(TEA, shop=replace(SHOP, name="Bohne")),
        catalog(taxes=(FULL,)),
        catalog(taxes=(FULL, HALF, Tax("none", "None", Fraction(0)))),
        catalog(taxes=(replace(FULL, name="Value added tax"), HALF)),
    ],
    ids=["name", "a tax less", "a tax more", "a tax's name"],
)
def test_a_sale_can_go_on_where_only_these_differ(after: Catalog) -> None:
    assert have_same_terms(catalog(), after)


def test_a_cart_keeps_what_costs_something_else_by_now() -> None:
    cart = Cart()
    for product in (TEA, CAKE, MILK):
        cart.add(product)
    dearer, off = replace(TEA, price=Money(410, "EUR")), replace(CAKE, active=False)
    now = catalog(dearer, off, replace(MILK, stock=2, image="milk.svg", name="Whole milk"))
    assert kept_lines(cart.content, now) == [KeptLine(TEA, dearer), KeptLine(CAKE, None)]
    assert kept_lines(cart.content, catalog(TEA, CAKE)) == [KeptLine(MILK, None)]
    assert kept_lines(cart.content, catalog(TEA, CAKE, MILK)) == []


@pytest.mark.parametrize(
    "now",
    [replace(TEA, tax=HALF), replace(TEA, billing_interval=BillingInterval.MONTHLY)],
    ids=["tax", "interval"],
)
def test_another_tax_or_interval_counts_like_another_price(now: Product) -> None:
    cart = Cart()
    cart.add(TEA)
    assert kept_lines(cart.content, catalog(now)) == [KeptLine(TEA, now)]


def test_a_product_on_several_lines_is_named_once() -> None:
    cart = Cart()
    cart.discount_line(cart.add(TEA).id, Discount(amount_minor=10))
    cart.add(TEA)
    assert len(cart.content.lines) == 2
    assert kept_lines(cart.content, catalog()) == [KeptLine(TEA, None)]


def test_a_piece_at_the_new_price_gets_a_line_of_its_own() -> None:
    cart = Cart()
    cart.add(TEA)
    dearer = replace(TEA, price=Money(410, "EUR"))
    cart.add(dearer)
    cart.add(dearer)
    assert [(line.quantity, line.gross_minor) for line in cart.content.lines] == [
        (1, 390),
        (2, 820),
    ]
    assert kept_lines(cart.content, catalog(dearer)) == [KeptLine(TEA, dearer)]


def test_a_piece_of_what_only_looks_otherwise_joins_its_line() -> None:
    cart = Cart()
    cart.add(TEA)
    cart.add(replace(TEA, image="tea.svg", stock=3, category="Hot", description="Fresh"))
    (line,) = cart.content.lines
    assert line.quantity == 2


def test_what_cannot_be_sold_any_more_cannot_be_brought_back() -> None:
    cart = Cart()
    cart.add(TEA)
    cart.clear()
    version = cart.version
    cart.forget_past()
    assert not cart.can_undo and cart.version == version
    cart.undo()
    assert cart.is_empty
