"""The catalog file: what loads, and every fault named at once with file, item and key."""

import os
import tomllib
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from app.catalog_file import MAX_BYTES, load_catalog, read_catalog
from app.domain.catalog import UNTAXED, BillingInterval, ProductType
from app.domain.money import MAX_MINOR, Money
from app.errors import CatalogError, Fault, Message
from app.problems import problem_of

SHIPPED = Path(__file__).parents[2] / "catalog.toml"

MINIMAL = """
[[products]]
id = "gift-card"
site_id = "site-1"
name = "Gift card"
description = "Any amount you like"
product_type = "digital"
billing_interval = "onetime"
active = true
[products.price]
amount = 2500
currency = "USD"
[products.metadata]
colour = "blue"
grams = 12
fragile = false
"""


def document(**changes: Any) -> dict[str, Any]:
    product = {"id": "a", "name": "A", "price": {"amount": 100, "currency": "EUR"}}
    return {"products": [product | changes]}


def faults_of(document: dict[str, Any]) -> list[tuple[str, str, str]]:
    with pytest.raises(CatalogError) as caught:
        read_catalog(document, "shop.toml")
    assert all(fault.file == "shop.toml" for fault in caught.value.faults)
    assert str(len(caught.value.faults)) in caught.value.title
    return [(fault.item, fault.key, fault.problem) for fault in caught.value.faults]


def only_fault_of(document: dict[str, Any]) -> tuple[str, str, str]:
    (fault,) = faults_of(document)
    return fault


def test_a_file_with_nothing_but_products_loads_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "catalog.toml"
    path.write_text(MINIMAL, "utf-8")
    catalog = load_catalog(path)
    (product,) = catalog.products
    assert (product.id, product.site_id, product.name) == ("gift-card", "site-1", "Gift card")
    assert product.price == Money(2500, "USD")
    assert product.product_type is ProductType.DIGITAL
    assert product.billing_interval is BillingInterval.ONETIME
    assert product.metadata == {"colour": "blue", "grams": "12", "fragile": "False"}
    assert (product.tax, product.stock, product.active) == (UNTAXED, None, True)
    assert catalog.shop.currency == "USD"


def test_only_id_name_and_price_are_needed() -> None:
    (product,) = read_catalog({"products": [document()["products"][0]]}, "x").products
    assert product.category == product.sku == product.image == ""
    assert product.barcodes == ()
    assert product.product_type is ProductType.PHYSICAL


def test_a_catalog_may_be_empty() -> None:
    catalog = read_catalog({"products": []}, "x")
    assert (catalog.products, catalog.shop.currency) == ((), "EUR")


def test_the_shipped_catalog_is_a_real_shop_without_a_fault() -> None:
    catalog = load_catalog(SHIPPED)
    assert len(catalog.products) >= 50
    assert len(catalog.categories()) >= 4
    assert len({tax.rate for tax in catalog.taxes}) >= 2
    assert sum(product.is_recurring for product in catalog.products) >= 2
    assert any(product.barcodes for product in catalog.products)
    for product in catalog.products:
        assert product.price.currency == catalog.shop.currency
        assert not product.image or (SHIPPED.parent / product.image).is_file(), product.image


def test_shop_taxes_and_products_are_read_whole() -> None:
    catalog = read_catalog(
        {
            "shop": {
                "name": "Amsel",
                "currency": "JPY",
                "prices_include_tax": False,
                "address": "\nWay 7\n",
                "tax_number": "1",
                "receipt_footer": "Bye",
                "success_url": "https://a.example",
                "cancel_url": "https://b.example",
            },
            "taxes": [{"id": "full", "name": "VAT", "rate": "0.1"}],
            "products": [
                {
                    "id": "tea",
                    "name": "Tea",
                    "price": {"amount": 0},
                    "tax": "full",
                    "sku": "T-1",
                    "barcodes": ["1", "2"],
                    "stock": 3,
                    "active": False,
                    "billing_interval": "yearly",
                }
            ],
        },
        "x",
    )
    tea = catalog.products[0]
    assert catalog.shop.address == "Way 7"
    assert not catalog.shop.prices_include_tax
    assert catalog.taxes[0].rate == Fraction(1, 10)
    assert tea.price == Money(0, "JPY")
    assert (tea.tax.id, tea.barcodes, tea.stock, tea.active) == ("full", ("1", "2"), 3, False)
    assert tea.is_recurring


