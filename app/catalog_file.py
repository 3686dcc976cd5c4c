"""Reads `catalog.toml` into the domain's catalog, and names every fault it finds on the way."""

import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import PydanticCustomError

from app.domain.catalog import (
    UNTAXED,
    BillingInterval,
    Catalog,
    Product,
    ProductType,
    Shop,
    Tax,
)
from app.domain.money import EXPONENTS, MAX_MINOR, Money
from app.errors import CatalogError, Fault

_MAX_NAME: Final = 300
_RATE: Final = re.compile(r"[0-9]{1,3}(\.[0-9]{1,9})?", re.ASCII)

_Text = Annotated[str, Field(max_length=2000)]
_Id = Annotated[str, Field(min_length=1, max_length=100)]
_Name = Annotated[str, Field(min_length=1, max_length=_MAX_NAME)]


def _known_currency(code: str) -> str:
    if code and code not in EXPONENTS:
        problem = "{code} is not a currency in use (ISO 4217, three capital letters)"
        raise PydanticCustomError("currency", problem, {"code": repr(code)})
    return code


def _readable_rate(text: str) -> str:
    if not _RATE.fullmatch(text) or Decimal(text) > 1:
        problem = '{text} is not a rate; write 19 % as "0.19"'
        raise PydanticCustomError("rate", problem, {"text": repr(text)})
    return text


