"""Looking products up: by id, by scanned code, by words."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.catalog import BillingInterval, Catalog, Product, Shop, fold
from app.domain.money import Money
from tests.parts.values import BEANS, CAKE, COFFEE


def item(id: str, name: str, **more: object) -> Product:
    return replace(Product(id, name, Money(100, "EUR")), **more)  # type: ignore[arg-type]


CREME = item("creme", "Crème brûlée", category="Cakes", barcodes=("2000000000015",), sku="CK-1")
STRASSE = item("strasse", "STRASSE mug", category="Mugs", sku="MG-9")
GONE = item("gone", "Gone cake", category="Old", barcodes=("2000000000022",), active=False)
CATALOG = Catalog(Shop(), (COFFEE, CREME, STRASSE, GONE, item("c2", "Filter coffee")))


def ids(products: object) -> list[str]:
    return [product.id for product in products]  # type: ignore[attr-defined]


def test_a_product_is_found_by_its_id_even_when_it_is_not_on_sale() -> None:
    assert CATALOG.product("gone") is GONE
    assert CATALOG.product("nothing") is None


def test_a_scan_finds_barcodes_and_skus_of_what_is_on_sale() -> None:
    assert CATALOG.scanned(" 2000000000015\n") is CREME
    assert CATALOG.scanned("MG-9") is STRASSE
    assert CATALOG.scanned("2000000000022") is None
    assert CATALOG.scanned("") is None
    assert CATALOG.scanned("coffee") is None


def test_only_active_products_and_their_categories_are_on_sale() -> None:
    assert ids(CATALOG.on_sale()) == ["coffee", "creme", "strasse", "c2"]
    assert CATALOG.categories() == ("Cakes", "Mugs")


@pytest.mark.parametrize(
    "text, found",
    [
        ("", ["coffee", "creme", "strasse", "c2"]),
        ("coffee", ["coffee", "c2"]),
        ("COFFEE filter", ["c2"]),
        ("creme", ["creme"]),
        ("BRULEE", ["creme"]),
        ("straße", ["strasse"]),
        ("mg-9", ["strasse"]),
        ("2000000000015", ["creme"]),
        ("gone", []),
        ("xyz", []),
    ],
)
def test_search_ignores_case_and_accents_and_wants_every_word(text: str, found: list[str]) -> None:
    assert ids(CATALOG.search(text)) == found


def test_search_keeps_to_a_category() -> None:
    assert ids(CATALOG.search("", "Mugs")) == ["strasse"]
    assert ids(CATALOG.search("coffee", "Mugs")) == []


def test_an_exact_code_comes_first_then_names_that_begin_with_the_text() -> None:
    products = (
        item("1", "Black tea"),
        item("2", "Tea towel"),
        item("3", "Steam wand", sku="tea"),
    )
    assert ids(Catalog(Shop(), products).search("tea")) == ["3", "2", "1"]


def test_a_search_twice_finds_the_same() -> None:
    assert CATALOG.search("coffee") == CATALOG.search("coffee")


@given(st.text())
def test_folded_text_stays_as_it_is_when_folded_again_in_capitals(text: str) -> None:
    assert " ".join(fold(text).split()) == fold(text)


@given(st.text(max_size=20), st.sampled_from(["", "Cakes"]))
def test_search_only_ever_finds_what_is_on_sale(text: str, category: str) -> None:
    assert set(ids(CATALOG.search(text, category))) <= set(ids(CATALOG.on_sale()))


def test_what_is_charged_again_is_recurring() -> None:
    assert BEANS.is_recurring and not CAKE.is_recurring
    assert [replace(CAKE, billing_interval=i).is_recurring for i in BillingInterval] == [
        False,
        True,
        True,
        True,
    ]


def test_a_product_is_a_value_that_can_stand_in_a_set() -> None:
    assert len({COFFEE, replace(COFFEE), CAKE}) == 2
    assert COFFEE.metadata == {}