@pytest.mark.parametrize(
    "change, key, words",
    [
        ({"price": {"amount": -1, "currency": "EUR"}}, "price.amount", "must not be negative"),
        ({"price": {"amount": 1.5, "currency": "EUR"}}, "price.amount", "whole number"),
        ({"price": {"amount": 1.0, "currency": "EUR"}}, "price.amount", "whole number"),
        ({"price": {"amount": float("nan"), "currency": "EUR"}}, "price.amount", "whole number"),
        ({"price": {"amount": float("inf"), "currency": "EUR"}}, "price.amount", "whole number"),
        ({"price": {"amount": True, "currency": "EUR"}}, "price.amount", "whole number"),
        ({"price": {"amount": "100", "currency": "EUR"}}, "price.amount", "whole number"),
        ({"price": {"amount": MAX_MINOR + 1, "currency": "EUR"}}, "price.amount", "not be more"),
        ({"price": {"amount": 10**30, "currency": "EUR"}}, "price.amount", "not be more"),
        ({"price": {"amount": 100, "currency": "EURO"}}, "price.currency", "not a currency"),
        ({"price": {"amount": 100, "currency": "eur"}}, "price.currency", "not a currency"),
        ({"price": {"amount": 100}}, "price.currency", "names none either"),
        ({"price": {"currency": "EUR"}}, "price.amount", "is missing"),
        ({"price": {"amount": 1, "currency": "EUR", "vat": 1}}, "price.vat", "not a key"),
        ({"price": 390}, "price", "must be a table"),
        ({"name": ""}, "name", "must not be empty"),
        ({"name": 5}, "name", "must be a text"),
        ({"colour": "blue"}, "colour", "is not a key that the till knows"),
        ({"active": "yes"}, "active", "must be true or false"),
        ({"barcodes": "123"}, "barcodes", "must be a list"),
        ({"barcodes": [123]}, "barcodes.0", "must be a text"),
        ({"barcodes": [""]}, "barcodes.0", "must not be empty"),
        ({"tax": "none"}, "tax", "there is no tax 'none'"),
        ({"product_type": "food"}, "product_type", "physical, digital"),
        ({"billing_interval": "daily"}, "billing_interval", "weekly, monthly"),
        ({"stock": 1.5}, "stock", "whole number"),
        ({"metadata": {"int": 1.5}}, "metadata.int", "a text, a whole number, true or false"),
        ({"metadata": {"str": {"int": 1}}}, "metadata.str", "a text, a whole number"),
        ({"metadata": []}, "metadata", "must be a table"),
        ({"name": "n" * 301}, "name", "longer than 300 characters"),
    ],
)
def test_each_fault_names_its_item_and_key(change: dict[str, Any], key: str, words: str) -> None:
    item, found, problem = only_fault_of(document(**change))
    assert (item, found) == ("product a", key)
    assert words in problem


@pytest.mark.parametrize("rate", ["19", "1.01", "-0.1", "19 %", "NaN", "Infinity", "1e-9999", "",
                                  "0,19", "0.1234567890", "\u0660.\u0661", "0.19\n"])  # fmt: skip
def test_a_rate_is_a_plain_decimal_between_nothing_and_one(rate: str) -> None:
    taxes = {"taxes": [{"id": "t", "name": "T", "rate": rate}]}
    item, key, problem = only_fault_of(document() | taxes)
    assert (item, key) == ("tax t", "rate")
    assert '"0.19"' in problem


@pytest.mark.parametrize("rate", ["0", "0.19", "0.055", "1", "1.00", "0.000000001"])
def test_a_rate_is_kept_exactly(rate: str) -> None:
    taxes = {"taxes": [{"id": "t", "name": "T", "rate": rate}]}
    assert read_catalog(document() | taxes, "x").taxes[0].rate == Fraction(Decimal(rate))


def test_a_rate_in_figures_is_refused() -> None:
    taxes = {"taxes": [{"id": "t", "name": "T", "rate": 0.19}]}
    assert only_fault_of(document() | taxes)[:2] == ("tax t", "rate")


def test_twins_are_found_in_ids_barcodes_and_skus() -> None:
    price = {"amount": 1, "currency": "EUR"}
    faults = faults_of(
        {
            "taxes": [{"id": "t", "name": "T", "rate": "0"}] * 3,
            "products": [
                {"id": "a", "name": "A", "price": price, "barcodes": ["1"], "sku": "S"},
                {"id": "b", "name": "B", "price": price, "barcodes": ["2", "1"]},
                {"id": "c", "name": "C", "price": price, "sku": "2"},
                {"id": "a", "name": "D", "price": price, "sku": "S"},
            ],
        }
    )
    assert faults == [
        ("tax t", "id", "is given 3 times"),
        ("product a", "id", "is given 2 times"),
        ("product b", "barcodes", "'1' belongs to product a already"),
        ("product c", "sku", "'2' belongs to product b already"),
        ("product a", "sku", "'S' belongs to product a already"),
    ]


def test_a_product_may_have_its_sku_as_a_barcode() -> None:
    product = read_catalog(document(sku="1", barcodes=["1"]), "x").scanned("1")
    assert product is not None and product.id == "a"