_Currency = Annotated[str, AfterValidator(_known_currency)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _ShopTable(_Table):
    name: _Name = "My shop"
    currency: _Currency = ""
    prices_include_tax: bool = True
    address: _Text = ""
    tax_number: _Text = ""
    receipt_footer: _Text = ""
    success_url: _Text = ""
    cancel_url: _Text = ""


class _TaxTable(_Table):
    id: _Id
    name: _Name
    rate: Annotated[str, AfterValidator(_readable_rate)]


class _PriceTable(_Table):
    amount: Annotated[int, Field(ge=0, le=MAX_MINOR)]
    currency: _Currency = ""


class _ProductTable(_Table):
    id: _Id
    name: _Name
    price: _PriceTable
    description: _Text = ""
    category: _Text = ""
    sku: _Text = ""
    barcodes: list[_Id] = Field(default_factory=list)
    image: _Text = ""
    product_type: ProductType = Field(default=ProductType.PHYSICAL, strict=False)
    billing_interval: BillingInterval = Field(default=BillingInterval.ONETIME, strict=False)
    active: bool = True
    tax: str = ""
    stock: int | None = None
    site_id: _Text = ""
    metadata: dict[str, str | int | bool] = Field(default_factory=dict)


class _Document(_Table):
    shop: _ShopTable = Field(default_factory=_ShopTable)
    taxes: list[_TaxTable] = Field(default_factory=list)
    products: list[_ProductTable]


def load_catalog(path: Path) -> Catalog:
    """Read a catalog file. Raises CatalogError with every fault: file, item and key."""
    file = str(path)
    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise CatalogError(file, (Fault(file, "", "", "there is no such file"),)) from error
    except (OSError, ValueError, RecursionError) as error:
        problem = f"cannot be read: {error}"
        raise CatalogError(file, (Fault(file, "", "", problem),)) from error
    return read_catalog(document, file)


def read_catalog(document: Mapping[str, Any], file: str) -> Catalog:
    """Build a catalog from a parsed document; `file` is what faults are reported under."""
    faults = []
    tables = None
    try:
        tables = _Document.model_validate(document)
    except ValidationError as error:
        parts = error.errors(include_url=False)
        faults = list(dict.fromkeys(_fault(document, file, part) for part in parts))
    # Also of a document that does not pass: all faults are named at once.
    faults += _cross_faults(document, file)
    if tables is None or faults:
        raise CatalogError(file, tuple(faults))
    return _catalog(tables)


def _cross_faults(document: Mapping[str, Any], file: str) -> Iterator[Fault]:
    """Find what single values cannot show: twins, missing currencies and unknown taxes."""
    taxes, products = _entries(document, "taxes"), _entries(document, "products")
    shop = document.get("shop")
    shop_has_currency = isinstance(shop, dict) and bool(shop.get("currency"))
    tax_ids = [_text(tax, "id") for _, tax in taxes]
    yield from _twins(file, "tax", tax_ids)
    for item, product in products:
        price = product.get("price")
        if isinstance(price, dict) and not price.get("currency") and not shop_has_currency:
            yield Fault(file, item, "price.currency", "is missing, and [shop] names none either")
        tax = _text(product, "tax")
        if tax and tax not in tax_ids:
            yield Fault(file, item, "tax", f"there is no tax {tax!r} in [[taxes]]")
    yield from _twins(file, "product", [_text(product, "id") for _, product in products])
    yield from _code_twins(products, file)


def _code_twins(products: list[tuple[str, dict[str, Any]]], file: str) -> Iterator[Fault]:
    """Find codes that a scanner could not tell apart: barcodes and SKUs share one space."""
    owners: dict[str, int] = {}
    for place, (item, product) in enumerate(products):
        barcodes = product.get("barcodes")
        codes = [("barcodes", code) for code in barcodes] if isinstance(barcodes, list) else []
        for key, code in (*codes, ("sku", product.get("sku"))):
            if not isinstance(code, str) or not code:
                continue
            owner = owners.setdefault(code, place)
            if owner != place:
                yield Fault(file, item, key, f"{code!r} belongs to {products[owner][0]} already")


def _entries(document: Mapping[str, Any], table: str) -> list[tuple[str, dict[str, Any]]]:
    """Give the entries of a list of tables with what each is called, whatever else is wrong."""
    entries = document.get(table)
    if not isinstance(entries, list):
        return []
    return [
        (_label(table, entry, place), entry)
        for place, entry in enumerate(entries)
        if isinstance(entry, dict)
    ]


def _label(table: str, entry: Any, place: int) -> str:
    name = _text(entry, "id") if isinstance(entry, dict) else ""
    return f"{_KINDS[table]} {name or f'number {place + 1}'}"


def _text(table: Mapping[str, Any], key: str) -> str:
    value = table.get(key)
    return value if isinstance(value, str) else ""


def _twins(file: str, kind: str, ids: Iterable[str]) -> Iterator[Fault]:
    for id, count in Counter(ids).items():
        if id and count > 1:
            yield Fault(file, f"{kind} {id}", "id", f"is given {count} times")


_KINDS: Final = {"products": "product", "taxes": "tax"}

_PROBLEMS: Final = {
    "missing": "is missing",
    "extra_forbidden": "is not a key that the till knows",
    "int_type": "must be a whole number of minor units (cents), without a decimal point",
    "greater_than_equal": "must not be negative",
    "string_type": "must be a text in quotes",
    "string_too_short": "must not be empty",
    "bool_type": "must be true or false",
    "list_type": "must be a list",
}


def _fault(document: Mapping[str, Any], file: str, error: Any) -> Fault:
    problem = _PROBLEMS.get(error["type"]) or str(error["msg"])[:1].lower() + error["msg"][1:]
    match list(error["loc"]):
        case ["products", int(place), "metadata", key, *_]:
            problem = "must be a text, a whole number, true or false"
            item = _label("products", document["products"][place], place)
            return Fault(file, item, f"metadata.{key}", problem)
        case [("products" | "taxes") as table, int(place), *rest]:
            item = _label(table, document[table][place], place)
            return Fault(file, item, ".".join(map(str, rest)), problem)
        case [section, *rest] if rest:
            return Fault(file, str(section), ".".join(map(str, rest)), problem)
        case location:
            return Fault(file, "", ".".join(map(str, location)), problem)


def _catalog(tables: _Document) -> Catalog:
    first = next((table.price.currency for table in tables.products if table.price.currency), "")
    shop = Shop(
        name=tables.shop.name,
        currency=tables.shop.currency or first or Shop().currency,
        prices_include_tax=tables.shop.prices_include_tax,
        address=tables.shop.address.strip(),
        tax_number=tables.shop.tax_number,
        receipt_footer=tables.shop.receipt_footer,
        success_url=tables.shop.success_url,
        cancel_url=tables.shop.cancel_url,
    )
    taxes = {tax.id: Tax(tax.id, tax.name, Fraction(Decimal(tax.rate))) for tax in tables.taxes}
    products = tuple(_product(table, shop, taxes) for table in tables.products)
    return Catalog(shop, products, tuple(taxes.values()))


def _product(table: _ProductTable, shop: Shop, taxes: Mapping[str, Tax]) -> Product:
    metadata = {key: str(value) for key, value in table.metadata.items()}
    return Product(
        id=table.id,
        name=table.name,
        price=Money(table.price.amount, table.price.currency or shop.currency),
        description=table.description,
        category=table.category,
        sku=table.sku,
        barcodes=tuple(table.barcodes),
        image=table.image,
        product_type=table.product_type,
        billing_interval=table.billing_interval,
        active=table.active,
        tax=taxes[table.tax] if table.tax else UNTAXED,
        stock=table.stock,
        site_id=table.site_id,
        metadata=MappingProxyType(metadata),
    )