def test_all_faults_are_named_at_once_whatever_their_kind() -> None:
    faults = faults_of(
        {
            "colour": 1,
            "shop": {"currency": "EURO", "motto": "x"},
            "taxes": [{"id": "t", "name": "T", "rate": "x"}, "nonsense"],
            "products": [
                {"id": "a", "name": "A", "price": {"amount": -1}, "tax": "no", "barcodes": ["1"]},
                "nonsense",
                {"name": "B", "price": {"amount": 1.5, "currency": "XXX"}},
                {"id": "c", "name": "", "price": {"amount": 1}, "sku": "1"},
                {"id": "a", "name": "A", "price": {"amount": 1}},
            ],
        }
    )
    assert {(item, key) for item, key, _ in faults} == {
        ("", "colour"),
        ("shop", "currency"),
        ("shop", "motto"),
        ("tax t", "rate"),
        ("tax number 2", ""),
        ("product a", "price.amount"),
        ("product a", "tax"),
        ("product number 2", ""),
        ("product number 3", "id"),
        ("product number 3", "price.amount"),
        ("product number 3", "price.currency"),
        ("product c", "name"),
        ("product c", "sku"),
        ("product a", "id"),
    }


@pytest.mark.parametrize(
    "broken, key",
    [
        ({}, "products"),
        ({"products": {}}, "products"),
        ({"products": "none"}, "products"),
        ({"products": [], "int": 1}, "int"),
        ({"products": [], "shop": 1}, "shop"),
        ({"products": [], "taxes": {"id": "t"}}, "taxes"),
    ],
)
def test_a_table_of_the_wrong_shape_is_named(broken: dict[str, Any], key: str) -> None:
    assert only_fault_of(broken)[:2] == ("", key)


@pytest.mark.parametrize(
    "text, words",
    [
        (b"[[products]", "at line 1, column 11: Expected"),
        (b"\xff\xfe", "is not text in UTF-8"),
        (b"a = " + b"[" * 50_000, "is nested too deeply"),
        (b"a = " + b"9" * 5_000, "cannot be read"),
        (b"a = 1\na = 2", "at its end: Cannot overwrite"),
    ],
)
def test_a_file_that_is_no_toml_is_a_catalog_error(tmp_path: Path, text: bytes, words: str) -> None:
    path = tmp_path / "catalog.toml"
    path.write_bytes(text)
    with pytest.raises(CatalogError) as caught:
        load_catalog(path)
    (fault,) = caught.value.faults
    assert fault.file == str(path) and words in fault.problem


def test_a_file_that_is_not_there_or_not_a_file_is_a_catalog_error(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="there is no such file"):
        load_catalog(tmp_path / "none.toml")
    with pytest.raises(CatalogError, match="is not an ordinary file"):
        load_catalog(tmp_path)
    with pytest.raises(CatalogError, match="cannot be read: embedded null"):
        load_catalog(tmp_path / "a\0b")


def test_a_file_that_nobody_may_read_is_a_catalog_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "catalog.toml"
    path.write_text(MINIMAL, "utf-8")

    def refuse(*_arguments: Any) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(CatalogError, match="cannot be read: Permission denied"):
        load_catalog(path)


def test_a_file_that_is_far_too_large_is_not_read_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "catalog.toml"
    with path.open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    with pytest.raises(CatalogError, match="is larger than 64 MB"):
        load_catalog(path)


def test_a_device_is_refused_instead_of_read_for_ever() -> None:
    with pytest.raises(CatalogError, match="is not an ordinary file"):
        load_catalog(Path(os.devnull))


def test_the_mark_that_some_editors_put_first_is_no_fault(tmp_path: Path) -> None:
    path = tmp_path / "catalog.toml"
    path.write_text(MINIMAL, "utf-8-sig")
    assert load_catalog(path).products[0].id == "gift-card"


def test_what_pydantic_may_find_some_day_is_passed_on() -> None:
    problem = problem_of({"type": "new_type", "loc": (), "msg": "Input is odd"})
    assert problem == "cannot be used: Input is odd"


def test_every_word_of_a_fault_can_be_translated() -> None:
    with pytest.raises(CatalogError) as caught:
        read_catalog(document(price={"amount": -1}, name=7) | {"taxes": [{}]}, "shop.toml")
    for fault in caught.value.faults:
        assert isinstance(fault.item, Message) and isinstance(fault.problem, Message)


def test_a_fault_is_one_line_whatever_the_file_says() -> None:
    ids = document(id="a\nb\x1b[31m\u202e", name="")
    with pytest.raises(CatalogError) as caught:
        read_catalog(ids, "shop.toml")
    line = str(caught.value.faults[0])
    assert line == "shop.toml: product a\\nb\\x1b[31m\\u202e: name: must not be empty"
    assert str(Fault("f", "", "", "p")) == "f: p"
    assert str(Fault("f", "i", "", "p")) == "f: i: p"


def test_the_minimal_file_is_read_from_its_tables_too() -> None:
    assert read_catalog(tomllib.loads(MINIMAL), "x").products
